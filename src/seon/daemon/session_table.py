"""The sessions of one main, on either host: counted, forked, watched, ended. One piece of code for both.

Whether a partner may have a session is one rule, which the configuration in force gives; on the server, whether its
client may be linked is another. Both are asked when a place is reserved, in the moment of the fork, and whenever there
is another configuration or list of clients: what changed in between counts.
"""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from seon.admission.evidence import Evidence
from seon.admission.limits import SessionCounts
from seon.config import Limits
from seon.daemon import children
from seon.daemon.detail import Detail
from seon.daemon.log import Log
from seon.daemon.slices import SLICE_SECONDS
from seon.daemon.tasks import Tasks
from seon.daemon.testimony import Testimony
from seon.endings import SessionEnd, agreed, ordered
from seon.events import Event
from seon.pki import PkiError
from seon.process import line
from seon.process.events import ReportOf
from seon.session import start
from seon.session.assignment import Assignment, Connections, Direction, session_title
from seon.wording import fill

KILLED_SECONDS = 2.0
"""From a kill to the reaping of what was killed."""
FAR_WORD_SECONDS = 1.0
"""How long the other host's word is waited for when a session process has died without its own last one."""

Failed = Callable[[str], None]
"""Told why a session did not come about."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants a session."""

    partner: str
    direction: Direction
    fingerprint: str = ""
    """The certificate that the partner has shown; "" where it was not asked yet."""
    source: str = ""
    """From where it comes, address and port; "" where only the other hop knows."""
    mark: str = ""
    """Server: of the secret that the client's certificate was issued for (link.standing)."""
    evidence: Evidence | None = None
    """Server: what was admitted, where that is known, to be judged again."""


Rule = Callable[[Claim], str]
"""Says why there may be no such session, "" if there may."""
Witness = Callable[[tuple[bytes, ...]], Evidence | None]
"""Makes evidence of the certificates that a dialled partner has shown (DER, its own first). Raises PkiError."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the main lends to its sessions."""

    program: str
    log: Log
    report: ReportOf
    happened: Callable[[Event], None]
    """Takes the events that session processes report; they are in the log already."""
    ending: Callable[[Assignment, SessionEnd], None]
    """Tells the other host what ends a session."""
    tasks: Tasks
    changed: Callable[[str], None] = lambda _: None
    """Hears the id of a session of which there is something else to be seen now (`SessionTable.seen`)."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A session as it is now."""

    assignment: Assignment
    fingerprint: str
    since: float
    """Unix time of its fork."""
    stage: Literal["starting", "running", "ending"]
    said: line.Progress | None
    """How far it says it is."""
    rate: int
    """Octets a second."""
    traced: bool


@dataclass(slots=True)
class _Running:
    assignment: Assignment
    testimony: Testimony
    child: children.Child
    failed: Failed
    fingerprint: str = ""
    """The partner's certificate: the one that it came in with, or the one that it was found to have when dialled."""
    evidence: Evidence | None = None
    """Of the same, as the main has made it: with the first word that follows what was shown."""
    cut_short: bool = False
    """It was ended in its start."""
    over: bool = False
    """It was said already that there is no session."""
    told: SessionEnd | None = None
    """What the other host says of its end; it can say so once."""
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it has."""
    began: float = field(default_factory=time.monotonic)
    since: float = field(default_factory=time.time)
    started: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """Done once it has got past its start: from then on its watch waits for no time."""
    watch: "asyncio.Task[None] | None" = None
    """Waits for its end, and says what the process has not said itself."""


class SessionTable:
    """A session is reserved first, so that limits hold while it is being brought about; then started, or released."""

    def __init__(
        self,
        surroundings: Surroundings,
        unlinkable: Callable[[str], str] = lambda _: "",
        witness: Witness = lambda _: None,
    ) -> None:
        """`unlinkable`: says why the client with this mark may not be linked, "" if it may."""
        self._our = surroundings
        self._witness = witness
        self._unlinkable = unlinkable
        self._detail = Detail(surroundings.log, "session")
        self._counts = SessionCounts()
        self._running: dict[str, _Running] = {}
        self._rule: Rule = _nobody
        self._traced: Callable[[Assignment], bool] = _as_begun
        self._to_follow: OrderedDict[str, None] = OrderedDict()
        """Running sessions that have not followed rule and trace of now yet."""

    def barred(self, claim: Claim) -> str:
        """Say why there may be no such session as far as it depends on its partner and client, "" if there may."""
        return self._rule(claim) or self._unlinkable(claim.mark)

    def reserve(self, claim: Claim, limits: Limits, *, rated: bool = True) -> str:
        """Count a session that is to begin; return why there may be none instead, or ""."""
        return self.barred(claim) or self._counts.begin(claim.partner, limits, time.monotonic(), rated=rated) or ""

    def release(self, partner: str) -> None:
        """Take back a reservation."""
        self._counts.end(partner)

    def start(self, assignment: Assignment, connections: Connections, start_seconds: float, failed: Failed) -> None:
        """Fork the process of a reserved session; `failed` is told if it does not come about within the time.

        The caller closes its copies of the connections right after.
        """
        if why := self.barred(_claim(assignment, assignment.fingerprint, assignment.evidence)):
            self._not_begun(assignment, why, failed)
            return
        testimony = Testimony(assignment)
        title = session_title(self._our.program, assignment)
        body = partial(start.begin, assignment, connections, verbosity=self._our.log.verbosity())
        try:
            child = children.fork(title, connections.sockets, body, partial(self._hear, assignment.session))
        except OSError as error:
            self._not_begun(assignment, f"no process for it: {error.strerror or error}", failed)
            return
        except BaseException:
            self.release(assignment.partner)
            raise
        self._detail.say(f"[{assignment.session}] session process {child.pid} forked")
        running = self._running[assignment.session] = _Running(
            assignment, testimony, child, failed, assignment.fingerprint, assignment.evidence
        )
        running.watch = self._our.tasks.start(
            self._watch(running, start_seconds), f"watching session {assignment.session}"
        )
        child.tracing = assignment.trace
        child.trace(self._traced(assignment))
        self._our.changed(assignment.session)

    def has(self, session: str) -> bool:
        """Whether a session of this id is running."""
        return session in self._running

    def assignment(self, session: str) -> Assignment | None:
        """Return what a running session is for."""
        running = self._running.get(session)
        return running.assignment if running else None

    def seen(self, session: str) -> Seen | None:
        """Return a session as it is now; None if there is none of this id."""
        running = self._running.get(session)
        if running is None:
            return None
        child, testimony = running.child, running.testimony
        stage: Literal["starting", "running", "ending"] = "running" if testimony.running else "starting"
        return Seen(
            assignment=running.assignment,
            fingerprint=running.fingerprint,
            since=running.since,
            stage="ending" if child.order or testimony.end else stage,
            said=testimony.progress.said,
            rate=testimony.progress.rate(),
            traced=child.tracing,
        )

    def __len__(self) -> int:
        return len(self._running)

    # --- what changes while they run --------------------------------------------------------------------------------

    def follow(self, rule: Rule, traced: Callable[[Assignment], bool]) -> None:
        """Let these claims have sessions and no others, and these sessions write a trace: running and coming ones.

        Of many running ones the last are looked at a little later: 2,000 take longer than a main may pause.
        """
        self._rule, self._traced = rule, traced
        is_under_way = bool(self._to_follow)
        self._to_follow.update(dict.fromkeys(self._running))
        if not is_under_way:
            self._follow_some()

    def _follow_some(self) -> None:
        """Let some more of the running sessions follow what is in force now, the one that has waited longest first."""
        until = time.perf_counter() + SLICE_SECONDS
        try:
            while self._to_follow and time.perf_counter() < until:
                session, _ = self._to_follow.popitem(last=False)
                if running := self._running.get(session):
                    self._end_barred(running)
                    self._trace(running, self._traced(running.assignment))
        finally:
            if self._to_follow:
                asyncio.get_running_loop().call_soon(self._follow_some)

    def clients_changed(self) -> None:
        """Which clients may be linked may have changed."""
        for running in self._running.values():
            if self._unlinkable(running.assignment.mark):
                self._end(running, "withdrawn")

    def _end_barred(self, running: _Running) -> None:
        """Order a session to end if it may not be any more."""
        claim = _claim(running.assignment, running.fingerprint, running.evidence)
        if why := self._rule(claim):
            self._bar(running, "barred", why)
        elif why := self._unlinkable(claim.mark):
            self._bar(running, "withdrawn", why)

    def _bar(self, running: _Running, order: line.Order, why: str) -> None:
        """Order a session to end, and say why, once: the words that both hosts have for its end are few."""
        if running.testimony.running and not running.child.order:
            assignment = running.assignment
            self._our.report("SES-BARRED", assignment.session, partner=assignment.partner, reason=why)
        self._end(running, order)

    def _end(self, running: _Running, why: line.Order, reason: line.Reason = 0) -> None:
        """Order a session to end. One that is being brought about hears nothing and has nobody to say goodbye to."""
        running.child.end(why, reason)
        if not running.testimony.running:
            running.cut_short = True
            running.child.kill()
        self._our.changed(running.assignment.session)

    def _trace(self, running: _Running, on: bool) -> None:  # the message's own value
        running.child.trace(on)
        self._our.changed(running.assignment.session)

    def end_one(self, session: str, reason: line.Reason) -> bool:
        """Order one session to end, since an administrator wants it; False if there is none of this id."""
        running = self._running.get(session)
        if running:
            self._end(running, "ended", reason)
        return running is not None

    def trace_one(self, session: str, *, on: bool) -> bool:
        """Have one session write a trace, or no longer, until `follow` says otherwise; False if there is none."""
        running = self._running.get(session)
        if running:
            self._trace(running, on)
        return running is not None

    def verbosity_changed(self) -> None:
        """The log settings have changed: processes need to know which lines are worth while."""
        message = line.Verbosity(self._our.log.verbosity())
        for running in self._running.values():
            running.child.tell(message)

    def told(self, session: str, end: SessionEnd) -> None:
        """Pass on what the other host says of the end of a session: its first word, and no other."""
        running = self._running.get(session)
        if running and running.told is None:
            running.told = end
            running.heard.set()
            running.child.tell(line.Ending(end))

    def state(self) -> list[str]:
        """Return lines about the sessions that run, or are being brought about."""
        now = time.monotonic()
        sessions = [
            f"Session {running.assignment.session} with partner {running.assignment.partner}, "
            f"{running.assignment.direction}, process {running.child.pid}, {now - running.began:.0f} s"
            + ("" if running.testimony.running else ", not started yet")
            for running in self._running.values()
        ]
        return [fill("{count:# session|# sessions|No session} running", {"count": len(sessions)}), *sessions]

    async def kill_all(self) -> None:
        """End all sessions at once, by force, and say of each that it has ended."""
        for running in self._running.values():
            running.cut_short = True
            running.child.kill_for("shutdown")
        if watches := [running.watch for running in self._running.values() if running.watch]:
            await asyncio.wait(watches, timeout=KILLED_SECONDS)

    async def end_all(self, seconds: float, why: line.Order = "shutdown") -> None:
        """Give running sessions so long to end, then order them to."""
        await self._wait(seconds)
        for running in list(self._running.values()):
            self._end(running, why)
        await self._wait(children.OBEY_SECONDS + KILLED_SECONDS)

    async def _wait(self, seconds: float) -> None:
        ends = [running.child.ended for running in self._running.values()]
        if ends:
            await asyncio.wait(ends, timeout=seconds)

    # --- one of them ------------------------------------------------------------------------------------------------

    def _hear(self, session: str, message: line.FromSession) -> None:
        running = self._running.get(session)
        if running is None:
            return  # its watch was given up: the main is ending
        child, testimony = running.child, running.testimony
        match message:
            case line.Shown():
                testimony.shows(message)
            case line.Stage():
                testimony.runs()
                running.fingerprint = running.fingerprint or message.fingerprint
                running.evidence = running.evidence or self._evidence(testimony.shown)
                self._end_barred(running)  # what it may do may have changed since the fork
                if not running.started.done():
                    running.started.set_result(None)
                self._our.changed(session)
            case line.Progress():
                testimony.says_how_far(message)
                self._our.changed(session)
            case line.Reported():
                running.evidence = running.evidence or self._evidence(testimony.shown)
                event = testimony.event(message, running.told)
                self._our.log.event(event, child)
                self._our.happened(event)
                if event.code == "SES-FAILED":
                    running.failed(str(event.fields.get("reason", "")))
            case line.Ending():
                if end := testimony.ending(message):
                    self._our.ending(running.assignment, end)
                self._our.changed(session)
            case line.LogLine():
                said = testimony.log_line(message)
                self._our.log.write(said.category, said.level, said.text, child)
            case line.LogLevel():
                testimony.chooses_level()
                self._our.log.level_changed(message.level, child)

    def _evidence(self, shown: tuple[bytes, ...]) -> Evidence | None:
        try:
            return self._witness(shown) if shown else None
        except PkiError as error:
            raise line.NonsenseError(f"it showed what is no certificate: {error}") from error

    async def _watch(self, running: _Running, start_seconds: float) -> None:
        child, assignment = running.child, running.assignment
        try:
            ways: list[asyncio.Future[Any]] = [child.ended, running.started]
            await asyncio.wait(ways, timeout=start_seconds, return_when=asyncio.FIRST_COMPLETED)
            if not child.ended.done() and not running.testimony.running:
                if not running.testimony.has("SES-FAILED"):
                    running.over = True
                    self._fail(assignment, f"no start within {start_seconds:g} s", running.failed)
                child.kill()
            status = await asyncio.shield(child.ended)
            seconds = time.monotonic() - running.began
            self._detail.say(
                f"[{assignment.session}] session process {child.pid} ended: {_died(status)}, {seconds:.3f} s"
            )
            await self._speak_for(running, status)  # while it is still known whose session it was
        finally:
            child.kill()
            self.release(assignment.partner)
            del self._running[assignment.session]
            self._our.changed(assignment.session)

    async def _speak_for(self, running: _Running, status: int) -> None:
        """Say what a process that has ended has not said itself."""
        child, assignment, testimony = running.child, running.assignment, running.testimony
        died = _died(status)
        if child.fault:
            died = f"ended by its main: {child.fault}"
        elif child.deaf:
            died = f"ended by its main: it did not obey within {children.OBEY_SECONDS:g} s"
        if status != 0 and not running.cut_short:
            self._our.report("SES-KILLED", assignment.session, pid=child.pid, partner=assignment.partner, reason=died)
        if running.over or testimony.has("SES-END") or testimony.has("SES-FAILED"):
            return
        if not testimony.has("SES-START"):
            reason = ordered(child.order, assignment.hop).reason if child.order else died
            self._fail(assignment, reason, running.failed)
            self._our.ending(assignment, _end_of(child, assignment, status))  # the other host may have begun already
            return
        end = await self._end_of_dead(running, status)
        self._our.report(
            "SES-END",
            assignment.session,
            partner=assignment.partner,
            ended_by=end.ended_by,
            reason=end.reason,
            seconds=round(time.monotonic() - running.began, 3),
        )

    async def _end_of_dead(self, running: _Running, status: int) -> SessionEnd:
        """Return what ended a session whose process has died, as both hosts say it."""
        assignment, end = running.assignment, running.testimony.end
        if end is None:
            end = _end_of(running.child, assignment, status)
            self._our.ending(assignment, end)
        if (end.is_guess or assignment.hop == "dmz") and not running.child.order:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(running.heard.wait(), FAR_WORD_SECONDS)
        return agreed(assignment.hop, end, running.told)

    def _not_begun(self, assignment: Assignment, reason: str, failed: Failed) -> None:
        self.release(assignment.partner)
        self._fail(assignment, reason, failed)

    def _fail(self, assignment: Assignment, reason: str, failed: Failed) -> None:
        self._our.report(
            "SES-FAILED",
            assignment.session,
            partner=assignment.partner,
            direction=assignment.direction,
            reason=reason,
        )
        failed(reason)


def _claim(assignment: Assignment, fingerprint: str, evidence: Evidence | None) -> Claim:
    return Claim(assignment.partner, assignment.direction, fingerprint, assignment.source, assignment.mark, evidence)


def _end_of(child: children.Child, assignment: Assignment, status: int) -> SessionEnd:
    """Return what ended a process that has not said it."""
    if child.order:
        return ordered("deaf" if child.deaf else child.order, assignment.hop)
    if status < 0:
        return SessionEnd("crash", "killed", assignment.hop, number=-status)
    return SessionEnd("crash", "exit", assignment.hop, number=status)


def _died(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"


def _nobody(_: Claim) -> str:
    return "there is no configuration yet"


def _as_begun(assignment: Assignment) -> bool:
    return assignment.trace
