"""The models of servers, clients and the clients' listening ports."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from simple_history.models import HistoricalRecords

from seon.addresses import shown
from seon.backend.configuration.bounds import LIMITS, Bounds
from seon.backend.configuration.hosts import ClientAddressField, HostField, ListeningAddressField, SourceAddressField
from seon.backend.configuration.models import CLIENT_IDLE_MARGIN, PORT, Settings
from seon.backend.configuration.versioned import Versioned
from seon.backend.partners.models import Partner
from seon.link.identity import parse_proxy_id


def validate_proxy_id(text: str) -> None:
    """Raise ValidationError unless the text is a Proxy ID that an honest server can have."""
    try:
        parse_proxy_id(text)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def _own_number(bounds: Bounds, text: str) -> "models.PositiveIntegerField[int | None, int | None]":
    validators = [MinValueValidator(bounds.least), MaxValueValidator(bounds.most)]
    return models.PositiveIntegerField(null=True, blank=True, validators=validators, help_text=text)


def _own_limit(name: str) -> "models.PositiveIntegerField[int | None, int | None]":
    general = Settings._meta.get_field(name)
    assert isinstance(general, models.Field)
    bounds = LIMITS[name].less(CLIENT_IDLE_MARGIN) if name == "idle_seconds" else LIMITS[name]
    return _own_number(bounds, f"{general.help_text} Empty: as in general.")


class ProxyServer(Versioned):
    """A server in the DMZ."""

    proxy_id = models.CharField("Proxy ID", max_length=66, unique=True, validators=[validate_proxy_id])
    name = models.CharField(max_length=120, blank=True, default="")
    external_address = ListeningAddressField(
        max_length=45, blank=True, default="", help_text="Where it listens for partners; empty: as in general."
    )
    external_port = _own_number(PORT, "TCP/IP port of OFTP server (TLS); empty: as in general.")
    outgoing_address = SourceAddressField(
        max_length=45, blank=True, default="",
        help_text="Source address of its connections to partners; empty: as in general.",
    )  # fmt: skip
    handshake_seconds = _own_limit("handshake_seconds")
    handshakes = _own_limit("handshakes")
    sessions = _own_limit("sessions")
    sessions_per_partner = _own_limit("sessions_per_partner")
    sessions_per_minute = _own_limit("sessions_per_minute")
    idle_seconds = _own_limit("idle_seconds")
    dial_seconds = _own_limit("dial_seconds")
    connect_seconds = _own_limit("connect_seconds")
    drain_seconds = _own_limit("drain_seconds")

    history = HistoricalRecords()

    class Meta:
        ordering = ("proxy_id",)

    def __str__(self) -> str:
        return self.name or f"{self.proxy_id[:16]}…"

    def own_limits(self) -> dict[str, int]:
        """Return the limits that this server has for itself, by their names in config.Limits."""
        return {name: value for name in LIMITS if (value := getattr(self, name)) is not None}


MOST_LISTENERS = 1_000
"""Listening ports of one client, as config.py bounds them."""
_CLIENT_NAME = RegexValidator(r"\A[^/]*\Z", "up to 120 characters, none of them '/'")
"""A client is also named `NAME/ADDRESS`."""


class ProxyClient(Versioned):
    """A client inside. It finds what is its own by the address it calls from (missions E2, A8)."""

    name = models.CharField(max_length=120, unique=True, validators=[_CLIENT_NAME])
    address = ClientAddressField(max_length=45, unique=True, help_text="::1 counts as 127.0.0.1.")
    receive_daemon_host = HostField(
        max_length=253, blank=True, default="",
        help_text="The OFTP2 station that takes its incoming sessions; empty: as in general.",
    )  # fmt: skip
    receive_daemon_port = _own_number(PORT, "Its TCP port; empty: as in general.")

    history = HistoricalRecords()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name} ({self.address})"


class UnknownCaller(models.Model):
    """An address from which a client called that is in no entry, and when that was said last."""

    address = models.CharField(max_length=45, unique=True)
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.address


class Listener(Versioned):
    """A port of a client on which the send daemon reaches one partner."""

    client = models.ForeignKey(ProxyClient, models.CASCADE, related_name="listeners")
    port = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(65_535)])
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="listeners")
    address = ListeningAddressField(
        max_length=45, default="127.0.0.1",
        help_text="Where the client listens; sessions from here go out under the company's certificate.",
    )  # fmt: skip

    history = HistoricalRecords()

    class Meta:
        ordering = ("port",)
        verbose_name = "listening port"
        constraints = (models.UniqueConstraint(fields=("client", "address", "port"), name="one_listener_per_port"),)

    def __str__(self) -> str:
        return f"{shown(self.address, self.port)} to {self.partner}"

    def clean(self) -> None:
        """Raise ValidationError when the client has as many as can be."""
        super().clean()
        if not self._state.adding or not self.client_id:  # a client that was refused has no rows
            return
        if Listener.objects.filter(client=self.client).count() >= MOST_LISTENERS:
            raise ValidationError(f"{self.client} has {MOST_LISTENERS} listening ports already, there cannot be more")
