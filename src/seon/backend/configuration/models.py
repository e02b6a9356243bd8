"""The version counter, the one row of settings, and the sessions that are traced."""

from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords

from seon.backend.configuration.admission import weight_in_general
from seon.backend.configuration.bounds import ADMISSION_NUMBERS, LIMITS, Bounds
from seon.backend.configuration.hosts import HostField, ListeningAddressField, SourceAddressField
from seon.backend.configuration.lines import MOST, NetworksField
from seon.backend.configuration.one_row import OneRow
from seon.backend.configuration.versioned import Versioned
from seon.events import Severity

DAYS = Bounds(1, 3_660, 365)
PORT = Bounds(1, 65_535, 6_619)
SESSION_ID = RegexValidator(r"\A[a-z0-9-]{8,64}\Z", "the id of a session")
CLIENT_IDLE_MARGIN = 30
"""Seconds that the client waits longer than the server, so that not both end a silent session at once."""


class Version(models.Model):
    """The configuration version, in its one row. `versioned.raise_version` alone writes it."""

    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = "configuration version"

    def __str__(self) -> str:
        return str(self.number)


def _number(bounds: Bounds, text: str) -> "models.PositiveIntegerField[int, int]":
    validators = [MinValueValidator(bounds.least), MaxValueValidator(bounds.most)]
    return models.PositiveIntegerField(default=bounds.default, validators=validators, help_text=text)


def _days(what: str) -> "models.PositiveIntegerField[int | None, int | None]":
    validators = [MinValueValidator(DAYS.least), MaxValueValidator(DAYS.most)]
    text = f"{what} are kept so many days; empty: as journal_days says."
    return models.PositiveIntegerField(null=True, blank=True, default=None, validators=validators, help_text=text)


class Settings(Versioned, OneRow):
    """What the administrator sets for the installation as a whole: one row."""

    external_address = ListeningAddressField(
        max_length=45, blank=True, default="",
        help_text="Where the server listens for partners; empty: every address of its host.",
    )  # fmt: skip
    external_port = _number(PORT, "TCP/IP port of OFTP server (TLS).")
    outgoing_address = SourceAddressField(
        max_length=45, blank=True, default="",
        help_text="Source address of connections to partners; empty: the system's choice.",
    )  # fmt: skip
    receive_daemon_host = HostField(
        max_length=253, blank=True, default="",
        help_text="The company's OFTP2 station that takes incoming sessions; empty: they are refused.",
    )  # fmt: skip
    receive_daemon_port = _number(Bounds(1, 65_535, 3_305), "Its TCP port.")
    handshake_seconds = _number(LIMITS["handshake_seconds"], "From accept to the partner's verified certificate.")
    handshakes = _number(
        LIMITS["handshakes"],
        "Places: connections at once whose partner is not verified yet; when all are taken, one gives way.",
    )
    sessions = _number(LIMITS["sessions"], "Sessions at once.")
    sessions_per_partner = _number(LIMITS["sessions_per_partner"], "Sessions at once of one partner.")
    sessions_per_minute = _number(LIMITS["sessions_per_minute"], "New sessions in a minute.")
    idle_seconds = _number(
        LIMITS["idle_seconds"].less(CLIENT_IDLE_MARGIN),
        f"Time without progress that ends a session at the server; the client waits {CLIENT_IDLE_MARGIN} s longer.",
    )
    dial_seconds = _number(LIMITS["dial_seconds"], "Name, connection and TLS towards a partner, together.")
    connect_seconds = _number(LIMITS["connect_seconds"], "Connection to the receive daemon.")
    drain_seconds = _number(LIMITS["drain_seconds"], "What running sessions are given at an orderly end.")

    admission_usage = weight_in_general("usage")
    admission_unreadable = weight_in_general("unreadable")
    admission_rsa_bits = _number(
        ADMISSION_NUMBERS["rsa_bits"], "The least RSA key of a partner's certificate, in bits."
    )
    admission_weak_key = weight_in_general("weak_key")
    admission_weak_signature = weight_in_general("weak_signature")
    admission_revocation = weight_in_general("revocation")
    admission_crl_days = _number(
        ADMISSION_NUMBERS["crl_days"], "A revocation list that was made so many days ago is stale, whatever it says."
    )
    admission_ca_names = models.BooleanField(
        default=False,
        help_text="Whether the server names its anchors to those who connect: some stations choose a certificate by "
        "that, others break on a long list.",
    )
    load_balancers = NetworksField(
        help_text="Load balancers before the server: who comes from there says first, by the PROXY protocol "
        "(version 2), for whom it speaks. Empty: nobody is believed."
    )
    exempt_networks = NetworksField(help_text="Who comes from here has no penalty for failures: own scanners, say.")
    reverse_proxies = NetworksField(
        help_text="Reverse proxies before Seonapi: a caller behind one of them is known by the address that it "
        "forwards (X-Forwarded-For). Empty: no forwarded address counts."
    )
    journal_days = _number(DAYS, "How long events and sessions are kept.")
    journal_days_debug = _days("Events of the severity debug")
    journal_days_info = _days("Events of the severity info")
    journal_days_warning = _days("Events of the severity warning")
    journal_days_error = _days("Events of the severity error")
    journal_days_critical = _days("Critical events")
    queue_seconds = _number(Bounds(1, 3_600, 60), "Time slice of the queue daemon.")

    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "settings"

    def __str__(self) -> str:
        return "Settings"

    def clean(self) -> None:
        """Raise ValidationError where more names of anchors would be told than a server can tell."""
        super().clean()
        if self.admission_ca_names and not self._is_stored("admission_ca_names"):
            anchors: Any = apps.get_model("anchors", "Anchor")  # by its name, since its module needs this one
            if problem := anchors.names_problem():
                raise ValidationError({"admission_ca_names": problem})

    def days_of(self, severity: int) -> int:
        """Return how many days events of a severity (`seon.events.Severity`) are kept."""
        own = getattr(self, f"journal_days_{Severity(severity).name.lower()}")
        return self.journal_days if own is None else int(own)


class TracedSession(Versioned):
    """A session under way that is to write a trace. The queue daemon removes it when the session has ended."""

    session = models.CharField(max_length=64, unique=True, validators=[SESSION_ID])
    since = models.DateTimeField(default=timezone.now, editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ("since",)
        verbose_name = "traced session"

    def __str__(self) -> str:
        return self.session

    def clean(self) -> None:
        """Raise ValidationError when there are as many as can be."""
        if self._state.adding and TracedSession.objects.count() >= MOST:
            raise ValidationError(f"{MOST} sessions are traced already, there cannot be more")
