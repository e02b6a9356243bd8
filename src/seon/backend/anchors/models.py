"""The model of trust anchors."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords

from seon.backend.certificates import describe_certificate, read_chain, read_shown
from seon.backend.configuration.models import Settings
from seon.backend.configuration.versioned import Versioned
from seon.backend.errors import OperatorError

MOST_ANCHORS = 500
"""As config.py bounds them."""
MOST_NAMES = 16_384
"""Octets of all their names, where callers are told them; as net.context bounds them."""
BY_HAND = "by hand"
_NAME = RegexValidator(r"\A[^\x00-\x1f\x7f,]+\Z", "text of one line without commas")


class Anchor(Versioned):
    """A CA whose certificates may admit partners: it, and never what stands above it."""

    name = models.CharField(max_length=120, unique=True, validators=[_NAME], help_text="For lists and commands.")
    pem = models.TextField("certificate (PEM)", max_length=200_000)
    fingerprint = models.CharField("SHA-256", max_length=64, unique=True, editable=False)
    subject = models.CharField(max_length=500, editable=False)
    not_after = models.DateTimeField("valid until", editable=False)
    asserts_odette_ids = models.BooleanField(
        "asserts Odette IDs", default=False,
        help_text="Whether an Odette ID in a certificate below it says whose it is: for a CA that has checked it.",
    )  # fmt: skip
    origin = models.CharField(max_length=40, default=BY_HAND, editable=False, help_text="Where it comes from.")
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ("name",)
        verbose_name = "trust anchor"

    def __str__(self) -> str:
        return self.name

    def full_clean(self, *args: object, **options: object) -> None:
        """Read the certificate first: its fingerprint takes part in the check that it is there only once."""
        self._read()
        super().full_clean(*args, **options)  # type: ignore[arg-type]  # passed on as they came

    def _read(self) -> None:
        try:
            found = describe_certificate(read_chain(self.pem.encode())[0])
        except OperatorError as error:
            raise ValidationError({"pem": str(error)}) from None
        self.pem, self.fingerprint = found.pem, found.fingerprint
        self.subject, self.not_after = found.subject, found.not_after

    def clean(self) -> None:
        """Raise ValidationError when there are as many as can be."""
        super().clean()
        if self._state.adding and Anchor.objects.count() >= MOST_ANCHORS:
            raise ValidationError(f"there are {MOST_ANCHORS} trust anchors already, there cannot be more")
        if self._state.adding and Settings.load().admission_ca_names and (problem := Anchor.names_problem(self.pem)):
            raise ValidationError(problem)

    @classmethod
    def names_problem(cls, *more: str) -> str:
        """Say why the names of all anchors, and of these (PEM), cannot be told to callers; "" if they can.

        A server would refuse the whole configuration for it.
        """
        names = {read_shown(pem.encode())[0].subject_der for pem in (*cls.objects.values_list("pem", flat=True), *more)}
        if (octets := sum(map(len, names))) <= MOST_NAMES:
            return ""
        return (
            f"the names of {len(names)} trust anchors have {octets} octets: the server can name at most {MOST_NAMES} "
            "to those who connect (admission_ca_names). Leave that at no, or remove anchors"
        )

    def validate_unique(self, exclude: Any = None) -> None:
        """Raise ValidationError for one that is there already; of the row, since nobody entered the fingerprint."""
        try:
            super().validate_unique(exclude)
        except ValidationError as error:
            raise ValidationError(error.messages) from None

    def unique_error_message(self, model_class: type[models.Model], unique_check: Any) -> ValidationError:  # noqa: ARG002
        """Return what is said of one that is there already: under which name."""
        if tuple(unique_check) == ("name",):
            return ValidationError(f"there is another trust anchor {self.name}")
        found = Anchor.objects.filter(fingerprint=self.fingerprint).first()
        return ValidationError(f"{self.subject}, SHA-256 {self.fingerprint}, is a trust anchor already: {found}")
