"""The page "Limits": how much a server takes at once, and how long it waits."""

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.settings_fields import Text
from seon.backend.panel.settings_forms import ConfigurationPage, ServerForm, ServerPage, SettingsForm
from seon.backend.proxies.models import ProxyServer

COUNTS: dict[str, Text] = {
    "sessions": _("Sessions at once"),
    "sessions_per_partner": _("Sessions at once of one partner"),
    "sessions_per_minute": _("New sessions in a minute"),
    "handshakes": _("Connections at once that are not verified yet"),
}
TIMES: dict[str, Text] = {
    "handshake_seconds": _("Time for the TLS handshake, in seconds"),
    "idle_seconds": _("Time without progress, in seconds"),
    "dial_seconds": _("Time to reach a partner, in seconds"),
    "connect_seconds": _("Time to reach the receive daemon, in seconds"),
    "drain_seconds": _("Time for running sessions at an orderly end, in seconds"),
}
HELPS: dict[str, Text] = {
    "sessions": _("Further ones are refused until one has ended."),
    "sessions_per_partner": _("Further ones of this partner are refused. A partner's page can say another number."),
    "sessions_per_minute": _("Further ones are refused until the minute is over."),
    "handshakes": _("Places for callers whose certificate is not verified yet. When all are taken, one gives way."),
    "handshake_seconds": _("From the beginning of a call to the verified certificate. Then the call is ended."),
    "idle_seconds": _("A session in which nothing moves for so long is ended. The client waits 30 s longer."),
    "dial_seconds": _("For name, connection and TLS towards a partner together."),
    "connect_seconds": _("For the connection from the client to the receive daemon."),
    "drain_seconds": _("When a program ends, running sessions have so long to come to their end."),
}


class Counts(SettingsForm):
    """How much at once."""

    labels, helps = COUNTS, HELPS


class Times(SettingsForm):
    """How long."""

    labels, helps = TIMES, HELPS


class OwnLimits(ServerForm):
    """The limits of one server."""

    labels, helps = COUNTS | TIMES, HELPS


class Differs(NamedTuple):
    """One server with the limits of its own."""

    server: ProxyServer
    values: list[tuple[Text, int]]


class LimitsPage(ConfigurationPage):
    """The limits in general, and which servers differ."""

    title = _("Limits")
    template = "limits/limits.html"
    form_classes = {"counts": Counts, "times": Times}

    def shown(self) -> dict[str, Any]:
        """Return the servers with what they have of their own."""
        labels = COUNTS | TIMES
        servers = [
            Differs(server, [(labels[name], value) for name, value in server.own_limits().items()])
            for server in ProxyServer.objects.all()
        ]
        return {**super().shown(), "servers": servers}


class LimitsOfServer(ServerPage):
    """The limits of one server."""

    subject = title = _("Limits")
    back = "panel:limits"
    form_classes = {"server": OwnLimits}
