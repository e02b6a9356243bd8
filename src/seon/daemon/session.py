"""The body that both hops' session processes share: run the pump, report what the verifier saw, obey the main."""

import contextlib
import select
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from seon.config import ClientConfiguration, ClientPartner, ServerConfiguration, ServerPartner
from seon.daemon import line
from seon.daemon.home import home
from seon.daemon.log import Log
from seon.daemon.outbox import EventMaker, Outbox
from seon.daemon.session_events import SessionReporter
from seon.daemon.session_rules import judgement
from seon.daemon.signals import handle_ending
from seon.daemon.tracing import TracedObserver, Tracer
from seon.events import Value
from seon.net.legs import Leg
from seon.net.pump import Cause, Ending, Order, Pump
from seon.oftp2.demands import Demands
from seon.oftp2.errors import LocalError
from seon.oftp2.observer import Side
from seon.oftp2.reasons import EndReason
from seon.oftp2.rules import Policy

LAST_WORDS_SECONDS = 5.0
"""How long an ended session waits for its main to acknowledge the last events."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a session process is for."""

    session: str
    partner: str
    direction: Literal["incoming", "outgoing"]
    """Seen from the company: an incoming session's Initiator is the partner."""
    hop: Literal["dmz", "inside"]
    source: str
    target: str
    partner_codes: tuple[str, ...]
    idle_seconds: int
    drain_seconds: int
    policy: Policy = field(default_factory=Policy)
    demands: Demands = field(default_factory=Demands)
    names_rules: bool = True
    """Whether our ESID names the rule that was broken."""
    trace: bool = False
    """Whether it writes a trace from its start on; the main may say otherwise later (`MainLine.tracing`)."""
    fingerprint: str = ""
    """The certificate that let the partner in, where it came in here."""

    @property
    def partner_side(self) -> Side:
        """The side of the protocol on which the partner is."""
        return _partner_side(self.direction)


class NotUsableError(Exception):
    """What the configuration says of a session cannot be used: it must not begin."""


class MainLine:
    """The session process's end of the line: reports go out and are kept until acknowledged; orders come in."""

    def __init__(self, sock: socket.socket, log: Log, task: Task) -> None:
        self.tracing = task.trace
        """Whether the session is to write a trace, as the main has it now."""
        self._sock = sock
        self._log = log
        self._maker = EventMaker(task.hop, task.session)
        self._unacknowledged = Outbox()
        self._drain_seconds = task.drain_seconds
        self._orphaned_until: float | None = None
        self._signal = 0
        self._order: Order | None = None
        handle_ending(self._note_signal)

    def report(self, code: str, **fields: Value) -> None:
        """Log an event and send it to the main."""
        event = self._maker.make(code, **fields)
        self._log.event(event)
        self._unacknowledged.add(event)
        self._say(line.Happened(event))

    def running(self) -> None:
        """Tell the main that the start is over."""
        self._say(line.Stage("running"))

    def fileno(self) -> int:
        """See net.pump.Control."""
        return self._sock.fileno()

    def poll(self) -> Order | None:
        """See net.pump.Control: read what the main says, look at signals and at the time an orphan is given."""
        self._hear()
        if self._signal:
            return Order(EndReason.EMERGENCY_CLOSE, f"session process ended by signal {self._signal}")
        if self._orphaned_until is not None and time.monotonic() >= self._orphaned_until:
            return Order(EndReason.EMERGENCY_CLOSE, "the main process is gone")
        order, self._order = self._order, None
        return order

    def say_goodbye(self) -> None:
        """Wait until the main has acknowledged everything, at most `LAST_WORDS_SECONDS`."""
        until = time.monotonic() + LAST_WORDS_SECONDS
        while len(self._unacknowledged) and self._sock.fileno() >= 0 and (left := until - time.monotonic()) > 0:
            if select.select([self._sock], [], [], left)[0]:
                self._hear()

    def _hear(self) -> None:
        if self._sock.fileno() < 0:
            return
        self._sock.setblocking(False)
        try:
            while (message := line.hear_main(self._sock)) is not None:
                self._take(message)
        except BlockingIOError:
            return
        finally:
            if self._sock.fileno() >= 0:
                self._sock.setblocking(True)
        self._orphaned_until = time.monotonic() + self._drain_seconds
        self._sock.close()

    def _take(self, message: line.FromMain) -> None:
        match message:
            case line.Taken():
                self._unacknowledged.taken(message.count)
            case line.Trace():
                self.tracing = message.on
            case line.End():
                self._order = Order(EndReason(message.reason), message.text)

    def _say(self, message: line.Said) -> None:
        with contextlib.suppress(OSError):  # the main is gone: the log has it
            line.say(self._sock, message)

    def _note_signal(self, number: int) -> None:
        self._signal = number


def make_task(  # what differs from session to session, and what comes from the configuration
    hop: Literal["dmz", "inside"],
    direction: Literal["incoming", "outgoing"],
    session: str,
    partner: ServerPartner | ClientPartner,
    way: tuple[str, str],
    configuration: ServerConfiguration | ClientConfiguration,
    fingerprint: str = "",
) -> Task:
    """Return the task of a session; `way` is its source and its target in words. Raises NotUsableError."""
    try:
        policy, demands, names_rules = judgement(configuration.rules, partner.rules, _partner_side(direction))
    except LocalError as error:
        raise NotUsableError(f"the configuration does not fit this program: {error}") from None
    return Task(
        session=session,
        partner=partner.id,
        direction=direction,
        hop=hop,
        source=way[0],
        target=way[1],
        partner_codes=partner.ssid_codes,
        idle_seconds=configuration.limits.idle_seconds,
        drain_seconds=configuration.limits.drain_seconds,
        policy=policy,
        demands=demands,
        names_rules=names_rules,
        trace=partner.trace or session in configuration.traced_sessions,
        fingerprint=fingerprint,
    )


def traced_by(configuration: ServerConfiguration | ClientConfiguration) -> Callable[[Task], bool]:
    """Return what says whether a session that runs is to write a trace by this configuration."""
    partners = {partner.id for partner in configuration.partners if partner.trace}
    return lambda task: task.partner in partners or task.session in configuration.traced_sessions


def run(main: MainLine, task: Task, initiator: Leg, responder: Leg, tls: str) -> Ending:
    """Pump the session between two legs to its end; report its start, with the partner's TLS in words, and its end."""
    main.report(
        "SES-START", partner=task.partner, direction=task.direction, source=task.source, target=task.target, tls=tls
    )
    about = f"session {task.session} with partner {task.partner}, {task.direction}, hop {task.hop}"
    tracer = Tracer(f"{task.session}-{task.hop}", about, home=home, wanted=lambda: main.tracing, report=main.report)
    observer = TracedObserver(
        task.policy,
        _codes(task),
        task.demands,
        declines=task.hop == "inside",
        names_rules=task.names_rules,
        tracer=tracer,
    )
    reporter = SessionReporter(main.report, task.partner, task.partner_side, whole=task.hop == "inside")
    main.running()
    began = time.monotonic()
    pump = Pump(initiator, responder, observer, idle_seconds=task.idle_seconds, watch=reporter.inspection, control=main)
    ending = pump.run()
    reporter.broken_off(observer.broken_off())
    reporter.surplus(observer.surplus())
    ended_by, reason = _who(ending.cause, task), _why(ending, reporter)
    tracer.end(f"{ended_by}: {reason}")
    partner_first = task.partner_side is Side.INITIATOR
    octets_in, octets_out = ending.octets if partner_first else ending.octets[::-1]
    main.report(
        "SES-END",
        partner=task.partner,
        ended_by=ended_by,
        reason=reason,
        seconds=round(time.monotonic() - began, 3),
        octets_in=octets_in,
        octets_out=octets_out,
        files=reporter.files,
    )
    main.say_goodbye()
    return ending


def _partner_side(direction: Literal["incoming", "outgoing"]) -> Side:
    """An incoming session's Initiator is the partner."""
    return Side.INITIATOR if direction == "incoming" else Side.RESPONDER


def _codes(task: Task) -> Mapping[Side, frozenset[str]]:
    """The partner's SSIDCODE must be one of its own (mission A10)."""
    return {task.partner_side: frozenset(task.partner_codes)} if task.partner_codes else {}


def _who(cause: Cause, task: Task) -> str:
    """Name who ended the session in the words of docs/design.md §9."""
    if cause in (Cause.INITIATOR, Cause.RESPONDER):
        by_partner = (cause is Cause.INITIATOR) == (task.partner_side is Side.INITIATOR)
        far, near = ("partner", "link") if task.hop == "dmz" else ("link", "station")
        return far if by_partner else near
    verifier = "server verifier" if task.hop == "dmz" else "client verifier"
    return {Cause.VERIFIER: verifier, Cause.IDLE: "idle", Cause.ORDER: "administrator"}[cause]


def _why(ending: Ending, reporter: SessionReporter) -> str:
    return f"{ending.text}; {reporter.farewell}" if reporter.farewell else ending.text


def session_title(program: str, task: Task) -> str:
    """Return what `ps` shows of a session process; a partner's id holds nothing but letters, digits and `._-`."""
    way = f"{task.direction}, partner {task.partner}, {task.source} to {task.target}"
    return f"{program}: session {task.session[:8]} {way}"
