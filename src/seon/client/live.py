"""What runs at this client, told to Seonapi by the courier every few seconds.

SECURITY: what the server and the session processes say of themselves is shown and nothing more: bounded by its form,
and without characters that cannot be shown.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass

from seon.api_messages import (
    LIVE_AGAIN_SECONDS,
    LIVE_SECONDS,
    MOST_LIVE_SESSIONS,
    LiveFile,
    LiveListener,
    LiveServer,
    LiveSession,
    LiveState,
    Phase,
)
from seon.build import this_build
from seon.client.receive_daemon import ReceiveDaemonWatch
from seon.daemon.session_table import Seen
from seon.daemon.slices import in_slices
from seon.events import shown
from seon.link import messages as m
from seon.process import line

MOST_LISTENERS = 1_000
UNNUMBERED = "unnumbered"
"""The run of a state that the courier has not numbered yet."""


@dataclass(frozen=True, slots=True)
class Own:
    """What the client has of itself."""

    version: int
    draining: bool
    listeners: Sequence[LiveListener]


class LinkSeen:
    """The link to the server, as an administrator wants to see it."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._reason = "the server was not dialled yet"
        self._since = 0.0
        self._hello: m.ServerHello | None = None
        self._state: m.ServerState | None = None

    def up(self, hello: m.ServerHello) -> None:
        """A link stands; this is the server's Hello."""
        self._hello, self._state, self._reason, self._since = hello, None, "", time.time()

    def down(self, reason: str) -> None:
        """There is no link."""
        self._hello, self._state, self._reason, self._since = None, None, reason, 0.0

    def says(self, state: m.ServerState) -> None:
        """The server says how it is."""
        self._state = state

    def now(self) -> LiveServer:
        """Return all that is known of the server."""
        hello, state = self._hello, self._state
        if hello is None:
            return LiveServer(place=self._place[:300], linked=False, reason=self._reason[:500])
        return LiveServer(
            place=self._place[:300],
            linked=True,
            since=self._since,
            proxy_id=hello.proxy_id,
            build=shown(hello.build)[:100],
            version=state.version if state else 0,
            external_address=shown(state.address)[:45] if state else "",
            external_port=state.port if state else 0,
            external_open=state.open if state else False,
            external_reason=shown(state.reason)[:500] if state else "the server has not said it yet",
            sessions=state.sessions if state else 0,
        )


class Sessions:
    """The sessions that run, each made anew only when there is something else to be seen of it."""

    def __init__(self, seen: Callable[[str], Seen | None]) -> None:
        self._seen = seen
        self._changed: set[str] = set()
        self._sessions: dict[str, LiveSession] = {}
        self._all: tuple[LiveSession, ...] = ()

    def changed(self, session: str) -> None:
        """There is something else to be seen of a session."""
        self._changed.add(session)

    def now(self) -> Generator[None, None, tuple[LiveSession, ...]]:
        """Return them, in steps: of many, others have their turn between two."""
        changed, self._changed = self._changed, set()
        for session in changed:
            seen = self._seen(session)
            if seen is None:
                self._sessions.pop(session, None)
                continue
            live = self._sessions[session] = live_session(seen)
            if live.rate:  # it falls without a word
                self._changed.add(session)
            yield
        if changed:
            self._all = tuple(self._sessions.values())[:MOST_LIVE_SESSIONS]
        return self._all


class Live:
    """Collects what runs, and has it said if it has changed. `own` returns what the client has of itself."""

    def __init__(
        self,
        link: LinkSeen,
        daemon: ReceiveDaemonWatch,
        sessions: Sessions,
        own: Callable[[], Own],
        say: Callable[[LiveState | None], Awaitable[None]],
    ) -> None:
        self._link, self._daemon, self._sessions = link, daemon, sessions
        self._own, self._say = own, say
        self._since = time.time()
        self._said: LiveState | None = None
        self._said_at = 0.0

    async def run(self) -> None:
        """Say what runs until cancelled. While nobody takes it, nothing is collected."""
        while True:
            await self._tell()
            await asyncio.sleep(LIVE_SECONDS)

    async def _tell(self) -> None:
        state = self._state(await in_slices(self._sessions.now()))
        now = time.monotonic()
        if state != self._said:
            self._said, self._said_at = state, now
            await self._say(state)
        elif now - self._said_at >= LIVE_AGAIN_SECONDS - LIVE_SECONDS:
            self._said_at = now
            await self._say(None)

    def _state(self, sessions: tuple[LiveSession, ...]) -> LiveState:
        own, daemon = self._own(), self._daemon.last
        return LiveState(
            run=UNNUMBERED,
            number=1,
            build=this_build().short,
            since=self._since,
            version=own.version,
            draining=own.draining,
            receive_daemon=self._daemon.shown,
            receive_daemon_reached=daemon.reached,
            receive_daemon_asked=daemon.asked,
            receive_daemon_reason=daemon.reason[:500],
            servers=(self._link.now(),),
            listeners=tuple(own.listeners[:MOST_LISTENERS]),
            sessions=sessions,
        )


def live_session(seen: Seen) -> LiveSession:
    """Return a session as it is told."""
    given, said = seen.assignment, seen.said or line.Progress("negotiating")
    phase: Phase = said.phase if seen.stage == "running" else seen.stage
    return LiveSession(
        session=given.session,
        partner=given.partner,
        direction=given.direction,
        phase=phase,
        since=seen.since,
        source=given.source[:64],
        fingerprint=seen.fingerprint,
        octets_in=said.octets_in,
        octets_out=said.octets_out,
        rate=seen.rate,
        file_in=_file(said.file_in),
        file_out=_file(said.file_out),
        files=said.files,
        findings=said.findings,
        traced=seen.traced,
    )


def _file(file: line.File | None) -> LiveFile | None:
    """Return a file with a name that any store takes: what cannot be shown is replaced, so that it stays as long."""
    if file is None:
        return None
    name = "".join(character if character.isprintable() else "\ufffd" for character in file.name)
    return LiveFile(name, file.octets, file.size)
