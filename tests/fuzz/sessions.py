"""A session as the octets that a fuzzer changes, and back.

First one octet that picks the policy, then a record for each stream buffer (or what damage has left of one): a flags
octet, a length of 2 octets, and the octets. Any octets are a session: what cannot be read ends it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from seon.oftp2 import commands as c
from seon.oftp2.codec import encode
from seon.oftp2.demands import Demands, FileDemands
from seon.oftp2.framing import frame
from seon.oftp2.observer import SessionObserver, Side
from seon.oftp2.rules import RULES, Policy, Severity
from seon.oftp2.transcript import Read, parse

VECTORS = Path(__file__).parents[1] / "vectors" / "sessions"
RESPONDER, END, GLUED, CUT = 1, 2, 4, 8
"""Flags: who sends; the stream's end instead of octets; in one read with the next of that side; in two reads."""
MOST = 0xFFFF
"""Octets of one record; a longer one is continued in the next."""

_SOFT = {rule.id for rule in RULES.values() if not rule.hard}
POLICIES = (
    Policy.named("default"),
    Policy.named("strict"),
    Policy("default", dict.fromkeys(_SOFT, Severity.WARN)),
    Policy("strict", dict.fromkeys(_SOFT, Severity.IGNORE)),
)
"""The two profiles, and all that an administrator can soften: it lets more nonsense reach the later states."""
DEMANDS = Demands(
    level_5=True,
    authentication=True,
    files={Side.INITIATOR: FileDemands(2000, ("A*", "N?ME*"), ("O0013009876543BETA",), ("O0013001234567ACME01",))},
)
DECLINED = Demands(files={side: FileDemands(names=("A*", "N?ME*", "*1*")) for side in Side})
"""Files that the inside declines: so many of the recorded ones that sessions with and without them go on."""


@dataclass(frozen=True, slots=True)
class Step:
    """One record."""

    flags: int
    octets: bytes = b""

    @property
    def side(self) -> Side:
        """Who sends."""
        return Side.RESPONDER if self.flags & RESPONDER else Side.INITIATOR


@dataclass(frozen=True, slots=True)
class Session:
    """What one run of the fuzzer shows. `choice` picks policy and demands."""

    choice: int
    steps: tuple[Step, ...]

    @property
    def policy(self) -> Policy:
        """What it is judged by."""
        return POLICIES[self.choice % len(POLICIES)]

    @property
    def declines(self) -> bool:
        """Whether it is seen by the inside, which declines files."""
        return bool(self.choice & 8)

    def observer(self) -> SessionObserver:
        """Return a new verifier for it."""
        demands = DECLINED if self.declines else DEMANDS if self.choice & 4 else None
        return SessionObserver(self.policy, demands=demands, declines=self.declines)

    def reads(self) -> Iterator[Read]:
        """Yield what the proxy reads, in order."""
        held = b""
        for step, following in zip(self.steps, (*self.steps[1:], None), strict=False):
            held += step.octets
            if step.flags & GLUED and not step.flags & END and following and following.side is step.side:
                continue
            middle = len(held) // 2 if step.flags & CUT else 0
            for part in (held[:middle], held[middle:]):
                if part:
                    yield Read(step.side, part)
            held = b""
            if step.flags & END:
                yield Read(step.side, None)


def packed(session: Session) -> bytes:
    """Return a session as the fuzzer keeps it."""
    out = bytearray([session.choice & 0xFF])
    for step in session.steps:
        for at in range(0, max(len(step.octets), 1), MOST):
            part = step.octets[at : at + MOST]
            out.append(step.flags)
            out += len(part).to_bytes(2, "big")
            out += part
    return bytes(out)


def unpacked(data: bytes) -> Session:
    """Return what `packed` was given, and something for any other octets."""
    steps, at = [], 1
    while at < len(data):
        size = int.from_bytes(data[at + 1 : at + 3], "big")
        steps.append(Step(data[at] & 15, data[at + 3 : at + 3 + size]))
        at += 3 + size
    return Session(data[0] if data else 0, tuple(steps))


def of_reads(reads: Iterable[Read], choice: int = 0) -> Session:
    """Return a recorded session cut at its stream buffers, so that each of them can be changed by itself."""
    steps = []
    for read in reads:
        flags = RESPONDER if read.side is Side.RESPONDER else 0
        if read.octets is None:
            steps.append(Step(flags | END))
            continue
        buffers = list(_buffers(read.octets))
        steps += [Step(flags | GLUED, buffer) for buffer in buffers]
        steps[-1] = replace(steps[-1], flags=flags)
    return Session(choice, tuple(steps))


def _buffers(octets: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(octets):
        size = int.from_bytes(octets[at + 1 : at + 4], "big")
        whole = octets[at] >> 4 == 1 and 4 < size <= len(octets) - at
        end = at + size if whole else len(octets)
        yield octets[at:end]
        at = end


def seeds() -> list[Session]:
    """Return the recorded sessions of tests/vectors, and some in which whole turns are declined."""
    paths = sorted(VECTORS.glob("*.oftp"))
    choices = (0, 1, 2, 3, 8, 9)
    recorded = [of_reads(parse(path.read_text()), choices[index % len(choices)]) for index, path in enumerate(paths)]
    return [*recorded, *(_of_turns(turns, level) for turns in TURNS for level in (2, 5))]


TURNS = ("R I:R R:H R:R", "R I:R R:H R:H R:R", "R I:H I:R R:H R:E I:P R:H R:R I:F", "R I:H I:H I:R R:R I:F")
"""The commands behind SSRM and the Initiator's SSID, by their octets; the first is the Responder's SSID."""


def _of_turns(turns: str, level: int) -> Session:
    date, time = ("20260131", "2359580001") if level == 5 else ("260131", "235958")
    commands: dict[str, c.Command] = {
        "H": c.StartFile("NOT", date, time, "", "DEST", "ORIG", "U", 0, 1),
        "R": c.ChangeDirection(),
        "E": c.EndToEndResponse("NAME", date, time, "", "DEST", "ORIG"),
        "P": c.ReadyToReceive(),
        "F": c.EndSession(0),
    }
    ssid = frame(encode(c.StartSession(level, "O0013", "PW", 128, "B", False, True, False, 2), level))
    steps = [Step(RESPONDER, frame(encode(c.StartSessionReady(), level))), Step(0, ssid), Step(RESPONDER, ssid)]
    for word in turns.split()[1:]:
        flags = RESPONDER if word.startswith("R") else 0
        steps.append(Step(flags, frame(encode(commands[word[2:]], level))))
    return Session(8, tuple(steps))


def transcript(session: Session) -> str:
    """Return a session in the form of tests/vectors."""
    lines = [f"# choice {session.choice}"]
    for read in session.reads():
        lines.append(f"{read.side.value} {'EOF' if read.octets is None else read.octets.hex()}")
    return "\n".join(lines) + "\n"
