"""The page of one session: who, what was agreed, its files and findings, and what both hosts have reported."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.http import Http404
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from seon.backend.journal import file_lists, lists
from seon.backend.journal.models import Entry, FileState, Result, Session
from seon.backend.live.actions import REASONS
from seon.backend.panel.sessions.acting import ActsOnSessions
from seon.backend.panel.sessions.running import Running, one
from seon.backend.panel.sessions.words import DIRECTIONS, FILE_TONES, HOSTS, RESULT_TONES, SIDES, agreed, ended_by
from seon.events import Severity, shown
from seon.oftp2.rules import RULES

MOST_EVENTS = 300
MOST_FILES = 200
_PROBLEMS = {"SES-FINDING", "SES-REFUSED", "SES-MORE"}
_TONES = {Severity.WARNING: "s-warn", Severity.ERROR: "s-bad", Severity.CRITICAL: "s-bad"}


class Problem(NamedTuple):
    """A broken rule, explained."""

    key: str
    meaning: Any
    """The rule's text."""
    side: Any
    host: Any
    text: str
    """What was wrong in this case."""
    place: str
    """Stream buffer and offset."""
    times: int
    refused: bool


class Step(NamedTuple):
    """An event on the line of time."""

    entry: Entry
    host: Any
    tone: str


class SessionPage(ActsOnSessions):
    """One session, whether it runs or has ended."""

    title = _("Session")
    template = "sessions/session.html"
    parts = {"live": "sessions/now.html"}

    @cached_property
    def row(self) -> Session | None:
        """What the journal has of it."""
        return Session.objects.filter(session=self.kwargs["session"]).first()

    @cached_property
    def running(self) -> Running | None:
        """What its client says of it now."""
        return None if self.row and self.row.ended_at else one(self.kwargs["session"])

    def session(self) -> str:
        """Return the id of the address: the buttons are about this session."""
        return str(self.kwargs["session"])

    def heading(self) -> str:
        """Return the first characters of its id, as process titles have them, and whose it is."""
        partner = self.row.partner if self.row else self.running.live.partner if self.running else ""
        return f"{self.title} {self.session()[:8]}" + (f", {partner}" if partner else "")

    def part_shown(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - there is one
        """Return what runs now."""
        if self.row is None and self.running is None:
            raise Http404
        return {"session": self.row, "now": self.running, **self._buttons()}

    def shown(self) -> dict[str, Any]:
        """Return all of it. Raises Http404 where nobody knows it."""
        part = self.part_shown("live")
        events, is_more = _events(self.session())
        files = file_lists.files_of_session(self.session(), MOST_FILES + 1)
        return {
            **part,
            "id": self.session(),
            "direction": DIRECTIONS.get(self._value("direction"), ""),
            "partner": self._value("partner"),
            "source": self._value("source"),
            "fingerprint": self._value("fingerprint"),
            "began": self.row.started_at if self.row else self.running.live.since if self.running else None,
            "tone": RESULT_TONES[Result(self.row.result)] if self.row else "s-info",
            "ended_by": ended_by(self.row) if self.row else "",
            "seconds": _seconds(self.row),
            "agreed": agreed(self.row) if self.row else [],
            "files": [(file, FILE_TONES.get(FileState(file.state), "")) for file in files[:MOST_FILES]],
            "more_files": len(files) > MOST_FILES,
            "problems": [_problem(entry) for entry in events if entry.code in _PROBLEMS],
            "steps": [_step(entry) for entry in events],
            "more_events": is_more,
            "is_traced": self.running.traced if self.running else False,
        }

    def _value(self, name: str) -> str:
        """Return a value of the journal, or the client's word for it."""
        said = getattr(self.row, name, "") if self.row else ""
        return str(said or (getattr(self.running.live, name) if self.running else ""))

    def _buttons(self) -> dict[str, Any]:
        return {**self.may(), "reasons": [(f"{number:02}", words) for number, words in REASONS.items()]}


def _seconds(session: Session | None) -> float | None:
    if session is None or session.started_at is None or session.ended_at is None:
        return None
    return max((session.ended_at - session.started_at).total_seconds(), 0)


def _events(session: str) -> tuple[Sequence[Entry], bool]:
    """Return what both hosts have reported of a session, oldest first, and whether there is more."""
    page = lists.entries(lists.EntryFilter(session=session, since=lists.EVER), limit=MOST_EVENTS)
    return sorted(page.entries, key=lambda entry: (entry.time, entry.pk)), page.older is not None


def _problem(entry: Entry) -> Problem:
    said = entry.fields
    key = str(said.get("key", said.get("rule", "")))
    rule = RULES.get(key)
    place = ""
    if "stb" in said:
        place = f"{shown(said['stb'])}, {shown(said.get('offset', ''))}"
    count = said.get("count", 1)
    return Problem(
        key=shown(key),
        meaning=rule.meaning if rule else _("a rule that this version does not know"),
        side=SIDES.get(str(said.get("side")), ""),
        host=HOSTS.get(entry.hop, entry.hop),
        text=shown(said.get("text", "")),
        place=place,
        times=int(count) if isinstance(count, int) else 1,
        refused=entry.code == "SES-REFUSED",
    )


def _step(entry: Entry) -> Step:
    tone = next((_TONES[level] for level in sorted(_TONES, reverse=True) if entry.severity >= level), "")
    return Step(entry, HOSTS.get(entry.hop, entry.hop), tone)
