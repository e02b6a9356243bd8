"""The lists of sessions: those that run, and those of the past."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from seon.backend.journal import file_lists
from seon.backend.journal.file_lists import SessionFilter
from seon.backend.journal.models import Result, Session
from seon.backend.panel.searching import PeriodForm, SearchPage, choice, text
from seon.backend.panel.sessions.acting import ActsOnSessions
from seon.backend.panel.sessions.running import MOST, running, silent
from seon.backend.panel.sessions.words import DIRECTIONS, RESULT_TONES, ended_by


class SessionsPage(ActsOnSessions):
    """The sessions that run now."""

    title = _("Sessions")
    template = "sessions/sessions.html"
    parts = {"live": "sessions/live.html"}

    def get(self, request: HttpRequest, **options: Any) -> HttpResponse:
        """Show them. Who looks for something is led to all sessions: it may have ended."""
        if {"q", "partner"} & set(request.GET):
            return redirect(f"{reverse('panel:sessions-past')}?{request.GET.urlencode()}")
        return super().get(request, **options)

    def shown(self) -> dict[str, Any]:
        """Return them, newest first."""
        found, number = running()
        return {"running": found, "number": number, "most": MOST, "silent": silent(), "tab": "live", **self.may()}


class SessionsFilter(PeriodForm):
    """What sessions can be asked for."""

    partner = text(_("Partner (its short name)"))
    direction = choice(_("Direction"), DIRECTIONS.items())
    result = choice(_("Result"), Result.choices)
    field_order = ("q", "partner", "direction", "result", "since", "until")


class PastSessionsPage(SearchPage):
    """All sessions that the journal has, those that run among them."""

    title = _("Sessions")
    template = "sessions/past.html"
    filter_class = SessionsFilter

    def rows(self, given: dict[str, Any]) -> Any:
        """Return the sessions that are asked for."""
        search = given.pop("q", "")
        return file_lists.sessions(SessionFilter(text=search, **given))

    def row(self, stored: Session) -> dict[str, Any]:
        """Return a session with its words."""
        seconds = (
            (stored.ended_at - stored.started_at).total_seconds() if stored.ended_at and stored.started_at else None
        )
        return {
            "session": stored,
            "direction": DIRECTIONS.get(stored.direction, stored.direction),
            "tone": RESULT_TONES.get(Result(stored.result), ""),
            "seconds": seconds,
            "ended_by": ended_by(stored),
        }

    def shown(self) -> dict[str, Any]:
        """Add which tab it is."""
        return {**super().shown(), "tab": "past"}
