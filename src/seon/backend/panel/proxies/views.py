"""The page "Proxies": every server and client, whether it works, and what can be done with a client."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.live import lists
from seon.backend.live.actions import drain_client, end_link, resume_client
from seon.backend.panel.pages import PanelPage
from seon.backend.panel.proxies import shown
from seon.backend.proxies.actions import add_client


class ProxiesPage(PanelPage):
    """Every server and client."""

    title = gettext_lazy("Proxies")
    template = "proxies/proxies.html"
    parts = {"now": "proxies/now.html"}
    does = ("drain", "resume", "end_link")

    def shown(self) -> dict[str, Any]:
        """Return servers, clients, and callers that are in no entry."""
        return {
            "servers": shown.servers(),
            "clients": shown.clients(),
            "unknown": shown.unknown(),
            "may_configure": add_client.may(self.by),
        }

    def do_drain(self) -> HttpResponse | None:
        """Let no session begin at a client."""
        client = self._client()
        asked = self.ask(
            _("Let no session begin at client %s any more?") % client.name, _("Drain"),
            _("No session begins any more, in either direction."),
            _("Sessions that run go on until they end. Now %d run.") % len(client.state.sessions),
            _("It stays so until you resume the client, or until the client is started again."),
        )  # fmt: skip
        return asked or self._ordered(drain_client(self.by, client.key))

    def do_resume(self) -> HttpResponse | None:
        """Let sessions begin again at a client."""
        client = self._client()
        asked = self.ask(
            _("Let sessions begin again at client %s?") % client.name, _("Resume"),
            _("Partners and the send daemon can start sessions again at once."),
        )  # fmt: skip
        return asked or self._ordered(resume_client(self.by, client.key))

    def do_end_link(self) -> HttpResponse | None:
        """Let a client end."""
        client = self._client()
        asked = self.ask(
            _("End the link of client %s to its server?") % client.name, _("End link"),
            _("The client says Bye to its server and ends. The server closes its external port when no other client "
              "is linked: then no partner can connect."),
            _("Sessions that run get a time limit to end. Now %d run.") % len(client.state.sessions),
            _("The client runs again only when somebody, or a service manager such as systemd, starts it."),
        )  # fmt: skip
        return asked or self._ordered(end_link(self.by, client.key))

    def _client(self) -> lists.ClientLive:
        return lists.client(self.request.POST.get("client", ""))

    def _ordered(self, _order: object) -> HttpResponse:
        self.say(_("Ordered. What becomes of it stands beside the client within seconds."))
        return self.here()
