"""The page "TCP/IP": where servers listen for partners, and which addresses count for what."""

from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.addresses import shown
from seon.api_messages import LiveServer
from seon.backend.configuration.models import Settings
from seon.backend.live import lists
from seon.backend.live.lists import ClientLive
from seon.backend.panel.settings_forms import ConfigurationPage, ServerForm, ServerPage, SettingsForm
from seon.backend.proxies.models import ProxyServer

PORT = gettext_lazy("TCP/IP port of OFTP server (TLS)")
ADDRESS = gettext_lazy("IP address of OFTP server (TLS)")


class Port(SettingsForm):
    """Where servers listen."""

    labels = {"external_port": PORT, "external_address": ADDRESS}
    helps = {"external_port": gettext_lazy("Partners call this port of the servers in the DMZ.")}


class Networks(SettingsForm):
    """Which addresses count for what."""

    labels = {
        "load_balancers": gettext_lazy("Load balancers before the server"),
        "exempt_networks": gettext_lazy("Networks without penalty"),
        "reverse_proxies": gettext_lazy("Reverse proxies before Seonapi"),
    }


class OwnPort(ServerForm):
    """Where one server listens."""

    labels = {"external_port": PORT, "external_address": ADDRESS}
    helps = {"external_port": gettext_lazy("Partners call this port of the server. Empty: as in general.")}


class Row(NamedTuple):
    """One server: where it shall listen, and what it does now."""

    server: ProxyServer
    place: str
    """Address and port as they are set."""
    is_own: bool
    state: str
    """`open`, `closed` or `unknown`."""
    words: str


class TcpIpPage(ConfigurationPage):
    """Ports, addresses and networks."""

    title = gettext_lazy("TCP/IP")
    template = "tcp_ip/tcp_ip.html"
    form_classes = {"port": Port, "networks": Networks}
    parts = {"servers": "tcp_ip/servers.html"}

    def shown(self) -> dict[str, Any]:
        """Return the servers too."""
        return {**super().shown(), "rows": rows()}


class TcpIpOfServer(ServerPage):
    """Where one server listens."""

    subject = title = gettext_lazy("TCP/IP")
    back = "panel:tcp-ip"
    form_classes = {"server": OwnPort}


def rows() -> list[Row]:
    """Return every server with what it does now."""
    general, live = Settings.load(), {}
    for client, server in lists.servers():
        if server.proxy_id not in live or server.linked:
            live[server.proxy_id] = client, server
    return [_row(server, general, live.get(server.proxy_id)) for server in ProxyServer.objects.all()]


def _row(server: ProxyServer, general: Settings, live: tuple[ClientLive, LiveServer] | None) -> Row:
    address = server.external_address or general.external_address
    port = server.external_port or general.external_port
    is_own = bool(server.external_address or server.external_port)
    return Row(server, place_of(address, port), is_own, *_now(live))


def place_of(address: str, port: int) -> str:
    """Return address and port as people read them."""
    return shown(address, port) if address else _("port %d of every address") % port


def _now(live: tuple[ClientLive, LiveServer] | None) -> tuple[str, str]:
    if live is None:
        return "unknown", _("no client has told of it yet")
    client, server = live
    if not client.fresh:
        return "unknown", _("client %s is not heard of") % client.name
    if not server.linked:
        return "closed", server.reason or _("no link to client %s") % client.name
    if not server.external_open:
        return "closed", server.external_reason or _("it waits for its configuration")
    return "open", place_of(server.external_address, server.external_port)
