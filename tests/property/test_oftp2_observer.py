"""The verifier against any order of commands, any change of any octet, and any cut."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seon.oftp2 import commands as c
from seon.oftp2.codec import decode, encode
from seon.oftp2.framing import Frames, frame
from seon.oftp2.layouts import DATA
from seon.oftp2.observer import SessionObserver, Side
from seon.oftp2.rules import RULES, Policy
from seon.oftp2.transcript import Read, Replay, parse, replay

ONE, TWO = Side.INITIATOR, Side.RESPONDER
STAMP = ("NAME", "20260131", "2359580001")
SSID = c.StartSession(5, "O0013", "SECRETPW", 128, "B", False, True, False, 2)
INPUTS = [
    frame(encode(command, 5))
    for command in (
        c.StartSessionReady(),
        SSID,
        c.SecurityChangeDirection(),
        c.AuthenticationChallenge(b"x"),
        c.AuthenticationResponse(b"r" * 20),
        c.StartFile(*STAMP, "", "DEST", "ORIG", "U", 0, 1),
        c.StartFileAccepted(0),
        c.StartFileRefused(2, retry=False),
        c.EndFile(0, 0),
        c.EndFileAccepted(),
        c.EndFileAccepted(change_direction=True),
        c.EndFileRefused(11),
        c.SetCredit(),
        c.ChangeDirection(),
        c.ReadyToReceive(),
        c.EndToEndResponse(*STAMP, "", "DEST", "ORIG"),
        c.NegativeEndResponse(*STAMP, "DEST", "ORIG", "CREA", 34),
        c.EndSession(0),
        c.EndSession(9),
    )
] + [frame(b"D"), frame(b"D\x80"), b"\x10\0\0\x04"]
START = [Read(TWO, INPUTS[0]), Read(ONE, INPUTS[1]), Read(TWO, INPUTS[1])]
SESSIONS = sorted((Path(__file__).parents[1] / "vectors" / "sessions").glob("[LTC]*.oftp"))

moves = st.lists(st.tuples(st.sampled_from(Side), st.sampled_from(INPUTS)), max_size=40)
profiles = st.sampled_from(["default", "strict"])


def severities(result: Replay) -> tuple[bool, int]:
    return bool(result.refusal), len(result.findings)


@settings(deadline=None, max_examples=300)
@given(moves, st.booleans())
def test_every_input_in_every_phase_is_legal_or_ends_the_session(
    moves: list[tuple[Side, bytes]], started: bool
) -> None:
    reads = (START if started else []) + [Read(side, octets) for side, octets in moves]
    strict, default = (replay(reads, SessionObserver(Policy.named(name))) for name in ("strict", "default"))
    for result in (strict, default):
        assert not result.refusal or result.refusal.rule in {rule.id for rule in RULES.values()}
    # What the strict profile lets through, the default profile lets through with the same findings at most.
    if not strict.refusal:
        assert severities(default) == (False, len(default.findings))
        assert default.forwarded == strict.forwarded


@settings(deadline=None, max_examples=300)
@given(moves)
def test_only_one_side_ever_has_the_floor(moves: list[tuple[Side, bytes]]) -> None:
    """In any state reached, at most one side can send a command that is not an ESID (RFC 5024 is half-duplex)."""
    reads = START + [Read(side, octets) for side, octets in moves]
    accepted = set()
    for side in Side:
        for octets in INPUTS[:-5]:
            observer = SessionObserver(Policy.named("strict"))
            before = replay(reads, observer)
            if before.refusal or before.dropped[side] or observer.ended:
                return
            if observer.inspect(side, memoryview(octets)).forward:
                accepted.add(side)
    assert len(accepted) <= 1


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.name)
@pytest.mark.parametrize("profile", ["default", "strict"])
def test_a_changed_octet_is_judged_and_never_breaks_the_verifier(path: Path, profile: str) -> None:
    reads, random = list(parse(path.read_text())), Random(path.name)
    for _ in range(60):
        changed = list(_change_one(reads, random))
        result = replay(changed, SessionObserver(Policy("strict" if profile == "strict" else "default")))
        for side in Side:
            frames = Frames()
            for oeb in frames.feed(_without_flags(bytes(result.forwarded[side]))):
                if oeb[0] not in (DATA, ord("F")):
                    decode(oeb, _level(path))  # raises if something unreadable was forwarded
            assert not frames.incomplete  # nor a part of anything


def _level(path: Path) -> int:
    return int(path.stem[-1]) if "level" in path.stem else 5


def _without_flags(stream: bytes) -> bytes:
    out, at = bytearray(stream), 0
    while at < len(out):
        out[at] &= 0xF0
        at += int.from_bytes(out[at + 1 : at + 4], "big")
    return bytes(out)


def _change_one(reads: list[Read], random: Random) -> Iterator[Read]:
    victim = random.choice([index for index, read in enumerate(reads) if read.octets])
    for index, read in enumerate(reads):
        if index != victim or not read.octets:
            yield read
            continue
        octets = bytearray(read.octets)
        octets[random.randrange(len(octets))] = random.choice(b"\x00\x0d\x10 059AYNZ\x80\xff")
        yield Read(read.side, bytes(octets))
