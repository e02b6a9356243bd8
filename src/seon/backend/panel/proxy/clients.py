"""The pages of one client and of one of its listening ports."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.addresses import shown
from seon.backend.errors import OperatorError
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.pages import PanelPage, Text
from seon.backend.panel.proxy.client_forms import ChangedClient, ChangedPort, NewPort, suggested_partners
from seon.backend.proxies.actions import change_client, remove_client, remove_listener
from seon.backend.proxies.models import Listener, ProxyClient

MOST_DIGITS = 15


def number_sent(text: str) -> int:
    """Return the number of a row that a button was for; 0, which no row has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else 0


class ClientPage(PanelPage):
    """One client: its name and address, and the ports on which it listens for the send daemon."""

    title = gettext_lazy("Proxy client")
    template = "proxy/client.html"
    form_classes = {"change": ChangedClient, "add_port": NewPort}
    does = ("remove", "remove_port")

    @property
    def client(self) -> ProxyClient:
        """The client of the address. Raises Http404."""
        found = ProxyClient.objects.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        return found

    def heading(self) -> Text:
        """Return which client it is."""
        return _("Proxy client %s") % self.client.name

    def form_options(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - both are about the client
        """Let the forms be about the client."""
        return {"about": self.client}

    def shown(self) -> dict[str, Any]:
        """Return the client and its ports."""
        ports = self.client.listeners.select_related("partner").order_by("address", "port")
        return {
            "client": self.client, "ports": ports, "partners": suggested_partners(),
            "may_configure": change_client.may(self.by), "tokens": self.client.tokens.filter(withdrawn_at=None),
        }  # fmt: skip

    def do_remove(self) -> HttpResponse | None:
        """Remove the client, once somebody is sure."""
        client = self.client
        question = _("Remove client %s?") % client.name
        ports = client.listeners.count()
        lines = (
            _("Its %d listening ports are removed too, and sessions to partners by them are not possible any more.")
            % ports,
            _("From its address no client can connect any more, unless it is added again."),
        )
        if asked := self.ask(question, _("Remove client"), *lines):
            return asked
        remove_client(self.by, client.name)
        self.say(_("The client was removed."))
        return redirect("panel:proxy")

    def do_remove_port(self) -> HttpResponse | None:
        """Remove one of its ports, once somebody is sure."""
        client = self.client
        port = client.listeners.filter(pk=number_sent(self.request.POST.get("port", ""))).first()
        if port is None:
            raise OperatorError(_("This listening port is not there any more"))
        question = _("Remove listening port %s?") % shown(port.address, port.port)
        line = _("The send daemon cannot reach partner %s by it any more. Sessions that run go on.") % port.partner
        if asked := self.ask(question, _("Remove listening port"), line):
            return asked
        remove_listener(self.by, client.name, port.port, port.address)
        self.say(_("The listening port was removed."))
        return None


class ListenerPage(PanelPage):
    """One listening port of a client."""

    title = gettext_lazy("Listening port")
    template = "proxy/port.html"
    form_classes = {"change": ChangedPort}

    @property
    def port(self) -> Listener:
        """The port of the address. Raises Http404."""
        rows = Listener.objects.select_related("client", "partner")
        found = rows.filter(pk=self.kwargs["pk"], client=self.kwargs["client"]).first()
        if found is None:
            raise Http404
        return found

    def heading(self) -> Text:
        """Return which port it is."""
        port = self.port
        return _("Listening port %(port)s of client %(client)s") % {
            "port": shown(port.address, port.port), "client": port.client.name,
        }  # fmt: skip

    def form_options(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - there is one
        """Let the form be about the port."""
        port = self.port
        there = {"port": port.port, "partner": port.partner.identifier, "address": port.address}
        return {"about": port, "initial": there}

    def shown(self) -> dict[str, Any]:
        """Return the port."""
        return {
            "port": self.port, "partners": suggested_partners(), "may_configure": change_client.may(self.by),
        }  # fmt: skip

    def after(self, name: str, form: ActForm) -> HttpResponse:  # noqa: ARG002 - as every form
        """Lead back to the client."""
        return redirect("panel:proxy-client", self.kwargs["client"])
