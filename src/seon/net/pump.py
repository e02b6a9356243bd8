"""The pump of a session: every octet of either side goes through the verifier, and only what it passes goes on.

One process, one session, one `selectors` loop over two legs and the main's control. Memory is bounded: one buffer per
direction, and nothing is read for a leg that has unsent octets. Time limits stand here, not in the verifier. The loop
wakes when something can go on or is due, so that a session in which nothing moves costs no processor time.
"""

import contextlib
import selectors
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol

from seon.net.buffers import Buffer
from seon.net.channel import EndOfStream
from seon.net.legs import BROKEN, PLAIN_SIZE, Leg, octets_not_taken
from seon.oftp2.framing import MAX_STB
from seon.oftp2.observer import Inspection, SessionObserver, Side
from seon.oftp2.reasons import EndReason

HALF_CLOSED_SECONDS = 10
"""What the other direction is given after one side has ended its own."""
CLOSING_SECONDS = 5.0
ORDERED_CLOSING_SECONDS = 2.0
"""The same for a session that ends by order: whoever gave the order does not wait longer."""
CLOSING_OCTETS = 1024 * 1024
"""Closing with unread octets makes the kernel send RST, and the peer loses the ESID that lies before it (measured).
So the rest is read and discarded, within these bounds."""
TICK_SECONDS = 1.0


class Cause(Enum):
    """Why a session ended."""

    INITIATOR = "the Initiator's side ended the connection"
    RESPONDER = "the Responder's side ended the connection"
    VERIFIER = "the verifier refused"
    IDLE = "no progress for too long"
    ORDER = "ended by order"


How = Literal["closed", "cut", "broken", "rule", "declined", "idle", "order"]
"""A peer closed its connection, or cut it without the end of TLS, or it broke; the verifier refused by a rule, or was
left with nothing after files that it declined; there was no progress; there was an order."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a session ends."""

    cause: Cause
    how: How
    detail: str = ""
    """The key of the rule, the words of an order, the kernel's or OpenSSL's words for a broken connection."""


class Watch(Protocol):
    """Hears what happens in a session in the moment in which it happens."""

    def inspection(self, seen: Inspection) -> None:
        """Take an inspection that says something."""

    def ending(self, ending: Ending) -> None:
        """Take what ends the session: before its ESID is queued, and before a connection is closed. Said once."""

    def own(self, side: Side, octets: bytes) -> None:
        """Take the ESID of ours that is queued for a side."""


class Control(Protocol):
    """Where orders come from: looked at when one of its descriptors is readable, and at its deadline."""

    def filenos(self) -> Sequence[int]:
        """Return the descriptors to wait for."""

    def deadline(self) -> float | None:
        """Return when to look at the latest (time.monotonic)."""

    def poll(self) -> "Order | None":
        """Return an order if there is one. Whatever made a descriptor readable is read, or the descriptor is gone."""


Told = Callable[[tuple[int, int]], bool]
"""Hears at most once a second, while octets move, how many went from Initiator to Responder and back. False: it wants
to hear it again in a second."""


@dataclass(frozen=True, slots=True)
class Order:
    """The main, or a signal, wants the session to end: with this reason to both peers."""

    reason: EndReason
    why: str


@dataclass(frozen=True, slots=True)
class Result:
    """What is left of a session. `octets` went from Initiator to Responder and back."""

    ending: Ending
    octets: tuple[int, int]


@dataclass(slots=True)
class _Flow:
    """One direction: what was read and not yet passed on lies in `buffer[:length]`."""

    side: Side
    source: Leg
    sink: Leg
    buffer: Buffer
    length: int = 0
    passed: int = 0
    open: bool = True
    taken: int = 0
    """Octets that the sink's peer had taken by the last look."""


class Pump:
    """A session between two legs. `watch` gets each inspection that says something; `control` is asked for orders."""

    def __init__(
        self,
        initiator: Leg,
        responder: Leg,
        observer: SessionObserver,
        *,
        idle_seconds: float,
        watch: Watch,
        control: Control | None = None,
        told: Told | None = None,
    ) -> None:
        size = PLAIN_SIZE + MAX_STB
        self._flows = (
            _Flow(Side.INITIATOR, initiator, responder, Buffer(size)),
            _Flow(Side.RESPONDER, responder, initiator, Buffer(size)),
        )
        self._legs = (initiator, responder)
        self._observer = observer
        self._idle_seconds = idle_seconds
        self._watch = watch
        self._control = control
        self._told_how_far = told
        self._selector = selectors.DefaultSelector()
        self._interest = [0, 0]
        self._waited_for: set[int] = set()
        """Descriptors of the control that the selector has."""
        self._end: Ending | None = None
        self._last = self._looked = time.monotonic()
        """When a whole stream buffer was passed on last, or something was taken of it; when that was looked at."""
        self._moving = True
        """Whether octets were on their way at the last look: then the next one is due within a second."""
        self._half_closed_at: float | None = None
        self._told: Ending | None = None
        """The first thing that ends the session. What comes after it is its consequence."""

    def run(self) -> Result:
        """Pump until the session has ended; both connections are closed in order then."""
        self._wait_for_control()
        for flow in self._flows:
            if flow.source.pending:
                self._receive(flow)
        while self._end is None:
            self._turn()
        self._close(ORDERED_CLOSING_SECONDS if self._end.cause is Cause.ORDER else CLOSING_SECONDS)
        self._selector.close()
        return Result(self._end, (self._flows[0].passed, self._flows[1].passed))

    # --- one turn of the loop ---------------------------------------------------------------------------------------

    def _turn(self) -> None:
        self._show_interest()
        for key, mask in self._selector.select(self._seconds_to_wait()):
            if key.data is None:
                self._ask_control()
                self._wait_for_control()
                continue
            index: int = key.data
            if mask & selectors.EVENT_WRITE:
                self._flush(index)
            if mask & selectors.EVENT_READ:
                self._receive(self._flows[index])
            if self._end is not None:
                return
        self._look_at_clock()

    def _show_interest(self) -> None:
        """Wait for what can go on: reading where the other leg has nothing unsent, writing where octets wait."""
        for index, flow in enumerate(self._flows):
            wanted = 0
            if flow.open and not flow.sink.unsent and not flow.source.choked:
                wanted |= selectors.EVENT_READ
            if flow.source.unsent:
                wanted |= selectors.EVENT_WRITE
            self._register(index, wanted)

    def _register(self, index: int, wanted: int) -> None:
        before, sock = self._interest[index], self._legs[index].sock
        if wanted == before:
            return
        if not before:
            self._selector.register(sock, wanted, index)
        elif not wanted:
            self._selector.unregister(sock)
        else:
            self._selector.modify(sock, wanted, index)
        self._interest[index] = wanted

    def _wait_for_control(self) -> None:
        """Wait for the descriptors that the control has now: one that is gone must not wake us for ever."""
        wanted = set(self._control.filenos()) if self._control else set()
        for gone in self._waited_for - wanted:
            self._selector.unregister(gone)
        for new in wanted - self._waited_for:
            self._selector.register(new, selectors.EVENT_READ, None)
        self._waited_for = wanted

    def _seconds_to_wait(self) -> float:
        """Return the seconds to the next thing that is due: a session in which nothing moves does not wake for less."""
        deadlines = [self._last + self._idle_seconds]
        if self._half_closed_at is not None:
            deadlines.append(self._half_closed_at + HALF_CLOSED_SECONDS)
        if self._control and (due := self._control.deadline()) is not None:
            deadlines.append(due)
        if self._moving:
            deadlines.append(self._looked + TICK_SECONDS)
        return max(0.0, min(deadlines) - time.monotonic())

    def _look_at_clock(self) -> None:
        now = time.monotonic()
        if now < self._looked + TICK_SECONDS and now < self._last + self._idle_seconds:
            self._moving = True
            return
        self._looked = now
        self._look_at_progress(now)
        if self._half_closed_at is not None and now >= self._half_closed_at + HALF_CLOSED_SECONDS:
            assert self._told is not None
            self._stop(self._told)
        elif now >= self._last + self._idle_seconds:
            self._stop_with(EndReason.TIME_OUT, Ending(Cause.IDLE, "idle"))
        if self._control and (due := self._control.deadline()) is not None and now >= due:
            self._ask_control()

    def _look_at_progress(self, now: float) -> None:
        """Note whether there was progress: a slow reader makes it while it takes what is waiting for it.

        What TLS itself answers is nothing that was passed on: so a peer that asks for it for ever makes no progress.
        """
        self._moving = False
        for flow in self._flows:
            sink = flow.sink
            taken = sink.handed - octets_not_taken(sink.sock)
            if flow.taken < min(taken, sink.content):
                self._last = now
            flow.taken = taken
            self._moving |= sink.unsent or taken < sink.content
        if self._told_how_far:
            self._moving |= not self._told_how_far((self._flows[0].passed, self._flows[1].passed))

    def _ask_control(self) -> None:
        assert self._control is not None
        order = self._control.poll()
        if order is not None and self._end is None:
            self._stop_with(order.reason, Ending(Cause.ORDER, "order", order.why))

    # --- the way of the octets --------------------------------------------------------------------------------------

    def _receive(self, flow: _Flow) -> None:
        try:
            got = flow.source.read(flow.buffer, flow.length)
        except EndOfStream as end:
            self._source_ended(flow, end)
            return
        except BROKEN as error:
            self._stop(_broken(flow.side, error))
            return
        if got:
            flow.length += got
            self._pass_on(flow)
            if flow.source.pending and self._end is None:
                self._receive(flow)  # the end came with the octets

    def _pass_on(self, flow: _Flow) -> None:
        at = 0
        while at < flow.length:
            seen = self._observer.inspect(flow.side, flow.buffer.view[at : flow.length])
            if seen.forward and not self._write(flow, at, at + seen.forward):
                return
            at += seen.forward + seen.drop
            if seen.forward:
                self._last = time.monotonic()
            if seen.happenings or seen.findings or seen.refusal or seen.closing:
                self._take_words(flow, seen)
                if self._end is not None:
                    return
            if not seen.drop:
                break  # what is left is an incomplete stream buffer
        rest = flow.length - at
        if rest and at:
            flow.buffer.view[:rest] = flow.buffer.view[at : flow.length]
        flow.length = rest

    def _take_words(self, flow: _Flow, seen: Inspection) -> None:
        """Report what the verifier says, and do what it wants beyond forwarding."""
        self._watch.inspection(seen)
        if seen.reply:
            self._last = time.monotonic()
            try:
                flow.source.write_octets(seen.reply)
            except BROKEN as error:
                self._stop(_broken(flow.side, error))
        if seen.refusal:
            self._stop(Ending(Cause.VERIFIER, "rule", seen.refusal.key), seen.refusal.wire_to)
        elif seen.closing:
            wire = seen.closing.wire
            self._stop(Ending(Cause.VERIFIER, "declined", seen.closing.text), lambda _: wire)

    def _write(self, flow: _Flow, start: int, end: int) -> bool:
        try:
            flow.sink.write(flow.buffer, start, end)
        except BROKEN as error:
            self._stop(_broken(flow.side.other, error))
            return False
        flow.passed += end - start
        return True

    def _flush(self, index: int) -> None:
        try:
            self._legs[index].flush()
        except BROKEN as error:
            self._stop(_broken(self._flows[index].side, error))

    def _source_ended(self, flow: _Flow, end: EndOfStream) -> None:
        """One side will send no more: pass that on; the other direction goes on for a while."""
        flow.open = False
        seen = self._observer.end_of_stream(flow.side, flow.length)
        self._take_words(flow, seen)
        if self._end is not None:
            return
        self._tell(Ending(_cause(flow.side), "closed" if end.clean else "cut"))
        flow.sink.finish()
        if self._half_closed_at is None:
            self._half_closed_at = time.monotonic()
        else:
            assert self._told is not None
            self._stop(self._told)

    # --- the end ----------------------------------------------------------------------------------------------------

    def _tell(self, ending: Ending) -> None:
        """Say what ends the session, once: what comes after it is its consequence."""
        if self._told is None:
            self._told = ending
            self._watch.ending(ending)

    def _stop(self, ending: Ending, wire_to: Callable[[Side], bytes] | None = None) -> None:
        """End the session: say why, and only then queue the ESID that the peers get, if they get one.

        A connection that breaks after one side has ended is a consequence of that; what we decide ourselves never is.
        """
        if self._end is not None:
            return
        ours = ending.cause not in (Cause.INITIATOR, Cause.RESPONDER)
        self._end = ending if ours or self._told is None else self._told
        self._tell(self._end)
        if wire_to:
            self._send_wires(wire_to)

    def _stop_with(self, reason: EndReason, ending: Ending) -> None:
        """End the session with the same ESID to both peers."""
        wire = self._observer.esid(reason)
        self._observer.ended_by_us()
        self._stop(ending, lambda _: wire)

    def _send_wires(self, wire_to: Callable[[Side], bytes]) -> None:
        """Queue our ESID to both peers, behind whole buffers: the verifier never lets a part of one out."""
        for flow in self._flows:
            wire = wire_to(flow.side)
            with contextlib.suppress(*BROKEN):
                flow.source.write_octets(wire)
                if wire:
                    self._watch.own(flow.side, wire)

    def _close(self, seconds: float) -> None:
        """Flush, end both sending directions, then read and discard until the peers end theirs."""
        for leg in self._legs:
            leg.finish()
        left = {index: CLOSING_OCTETS for index in (0, 1) if self._flows[index].open}
        waiting = {index for index in (0, 1) if index in left or self._legs[index].unsent}
        deadline = time.monotonic() + seconds
        scratch = self._flows[0].buffer
        while waiting and time.monotonic() < deadline:
            for index in (0, 1):
                leg = self._legs[index]
                reading = selectors.EVENT_READ if index in left and index in waiting else 0
                self._register(index, reading | (selectors.EVENT_WRITE if leg.unsent and index in waiting else 0))
            for key, mask in self._selector.select(max(0.0, deadline - time.monotonic())):
                if key.data is None:
                    self._ask_control()
                    self._wait_for_control()
                elif not self._closing_step(key.data, mask, left, scratch):
                    waiting.discard(key.data)
        for leg in self._legs:
            with contextlib.suppress(OSError):
                leg.sock.close()

    def _closing_step(self, index: int, mask: int, left: dict[int, int], scratch: Buffer) -> bool:
        """Flush or discard on one leg; return whether there is still something to wait for."""
        leg = self._legs[index]
        try:
            if mask & selectors.EVENT_WRITE:
                leg.flush()
            if mask & selectors.EVENT_READ:
                got = leg.sock.recv_into(scratch.view)
                left[index] -= got
                if not got or left[index] <= 0:
                    del left[index]
        except BlockingIOError:
            return True
        except BROKEN:
            left.pop(index, None)
            return False
        return index in left or leg.unsent


def _cause(side: Side) -> Cause:
    return Cause.INITIATOR if side is Side.INITIATOR else Cause.RESPONDER


def _broken(side: Side, error: Exception) -> Ending:
    return Ending(_cause(side), "broken", _words(error))


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error)
