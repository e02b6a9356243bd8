"""The models of partners."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from simple_history.models import HistoricalRecords

from seon.backend.certificates import describe_certificate, read_shown
from seon.backend.configuration.hosts import HostField
from seon.backend.configuration.lines import NetworksField
from seon.backend.configuration.versioned import Versioned
from seon.backend.errors import OperatorError
from seon.backend.partners.pinning import leaf_of

_ID = RegexValidator(r"\A[A-Za-z0-9_.-]+\Z", "letters, digits, '_', '.' and '-'")
# RFC 5024 §5.2: the characters an X field may show; blanks at the end are filling.
_CODE = RegexValidator(r"\A[A-Z0-9/.&()' -]*[A-Z0-9/.&()'-]\Z", "capital letters, digits, blank and / - . & ( ) '")


MOST_CODES = 100
"""SSID codes of one partner, and as many certificates, as config.py bounds them."""
MOST_NOTES = 10_000
"""Characters of the notes on a partner."""
PROVIDER = "a provider that serves several companies is one partner with several codes"


class Partner(Versioned):
    """A company that exchanges files with us, as the proxy knows it."""

    identifier = models.CharField(
        max_length=64, unique=True, validators=[_ID], help_text="Short name in logs, commands and process titles."
    )
    name = models.CharField(max_length=120)
    enabled = models.BooleanField(default=True)
    host = HostField(max_length=253, blank=True, default="", help_text="Where it is dialled; empty: it only calls us.")
    port = models.PositiveIntegerField(default=6_619, validators=[MinValueValidator(1), MaxValueValidator(65_535)])
    networks = NetworksField(
        help_text="From where it may come: networks or single addresses; empty: from everywhere.",
    )
    notes = models.TextField(
        max_length=MOST_NOTES, blank=True, default="", validators=[MaxLengthValidator(MOST_NOTES)],
        help_text="For administrators: telephone, contact, what was agreed. It never leaves Seonapi.",
    )  # fmt: skip

    trace = models.BooleanField(
        "trace sessions of this partner", default=False,
        help_text="Each session writes its conversation, with passwords and challenges blanked and file contents left "
        "out, to a file in the directory `traces` of the program's home, on both hosts.",
    )  # fmt: skip

    history = HistoricalRecords()

    class Meta:
        ordering = ("identifier",)

    def __str__(self) -> str:
        return self.identifier


class PartnerCode(Versioned):
    """An Odette code that a partner may show in SSIDCODE. A partner without any may show every code."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="codes")
    code = models.CharField(max_length=25, unique=True, validators=[_CODE])

    history = HistoricalRecords()

    class Meta:
        ordering = ("code",)
        verbose_name = "SSID code"

    def __str__(self) -> str:
        return self.code

    def unique_error_message(self, model_class: type[models.Model], unique_check: Any) -> ValidationError:
        """Return what is said of a code that is there already: whose it is."""
        found = PartnerCode.objects.filter(code=self.code).select_related("partner").first()
        if found is None:
            return super().unique_error_message(model_class, unique_check)
        if found.partner_id == self.partner_id:
            return ValidationError(f"{self.code} is a code of {found.partner} already")
        return ValidationError(f"{self.code} is a code of partner {found.partner} already; {PROVIDER}")


class PartnerCertificate(Versioned):
    """A pinned certificate: it, and nothing that it issues, admits its partner. One certificate, one partner."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="certificates")
    pem = models.TextField("certificate (PEM)", max_length=200_000)
    fingerprint = models.CharField("SHA-256", max_length=64, unique=True, editable=False)
    subject = models.CharField(max_length=500, editable=False)
    not_after = models.DateTimeField("valid until", editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ("not_after",)
        verbose_name = "certificate"

    def __str__(self) -> str:
        return f"{self.subject} ({self.fingerprint[:16]})"

    def full_clean(self, *args: object, **options: object) -> None:
        """Read the certificate first: its fingerprint takes part in the check that it is nobody else's."""
        self._read()
        super().full_clean(*args, **options)  # type: ignore[arg-type]  # passed on as they came

    def _read(self) -> None:
        try:
            found = describe_certificate(leaf_of(read_shown(self.pem.encode())))
        except OperatorError as error:
            raise ValidationError({"pem": str(error)}) from None
        self.pem, self.fingerprint = found.pem, found.fingerprint
        self.subject, self.not_after = found.subject, found.not_after

    def validate_unique(self, exclude: Any = None) -> None:
        """Raise ValidationError for a certificate that is there already; of the row, since nobody entered the field."""
        try:
            super().validate_unique(exclude)
        except ValidationError as error:
            raise ValidationError(error.messages) from None

    def unique_error_message(self, model_class: type[models.Model], unique_check: Any) -> ValidationError:
        """Return what is said of a certificate that is there already: whose it is."""
        found = PartnerCertificate.objects.filter(fingerprint=self.fingerprint).select_related("partner").first()
        if found is None:
            return super().unique_error_message(model_class, unique_check)
        which = f"{self.subject}, SHA-256 {self.fingerprint},"
        if found.partner_id == self.partner_id:
            return ValidationError(f"{which} is a certificate of {found.partner} already")
        return ValidationError(f"{which} is a certificate of partner {found.partner} already; {PROVIDER}")
