"""The models of partners."""

import hashlib
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from simple_history.models import HistoricalRecords

from seon.backend.anchors.lookup import find_anchor
from seon.backend.certificates import describe_certificate, read_shown
from seon.backend.configuration.admission import weight_of_partner
from seon.backend.configuration.bounds import SESSIONS
from seon.backend.configuration.hosts import HostField
from seon.backend.configuration.lines import AnchorsField, NetworksField, OdetteIdsField, entries_of
from seon.backend.configuration.versioned import Versioned
from seon.backend.errors import OperatorError
from seon.backend.partners.pinning import leaf_of
from seon.events import shown
from seon.pki.typed_names import LONGEST

_ID = RegexValidator(r"\A[A-Za-z0-9_.-]+\Z", "letters, digits, '_', '.' and '-'")
# RFC 5024 §5.2: the characters an X field may show, and lower case and underscore, which real stations send; blanks at
# the end are filling.
_CODE = RegexValidator(r"\A[A-Za-z0-9/.&()'_ -]*[A-Za-z0-9/.&()'_-]\Z", "letters, digits, blank and / - . & ( ) ' _")


MOST_PARTNERS = 10_000
"""As config.py bounds them."""
MOST_CODES = 100
"""SSID codes of one partner, and as many certificates and names, as config.py bounds them."""
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

    anchors = AnchorsField(
        help_text="The only trust anchors that may admit it; empty: each of them. One with certificates of its own is "
        "admitted by these and by no anchor."
    )
    odette_ids = OdetteIdsField(
        "Odette IDs", help_text="As its certificates have them; they count below trust anchors that assert Odette IDs."
    )
    sessions = models.PositiveIntegerField(
        null=True, blank=True, default=None,
        validators=[MinValueValidator(SESSIONS.least), MaxValueValidator(SESSIONS.most)],
        help_text="Its sessions at once; empty: as sessions_per_partner says.",
    )  # fmt: skip
    old_tls = models.BooleanField(
        "old TLS", default=False,
        help_text="Its station needs what TLS 1.2 had before ciphers with authentication (ECDHE with CBC): when it is "
        "dialled, and when somebody comes from its networks.",
    )  # fmt: skip
    admission_usage = weight_of_partner("usage")
    admission_unreadable = weight_of_partner("unreadable")
    admission_weak_key = weight_of_partner("weak_key")
    admission_weak_signature = weight_of_partner("weak_signature")
    admission_revocation = weight_of_partner("revocation")

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

    def full_clean(self, *args: Any, **options: Any) -> None:
        """Put the SHA-256 of each anchor in the place of its name first."""
        self.find_anchors()
        super().full_clean(*args, **options)

    def find_anchors(self) -> None:
        """Name each anchor by its SHA-256. Raises ValidationError for one that is not there, unless it was stored."""
        if not self.anchors:
            return
        before = set(entries_of(self._stored("anchors")))
        try:
            found = [one if one in before else find_anchor(one).fingerprint for one in entries_of(self.anchors)]
        except OperatorError as error:
            raise ValidationError({"anchors": str(error)}) from None
        self.anchors = "\n".join(dict.fromkeys(found))

    def clean(self) -> None:
        """Raise ValidationError where another partner has an Odette ID, or when there are as many as can be."""
        super().clean()
        if self._state.adding and Partner.objects.count() >= MOST_PARTNERS:
            raise ValidationError(f"there are {MOST_PARTNERS} partners already, there cannot be more")
        before = set(entries_of(self._stored("odette_ids")))
        for one in entries_of(self.odette_ids):
            if one not in before and (owner := owner_of_odette_id(one, self.pk)):
                raise ValidationError({"odette_ids": f"{one} is an Odette ID of partner {owner} already; {PROVIDER}"})

    def _stored(self, name: str) -> str:
        found = None if self._state.adding else Partner.objects.filter(pk=self.pk).values_list(name, flat=True).first()
        return str(found or "")


def owner_of_odette_id(odette_id: str, but: int | None) -> str:
    """Return the id of another partner that has this Odette ID, in upper or lower case; "" if none has."""
    likely = Partner.objects.filter(odette_ids__icontains=odette_id).exclude(pk=but or 0)
    for identifier, theirs in likely.values_list("identifier", "odette_ids"):
        if odette_id.lower() in map(str.lower, entries_of(theirs)):
            return str(identifier)
    return ""


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

    def clean(self) -> None:
        """Raise ValidationError for a code that another partner has in other letters: some stations fold them."""
        super().clean()
        others = PartnerCode.objects.filter(code__iexact=self.code).exclude(code=self.code)
        found = others.exclude(partner=self.partner_id).select_related("partner").first()
        if found is not None:
            raise ValidationError(
                f"{self.code} is {found.code}, a code of partner {found.partner}, but for capitals: "
                "a station could take one for the other"
            )

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


class PartnerName(Versioned):
    """The names in a partner's certificates: whoever its anchors certify under both is the partner."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="names")
    issuer = models.TextField(max_length=LONGEST, validators=[MaxLengthValidator(LONGEST)])
    subject = models.TextField(max_length=LONGEST, validators=[MaxLengthValidator(LONGEST)])
    digest = models.CharField(max_length=64, unique=True, editable=False)
    """SHA-256 of both: databases bound what an index can hold."""

    history = HistoricalRecords()

    class Meta:
        ordering = ("subject", "issuer")
        verbose_name = "certificate name"

    def __str__(self) -> str:
        return f"{self.subject} of {self.issuer}"

    def full_clean(self, *args: Any, **options: Any) -> None:
        """Make the digest first: it says whether the names are somebody else's."""
        self.digest = digest_of_names(self.issuer, self.subject)
        super().full_clean(*args, **options)

    def validate_unique(self, exclude: Any = None) -> None:
        """Raise ValidationError for names that are there already; of the row, since nobody entered the digest."""
        try:
            super().validate_unique(exclude)
        except ValidationError as error:
            raise ValidationError(error.messages) from None

    def unique_error_message(self, model_class: type[models.Model], unique_check: Any) -> ValidationError:
        """Return what is said of names that are there already: whose they are."""
        found = PartnerName.objects.filter(digest=self.digest).select_related("partner").first()
        if found is None:
            return super().unique_error_message(model_class, unique_check)
        text = f"subject {shown(self.subject[:200])} of issuer {shown(self.issuer[:200])} is a name of partner "
        text += f"{found.partner} already"
        return ValidationError(text if found.partner == self.partner else f"{text}; {PROVIDER}")


def digest_of_names(issuer: str, subject: str) -> str:
    """Return what stands for an issuer and a subject, lower-case hex."""
    return hashlib.sha256(f"{issuer}\0{subject}".encode()).hexdigest()
