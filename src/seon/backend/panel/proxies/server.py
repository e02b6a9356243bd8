"""The page of one server: what it does now, what it has of its own, and its removal."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.limits.views import COUNTS, TIMES
from seon.backend.panel.pages import Text
from seon.backend.panel.proxies import shown
from seon.backend.panel.settings_forms import ServerForm, ServerPage
from seon.backend.proxies.actions import remove_server


class OwnValues(ServerForm):
    """What one server has of its own."""

    labels = {
        "name": gettext_lazy("Name"),
        "external_port": gettext_lazy("TCP/IP port of OFTP server (TLS)"),
        "external_address": gettext_lazy("IP address of OFTP server (TLS)"),
        "outgoing_address": gettext_lazy("IP address of outgoing proxy connections"),
        **COUNTS,
        **TIMES,
    }
    helps = {"name": gettext_lazy("Under this name the panel and the commands show the server.")}

    def made_field(self, name: str, label: Text) -> Any:
        """Return the field; a name has no value in general."""
        return super(ServerForm, self).made_field(name, label) if name == "name" else super().made_field(name, label)


class ProxyServerPage(ServerPage):
    """One server."""

    title = subject = gettext_lazy("Server")
    back = "panel:proxies"
    template = "proxies/server.html"
    form_classes = {"server": OwnValues}
    parts = {"now": "proxies/server_now.html"}
    does = ("remove",)

    def heading(self) -> Text:
        """Return the server's name."""
        return _("Server %s") % self.server

    def shown(self) -> dict[str, Any]:
        """Return the server and what it does now."""
        server = self.server
        return {
            **super().shown(),
            "one": shown.server(server),
            "licenses": server.licenses.order_by("-issued_at"),
            "may_remove": remove_server.may(self.by),
        }

    def after(self, name: str, form: ActForm) -> HttpResponse:  # noqa: ARG002 - as every form
        """Stay on the page."""
        return self.here()

    def do_remove(self) -> HttpResponse | None:
        """Remove the server."""
        server = self.server
        asked = self.ask(
            _("Remove the server %s?") % server, _("Remove"),
            _("Its licenses are removed with it. It cannot be used again without a new license."),
            _("Its link ends within 5 seconds, and its external port closes: its partners cannot connect any more."),
        )  # fmt: skip
        if asked:
            return asked
        remove_server(self.by, server.proxy_id)
        self.say(_("Server %s removed, with its licenses.") % server)
        return redirect("panel:proxies")
