"""The pages of one client: what it does now, what is stored of it, its listening ports, and its removal."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.api_messages import LiveListener
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.pages import PanelPage, Text
from seon.backend.panel.proxies import shown
from seon.backend.panel.proxies.forms import ClientForm, ListenerForm, NewClientForm, NewListenerForm
from seon.backend.panel.proxies.views import OrderingPage
from seon.backend.proxies.actions import add_client, change_client, change_listener, remove_client, remove_listener
from seon.backend.proxies.models import Listener, ProxyClient

MOST_SHOWN = 45
"""Characters of an address."""


class NewClientPage(PanelPage):
    """A client is added: by its name and the address that it calls from, which `?address=` may say."""

    title = gettext_lazy("Add a client")
    template = "proxies/client_add.html"
    form_classes = {"add": NewClientForm}

    def form_options(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - there is one
        """Fill in the address from which somebody calls."""
        return {"initial": {"address": self.request.GET.get("address", "")[:MOST_SHOWN]}}

    def shown(self) -> dict[str, Any]:
        """Return whether somebody may add one."""
        return {"may_configure": add_client.may(self.by)}

    def after(self, name: str, form: ActForm) -> HttpResponse:  # noqa: ARG002 - as every form
        """Lead to the new client: its listening ports come next."""
        return redirect("panel:proxies-client", form.result.pk)


class OfClient(PanelPage):
    """A page about one client, which the address names by its number."""

    @property
    def client(self) -> ProxyClient:
        """The client of the address. Raises Http404."""
        found = ProxyClient.objects.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        return found


class ClientPage(OfClient, OrderingPage):
    """One client."""

    title = gettext_lazy("Client")
    template = "proxies/client.html"
    form_classes = {"client": ClientForm, "listener": NewListenerForm}
    parts = {"now": "proxies/client_now.html"}
    does = (*OrderingPage.does, "remove")

    def heading(self) -> Text:
        """Return the client's name."""
        return _("Client %s") % self.client.name

    def form_options(self, name: str) -> dict[str, Any]:
        """Let the forms be about the client; both have an address."""
        return {"about": self.client, "prefix": "port" if name == "listener" else None}

    def shown(self) -> dict[str, Any]:
        """Return the client, what it does now, and its listening ports."""
        client = self.client
        live = shown.client(client)
        ports = {(one.address, one.port): one for each in live if each.now for one in each.now.listeners}
        rows = client.listeners.select_related("partner").order_by("address", "port")
        return {
            "client": client,
            "clients": live,
            "listeners": [(row, _port(ports.get((row.address, row.port)))) for row in rows],
            "tokens": list(client.tokens.filter(withdrawn_at=None).values_list("name", flat=True)),
            "may_configure": change_client.may(self.by),
        }

    def do_remove(self) -> HttpResponse | None:
        """Remove the client."""
        client = self.client
        asked = self.ask(
            _("Remove the client %s?") % client.name, _("Remove"),
            _("Its %d listening ports are removed with it.") % client.listeners.count(),
            _("If it still runs, it has no listening ports any more, and the receive daemon of all clients."),
        )  # fmt: skip
        if asked:
            return asked
        remove_client(self.by, client.name)
        self.say(_("Client %s removed, with its listening ports.") % client.name)
        return redirect("panel:proxies")


class ListenerPage(OfClient):
    """One listening port of a client."""

    title = gettext_lazy("Listening port")
    template = "proxies/listener.html"
    form_classes = {"listener": ListenerForm}
    does = ("remove",)

    @property
    def listener(self) -> Listener:
        """The listening port of the address. Raises Http404."""
        found = self.client.listeners.select_related("partner", "client").filter(pk=self.kwargs["port"]).first()
        if found is None:
            raise Http404
        return found

    def heading(self) -> Text:
        """Return what the port is."""
        return _("Listening port %s") % self.listener

    def form_options(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - there is one
        """Let the form be about the port."""
        return {"about": self.listener}

    def shown(self) -> dict[str, Any]:
        """Return the port and its client."""
        return {
            "listener": self.listener,
            "client": self.client,
            "may_configure": change_listener.may(self.by),
        }

    def after(self, name: str, form: ActForm) -> HttpResponse:  # noqa: ARG002 - as every form
        """Lead back to the client."""
        return redirect("panel:proxies-client", self.kwargs["pk"])

    def do_remove(self) -> HttpResponse | None:
        """Remove the port."""
        row = self.listener
        asked = self.ask(
            _("Remove the listening port %s?") % row, _("Remove"),
            _("The client closes the port within 2 seconds. The send daemon reaches the partner by it no more."),
            _("Sessions that run go on."),
        )  # fmt: skip
        if asked:
            return asked
        remove_listener(self.by, row.client.name, row.port, row.address)
        self.say(_("Listening port %s removed.") % row)
        return redirect("panel:proxies-client", row.client_id)


def _port(live: LiveListener | None) -> shown.Word:
    if live is None:
        return shown.Word(_("not known"), shown.IDLE)
    if live.open:
        return shown.Word(_("open"), shown.GOOD)
    return shown.Word(_("closed"), shown.BAD, live.reason)
