"""The page "Proxy": the receive daemon, tokens, outgoing addresses, the clients, and what the system log leaves out."""

from typing import Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.journal.actions import add_rule, remove_rule, rule_named
from seon.backend.live import lists
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.proxy import ignoring
from seon.backend.panel.proxy.client_forms import NewClient
from seon.backend.panel.proxy.clients import number_sent
from seon.backend.panel.settings_forms import ConfigurationPage, ServerForm, ServerPage, SettingsForm
from seon.backend.proxies.models import Listener, ProxyClient, ProxyServer
from seon.backend.trust.models import Token

OUTGOING = gettext_lazy("IP address of outgoing proxy connections")
MOST_PORTS = 10
"""Listening ports that the row of a client shows."""


class ReceiveDaemon(SettingsForm):
    """Where incoming sessions go."""

    labels = {
        "receive_daemon_host": gettext_lazy("Hostname or IP address of host running Seon receive daemon"),
        "receive_daemon_port": gettext_lazy("Port of Seon receive daemon"),
    }
    helps = {
        "receive_daemon_host": gettext_lazy(
            "Your OFTP2 station that takes incoming sessions. Empty: incoming sessions are refused."
        ),
        "receive_daemon_port": gettext_lazy("On which TCP port it listens."),
    }


class Outgoing(SettingsForm):
    """From where servers call partners."""

    labels = {"outgoing_address": OUTGOING}


class OwnOutgoing(ServerForm):
    """From where one server calls partners."""

    labels = {"outgoing_address": OUTGOING}


class ClientRow(NamedTuple):
    """A client with some of its listening ports."""

    client: ProxyClient
    ports: list[Listener]
    more: int


class ProxyPage(ConfigurationPage):
    """What the proxy does between partners and the inside."""

    title = gettext_lazy("Proxy")
    template = "proxy/proxy.html"
    form_classes = {"daemon": ReceiveDaemon, "outgoing": Outgoing, "client": NewClient, "ignore": ignoring.NewRule}
    does = ("remove_rule",)
    parts = {"daemon": "proxy/daemon.html"}

    def form_options(self, name: str) -> dict[str, Any]:
        """Fill in what the address says of a new ignore rule."""
        return {"initial": ignoring.filled_in(self.request)} if name == "ignore" else {}

    def shown(self) -> dict[str, Any]:
        """Return all that the blocks show."""
        tokens = Token.objects.filter(withdrawn_at=None).select_related("client", "use")
        return {
            **super().shown(),
            **self.part_shown("daemon"),
            "servers": ProxyServer.objects.all(),
            "tokens": tokens,
            "now": timezone.now(),
            "rows": client_rows(),
            "rules": ignoring.rows(),
            "is_filled_in": bool(ignoring.filled_in(self.request)),
            "may_ignore": add_rule.may(self.by),
        }

    def part_shown(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - there is one
        """Return which clients reach the receive daemon."""
        return {"clients": [client for client in lists.clients() if client.fresh]}

    def after(self, name: str, form: ActForm) -> HttpResponse:
        """Lead to the client that was added, or back; a rule that was filled in is not filled in again."""
        if name == "client":
            return redirect("panel:proxy-client", form.result.pk)
        return redirect(f"{reverse('panel:proxy')}{'#ignore' if name == 'ignore' else ''}")

    def do_remove_rule(self) -> HttpResponse | None:
        """Remove an ignore rule, once somebody is sure."""
        rule = rule_named(number_sent(self.request.POST.get("rule", "")))
        line = _(
            "Messages with the text “%s” come into the system log again, and critical ones start the event script."
        )
        if asked := self.ask(_("Remove ignore rule %s?") % rule, _("Remove ignore rule"), line % rule.text):
            return asked
        remove_rule(self.by, rule.pk)
        self.say(_("The ignore rule was removed."))
        return redirect(f"{reverse('panel:proxy')}#ignore")


class ProxyOfServer(ServerPage):
    """From where one server calls partners."""

    subject = title = gettext_lazy("Proxy")
    back = "panel:proxy"
    form_classes = {"server": OwnOutgoing}


def client_rows() -> list[ClientRow]:
    """Return every client with its first ports."""
    clients = ProxyClient.objects.prefetch_related("listeners__partner")
    return [_row(client, list(client.listeners.all())) for client in clients]


def _row(client: ProxyClient, ports: list[Listener]) -> ClientRow:
    return ClientRow(client, ports[:MOST_PORTS], max(len(ports) - MOST_PORTS, 0))
