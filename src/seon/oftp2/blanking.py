"""Recorded stream buffers without what is nobody else's business: for traces that are handed to somebody's support.

Passwords, challenges and their responses are replaced, and the contents of files are zeros. Lengths, headers and
subrecords stay, so that the verifier comes to the same end with the copy as with the session itself.
"""

from collections.abc import Iterator
from typing import NamedTuple

from seon.oftp2.codec import decode
from seon.oftp2.data import COMPRESSED, COUNT, plain_octets
from seon.oftp2.errors import Flaw, InvalidBufferError
from seon.oftp2.fields import Field
from seon.oftp2.framing import HEADER, LENGTH_MASK, header_fault
from seon.oftp2.layouts import DATA, FORMS, LEVELS, layout, length_bounds

COMMAND = HEADER + 1
"""Octets up to and with the command octet: what is shown of a buffer that makes no sense."""
_SSID = ord("X")
_LEVEL = 2
"""Octets of an SSID up to and with its level, by which it is read."""
_STEP = 64
"""Octets of a full subrecord: its header and 63 octets."""
_LIKENESSES = (b"\0", b"X", b"9", b"0", b" ", b"x", b"X X", b"x X", b" 9", b" 0", b"B", b"N", b"\r", b"\n")
"""What stands in for a field, each stretched by its last octet: the first that breaks the same rules is taken."""


class Blanked(NamedTuple):
    """A copy of a buffer that could not be read to its end."""

    octets: bytes
    kept: int
    """How many of them are as they were sent, but for a secret and a file's content; what follows is made up."""


def stream_buffers(octets: memoryview) -> Iterator[memoryview]:
    """Yield the stream buffers in octets that the verifier has passed, so that they are whole."""
    at = 0
    while at < len(octets):
        end = at + (int.from_bytes(octets[at : at + HEADER], "big") & LENGTH_MASK)
        yield octets[at:end]
        at = end


def command_octet(stb: memoryview) -> int:
    """Return what a stream buffer holds; -1 if it holds nothing."""
    return stb[HEADER] if len(stb) > HEADER else -1


def blanked(stb: memoryview) -> bytes:
    """Return a copy of a stream buffer that the verifier has passed, of the same length."""
    code = command_octet(stb)
    if code == DATA:
        return bytes(stb[:HEADER]) + _without_content(stb[HEADER:])
    return bytes(stb[:HEADER]) + _without_secret(code, bytes(stb[HEADER:]))


def blanked_offender(octets: memoryview, level: int) -> Blanked:
    """Return a copy of what the verifier has refused: `octets` begin with that buffer, as far as it has come.

    A buffer that has no reading may hold anything, a shifted password too: only what surely belongs to its command is
    shown, the rest is zeros. `level` is the one in force.
    """
    header = int.from_bytes(octets[:HEADER], "big")
    fault = header_fault(header)
    if fault == "STH-VER":  # it may be anything
        return Blanked(bytes(octets[:1]) + bytes(HEADER - 1), 1)
    if fault not in ("", "STH-FLG"):
        return Blanked(bytes(octets[:HEADER]), HEADER)  # where this buffer ends, if it is one, nobody knows
    length = header & LENGTH_MASK
    stb = octets[:length]
    if len(stb) < length:
        return blanked_part(bytes(stb[:COMMAND]), len(stb))
    code = command_octet(stb)
    if code == DATA:
        return Blanked(blanked(stb), length)
    oeb = bytes(stb[HEADER:])
    flaw = _unreadable(oeb, level)
    if flaw and code == _SSID:
        readable, kept = _likeness_of_ssid(oeb), _LEVEL
    else:
        kept = min(_sure_octets(code, level, flaw), len(oeb)) if flaw else len(oeb)
        readable = _without_secret(code, oeb[:kept])
    return Blanked(bytes(stb[:HEADER]) + readable.ljust(len(oeb), b"\0"), HEADER + kept)


def blanked_part(beginning: bytes, octets: int) -> Blanked:
    """Return as much of a buffer as there is of an incomplete one: its first octets, and then zeros."""
    return Blanked(beginning[:COMMAND].ljust(octets, b"\0"), min(octets, COMMAND))


# --- contents -------------------------------------------------------------------------------------------------------


def _without_content(oeb: memoryview) -> bytes:
    """Return a DATA exchange buffer with zeros between the headers of its subrecords."""
    raw, size = bytes(oeb), len(oeb)
    out = bytearray(size)
    out[0] = DATA
    if plain_octets(oeb):
        out[1::_STEP] = raw[1::_STEP]
        return bytes(out)
    at = 1
    while at < size:
        header = out[at] = raw[at]
        at += 2 if header & COMPRESSED else 1 + (header & COUNT)
    return bytes(out)


# --- secrets --------------------------------------------------------------------------------------------------------


def _secret_of(code: int) -> tuple[int, Field] | None:
    """Return where the secret of a command stands in its exchange buffer, which is the same at all levels."""
    at = 1
    for field in layout(code, max(LEVELS)):
        if field.secret:
            return at, field
        at += field.width or 0
    return None


_SECRETS = {code: secret for code in FORMS if (secret := _secret_of(code))}


def _without_secret(code: int, oeb: bytes) -> bytes:
    if code not in _SECRETS:
        return oeb
    at, field = _SECRETS[code]
    end = len(oeb) if field.width is None else at + field.width
    return oeb[:at] + _likeness(field, oeb[at:end]) + oeb[end:]


def _likeness(field: Field, octets: bytes) -> bytes:
    """Return other octets that the field takes, or refuses, for the same reasons."""
    wanted = _broken_rules(field, octets)
    likenesses = (pattern.ljust(len(octets), pattern[-1:])[: len(octets)] for pattern in _LIKENESSES)
    return next((one for one in likenesses if _broken_rules(field, one) == wanted), b"?" * len(octets))


def _broken_rules(field: Field, octets: bytes) -> list[str]:
    flaws: list[Flaw] = []
    try:
        field.read(octets, 0, flaws)
    except InvalidBufferError as error:
        flaws.append(error.flaw)
    return [flaw.rule for flaw in flaws]


# --- what has no reading --------------------------------------------------------------------------------------------


def _unreadable(oeb: bytes, level: int) -> Flaw | None:
    """Return why an exchange buffer cannot be read at all."""
    try:
        decode(oeb, level)
    except InvalidBufferError as error:
        return error.flaw
    return None


def _sure_octets(code: int, level: int, flaw: Flaw) -> int:
    """Return how many octets of an unreadable exchange buffer belong to its command without doubt.

    Its length may be wrong, and then the next buffer is in its tail, with that one's secret.
    """
    if flaw.rule in {"CMD-ID", "CMD-LVL"}:
        return 1
    least, _ = length_bounds(code, level)
    return max(least, flaw.offset)


def _likeness_of_ssid(oeb: bytes) -> bytes:
    """Return an SSID with the flaws of one that cannot be read: its fields may be shifted, the password with them."""
    at = _LEVEL
    out = oeb[:at]
    for field in layout(_SSID, 5 if oeb[1:at] >= b"5" else 1)[1:]:
        octets = oeb[at : at + (field.width or 0)]
        out += _likeness(field, octets)
        at += len(octets)
    return out
