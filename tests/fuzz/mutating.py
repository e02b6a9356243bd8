"""Changes of a session that know what it is made of, so that damage reaches the later states of a session.

Octets flipped at random end nearly every session at its first SSID. So most changes here keep the stream header right,
put a likely or unlikely value into one field, exchange or move whole commands, or build data buffers.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from fuzz.sessions import CUT, END, GLUED, RESPONDER, Session, Step
from seon.oftp2 import commands as c
from seon.oftp2.codec import encode
from seon.oftp2.errors import InvalidBufferError
from seon.oftp2.fields import Count, Field
from seon.oftp2.framing import HEADER, MAX_OEB, frame
from seon.oftp2.layouts import FORMS, LEVELS, layout

MOST_STEPS = 80
Steps = list[Step]

_STAMP = {5: ("NAME", "20260131", "2359580001"), 2: ("NAME", "260131", "235958")}


def _commands(level: int) -> list[c.Command]:
    stamp, route = _STAMP[5 if level >= 4 else 2], ("DEST", "ORIG")
    session = [
        c.StartSession(level, "O0013", "PW", size, "B", True, True, False, credit, auth)
        for size in (128, 2048)
        for credit in (1, 7)
        for auth in ({False, level == 5})
    ]
    files = [c.StartFile(*stamp, "", *route, form, length, 1, restart=restart)
             for form, length in (("U", 0), ("T", 0), ("F", 10), ("V", 20)) for restart in (0, 3)]  # fmt: skip
    return [
        c.StartSessionReady(),
        *session,
        *files,
        c.StartFileAccepted(0),
        c.StartFileAccepted(2),
        c.StartFileRefused(2, retry=False),
        c.EndFile(0, 0),
        c.EndFile(1, 20),
        c.EndFileAccepted(),
        c.EndFileAccepted(change_direction=True),
        c.EndFileRefused(11),
        c.SetCredit(),
        c.ChangeDirection(),
        c.ReadyToReceive(),
        c.EndSession(0),
        c.EndSession(9),
        c.EndToEndResponse(*stamp, "", *route),
        *([c.NegativeEndResponse(*stamp, *route, "CREA", 34)] if level >= 4 else []),
        *([_SIGNED, c.SecurityChangeDirection(), c.AuthenticationChallenge(b"challenge"),
           c.AuthenticationResponse(b"r" * 20)] if level == 5 else []),
    ]  # fmt: skip


_SIGNED = c.EndToEndResponse(*_STAMP[5], "", "DEST", "ORIG", b"h" * 20, b"s" * 300)
WORDS = tuple(dict.fromkeys(frame(encode(command, level)) for level in LEVELS for command in _commands(level)))
"""Stream buffers of ordinary commands at all levels."""


def _starts() -> Iterator[Steps]:
    for level in LEVELS:
        for auth in {False, level == 5}:
            ssid = frame(encode(c.StartSession(level, "O0013", "PW", 2048, "B", True, True, False, 3, auth), level))
            yield [Step(RESPONDER, WORDS[0]), Step(0, ssid), Step(RESPONDER, ssid), *(_SECURED if auth else [])]


_SECURED = [
    Step(side, frame(encode(command, 5)))
    for side, command in (
        (0, c.SecurityChangeDirection()),
        (RESPONDER, c.AuthenticationChallenge(b"challenge")),
        (0, c.AuthenticationResponse(b"r" * 20)),
        (RESPONDER, c.SecurityChangeDirection()),
        (0, c.AuthenticationChallenge(b"challenge")),
        (RESPONDER, c.AuthenticationResponse(b"r" * 20)),
    )
]
STARTS = tuple(_starts())


def mutated(session: Session, seeds: list[Session], random: Random, octets: Callable[[bytes], bytes]) -> Session:
    """Return a session with one to four changes; `octets` is the fuzzer's own change of a string of octets."""
    steps, choice = list(session.steps), session.choice
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        if not steps or random.random() < 0.02:
            steps = list(random.choice(seeds).steps)
        if random.random() < 0.05:
            choice = random.randrange(16)
        change = random.choice(CHANGES)
        if change is _fuzzer_s_own:
            at = _place(len(steps), random)
            steps[at] = replace(steps[at], octets=octets(steps[at].octets))
        else:
            change(steps, seeds, random)
    return Session(choice, tuple(steps[:MOST_STEPS]))


def _fuzzer_s_own(_steps: Steps, _seeds: list[Session], _random: Random) -> None:
    """Stands for the fuzzer's own change; see `mutated`."""


def _place(places: int, random: Random) -> int:
    """Return a place, rather a late one: a session damaged at its start goes nowhere."""
    return max(random.randrange(places), random.randrange(places))


def _pick(steps: Steps, random: Random) -> int:
    """Return a step that holds octets, mostly."""
    for _ in range(3):
        at = _place(len(steps), random)
        if steps[at].octets:
            break
    return at


def _one_octet(steps: Steps, _seeds: list[Session], random: Random) -> None:
    at = _pick(steps, random)
    raw = bytearray(steps[at].octets or b"\0")
    place = random.randrange(len(raw))
    raw[place] = random.choice(
        (raw[place] ^ 1 << random.randrange(8), random.randrange(256), *b"\0\n\r 059AYNZz_\x80\x8d\xff")
    )
    steps[at] = replace(steps[at], octets=bytes(raw))


def _field_value(steps: Steps, _seeds: list[Session], random: Random) -> None:
    """Put another value into one field of a command; the header stays right."""
    at = _pick(steps, random)
    oeb = steps[at].octets[HEADER:]
    if not oeb or oeb[0] not in FORMS:
        return
    try:
        walk = layout(oeb[0], random.choice((5, 5, 4, 2)))
    except InvalidBufferError:
        return
    if not walk:
        return
    wanted, place = random.randrange(len(walk)), 1
    for index, field in enumerate(walk):
        width = field.width if field.width is not None else _counted(walk[index - 1], oeb, place)
        if index == wanted:
            oeb = oeb[:place] + _value(field, width, oeb[place : place + width], random) + oeb[place + width :]
            break
        place += width
    steps[at] = replace(steps[at], octets=_framed(oeb))


def _counted(count: Field, oeb: bytes, end: int) -> int:
    raw = oeb[end - (count.width or 0) : end]
    if isinstance(count, Count) and count.binary:
        return int.from_bytes(raw, "big")
    return int(raw) if raw.isdigit() else 0


def _value(field: Field, width: int, old: bytes, random: Random) -> bytes:
    digits = str(random.choice((0, 1, 2, 3, 7, 20, 127, 128, 129, random.randrange(10**5)))).encode()
    values = (
        b"0" * width,
        b"9" * width,
        b" " * width,
        digits.rjust(width, b"0")[-width:] if width else b"",
        digits.rjust(width)[-width:] if width else b"",
        digits.ljust(width)[:width],
        bytes(random.choice(b"SRBYNFVUTZ0123") for _ in range(min(width, 2))).ljust(width)[:width],
        random.randbytes(min(width, 40)).ljust(width),
        random.randrange(1 << 16).to_bytes(2, "big").rjust(width, b"\0")[-width:] if width else b"",
        old[::-1],
    )
    return random.choice(values)


def _framed(oeb: bytes) -> bytes:
    return frame(oeb[:MAX_OEB]) if oeb else b"\x10\0\0\x04"


def _length(steps: Steps, _seeds: list[Session], random: Random) -> None:
    """Make a buffer longer or shorter, with its header or without."""
    at = _pick(steps, random)
    raw = steps[at].octets
    cut = random.randrange(len(raw) + 1)
    count = random.choice((1, 1, 2, 3, 16, 200))
    changed = (
        raw[:cut] + raw[cut + count :] if random.random() < 0.5 else raw[:cut] + random.randbytes(count) + raw[cut:]
    )
    steps[at] = replace(steps[at], octets=_framed(changed[HEADER:]) if random.random() < 0.7 else changed)


def _header(steps: Steps, _seeds: list[Session], random: Random) -> None:
    at = _pick(steps, random)
    length = len(steps[at].octets) + random.choice((-1, 1, -4, 100, 3000, 99_999))
    first = random.choice((0x10, 0x10, 0x10, 0x11, 0x1F, 0x20, 0x16))
    header = bytes([first]) + max(length, 0).to_bytes(3, "big")
    steps[at] = replace(steps[at], octets=header + steps[at].octets[HEADER:])


def _move(steps: Steps, _seeds: list[Session], random: Random) -> None:
    step = steps.pop(_place(len(steps), random))
    steps.insert(_place(len(steps) + 1, random), step)


def _drop(steps: Steps, _seeds: list[Session], random: Random) -> None:
    at = _place(len(steps), random)
    del steps[at : at + random.choice((1, 1, 1, 2, 5))]


def _repeat(steps: Steps, _seeds: list[Session], random: Random) -> None:
    at = _place(len(steps), random)
    part = steps[at : at + random.choice((1, 1, 2, 3, 6))]
    steps[at:at] = part


def _cross_over(steps: Steps, seeds: list[Session], random: Random) -> None:
    """Go on as another session does from about here."""
    other = random.choice(seeds).steps
    at, there = _place(len(steps) + 1, random), random.randrange(len(other))
    steps[at : at + random.choice((0, 1, 3, len(steps)))] = other[there : there + random.choice((1, 2, 5, 20))]


def _command(steps: Steps, _seeds: list[Session], random: Random) -> None:
    """Put an ordinary command anywhere, or in place of another."""
    at = _place(len(steps) + 1, random)
    step = Step(random.randrange(2), random.choice(WORDS))
    steps[at : at + random.randrange(2)] = [step]


def _answer(steps: Steps, _seeds: list[Session], random: Random) -> None:
    """Put a command of the next step's side before it: the side that has the floor, mostly."""
    at = _place(len(steps), random)
    steps.insert(at, Step(steps[at].flags & RESPONDER, random.choice(WORDS)))


def _data(steps: Steps, _seeds: list[Session], random: Random) -> None:
    """Put a data buffer of random subrecords anywhere, or in place of another."""
    data = [index for index, step in enumerate(steps) if step.octets[HEADER : HEADER + 1] == b"D"]
    at = random.choice(data) if data and random.random() < 0.8 else _place(len(steps) + 1, random)
    flags = steps[at].flags if at < len(steps) else 0
    oeb = bytearray(b"D")
    for _ in range(random.choice((0, 1, 1, 2, 3, 8, 40))):
        count = random.choice((0, 1, 5, 10, 20, 63, random.randrange(64)))
        header = count | random.choice((0, 0, 0, 0x80, 0x80, 0x40, 0xC0))
        oeb.append(header)
        oeb += bytes(1 if header & 0x40 else count)
    if random.random() < 0.2:
        oeb += bytes([63]) + bytes(63)
        oeb *= random.choice((1, 2, 40))
    if random.random() < 0.1:
        del oeb[random.randrange(1, len(oeb) + 1) :]
    steps[at : at + random.randrange(2)] = [Step(flags & ~END, _framed(bytes(oeb)))]


def _start(steps: Steps, _seeds: list[Session], random: Random) -> None:
    """Begin with a start that works, whatever there was."""
    steps[: random.choice((0, 3, 3, 3, 9))] = random.choice(STARTS)


def _flags(steps: Steps, _seeds: list[Session], random: Random) -> None:
    at = _place(len(steps), random)
    bit = random.choice((RESPONDER, GLUED, GLUED, CUT, CUT, END))
    steps[at] = replace(steps[at], flags=steps[at].flags ^ bit)


def _all_read_at_once(steps: Steps, _seeds: list[Session], random: Random) -> None:
    bit = random.choice((GLUED, CUT))
    steps[:] = [replace(step, flags=step.flags | bit) for step in steps]


CHANGES: tuple[Callable[[Steps, list[Session], Random], None], ...] = (
    _fuzzer_s_own,
    _one_octet,
    _field_value,
    _field_value,
    _field_value,
    _length,
    _header,
    _move,
    _drop,
    _repeat,
    _cross_over,
    _command,
    _answer,
    _answer,
    _start,
    _start,
    _data,
    _data,
    _flags,
    _all_read_at_once,
)
