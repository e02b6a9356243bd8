"""What must hold of the verifier whatever comes; `judge` raises AssertionError (or whatever the verifier raised)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from fuzz.sessions import Session
from seon.oftp2.blanking import stream_buffers
from seon.oftp2.codec import decode
from seon.oftp2.commands import EndSession, StartFileRefused
from seon.oftp2.framing import HEADER, MAX_STB
from seon.oftp2.inspection import Closing, Finding, Inspection, Refusal
from seon.oftp2.observer import SessionObserver, Side
from seon.oftp2.rules import RULES, Policy, Severity
from seon.oftp2.transcript import Read

MAX_RETAINED = 64 * 1024
"""Octets that a verifier may hold of a session, whatever was sent: commands under way and counts, never content."""
MAX_TEXT = 300
"""Characters of what is said of a flaw: words of our own and numbers, nothing that a stranger can make longer."""
SHORT = 3_000
"""Octets of a session up to which it is also shown octet by octet."""


@dataclass
class Outcome:
    """What became of a session, comparable between cuts."""

    forwarded: dict[Side, bytearray] = field(default_factory=lambda: {side: bytearray() for side in Side})
    dropped: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))
    events: list[object] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    refusal: Refusal | None = None
    replies: dict[Side, bytearray] = field(default_factory=lambda: {side: bytearray() for side in Side})
    """What the verifier answered to a side."""
    closing: Closing | None = None
    views: dict[Side, list[tuple[Side, bytes]]] = field(
        default_factory=lambda: {side: [] for side in Side}, compare=False
    )
    """What each station sent and got, in order."""


def shown(reads: Iterable[Read], observer: SessionObserver) -> Outcome:
    """Show a session as the proxy does, with the checks that hold at every call."""
    tails = {side: bytearray() for side in Side}
    outcome = Outcome()
    for read in reads:
        tail = tails[read.side]
        if read.octets is None:
            seen = observer.end_of_stream(read.side, len(tail))
            assert seen.forward == seen.drop == 0
            _add(outcome, seen)
        else:
            tail += read.octets
            _show(read.side, tail, observer, outcome)
        if outcome.refusal:
            _check_refused(observer, outcome.refusal)
            break
    return outcome


def _show(side: Side, tail: bytearray, observer: SessionObserver, outcome: Outcome) -> None:
    while True:
        view = memoryview(tail)
        seen = observer.inspect(side, view)
        view.release()
        assert seen.forward >= 0
        assert seen.drop >= 0
        assert seen.forward + seen.drop <= len(tail)
        _add(outcome, seen)
        outcome.forwarded[side] += tail[: seen.forward]
        outcome.dropped[side] += seen.drop
        _add_to_views(outcome, side, bytes(tail[: seen.forward + seen.drop]), seen)
        del tail[: seen.forward + seen.drop]  # BufferError if the verifier kept a view of it
        if outcome.refusal:
            return
        if not (seen.forward or seen.drop):
            break
    assert len(tail) < MAX_STB, "more than a stream buffer is waited for"


def _add(outcome: Outcome, seen: Inspection) -> None:
    outcome.events += seen.happenings
    outcome.findings += seen.findings
    outcome.refusal = seen.refusal
    for one in (*seen.findings, *([seen.refusal] if seen.refusal else [])):
        assert one.text.isascii()
        assert one.text.isprintable()
        assert len(one.text) <= MAX_TEXT


def _add_to_views(outcome: Outcome, side: Side, taken: bytes, seen: Inspection) -> None:
    """Note what the stations see; of a side that sent octets after the end, nothing."""
    wire = seen.closing.wire if seen.closing else b""
    outcome.closing = outcome.closing or seen.closing
    outcome.replies[side] += seen.reply
    for station, sender, octets in (
        (side, side, taken),
        (side.other, side, taken[: seen.forward]),
        (side, side.other, seen.reply),
        (side, side.other, wire),
        (side.other, side, wire),
    ):
        if octets:
            outcome.views[station].append((sender, octets))


def _check_views(session: Session, outcome: Outcome) -> None:
    """Where files are declined, either station sees a session that the same rules allow."""
    for station, view in outcome.views.items():
        observer = SessionObserver(session.policy)
        for sender, octets in view:
            seen = observer.inspect(sender, memoryview(octets))
            assert not seen.refusal, f"the view of {station.name}: {seen.refusal}"
            if observer.ended:
                break
    for octets in outcome.replies.values():
        for stb in stream_buffers(memoryview(octets)):
            command, _ = decode(bytes(stb[HEADER:]), 5 if len(stb) > HEADER + 4 else 4)
            assert isinstance(command, StartFileRefused)
            assert not command.retry


def _check_refused(observer: SessionObserver, refusal: Refusal) -> None:
    """After a refusal nothing passes, and what is said to the peers is an ESID or nothing."""
    for side in Side:
        assert observer.inspect(side, memoryview(b"\x10\0\0\x05R")) == Inspection(drop=5)
        assert observer.end_of_stream(side, 3) == Inspection()
    assert refusal.rule in IDS
    if refusal.wire:
        level = 5 if len(refusal.wire) > HEADER + 4 else 4
        command, _ = decode(refusal.wire[HEADER:], level)
        assert isinstance(command, EndSession)


IDS = {rule.id for rule in RULES.values()}


def _check_whole_buffers(outcome: Outcome) -> None:
    """What was forwarded is whole stream buffers with right headers."""
    for stream in outcome.forwarded.values():
        at = 0
        while at < len(stream):
            size = int.from_bytes(stream[at + 1 : at + HEADER], "big")
            assert stream[at] >> 4 == 1
            assert HEADER < size <= MAX_STB
            at += size
        assert at == len(stream), "a part of a stream buffer was forwarded"


def retained(thing: object, seen: set[int] | None = None) -> int:
    """Return about how many octets an object of ours holds, without what all sessions share."""
    seen = set() if seen is None else seen
    if id(thing) in seen or isinstance(thing, Policy | type):
        return 0
    seen.add(id(thing))
    if isinstance(thing, str | bytes | bytearray):
        return len(thing)
    if isinstance(thing, dict):
        return sum(retained(key, seen) + retained(value, seen) for key, value in thing.items())
    if isinstance(thing, list | tuple | set | frozenset):
        return 8 * len(thing) + sum(retained(one, seen) for one in thing)
    assert not isinstance(thing, memoryview)
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    values = [getattr(thing, name, None) for name in slots] + list(getattr(thing, "__dict__", {}).values())
    ours = type(thing).__module__.startswith("seon.") and not isinstance(thing, Side)
    return 8 + sum(retained(value, seen) for value in values) if ours else 8


def judge(session: Session, random: Random) -> tuple[Outcome, SessionObserver]:
    """Show a session and check all that must hold; some of it for a share of the sessions."""
    observer = session.observer()
    reads = list(session.reads())
    outcome = shown(reads, observer)
    _check_whole_buffers(outcome)
    if session.declines:
        _check_views(session, outcome)
    share = random.random()
    if share < 0.1:
        _check_cuts(session, reads, outcome, random)
    elif share < 0.2:
        assert retained(observer) <= MAX_RETAINED
    elif share < 0.3:
        _check_softer(session, reads, outcome)
    return outcome, observer


def _check_cuts(session: Session, reads: list[Read], outcome: Outcome, random: Random) -> None:
    """The same octets in the same order give the same result, whatever the cuts."""
    most = random.choice((1, 2, 7, 300))
    if most == 1 and sum(len(read.octets or b"") for read in reads) > SHORT:
        most = 40
    again = shown(_cut(reads, most, random), session.observer())
    assert again == outcome, f"cut into pieces of up to {most} octets: {again}, whole: {outcome}"


def _cut(reads: Iterable[Read], most: int, random: Random) -> Iterable[Read]:
    for read in reads:
        if read.octets is None:
            yield read
            continue
        at = 0
        while at < len(read.octets):
            size = random.randint(1, most)
            yield Read(read.side, read.octets[at : at + size])
            at += size


def _check_softer(session: Session, reads: list[Read], outcome: Outcome) -> None:
    """What the strict profile passes, the default profile passes too, with the same octets forwarded."""
    if outcome.refusal or session.choice & 3 != 1:
        return
    softer = shown(reads, Session(session.choice & ~3, ()).observer())
    assert not softer.refusal
    assert softer.forwarded == outcome.forwarded
    assert all(finding.severity is Severity.WARN for finding in softer.findings)
