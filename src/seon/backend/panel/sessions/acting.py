"""What can be done with a session that runs: end it, and trace it."""

from typing import Any, ClassVar

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from seon.backend.journal.actions import trace_session
from seon.backend.live.actions import REASONS, kill_session
from seon.backend.panel.pages import PanelPage


class ActsOnSessions(PanelPage):
    """A page with the buttons "End" and "Trace"."""

    does: ClassVar[tuple[str, ...]] = ("kill", "trace", "untrace")

    def post(self, request: HttpRequest, **options: Any) -> HttpResponse:
        """Do what was asked for; a button of a list names its session: `kill=SESSION`."""
        name = next((name for name in self.does if name in request.POST), "")
        if name and "do" not in request.POST:
            asked = request.POST.copy()
            asked["do"], asked["session"] = name, str(asked[name])
            request.POST = asked  # type: ignore[assignment]  # as a form with these fields would have sent it
        return super().post(request, **options)

    def may(self) -> dict[str, Any]:
        """Return for which of its buttons somebody may be shown."""
        return {"may_kill": kill_session.may(self.by), "may_trace": trace_session.may(self.by)}

    def session(self) -> str:
        """Return the id of the session that a button is about."""
        return self.request.POST.get("session", "")

    def do_kill(self) -> HttpResponse | None:
        """End a session, once somebody is sure."""
        reason = self.request.POST.get("reason", "99")
        if not reason.isascii() or not reason.isdigit() or int(reason[:3]) not in REASONS:
            raise BadRequest(_("The reason is 99 or 05"))
        asked = self.ask(
            _("End the session %s?") % self.session()[:64],
            _("End the session"),
            _("Both sides get an ESID with the reason %s.") % REASONS[int(reason)],
            _("A file that is on its way is broken off. The partner may send it again at any time."),
        )
        if asked is None:
            kill_session(self.by, self.session(), int(reason))
            self.say(_("The client has the order to end the session. It does so within seconds."))
        return asked

    def do_trace(self) -> None:
        """Write a trace of a session from now on."""
        trace_session(self.by, self.session(), on=True)
        self.say(_("The session is traced, to files in the directories “traces” of both programs."))

    def do_untrace(self) -> None:
        """Write no trace any more."""
        trace_session(self.by, self.session(), on=False)
        self.say(_("The session is not traced any more."))
