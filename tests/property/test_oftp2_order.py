"""Every state with every command from either side, at every level and profile, against a second opinion.

The second opinion is `order_reference`: the reference's state table typed again. Whatever comes is legal or refused, as
that says, and never an exception.
"""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from property.order_reference import Expected, Input, Reference
from seon.oftp2 import commands as c
from seon.oftp2.codec import encode
from seon.oftp2.framing import frame
from seon.oftp2.observer import Inspection, SessionObserver, Side
from seon.oftp2.phases import Phase
from seon.oftp2.rules import Policy, Profile

BLOCK = 1024

START = "R:SSRM I:SSID R:SSID"
SECURED = "R:SSRM I:SSID+ R:SSID+"
FILE = f"{START} I:SFID R:SFPA"
LATE = f"{FILE} I:DATA I:DATA I:EFID"
PREFIXES = {
    "nothing yet": ("", "H0"),
    "ready": ("R:SSRM", "H1"),
    "offered": ("R:SSRM I:SSID", "H2"),
    "offered, secure": ("R:SSRM I:SSID+", "H2"),
    "A1": (SECURED, "A1"),
    "A2": (f"{SECURED} I:SECD", "A2"),
    "A3": (f"{SECURED} I:SECD R:AUCH", "A3"),
    "A4": (f"{SECURED} I:SECD R:AUCH I:AURP", "A4"),
    "A5": (f"{SECURED} I:SECD R:AUCH I:AURP R:SECD", "A5"),
    "A6": (f"{SECURED} I:SECD R:AUCH I:AURP R:SECD I:AUCH", "A6"),
    "first turn": (START, "F0"),
    "first turn, secured": (f"{SECURED} I:SECD R:AUCH I:AURP R:SECD I:AUCH R:AURP", "F0"),
    "only the Initiator sends files": ("R:SSRM I:SSID/S R:SSID/R", "F0"),
    "only the Responder sends files": ("R:SSRM I:SSID/R R:SSID/S", "F0"),
    "no restart": ("R:SSRM I:SSID- R:SSID-", "F0"),
    "fresh turn": (f"{START} I:CD", "F0"),
    "fresh turn used for a receipt": (f"{START} I:CD R:EERP I:RTR", "F0"),
    "fresh turn used for a refused file": (f"{START} I:CD R:SFID I:SFNA", "F0"),
    "turn given back": (f"{START} I:CD R:EERP I:RTR R:CD", "F0"),
    "after a file": (f"{FILE} I:EFID R:EFPA", "F0"),
    "after a file not taken": (f"{FILE} I:EFID R:EFNA", "F0"),
    "solicited turn": (f"{FILE} I:EFID R:EFPA+ I:CD", "F0"),
    "solicited turn given back": (f"{FILE} I:EFID R:EFPA+ I:CD R:CD", "F0"),
    "late credit due in idle": (f"{LATE} R:EFPA", "F0"),
    "late credit taken in idle": (f"{LATE} R:EFPA R:CDT", "F0"),
    "offered file": (f"{START} I:SFID", "F1"),
    "offered file with restart": (f"{START} I:SFID/5", "F1"),
    "offered file of the Responder": (f"{START} I:CD R:SFID", "F1"),
    "late credit due at the next file": (f"{LATE} R:EFPA I:SFID", "F1"),
    "data": (FILE, "F2"),
    "data, one credit left": (f"{FILE} I:DATA", "F2"),
    "data with new credit": (f"{FILE} I:DATA I:DATA R:CDT", "F2"),
    "data after restart": (f"{START} I:SFID/5 R:SFPA/3", "F2"),
    "data of the Responder": (f"{START} I:CD R:SFID I:SFPA R:DATA", "F2"),
    "late credit forgotten by the next file": (f"{LATE} R:EFPA I:SFID R:SFPA", "F2"),
    "credit used up": (f"{FILE} I:DATA I:DATA", "F3"),
    "credit used up by the Responder": (f"{START} I:CD R:SFID I:SFPA R:DATA R:DATA", "F3"),
    "end of file": (f"{FILE} I:DATA I:EFID", "F4"),
    "end of file, late credit due": (LATE, "F4"),
    "end of file, late credit taken": (f"{LATE} R:CDT", "F4"),
    "turn asked for": (f"{FILE} I:EFID R:EFPA+", "F5"),
    "turn asked for, late credit due": (f"{LATE} R:EFPA+", "F5"),
    "receipt": (f"{START} I:EERP", "F6"),
    "negative receipt": (f"{START} I:NERP", "F6"),
    "receipt, late credit due": (f"{LATE} R:EFPA I:EERP", "F6"),
    "ended": (f"{START} I:CD R:ESID", "Z1"),
    "ended abnormally by the Listener": (f"{FILE} R:ESID/9", "Z1"),
}
"""Scripts, each with the state of the reference that it leads to."""

INPUTS = [
    Input("SSRM"),
    Input("SSID"),
    Input("SSID", auth=True),
    Input("SSID", credit=3),
    Input("SSID", direction="S"),
    Input("SSID", direction="R"),
    Input("SSID", rest=False),
    *(Input("SSID", level=level) for level in (1, 2, 4)),
    Input("SECD"),
    Input("AUCH"),
    Input("AURP"),
    Input("SFID"),
    Input("SFID", restart=4),
    Input("SFPA"),
    Input("SFPA", restart=5),
    Input("SFPA", restart=6),
    Input("SFNA", reason=2),
    Input("DATA"),
    Input("CDT"),
    Input("EFID"),
    Input("EFID", octets_off=1),
    Input("EFPA"),
    Input("EFPA", cd=True),
    Input("EFNA", reason=11),
    Input("CD"),
    Input("EERP"),
    Input("NERP"),
    Input("RTR"),
    *(Input("ESID", reason=reason) for reason in (0, 5, 9, 12, 99)),
]
LEVELS = (1, 2, 4, 5)
PROFILES: tuple[Profile, ...] = ("default", "strict")
SIDES = {"I": Side.INITIATOR, "R": Side.RESPONDER}


class Session:
    """The verifier and the second opinion, shown the same."""

    def __init__(self, profile: Profile) -> None:
        self.observer = SessionObserver(Policy.named(profile))
        self.reference = Reference(strict=profile == "strict")

    def step(self, side: str, command: Input) -> tuple[Expected, Inspection]:
        octets = octets_of(command, self.reference.level, self.reference.answer)
        expected = self.reference.take(side, command)
        seen = self.observer.inspect(SIDES[side], memoryview(octets))
        assert seen.forward + seen.drop in (0, len(octets))
        assert bool(seen.forward + seen.drop) != bool(seen.refusal)
        return expected, seen


@cache
def octets_of(command: Input, level: int, answer: int) -> bytes:
    """Return the stream buffer of a command; `answer` is the restart position that SFPA gave."""
    if command.name == "DATA":
        return frame(b"D\x80")  # no octets and the end of the record, which may come again
    exists_from = {"SECD": 5, "AUCH": 5, "AURP": 5, "NERP": 4}
    return frame(encode(_as_command(command, level, answer), max(level, exists_from.get(command.name, 1))))


def _as_command(command: Input, level: int, answer: int) -> c.Command:
    stamp = ("NAME", "20260131", "2359580001") if level >= 4 else ("NAME", "260131", "235958")
    to, new_stamp = ("DEST", "ORIG"), ("NAME", "20260131", "2359580001")
    ssid = c.StartSession(
        command.level, "O0013", "PW", 128, command.direction, False, command.rest, False, command.credit,
        command.auth and command.level == 5,
    )  # fmt: skip
    octets = answer * BLOCK + command.octets_off
    by_name: dict[str, c.Command] = {
        "SSRM": c.StartSessionReady(),
        "SSID": ssid,
        "SECD": c.SecurityChangeDirection(),
        "AUCH": c.AuthenticationChallenge(b"x"),
        "AURP": c.AuthenticationResponse(b"r" * 20),
        "SFID": c.StartFile(*stamp, "", *to, "U", 0, 1, restart=command.restart),
        "SFPA": c.StartFileAccepted(command.restart),
        "SFNA": c.StartFileRefused(command.reason, retry=False),
        "CDT": c.SetCredit(),
        "EFID": c.EndFile(0, octets),
        "EFPA": c.EndFileAccepted(command.cd),
        "EFNA": c.EndFileRefused(command.reason),
        "CD": c.ChangeDirection(),
        "RTR": c.ReadyToReceive(),
        "EERP": c.EndToEndResponse(*stamp, "", *to),
        "NERP": c.NegativeEndResponse(*new_stamp, *to, "CREA", 34),
        "ESID": c.EndSession(command.reason),
    }
    return by_name[command.name]


def outcome(seen: Inspection) -> Expected:
    if seen.refusal:
        return Expected("refuse", frozenset({seen.refusal.rule}))
    if seen.findings:
        return Expected("warn", frozenset(finding.rule for finding in seen.findings))
    return Expected("drop" if seen.drop else "accept")


def agrees(expected: Expected, seen: Inspection) -> bool:
    got = outcome(seen)
    if expected.kind == "refuse":
        return got.kind == "refuse" and got.rules <= expected.rules
    return expected.kind == "open" or got == expected


def word(text: str, level: int) -> tuple[str, Input]:
    """`I:SFID/5`: a side and a command; + and - and what stands behind the stroke vary it."""
    side, _, rest = text.partition(":")
    name, _, value = rest.rstrip("+-").partition("/")
    if name == "SSID":
        return side, Input(name, level=level, auth="+" in rest, rest="-" not in rest, direction=value or "B")
    if name == "ESID":
        return side, Input(name, reason=int(value or 0))
    reason = {"SFNA": 2, "EFNA": 11}.get(name, 0)
    return side, Input(name, reason=reason, restart=int(value or 0), cd=name == "EFPA" and "+" in rest)


def led_to(script: str, level: int, profile: Profile) -> Session:
    session = Session(profile)
    for text in script.split():
        expected, seen = session.step(*word(text, level))
        assert agrees(expected, seen), (text, expected, seen)
    return session


def fits(name: str, level: int, profile: Profile) -> bool:
    script, _ = PREFIXES[name]
    needs = 5 if "+ " in script + " " and "SSID+" in script else 4 if "NERP" in script else 1
    return level >= needs and not (profile == "strict" and LATE in script)


CASES = [
    pytest.param(name, level, profile, id=f"{name}-{level}-{profile}")
    for name in PREFIXES
    for level in LEVELS
    for profile in PROFILES
    if fits(name, level, profile)
]


def test_the_scripts_lead_into_every_state_and_phase() -> None:
    assert {state for _, state in PREFIXES.values()} == {"H0", "H1", "H2", "Z1"} | {
        *(f"A{number}" for number in range(1, 7)),
        *(f"F{number}" for number in range(7)),
    }
    assert len({state for _, state in PREFIXES.values()}) == len(Phase)


@pytest.mark.parametrize(("name", "level", "profile"), CASES)
def test_every_command_of_either_side_in_every_state_is_judged_as_the_reference_says(
    name: str, level: int, profile: Profile
) -> None:
    script, state = PREFIXES[name]
    for side in SIDES:
        for command in INPUTS:
            session = led_to(script, level, profile)
            assert session.reference.state == state
            expected, seen = session.step(side, command)
            assert agrees(expected, seen), f"{script} | {side}:{command}: {expected} but {outcome(seen)}"


@settings(deadline=None, max_examples=400)
@given(st.data(), st.sampled_from(PROFILES))
def test_a_walk_through_the_states_is_judged_as_the_reference_says(data: st.DataObject, profile: Profile) -> None:
    session = Session(profile)
    walked = []
    anything = st.tuples(st.sampled_from("IR"), st.sampled_from(INPUTS))
    for _ in range(data.draw(st.integers(1, 60))):
        leads_on = session.reference.legal()
        own_way = not leads_on or data.draw(st.integers(0, 14)) == 0
        side, command = data.draw(anything if own_way else st.sampled_from(leads_on))
        walked.append(f"{side}:{command}")
        expected, seen = session.step(side, command)
        assert agrees(expected, seen), f"{' '.join(walked)}: {expected} but {outcome(seen)}"
        if expected.kind == "open":
            return
