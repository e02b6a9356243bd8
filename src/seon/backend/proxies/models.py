"""The models of servers, clients and the clients' listening ports."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from seon.addresses import shown
from seon.backend.configuration.hosts import ClientAddressField, ListeningAddressField
from seon.backend.configuration.versioned import Versioned
from seon.backend.partners.models import Partner
from seon.link.identity import parse_proxy_id


def validate_proxy_id(text: str) -> None:
    """Raise ValidationError unless the text is a Proxy ID that an honest server can have."""
    try:
        parse_proxy_id(text)
    except ValueError as error:
        raise ValidationError(str(error)) from None


class ProxyServer(Versioned):
    """A server in the DMZ."""

    proxy_id = models.CharField("Proxy ID", max_length=66, unique=True, validators=[validate_proxy_id])
    name = models.CharField(max_length=120, blank=True, default="")

    history = HistoricalRecords()

    class Meta:
        ordering = ("proxy_id",)

    def __str__(self) -> str:
        return self.name or f"{self.proxy_id[:16]}…"


class ProxyClient(Versioned):
    """A client inside. It finds its listening ports by the address it calls from (missions E2, A8)."""

    name = models.CharField(max_length=120, unique=True)
    address = ClientAddressField(max_length=45, unique=True, help_text="::1 counts as 127.0.0.1.")

    history = HistoricalRecords()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name} ({self.address})"


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
