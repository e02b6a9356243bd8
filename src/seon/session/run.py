"""The session itself: pump between the two legs, report what the verifier saw, obey the main, and say how it ended."""

import time
from collections.abc import Mapping
from pathlib import Path

from seon.endings import SessionEnd
from seon.net.ends import far_end, own_end
from seon.net.legs import Leg
from seon.net.pump import Cause, Ending, Pump
from seon.oftp2.happenings import SessionEnded
from seon.oftp2.inspection import Inspection
from seon.oftp2.observer import Side
from seon.process.levels import Level
from seon.session.assignment import Assignment, Hop
from seon.session.command_log import CommandLog
from seon.session.main_line import MainLine
from seon.session.progress import Progress
from seon.session.reporter import SessionReporter
from seon.session.steps import Steps
from seon.session.tracing import TracedObserver, Tracer
from seon.session.truth import FAR_WORD_SECONDS, ORDERED_FAR_WORD_SECONDS, Truth


class _Watch:
    """Hears the pump: what the verifier saw goes to the reporter, what ends the session to the truth about it."""

    def __init__(
        self, reporter: SessionReporter, truth: Truth, main: MainLine, observer: TracedObserver, assignment: Assignment
    ) -> None:
        self._reporter, self._truth, self._main = reporter, truth, main
        self._tracer, self._commands = observer.tracer, observer.commands
        self._idle_seconds = assignment.limits.idle_seconds
        self._hop, self._partner_side = assignment.hop, assignment.partner_side
        self._declined = 0

    def inspection(self, seen: Inspection) -> None:
        """Take what one inspection brought."""
        for event in seen.happenings:
            if isinstance(event, SessionEnded):
                self._truth.esid_passed(event)
        if seen.refusal:
            self._truth.refused(seen.refusal)
        if seen.closing:
            self._declined = seen.closing.declined
        self._reporter.inspection(seen)

    def ending(self, ending: Ending) -> None:
        """Take what ends the session."""
        numbers = {Cause.IDLE: self._idle_seconds, Cause.ORDER: self._main.signal, Cause.VERIFIER: self._declined}
        self._truth.ended(ending, numbers.get(ending.cause, 0))
        if ending.how == "broken":
            self._main.log(
                "session", Level.INFO, f"Connection to the {self._peer(ending.cause)} broken: {ending.detail}"
            )

    def own(self, side: Side, octets: bytes) -> None:
        """Take an ESID of our own."""
        self._tracer.own(side, octets)
        if self._commands:
            self._commands.own(side, octets)

    def _peer(self, cause: Cause) -> str:
        """Return who is at the other end of a connection, as this host sees it."""
        of_partner = (cause is Cause.INITIATOR) == (self._partner_side is Side.INITIATOR)
        peers: dict[Hop, tuple[str, str]] = {"dmz": ("client", "partner"), "inside": ("station", "server")}
        return peers[self._hop][of_partner]


def run(
    main: MainLine,
    assignment: Assignment,
    initiator: Leg,
    responder: Leg,
    tls: str,
    dialled: str = "",
    steps: Steps | None = None,
) -> SessionEnd:
    """Pump the session between two legs to its end; report its start, with the partner's TLS in words, and its end.

    `dialled`: the fingerprint of the partner's certificate, where the partner was dialled. `steps`: those of the start.
    """
    steps = steps or Steps.of(main, assignment)
    names = ("partner", "direction", "source", "target")
    known = {"fingerprint": dialled or assignment.fingerprint} if dialled or assignment.fingerprint else {}
    main.report("SES-START", **{name: getattr(assignment, name) for name in names}, tls=tls, **known)
    observer, side = _observer(main, assignment), assignment.partner_side
    call = _call(assignment, initiator, responder)
    reporter = SessionReporter(main.report, assignment.partner, side, whole=assignment.hop == "inside", call=call)
    truth = Truth(assignment.hop, side if assignment.hop == "dmz" else side.other, main.ending)
    main.running(dialled)
    steps.done("running: octets pass from here on")
    began, idle = time.monotonic(), assignment.limits.idle_seconds
    watch = _Watch(reporter, truth, main, observer, assignment)
    # The inside's word on files counts, so nobody asks the other host how far they are.
    told = Progress(main, observer, reporter, side).look if assignment.hop == "inside" else None
    result = Pump(initiator, responder, observer, idle_seconds=idle, watch=watch, control=main, told=told).run()
    seconds = round(time.monotonic() - began, 3)
    reporter.broken_off(observer.broken_off())
    reporter.surplus(observer.surplus())
    if truth.needs_far_word:
        main.wait_for_far_end(ORDERED_FAR_WORD_SECONDS if main.order else FAR_WORD_SECONDS)
    end = truth.end(main.far_end)
    observer.tracer.end(f"{end.ended_by}: {end.reason}")
    if observer.commands:
        observer.commands.end()
    steps.done(f"ended, by the word of {'both hosts' if main.far_end else 'this host'}: {end.ended_by}: {end.reason}")
    _report_end(main, assignment, end, seconds, result.octets, reporter.files)
    return end


def _report_end(
    main: MainLine, assignment: Assignment, end: SessionEnd, seconds: float, octets: tuple[int, int], files: int
) -> None:
    """Report the end; `octets`: from the Initiator, and from the Responder."""
    octets_in, octets_out = octets if assignment.partner_side is Side.INITIATOR else octets[::-1]
    main.report(
        "SES-END",
        partner=assignment.partner,
        ended_by=end.ended_by,
        reason=end.reason,
        seconds=seconds,
        octets_in=octets_in,
        octets_out=octets_out,
        files=files,
    )


def _call(assignment: Assignment, initiator: Leg, responder: Leg) -> dict[str, str]:
    """Return which way, and who called whom, as this host sees it: of the connection that is no session link.

    Asked while both connections stand: one that was reset has no far end any more.
    """
    if (assignment.direction == "incoming") == (assignment.hop == "dmz"):  # somebody has called us
        source, target = far_end(initiator.sock), own_end(initiator.sock)
    else:
        source, target = own_end(responder.sock), far_end(responder.sock)
    return {"direction": assignment.direction, "source": source, "target": target}


def _observer(main: MainLine, assignment: Assignment) -> TracedObserver:
    about = (
        f"session {assignment.session} with partner {assignment.partner}, {assignment.direction}, hop {assignment.hop}"
    )
    tracer = Tracer(
        f"{assignment.session}-{assignment.hop}",
        about,
        home=Path(assignment.directory),
        wanted=lambda: main.tracing,
        report=main.report,
    )
    return TracedObserver(
        assignment.policy,
        _codes(assignment),
        assignment.demands,
        declines=assignment.hop == "inside",
        names_rules=assignment.names_rules,
        tracer=tracer,
        commands=CommandLog(
            lambda: main.wants(Level.TRACE),
            lambda text: main.log("session.oftp2", Level.TRACE, f"[{assignment.session}] {text}"),
            assignment.partner_side,
        ),
    )


def _codes(assignment: Assignment) -> Mapping[Side, frozenset[str]]:
    """The partner's SSIDCODE must be one of its own (mission A10)."""
    codes = assignment.partner_codes
    return {assignment.partner_side: frozenset(codes)} if codes else {}
