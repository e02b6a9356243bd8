"""Sessions that run, as a page shows them: what the clients have told last, with the configuration's traces."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from seon.api_messages import LiveFile, LiveSession
from seon.backend.configuration.models import TracedSession
from seon.backend.live import lists
from seon.backend.panel.sessions.words import DIRECTIONS, PHASES
from seon.backend.panel.templatetags.panel import octets, percent
from seon.events import shown

MOST = 200
"""Sessions that are shown at once."""


@dataclass(frozen=True, slots=True)
class RunningFile:
    """A file that is on its way."""

    name: str
    octets: int
    size: int
    """0: not said."""

    @property
    def most(self) -> int:
        """The end of its bar: sizes are said in blocks of 1,024 octets, and a restart makes more of it."""
        return max(self.size, self.octets, 1)

    @property
    def words(self) -> str:
        """How much of it has passed."""
        if not self.size:
            return octets(self.octets)
        said = {"done": octets(self.octets), "size": octets(self.size), "part": percent(self.octets, self.most)}
        return _("%(done)s of %(size)s, %(part)d\u00a0%%") % said


@dataclass(frozen=True, slots=True)
class Running:
    """One session that runs."""

    live: LiveSession
    client: str
    direction: Any
    phase: Any
    files: tuple[tuple[str, RunningFile], ...]
    """`in` or `out`, and the file."""
    traced: bool
    page: str
    """Of its partner; empty: none can have this name."""

    @property
    def session(self) -> str:
        """Its id."""
        return self.live.session

    @property
    def address(self) -> str:
        """Of its own page."""
        return reverse("panel:session", args=[self.session])

    @property
    def octets(self) -> tuple[str, str, str]:
        """What has passed, each way, and how fast."""
        came, went, rate = map(octets, (self.live.octets_in, self.live.octets_out, self.live.rate))
        return _("%s in") % came, _("%s out") % went, _("%s/s") % rate


@dataclass(frozen=True, slots=True)
class Silent:
    """A client that has not been heard of: what runs there is not known."""

    name: str
    heard_at: datetime


def running() -> tuple[list[Running], int]:
    """Return the newest sessions that run, and how many there are."""
    found = lists.sessions()
    wanted = traced([live.session.session for live in found[:MOST]])
    return [_running(live, wanted) for live in found[:MOST]], len(found)


def one(session: str) -> Running | None:
    """Return a session that runs by its id."""
    live = lists.session(session)
    return _running(live, traced([session])) if live else None


def silent() -> list[Silent]:
    """Return the clients that are not heard of."""
    return [Silent(client.name, client.heard_at) for client in lists.clients() if not client.fresh]


def traced(sessions: list[str]) -> set[str]:
    """Return those of these sessions for which a trace was switched on."""
    return set(TracedSession.objects.filter(session__in=sessions).values_list("session", flat=True))


def _running(live: lists.SessionLive, traced_now: set[str]) -> Running:
    session = live.session
    return Running(
        live=session,
        client=live.client.name,
        direction=DIRECTIONS[session.direction],
        phase=PHASES[session.phase],
        files=tuple((way, _file(file)) for way, file in (("in", session.file_in), ("out", session.file_out)) if file),
        traced=session.traced or session.session in traced_now,
        page=_page(session.partner),
    )


def _page(partner: str) -> str:
    try:
        return reverse("panel:partner", args=[partner])
    except NoReverseMatch:
        return ""


def _file(file: LiveFile) -> RunningFile:
    return RunningFile(shown(file.name), file.octets, file.size)
