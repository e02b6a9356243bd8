"""What the tests of the session table share: a table whose session processes are bodies of the test's."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from seon.config import Limits
from seon.daemon import children, session_table
from seon.daemon.log import Log
from seon.daemon.session_table import Claim, SessionTable, Surroundings
from seon.daemon.tasks import Tasks
from seon.endings import SessionEnd, ordered
from seon.events import Event
from seon.pki import PkiError
from seon.process import line
from seon.session.assignment import Assignment, Connections
from unit.daemon.forks import no_process_is_left

LIMITS = Limits(sessions=3, sessions_per_partner=2)
ONE = Claim("P1", "incoming")
ENDED = SessionEnd("verifier", "rule", "dmz", "CMD-ID")


def assignment(session: str = "session-1", partner: str = "P1", **fields: Any) -> Assignment:
    known = {"direction": "incoming", "hop": "dmz", "source": "a", "target": "b", "limits": LIMITS}
    return Assignment(session=session, partner=partner, **{**known, **fields})


class Play:
    """A table whose session processes are bodies of the test's: `start` forks one."""

    def __init__(self, directory: str) -> None:
        self.withdrawn: set[str] = set()
        """Marks of clients that may not be linked."""
        self.reports: list[tuple[str, str, dict]] = []
        """Code, session and fields of what the main reports itself."""
        self.events: list[Event] = []
        """What session processes report."""
        self.endings: list[tuple[str, SessionEnd]] = []
        """What is told to the other host."""
        self.failed: list[str] = []
        self.troubles: list[BaseException] = []
        self.log = Log(Path(directory), "log")
        self.tasks = Tasks(lambda _, error: self.troubles.append(error))
        our = Surroundings("seon test", self.log, self._report, self.events.append, self._ending, self.tasks)
        self.witnessed: list[tuple[bytes, ...]] = []
        """What dialled partners have shown."""
        unlinkable = lambda mark: "it counts no more" if mark in self.withdrawn else ""  # noqa: E731
        self.table = SessionTable(our, unlinkable, self._witness)
        self.table.follow(lambda _: "", lambda given: given.trace)

    def _report(self, code: str, session: str = "", /, **fields: Any) -> None:
        self.reports.append((code, session, fields))

    def _witness(self, shown: tuple[bytes, ...]) -> Any:
        self.witnessed.append(shown)
        if shown == (b"nonsense",):
            raise PkiError("no certificate can be read there")
        return shown

    def _ending(self, given: Assignment, end: SessionEnd) -> None:
        self.endings.append((given.session, end))

    def start(self, body: children.Body, given: Assignment | None = None, seconds: float = 5) -> None:
        """Reserve and start a session; `body` takes the place of the session process's."""
        given = given or assignment()
        assert self.table.reserve(Claim(given.partner, given.direction), Limits()) == ""
        session_table.start.begin = lambda _given, _connections, sock, **_: body(sock)
        self.table.start(given, Connections(), seconds, self.failed.append)

    async def gone(self, session: str = "session-1") -> None:
        while self.table.has(session):
            await asyncio.sleep(0.005)
        await asyncio.sleep(0)

    async def runs(self, count: int = 1) -> None:
        while [event.code for event in self.events].count("SES-START") < count:
            await asyncio.sleep(0.005)

    @property
    def codes(self) -> list[str]:
        return [code for code, _, _ in self.reports]


def play(directory: str, scene: Callable[[Play], Awaitable[None]]) -> None:
    async def live() -> None:
        made = Play(directory)
        async with asyncio.timeout(20):
            await scene(made)
        assert made.troubles == []

    asyncio.run(live())
    no_process_is_left()


def says(sock: socket.socket, *messages: line.Said) -> None:
    for message in messages:
        line.say(sock, message)


START = line.Reported(1, "SES-START", {"tls": "x"})
RUNNING = line.Stage("running")
FAILED = line.Reported(1, "SES-FAILED", {"reason": "nobody there"})


def end_event(number: int = 2) -> line.Reported:
    return line.Reported(number, "SES-END", {"ended_by": "idle", "reason": "why", "seconds": 1.0})


def runs_until_told(sock: socket.socket) -> int:
    says(sock, START, RUNNING)
    while not isinstance(told := line.hear_main(sock), line.End):
        pass
    says(sock, line.Ending(ordered(told.why, "dmz")), end_event())
    return 0


def deaf(sock: socket.socket) -> int:
    says(sock, START, RUNNING)
    time.sleep(30)
    return 0
