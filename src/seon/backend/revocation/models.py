"""The models of revocation lists: the CAs, their distribution points, the list that is in force, and the settings."""

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords

from seon.backend.configuration.lines import NetworksField
from seon.backend.configuration.one_row import OneRow
from seon.backend.configuration.versioned import Versioned

LONGEST_URL = 2_000
LONGEST_MARK = 300
"""Characters of what a web server calls a version of a list; a longer one is not kept."""


class RevocationSettings(OneRow):
    """How lists are fetched: one row. The configuration of servers has nothing of it, so its version stays."""

    http_proxy = models.CharField(
        max_length=300, blank=True, default="",
        help_text="HTTP proxy for downloads, such as http://proxy.example:3128; empty: none.",
    )  # fmt: skip
    private_networks = NetworksField(
        help_text="Networks that are not public, and from which lists may be fetched all the same; empty: none."
    )
    refresh_hours = models.PositiveIntegerField(
        default=24, validators=[MinValueValidator(1), MaxValueValidator(168)],
        help_text="Each list is asked for again after so many hours, or before it ends.",
    )  # fmt: skip

    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "fetching of revocation lists"

    def __str__(self) -> str:
        return "settings"

    def clean(self) -> None:
        """Raise ValidationError for a proxy that is none."""
        if self.http_proxy and not _is_proxy(self.http_proxy):
            raise ValidationError({"http_proxy": "it is http://HOST:PORT, without user, password and path"})


def _is_proxy(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme == "http" and bool(parts.hostname) and bool(port) and parts.username is None
        and parts.path in {"", "/"} and not parts.query and text.isascii() and text.isprintable()
    )  # fmt: skip


class CrlIssuer(models.Model):
    """A CA that signs lists. It is known by its name and key: a renewed certificate of both is the same CA."""

    identity = models.CharField(max_length=64, unique=True, editable=False)
    """SHA-256 of its name and its public key, both in DER."""
    pem = models.TextField(max_length=30_000, editable=False)
    subject = models.CharField(max_length=500, editable=False)

    class Meta:
        ordering = ("subject", "pk")
        verbose_name = "CA of revocation lists"
        verbose_name_plural = "CAs of revocation lists"

    def __str__(self) -> str:
        return self.subject


class CrlUrl(models.Model):
    """A place of a CA's list: a distribution point, or none where the list was given by hand.

    It is no part of the configuration; the list that it has is (`HeldList`).
    """

    issuer = models.ForeignKey(CrlIssuer, models.CASCADE, related_name="places")
    url = models.CharField("address", max_length=LONGEST_URL, blank=True, default="")
    """Empty: given by hand, for all of the CA's certificates."""
    of_anchor = models.BooleanField("named by a trust anchor", default=False)
    """Others can push it out never."""
    by_hand = models.BooleanField("named by an administrator", default=False)
    reported_by = models.CharField(max_length=120, blank=True, default="")
    """The security token of the client that has reported it first."""
    first_seen = models.DateTimeField(default=timezone.now)
    last_seen = models.DateTimeField("last reported", default=timezone.now)

    last_try = models.DateTimeField(null=True, default=None)
    next_try = models.DateTimeField(null=True, default=None)
    """None: at once."""
    result = models.CharField("last result", max_length=500, blank=True, default="")
    failures = models.PositiveSmallIntegerField(default=0)
    """Tries in a row that failed."""
    unsupported = models.BooleanField(default=False)
    """Whether what is there is a kind of list that is not supported."""
    told = models.BooleanField(default=False)
    """Whether an event has said that it fails."""
    overdue_told = models.BooleanField(default=False)
    """Whether an event has said that the list in force is overdue."""
    etag = models.CharField(max_length=LONGEST_MARK, blank=True, default="")
    modified = models.CharField(max_length=LONGEST_MARK, blank=True, default="")

    class Meta:
        ordering = ("issuer__subject", "issuer", "url")
        verbose_name = "place of a revocation list"
        verbose_name_plural = "places of revocation lists"
        constraints = (models.UniqueConstraint(fields=("issuer", "url"), name="one_place_of_a_list"),)
        indexes = (models.Index(fields=("next_try",), name="crl_next_try"),)

    def __str__(self) -> str:
        return self.url or f"given by hand, of {self.issuer}"

    @property
    def list_or_none(self) -> "HeldList | None":
        """The list in force."""
        return getattr(self, "held", None)


class HeldList(Versioned):
    """The list in force at its place. Its octets are a blob."""

    place = models.OneToOneField(CrlUrl, models.CASCADE, related_name="held")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    """Octets."""
    number = models.CharField(max_length=60, blank=True, default="")
    """Decimal; empty: it has none."""
    this_update = models.DateTimeField("made")
    next_update = models.DateTimeField("next update", null=True, default=None)
    entries = models.PositiveIntegerField()
    kind = models.CharField(max_length=100)
    points = models.TextField("is for", blank=True, default="")
    """The addresses that it says it is for, by line."""
    taken_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "revocation list"

    def __str__(self) -> str:
        return f"revocation list of {self.place.issuer}"
