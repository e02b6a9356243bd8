"""The order of commands typed a second time, straight from the protocol reference: 5.2 (rows 1-27), 5.3, 5.4 and 6.3.

It shares nothing with the verifier but octets: no table of `seon.oftp2.phases` is read here, so a wrong entry there
meets another opinion. States have the reference's names: H0-H2, A1-A6, F0-F6, Z1.
"""

from dataclasses import dataclass, field
from typing import Literal

INITIATOR, RESPONDER = "I", "R"
Kind = Literal["accept", "warn", "refuse", "drop", "open"]

AUTHENTICATION = {  # state: who sends what, next; rows 7-12
    "A1": (INITIATOR, "SECD", "A2"),
    "A2": (RESPONDER, "AUCH", "A3"),
    "A3": (INITIATOR, "AURP", "A4"),
    "A4": (RESPONDER, "SECD", "A5"),
    "A5": (INITIATOR, "AUCH", "A6"),
    "A6": (RESPONDER, "AURP", "F0"),
}
AT_5 = {"SECD", "AUCH", "AURP"}
LISTENER_HAS_THE_FLOOR = {"F1", "F3", "F4", "F6"}


@dataclass(frozen=True)
class Input:
    """A command that one side sends; the fields that matter to the order."""

    name: str
    reason: int = 0
    restart: int = 0
    cd: bool = False
    octets_off: int = 0
    level: int = 5
    auth: bool = False
    direction: str = "B"
    rest: bool = True
    credit: int = 2

    def __str__(self) -> str:
        changed = {key: value for key, value in vars(self).items() if key != "name" and value != _DEFAULTS[key]}
        return self.name + (f"({', '.join(f'{key}={value}' for key, value in changed.items())})" if changed else "")


_DEFAULTS = vars(Input(""))


@dataclass(frozen=True)
class Expected:
    """What has to come of an input. `open`: the reference leaves it open, only an exception would be wrong."""

    kind: Kind
    rules: frozenset[str] = frozenset()


def _refuse(*rules: str) -> Expected:
    return Expected("refuse", frozenset(rules))


ACCEPT, DROP, OPEN = Expected("accept"), Expected("drop"), Expected("open")


@dataclass
class Reference:
    """One session."""

    strict: bool
    state: str = "H0"
    speaker: str = INITIATOR
    cdrx: bool = False
    window: int = 0
    credit: int = 0
    restpos: int = 0
    answer: int = 0
    rest: bool = False
    level: int = 5
    sends: dict[str, bool] = field(default_factory=dict)
    offer: Input | None = None
    cdt_due: str = ""
    crossed: bool = False
    """The turn has changed while a CDT was due."""
    ended_by: str = ""
    cut: bool = False
    void: int = 0
    """Data buffers of the file under way: none of these walks has content (section 10, DAT-VOID)."""

    def take(self, side: str, given: Input) -> Expected:
        """Judge an input, and move on as the verifier must."""
        if self.cut:
            return DROP
        if self.state == "Z1":
            expected = _refuse("SEQ-END") if side == self.ended_by else DROP
        else:
            expected = self._unknown_here(given) or (
                self._esid(side, given) if given.name == "ESID" else self._command(side, given)
            )
        if expected.kind == "refuse":
            self.cut = True
        return expected

    def _soft(self, *rules: str) -> Expected:
        """What is warned of by default and refused by the strict profile."""
        return Expected("refuse" if self.strict else "warn", frozenset(rules))

    def _unknown_here(self, given: Input) -> Expected | None:
        """2.19: what exists at which level. Before both SSIDs the level is not known for certain."""
        missing = (given.name == "NERP" and self.level < 4) or (given.name in AT_5 and self.level < 5)
        if not missing:
            return None
        return _refuse("CMD-LVL", "SEQ-CMD", "SEQ-TURN", "SEQ-FIRST") if self.state[0] == "H" else _refuse("CMD-LVL")

    # --- 5.4 --------------------------------------------------------------------------------------------------------

    def _esid(self, side: str, given: Input) -> Expected:
        before, fresh = self.state, self.cdrx
        if before == "H0":
            if side == INITIATOR:
                return _refuse("SEQ-FIRST")
            expected = self._soft("SEQ-CMD") if given.reason in (5, 8, 99) else _refuse("SEQ-CMD")
        elif given.reason == 0:
            if before != "F0" or side != self.speaker:
                return _refuse("SEQ-ESID0")
            expected = ACCEPT if fresh else self._soft("SEQ-ESID0")
        elif (
            given.reason in (11, 12)
            and self.level < 5
            and before not in ("H0", "H1", "H2" if given.reason == 12 else "")
        ):
            expected = self._soft("FLD-ENUM")  # section 10: a code of another level; 5.3: 12 may answer any SSID
        else:
            expected = ACCEPT
        self.state, self.ended_by = "Z1", side
        return expected

    # --- 5.2 --------------------------------------------------------------------------------------------------------

    def _command(self, side: str, given: Input) -> Expected:
        if given.name == "CDT" and side == self.cdt_due and self.state in ("F0", "F4", "F5", "F6"):
            if self.crossed:
                return OPEN  # 6.3 speaks of the Listener; who owed it is the Speaker by now
            self.cdt_due = ""
            return Expected("warn", frozenset({"SEQ-CDT"}))
        if self.state in AUTHENTICATION:
            who, name, following = AUTHENTICATION[self.state]
            if side != who:
                return _refuse("SEQ-TURN")
            if given.name != name:
                return _refuse("SEQ-CMD")
            self.state = following
            return ACCEPT
        return {
            "H0": self._h0,
            "H1": self._h1,
            "H2": self._h2,
            "F0": self._f0,
            "F1": self._f1,
            "F2": self._f2,
            "F3": self._f3,
            "F4": self._f4,
            "F5": self._f5,
            "F6": self._f6,
        }[self.state](side, given)

    def _h0(self, side: str, given: Input) -> Expected:
        if side == INITIATOR:
            return _refuse("SEQ-FIRST")
        if given.name != "SSRM":
            return _refuse("SEQ-CMD")
        self.state = "H1"
        return ACCEPT

    def _h1(self, side: str, given: Input) -> Expected:
        if side == RESPONDER:
            return _refuse("SEQ-TURN")
        if given.name != "SSID":
            return _refuse("SEQ-CMD")
        self.offer, self.level, self.state = given, given.level, "H2"
        return ACCEPT

    def _h2(self, side: str, given: Input) -> Expected:
        if side == INITIATOR:
            return _refuse("SEQ-TURN")
        if given.name != "SSID":
            return _refuse("SEQ-CMD")
        offer, answer = self.offer, given
        assert offer
        p, q = offer.auth and offer.level == 5, answer.auth and answer.level == 5
        self.sends = {
            INITIATOR: offer.direction in "SB" and answer.direction in "RB",
            RESPONDER: answer.direction in "SB" and offer.direction in "RB",
        }
        fatal = {
            "NEG-AUTH": p != q,
            "NEG-CRED": answer.credit > offer.credit,
            "NEG-SR": not any(self.sends.values()),
        }
        if any(fatal.values()):  # row 5; the product ends the session here (section 10)
            return _refuse(*(rule for rule, is_so in fatal.items() if is_so))
        self.level = min(offer.level, answer.level)
        self.window, self.rest = answer.credit, offer.rest and answer.rest
        self.state, self.speaker = ("A1" if p else "F0"), INITIATOR
        warned = {
            "NEG-LEV": answer.level > offer.level,
            "NEG-SR2": answer.direction == "B" and offer.direction != "B",
            "NEG-REST": answer.rest and not offer.rest,
        }
        broken = frozenset(rule for rule, is_so in warned.items() if is_so)
        if "NEG-REST" in broken and self.strict:
            return _refuse("NEG-REST")
        return Expected("warn", broken) if broken else ACCEPT

    def _out_of_turn(self, side: str) -> bool:
        listens = side != self.speaker
        return listens != (self.state in LISTENER_HAS_THE_FLOOR)

    def _f0(self, side: str, given: Input) -> Expected:
        if self._out_of_turn(side):
            return _refuse("SEQ-TURN")
        if given.name == "SFID":
            wrong = {"SEQ-MODE": not self.sends[side], "SEM-REST": given.restart > 0 and not self.rest}
            if any(wrong.values()):
                return _refuse(*(rule for rule, is_so in wrong.items() if is_so))
            self.state, self.cdrx, self.restpos = "F1", False, given.restart
        elif given.name in ("EERP", "NERP"):
            self.state, self.cdrx = "F6", False
        elif given.name == "CD":
            if self.cdrx:
                return _refuse("SEQ-CDLOOP")
            self._swap()
            self.cdrx = True
        else:
            return _refuse("SEQ-CMD")
        return ACCEPT

    def _swap(self) -> None:
        self.speaker = RESPONDER if self.speaker == INITIATOR else INITIATOR
        self.crossed = bool(self.cdt_due)

    def _f1(self, side: str, given: Input) -> Expected:
        if self._out_of_turn(side):
            return _refuse("SEQ-TURN")
        if given.name == "SFPA":
            if given.restart > self.restpos:
                return _refuse("SEM-ACNT")
            self.state, self.credit, self.answer, self.cdt_due = "F2", self.window, given.restart, ""
            self.void = 0
        elif given.name == "SFNA":
            self.state = "F0"
        else:
            return _refuse("SEQ-CMD")
        return ACCEPT

    def _f2(self, side: str, given: Input) -> Expected:
        if self._out_of_turn(side):
            return _refuse("SEQ-CDT") if given.name == "CDT" else _refuse("SEQ-TURN")
        if given.name == "DATA":
            self.void += 1
            if self.void == 16:
                return _refuse("DAT-VOID")
            self.credit -= 1
            if self.credit == 0:
                self.state = "F3"
            return ACCEPT
        return self._efid(given) if given.name == "EFID" else _refuse("SEQ-CMD")

    def _efid(self, given: Input) -> Expected:
        self.state, self.credit = "F4", 0
        return self._soft("SEM-UCNT") if given.octets_off else ACCEPT

    def _f3(self, side: str, given: Input) -> Expected:
        if side == self.speaker:
            if given.name == "DATA":
                return _refuse("SEQ-CRED")
            if given.name == "EFID":
                if self.strict:
                    return _refuse("SEQ-EFID")
                self.cdt_due, self.crossed = (RESPONDER if side == INITIATOR else INITIATOR), False
                return Expected("warn", frozenset({"SEQ-EFID"}) | self._efid(given).rules)
            return _refuse("SEQ-TURN")
        if given.name != "CDT":
            return _refuse("SEQ-CMD")
        self.state, self.credit = "F2", self.window
        return ACCEPT

    def _f4(self, side: str, given: Input) -> Expected:
        if self._out_of_turn(side):
            return _refuse("SEQ-TURN")
        if given.name == "EFPA":
            self.state = "F5" if given.cd else "F0"
        elif given.name == "EFNA":
            self.state = "F0"
        else:
            return _refuse("SEQ-CMD")
        return ACCEPT

    def _f5(self, side: str, given: Input) -> Expected:
        if self._out_of_turn(side):
            return _refuse("SEQ-TURN")
        if given.name != "CD":
            return _refuse("SEQ-CDREQ")
        self._swap()
        self.state, self.cdrx = "F0", False
        return ACCEPT

    def _f6(self, side: str, given: Input) -> Expected:
        if self._out_of_turn(side):
            return _refuse("SEQ-TURN")
        if given.name != "RTR":
            return _refuse("SEQ-CMD")
        self.state = "F0"
        return ACCEPT

    # --- for who plays on -------------------------------------------------------------------------------------------

    def legal(self) -> list[tuple[str, Input]]:
        """Return moves that lead on from here, so that a random walk gets somewhere."""
        s, other = self.speaker, (RESPONDER if self.speaker == INITIATOR else INITIATOR)
        if self.state in AUTHENTICATION:
            who, name, _ = AUTHENTICATION[self.state]
            return [(who, Input(name))]
        return {
            "H0": [(RESPONDER, Input("SSRM"))],
            "H1": [
                (INITIATOR, Input("SSID", level=level, auth=auth)) for level in (1, 2, 4, 5) for auth in (False, True)
            ],
            "H2": [
                (RESPONDER, Input("SSID", auth=bool(self.offer and self.offer.auth), credit=credit))
                for credit in (1, 2)
            ],
            "F0": [
                (s, Input("SFID")),
                (s, Input("SFID", restart=3)),
                (s, Input("EERP")),
                (s, Input("NERP" if self.level >= 4 else "EERP")),
                *([] if self.cdrx else [(s, Input("CD"))]),
            ],
            "F1": [
                (other, Input("SFPA")),
                (other, Input("SFPA", restart=self.restpos)),
                (other, Input("SFNA", reason=2)),
            ],
            "F2": [(s, Input("DATA")), (s, Input("DATA")), (s, Input("EFID"))],
            "F3": [(other, Input("CDT")), (s, Input("EFID"))],
            "F4": [
                (other, Input("EFPA")),
                (other, Input("EFPA", cd=True)),
                (other, Input("EFNA", reason=11)),
                *([(other, Input("CDT"))] if self.cdt_due else []),
            ],
            "F5": [(s, Input("CD"))],
            "F6": [(other, Input("RTR"))],
            "Z1": [],
        }[self.state]
