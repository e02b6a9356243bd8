"""The verifier: sees both directions of a session and says which octets may pass.

It has no clock, no log and no socket, and keeps no view of what it was shown. The caller shows what it has of a
direction, forwards and discards as told, keeps the rest, and shows that again with what follows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from seon.oftp2.codec import check_length, decode, encode, placed
from seon.oftp2.commands import Command, EndSession, StartSession
from seon.oftp2.conversation import Conversation
from seon.oftp2.demands import Demands
from seon.oftp2.errors import Flaw, InvalidBufferError
from seon.oftp2.framing import HEADER, LENGTH_MASK, MAX_OEB, VERSION_1, frame, header_fault
from seon.oftp2.happenings import FileBrokenOff, Happening, Side
from seon.oftp2.layouts import DATA, FORMS, LEVELS
from seon.oftp2.reasons import EndReason, end_reasons
from seon.oftp2.rules import RULES, Policy, Severity

__all__ = ["Finding", "Inspection", "Refusal", "SessionObserver", "Side"]

MAX_SEEN = 48
"""Octets of a field that a finding shows."""
MAX_FINDINGS = 20
"""Findings of one rule on one side of a session; more say nothing new, and a peer could flood the log with them."""

_ESID = ord("F")
_EARLY = 2_048
"""Octets of a stream buffer up to which its length is judged when all of it is there; a longer one is not collected
before its command is known to be able to have it."""
_OLD_ESID = 4
"""Octets of an ESID below level 5, its terminator included."""
_EMPTY_STB = (VERSION_1 | HEADER).to_bytes(HEADER, "big")
_FIRST_DATA = VERSION_1 | HEADER + 1


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that was broken and tolerated, or refused in a buffer that was refused for another rule already.

    `stb` counts the stream buffers of `side` from 1;
    `offset` is octets from the start of the exchange buffer.
    """

    rule: str
    severity: Severity
    side: Side
    stb: int
    offset: int
    text: str
    field: str = ""
    """The field's name in the RFC, empty for a whole buffer."""
    seen: str = ""
    """What the field held, escaped and capped; empty for a secret."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the session ends: queue `wire` to each peer, then close the connections.

    `wire` is empty where they are just to be closed.
    """

    rule: str
    reason: EndReason
    """What an ESID says, if one is sent at all."""
    side: Side
    stb: int
    offset: int
    text: str
    wire: bytes
    field: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Inspection:
    """Forward `view[:forward]`, discard the next `drop` octets, and show the rest again.

    At once if octets were discarded; else what is left is an incomplete stream buffer, due with what follows.
    """

    forward: int = 0
    drop: int = 0
    events: tuple[Happening, ...] = ()
    findings: tuple[Finding, ...] = ()
    refusal: Refusal | None = None


class _RefusedError(Exception):
    """The policy refuses this flaw."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.rule)
        self.flaw = flaw


class _Verdict(Enum):
    """What to do with a stream buffer."""

    FORWARD = "forward"
    DROP = "drop"
    WAIT = "wait for the rest"


@dataclass(slots=True)
class _Flow:
    """One direction."""

    side: Side
    stbs: int = 0
    """Stream buffers before the one at hand."""
    reported: dict[str, int] = field(default_factory=dict)
    """Findings by rule."""


class SessionObserver:
    """Verifies one session.

    `codes` are the SSIDCODEs that a side may show (mission A10); a side without any may show any. `demands` are the
    company's own rules (POL-...).
    """

    def __init__(
        self, policy: Policy, codes: Mapping[Side, frozenset[str]] | None = None, demands: Demands | None = None
    ) -> None:
        self.ended = False
        """Whether an ESID was forwarded."""
        self._policy = policy
        self._codes = {side: frozenset(map(_unpadded, allowed)) for side, allowed in (codes or {}).items()}
        self._talk = Conversation(demands or Demands())
        self._flows = (_Flow(Side.INITIATOR), _Flow(Side.RESPONDER))
        self._events: list[Happening] = []
        self._findings: list[Finding] = []
        self._lowest = max(LEVELS)
        """The lowest SSIDLEV seen: the level in force once both SSIDs have passed."""
        self._data_size = MAX_OEB
        self._last_data = _FIRST_DATA
        """The greatest header of a data buffer of the agreed size, without flags."""
        self._opened = False
        self._deaf = False

    # --- what the caller calls --------------------------------------------------------------------------------------

    def inspect(self, side: Side, view: memoryview) -> Inspection:
        """Judge what `side` has sent and was not forwarded yet; see Inspection for what to do with it."""
        talk, flow = self._talk, self._flows[side is Side.RESPONDER]
        if self._deaf or talk.ended_by is side.other:
            return Inspection(drop=len(view))
        at, drop, size = 0, 0, len(view)
        refusal = None
        try:
            while size - at >= HEADER:
                header = int.from_bytes(view[at : at + HEADER], "big")
                end = at + (header & LENGTH_MASK)
                if (
                    talk.data_from is side
                    and _FIRST_DATA <= header <= self._last_data
                    and end <= size
                    and view[at + HEADER] == DATA
                ):
                    if alike := talk.take_run(side, view, at, end):
                        flow.stbs += alike
                        at += alike * (end - at)
                        continue
                    self._take_data(flow, view[at + HEADER : end])
                else:
                    verdict = self._take(flow, header, view[at:end])
                    if verdict is not _Verdict.FORWARD:
                        drop = end - at if verdict is _Verdict.DROP else 0
                        break
                at = end
            if not drop and talk.ended_by is side:
                self._check_rest_after_end(view[at:])
        except _RefusedError as refused:
            refusal = self._refuse(flow, refused.flaw)
        return self._report(at, drop, refusal)

    def end_of_stream(self, side: Side, tail: int) -> Inspection:
        """`side` will send no more; `tail` octets of it were neither forwarded nor discarded.

        An end between two stream buffers breaks no rule, even without ESID: RFC 5024 takes it as an abort.
        """
        if self._deaf or not tail or self._talk.ended_by is side.other:
            return Inspection()
        rule = "SEQ-END" if self._talk.ended_by is side else "STH-EOF"
        flaw = Flaw(rule, 0, "", f"{RULES[rule].meaning}: {tail} octets, then the end of the stream")
        return self._report(0, 0, self._refuse(self._flows[side is Side.RESPONDER], flaw))

    def ended_by_us(self) -> None:
        """The caller ends the session: all that still comes is dropped."""
        self._deaf = True

    def broken_off(self) -> FileBrokenOff | None:
        """Return the file that is under way, as what it is when the session ends now; None if there is none."""
        return self._talk.broken_off()

    def esid(self, reason: EndReason) -> bytes:
        """Return the stream buffer that ends the session towards a peer, in a layout that it understands.

        Empty where the connection is just to be closed: before SSRM was forwarded, and after an ESID was.
        """
        if self.ended or self._deaf or not self._opened:
            return b""
        return frame(encode(EndSession(reason), self._lowest))

    # --- one stream buffer ------------------------------------------------------------------------------------------

    def _take_data(self, flow: _Flow, oeb: memoryview) -> None:
        try:
            flaws = self._talk.take_data(flow.side, oeb)
        except InvalidBufferError as error:
            raise self._unreadable(flow, error) from None
        if flaws:
            self._judge(flow, flaws)
        flow.stbs += 1

    def _take(self, flow: _Flow, header: int, stb: memoryview) -> _Verdict:
        """Judge a stream buffer, or what there is of it."""
        if self._talk.ended_by is flow.side:
            return self._take_after_end(flow, stb)
        length = header & LENGTH_MASK
        flaws = self._header_flaws(header)
        if len(stb) >= length or length > _EARLY:
            flaws += self._too_early(flow.side, stb) or self._length_flaws(stb, length - HEADER)
        if len(stb) < length and not self._refuses(flaws):
            return _Verdict.WAIT
        self._judge(flow, flaws)
        oeb = stb[HEADER:]
        if oeb[0] == DATA:
            self._take_data(flow, oeb)
            return _Verdict.FORWARD
        verdict = self._take_command(flow, oeb)
        flow.stbs += 1
        return verdict

    def _take_command(self, flow: _Flow, oeb: memoryview) -> _Verdict:
        command, flaws = self._decode(flow, oeb)
        if isinstance(command, StartSession):
            self._lowest = min(self._lowest, command.level)
        self._judge(flow, flaws)
        flaws = self._code_flaws(flow.side, command) + self._talk.take(flow.side, command)
        self._judge(flow, [placed(flaw, oeb, self._lowest) for flaw in flaws])
        self._events += self._talk.happened
        self._talk.happened.clear()
        self._opened = True
        self.ended = self._talk.ended_by is not None
        if self._talk.agreement:
            self._data_size = self._talk.agreement.buffer_size
            self._last_data = VERSION_1 | HEADER + self._data_size
        return _Verdict.DROP if self._talk.dropped else _Verdict.FORWARD

    def _decode(self, flow: _Flow, oeb: memoryview) -> tuple[Command, list[Flaw]]:
        try:
            command, flaws = decode(oeb, self._level(oeb[0], len(oeb)))
        except InvalidBufferError as error:
            raise self._unreadable(flow, error) from None
        if isinstance(command, EndSession) and not self._talk.agreement and command.reason in self._refusals():
            # Before both SSIDs no level is in force, whatever the layout.
            flaws = [flaw for flaw in flaws if flaw.rule != "FLD-ENUM/reason"]
        return command, flaws

    def _take_after_end(self, flow: _Flow, stb: memoryview) -> _Verdict:
        """Only one thing is known to come after ESID from the same side: an empty stream buffer, which is dropped."""
        empty = stb == _EMPTY_STB
        key = "SEQ-END/empty" if empty else "SEQ-END"
        self._judge(flow, [Flaw(key, 0, "", RULES[key].meaning)])
        flow.stbs += 1
        return _Verdict.DROP

    @staticmethod
    def _check_rest_after_end(rest: memoryview) -> None:
        """Refuse at once what cannot become an empty stream buffer any more."""
        if not _EMPTY_STB.startswith(rest):
            raise _RefusedError(Flaw("SEQ-END", 0, "", RULES["SEQ-END"].meaning))

    def _header_flaws(self, header: int) -> list[Flaw]:
        fault = header_fault(header)
        if not fault:
            return []
        flaw = Flaw(fault, 0, "STH", f"{RULES[fault].meaning}: {header:#010x}")
        if fault != "STH-FLG" or self._refuses([flaw]):
            raise _RefusedError(flaw)  # at once: mostly there is no next buffer to be found
        return [flaw]

    def _refusals(self) -> frozenset[int]:
        """Return the reasons of an ESID that may answer an SSRM or SSID; 12 tells also a level 4 what is missing."""
        return end_reasons(self._lowest) | {EndReason.AUTHENTICATION_INCOMPATIBLE}

    def _too_early(self, side: Side, stb: memoryview) -> list[Flaw]:
        """Return what is wrong with the place of a command whose layout is unknown, since no SSID has told a level."""
        form = FORMS.get(stb[HEADER]) if len(stb) > HEADER else None
        if form is None or form.code == _ESID:
            return []
        return self._talk.before_levels(side, form.name)

    def _length_flaws(self, stb: memoryview, length: int) -> list[Flaw]:
        """Return what the length alone says, given the command octet."""
        if len(stb) <= HEADER:
            return []
        code = stb[HEADER]
        if code == DATA:
            excess = length - self._data_size
            key = "DAT-SIZE/one" if excess == 1 else "DAT-SIZE"
            return [Flaw(key, 0, "", f"{length} octets, agreed are {self._data_size}")] if excess > 0 else []
        try:
            check_length(code, self._level(code, length), length)
        except InvalidBufferError as error:
            return [error.flaw]
        return []

    def _level(self, code: int, length: int) -> int:
        """Return the level to read a command by. An ESID before both SSIDs may have either layout (RFC 5024 5.3.11)."""
        if code == _ESID and self._lowest >= 5 and not self._talk.agreement and length <= _OLD_ESID:
            return 4
        return self._lowest

    def _code_flaws(self, side: Side, command: Command) -> list[Flaw]:
        allowed = self._codes.get(side)
        if not isinstance(command, StartSession) or not allowed or command.code in allowed:
            return []
        return [Flaw("ADM-CODE", 0, "SSIDCODE", RULES["ADM-CODE"].meaning)]

    # --- what follows from it ---------------------------------------------------------------------------------------

    def _refuses(self, flaws: Sequence[Flaw]) -> bool:
        return any(self._policy.severity(flaw.rule) is Severity.REFUSE for flaw in flaws)

    def _judge(self, flow: _Flow, flaws: Sequence[Flaw]) -> None:
        """Raise if the policy refuses one of the flaws of a stream buffer."""
        if refused := self._sorted_out(flow, flaws):
            raise _RefusedError(refused)

    def _unreadable(self, flow: _Flow, error: InvalidBufferError) -> _RefusedError:
        """Return why a stream buffer without a reading is refused, which it is whatever the policy says."""
        misread = error.flaw.rule == "CMD-LEN"  # The fields may have been others: that they are wrong comes second.
        flaws = [error.flaw, *error.before] if misread else [*error.before, error.flaw]
        return _RefusedError(self._sorted_out(flow, flaws) or error.flaw)

    def _sorted_out(self, flow: _Flow, flaws: Sequence[Flaw]) -> Flaw | None:
        """Return the first flaw that the policy refuses; note all others that it does not ignore."""
        refused = next((flaw for flaw in flaws if self._refuses([flaw])), None)
        for flaw in flaws:
            if flaw is not refused:
                self._note(flow, flaw)
        return refused

    def _note(self, flow: _Flow, flaw: Flaw) -> None:
        severity = self._policy.severity(flaw.rule)
        if severity is Severity.IGNORE:
            return
        rule = RULES[flaw.rule].id
        times = flow.reported[rule] = flow.reported.get(rule, 0) + 1
        if times <= MAX_FINDINGS:
            self._findings.append(
                Finding(
                    rule, severity, flow.side, flow.stbs + 1, flaw.offset, _words(flaw), flaw.field, escaped(flaw.seen)
                )
            )

    def _refuse(self, flow: _Flow, flaw: Flaw) -> Refusal:
        rule = RULES[flaw.rule]
        wire = self.esid(rule.reason)
        self._deaf = True
        return Refusal(
            rule.id,
            rule.reason,
            flow.side,
            flow.stbs + 1,
            flaw.offset,
            _words(flaw),
            wire,
            flaw.field,
            escaped(flaw.seen),
        )

    def _report(self, forward: int, drop: int, refusal: Refusal | None) -> Inspection:
        events, findings = self._events, self._findings
        if not (events or findings or refusal):
            return Inspection(forward, drop)
        self._events, self._findings = [], []
        return Inspection(forward, drop, tuple(events), tuple(findings), refusal)


def _words(flaw: Flaw) -> str:
    """Return a flaw in words: they are our own, so nothing in them needs to be escaped."""
    return f"{flaw.field}: {flaw.text}" if flaw.field else flaw.text


def escaped(octets: bytes) -> str:
    """Return octets as printable ASCII, others and the backslash as `\\xNN`; at most MAX_SEEN octets of them."""
    text = "".join(
        chr(octet) if 0x20 <= octet < 0x7F and octet != 0x5C else f"\\x{octet:02x}" for octet in octets[:MAX_SEEN]
    )
    return text + ("..." if len(octets) > MAX_SEEN else "")


def _unpadded(code: str) -> str:
    return code.rstrip(" ")
