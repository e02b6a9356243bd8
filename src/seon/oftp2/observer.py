"""The verifier: sees both directions of a session and says which octets may pass.

It has no clock, no log and no socket, and keeps no view of what it was shown. The caller shows what it has of a
direction, forwards and discards as told, keeps the rest, and shows that again with what follows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from seon.oftp2.binding import Binding
from seon.oftp2.codec import check_length, decode, encode, placed
from seon.oftp2.commands import Command, EndSession, StartSession
from seon.oftp2.conversation import Conversation
from seon.oftp2.declining import Declines, answer, nothing_left
from seon.oftp2.demands import Demands
from seon.oftp2.errors import Flaw, InvalidBufferError
from seon.oftp2.framing import HEADER, LENGTH_MASK, MAX_OEB, VERSION_1, frame, header_fault, header_words
from seon.oftp2.happenings import FileBrokenOff, Happening, Side
from seon.oftp2.inspection import Closing, Finding, Inspection, Refusal, Standing, Surplus
from seon.oftp2.judge import Judge, words
from seon.oftp2.layouts import DATA, ESID, FORMS, LEVELS, esid_level, opening_octets
from seon.oftp2.quoting import quoted
from seon.oftp2.reasons import EndReason, end_reasons
from seon.oftp2.rules import RULES, Policy

__all__ = ["Closing", "Finding", "Inspection", "Refusal", "SessionObserver", "Side"]

_EARLY = 2_048
"""Octets of a stream buffer up to which its length is judged when all of it is there; a longer one is not collected
before its command is known to be able to have it."""
_EMPTY_STB = (VERSION_1 | HEADER).to_bytes(HEADER, "big")
_FIRST_DATA = VERSION_1 | HEADER + 1


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


class SessionObserver:
    """Verifies one session.

    `codes` are those of a side (mission A10, binding.py); a side without any may show any. `demands` are the
    company's own rules (POL-...). `declines`: files that they do not allow are declined here; else their SFID passes,
    since the other host declines it. `names_rules`: our ESID says at level 5 which rule was broken.
    """

    def __init__(
        self,
        policy: Policy,
        codes: Mapping[Side, frozenset[str]] | None = None,
        demands: Demands | None = None,
        *,
        declines: bool = False,
        names_rules: bool = True,
    ) -> None:
        self.ended = False
        """Whether an ESID was forwarded."""
        self._judge = Judge(policy, declines=declines)
        self._binding = Binding(codes or {})
        self._names_rules = names_rules
        self._talk = Conversation(demands or Demands())
        self._flows = (_Flow(Side.INITIATOR), _Flow(Side.RESPONDER))
        self._events: list[Happening] = []
        self._reply = b""
        self._closing: Closing | None = None
        self._declines = Declines()
        self._lowest = max(LEVELS)
        """The lowest SSIDLEV seen: the level in force once both SSIDs have passed."""
        self._settled = False
        """Both SSIDs have passed."""
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

    def surplus(self) -> tuple[Surplus, ...]:
        """Return the findings of the session that were counted, but not told one by one."""
        return self._judge.surplus()

    def standing(self) -> Standing:
        """Return where the session stands: asked now and then, never for each buffer."""
        return Standing(self._talk.phase, self._talk.under_way(), self._judge.noted)

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
        return self._esid(EndSession(reason))

    def _esid(self, esid: EndSession) -> bytes:
        if self.ended or self._deaf or not self._opened:
            return b""
        return frame(encode(esid, self._lowest))

    # --- one stream buffer ------------------------------------------------------------------------------------------

    def _take_data(self, flow: _Flow, oeb: memoryview) -> None:
        try:
            flaws = self._talk.take_data(flow.side, oeb)
        except InvalidBufferError as error:
            raise self._unreadable(flow, error) from None
        if flaws:
            self._check(flow, flaws)
        flow.stbs += 1

    def _take(self, flow: _Flow, header: int, stb: memoryview) -> _Verdict:
        """Judge a stream buffer, or what there is of it."""
        if self._talk.ended_by is flow.side:
            return self._take_after_end(flow, stb)
        length = header & LENGTH_MASK
        flaws = self._header_flaws(header)
        if len(stb) >= length or length > _EARLY:
            flaws += self._too_early(flow.side, stb) or self._length_flaws(flow.side, stb, length - HEADER)
        if len(stb) < length and not self._judge.refused(flaws):
            return _Verdict.WAIT
        self._check(flow, flaws)
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
        self._check(flow, flaws)
        flaws = self._binding.flaws(flow.side, command) + self._talk.take(flow.side, command)
        flaws = [placed(flaw, oeb, self._lowest) for flaw in flaws]
        self._check(flow, flaws)
        if declined := self._judge.declined(flaws):
            return self._decline(declined)
        self._take_happened()
        if self._talk.nothing_left:
            return self._close(self._talk.nothing_left)
        if self._talk.dropped:
            return _Verdict.DROP
        self._declines.passed()
        self._opened = True
        self.ended = self._talk.ended_by is not None
        if self._talk.agreement:
            self._settled = True
            self._data_size = self._talk.agreement.buffer_size
            self._last_data = VERSION_1 | HEADER + self._data_size
        return _Verdict.FORWARD

    def _take_happened(self) -> None:
        self._events += self._talk.happened
        self._talk.happened.clear()

    def _decline(self, flaw: Flaw) -> _Verdict:
        """Answer an SFID for the other side, which never sees it."""
        if too_many := self._declines.add():
            raise _RefusedError(too_many)
        rule = RULES[flaw.rule]
        self._talk.decline(rule.id)
        self._take_happened()
        self._reply = answer(rule, self._lowest)
        return _Verdict.DROP

    def _close(self, declined: int) -> _Verdict:
        self._closing = Closing(self.esid(EndReason.NORMAL), declined, nothing_left(declined))
        self._deaf = True
        return _Verdict.DROP

    def _decode(self, flow: _Flow, oeb: memoryview) -> tuple[Command, list[Flaw]]:
        level = self._level(flow.side, oeb[0], len(oeb))
        try:
            command, flaws = decode(oeb, level)
        except InvalidBufferError as error:
            raise self._unreadable(flow, error) from None
        if isinstance(command, EndSession) and not self._settled:
            flaws = self._early_reason_flaws(command, flaws)
        # An Initiator of level 5 may have sent it before the answer reached it: both hosts must see that alike.
        due = self._talk.offered_level if self._settled else self._lowest
        if level == max(LEVELS) > self._lowest and oeb[0] == ESID and level > due:
            text = f"{len(oeb)} octets, the layout of level {level} in answer to level {self._lowest}"
            flaws.insert(0, Flaw("CMD-LEN/esid-layout", 0, "ESID", text, bytes(oeb[: opening_octets(ESID)])))
        return command, flaws

    def _early_reason_flaws(self, esid: EndSession, flaws: list[Flaw]) -> list[Flaw]:
        """Judge the reason of an ESID that refuses an SSID: no level is in force yet, whatever its layout.

        Reason 12 tells a station of level 4, too, what is missing.
        """
        others = [flaw for flaw in flaws if flaw.rule != "FLD-ENUM/reason"]
        if esid.reason in end_reasons(self._lowest) | {EndReason.AUTHENTICATION_INCOMPATIBLE}:
            return others
        text = f"code {esid.reason:02d} is not known in answer to level {self._lowest}"
        return [*others, Flaw("FLD-ENUM/reason", 1, "ESIDREAS", text, b"%02d" % esid.reason)]

    def _take_after_end(self, flow: _Flow, stb: memoryview) -> _Verdict:
        """Only one thing is known to come after ESID from the same side: an empty stream buffer, which is dropped."""
        empty = stb == _EMPTY_STB
        key = "SEQ-END/empty" if empty else "SEQ-END"
        self._check(flow, [Flaw(key, 0, "", RULES[key].meaning)])
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
        flaw = Flaw(fault, 0, "STH", f"{RULES[fault].meaning}: {header_words(fault, header)}")
        if fault != "STH-FLG" or self._judge.refused([flaw]):
            raise _RefusedError(flaw)  # at once: mostly there is no next buffer to be found
        return [flaw]

    def _too_early(self, side: Side, stb: memoryview) -> list[Flaw]:
        """Return what is wrong with the place of a command whose layout is unknown, since no SSID has told a level."""
        form = FORMS.get(stb[HEADER]) if len(stb) > HEADER else None
        if form is None or form.code == ESID:
            return []
        return self._talk.before_levels(side, form.name)

    def _length_flaws(self, side: Side, stb: memoryview, length: int) -> list[Flaw]:
        """Return what the length alone says, given the command octet."""
        if len(stb) <= HEADER:
            return []
        code = stb[HEADER]
        if code == DATA:
            excess = length - self._data_size
            key = "DAT-SIZE/one" if excess == 1 else "DAT-SIZE"
            return [Flaw(key, 0, "", f"{length} octets, agreed are {self._data_size}")] if excess > 0 else []
        try:
            check_length(code, self._level(side, code, length), length)
        except InvalidBufferError as error:
            # Of a long buffer one octet, as many as there must be: how a stream is cut must not show.
            octets = opening_octets(code) if error.rule == "CMD-LEN" and length <= _EARLY else 1
            return [replace(error.flaw, seen=bytes(stb[HEADER : HEADER + octets]))]
        return []

    def _level(self, side: Side, code: int, length: int) -> int:
        """Return the level to read a command by.

        An ESID that refuses an SSID may have any level's layout, since no level is agreed yet: its length tells which
        (RFC 5024 5.3.11). It comes before the Responder's SSID, or from the Initiator right behind that.
        """
        if code == ESID:
            own = esid_level(length)
            if not self._settled:
                return own
            if side is Side.INITIATOR and self._talk.just_agreed:
                return max(own, self._lowest)
        return self._lowest

    # --- what follows from it ---------------------------------------------------------------------------------------

    def _check(self, flow: _Flow, flaws: Sequence[Flaw]) -> None:
        """Raise if the policy refuses one of the flaws of a stream buffer."""
        if refused := self._judge.sort_out(flow.side, flow.stbs + 1, flaws):
            raise _RefusedError(refused)

    def _unreadable(self, flow: _Flow, error: InvalidBufferError) -> _RefusedError:
        """Return why a stream buffer without a reading is refused, which it is whatever the policy says."""
        misread = error.flaw.rule == "CMD-LEN"  # The fields may have been others: that they are wrong comes second.
        flaws = [error.flaw, *error.before] if misread else [*error.before, error.flaw]
        return _RefusedError(self._judge.sort_out(flow.side, flow.stbs + 1, flaws) or error.flaw)

    def _refuse(self, flow: _Flow, flaw: Flaw) -> Refusal:
        rule = RULES[flaw.rule]
        refusal = Refusal(
            flaw.rule,
            rule.reason,
            flow.side,
            flow.stbs + 1,
            flaw.offset,
            words(flaw),
            self.esid(rule.reason),
            flaw.field,
            quoted(flaw.seen),
            self._esid_with_rule(rule.reason, rule.id, flaw.field),
        )
        self._deaf = True
        return refusal

    def _esid_with_rule(self, reason: EndReason, rule: str, field: str) -> bytes:
        """Return the ESID for the side that broke a rule: it names the rule and the field, and never a value.

        Whom the company admits, and how (ADM-CODE, POL-LEVEL, POL-AUTH), is told to nobody: an SSID breaks these rules,
        and before both SSIDs have passed there is no text.
        """
        if not self._names_rules or not self._settled or self._lowest < max(LEVELS):
            return b""
        return self._esid(EndSession(reason, f"rule {rule}, {field}" if field else f"rule {rule}"))

    def _report(self, forward: int, drop: int, refusal: Refusal | None) -> Inspection:
        events, findings, reply = self._events, self._judge.findings, self._reply
        if not (events or findings or refusal or self._closing):
            return Inspection(forward, drop)
        self._events, self._judge.findings, self._reply = [], [], b""
        return Inspection(forward, drop, tuple(events), tuple(findings), refusal, reply, self._closing)
