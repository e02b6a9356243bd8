"""One reader and one writer for all commands: both walk a command's layout."""

from dataclasses import fields, replace
from typing import Any

from seon.oftp2.commands import Command, StartSession
from seon.oftp2.crosschecks import crosscheck
from seon.oftp2.errors import Flaw, InvalidBufferError, LocalError
from seon.oftp2.fields import TERMINATORS, Count, Layout, Terminator
from seon.oftp2.layouts import FORM_OF, FORMS, LEVELS, NO_SECRET_YET, layout, length_bounds
from seon.oftp2.rules import broken

_SSID = ord("X")


def encode(command: Command, level: int) -> bytes:
    """Return the exchange buffer of `command` at `level` (an SSID's own level counts for itself).

    Raises LocalError for a command, or a value, that does not exist at that level or does not fit its field.
    """
    form = FORM_OF[type(command)]
    level = command.level if isinstance(command, StartSession) else level
    if level not in LEVELS:
        raise LocalError(f"level {level} does not exist")
    try:
        walk = layout(form.code, level)
    except InvalidBufferError as error:
        raise LocalError(error.text) from None
    _check_unwritten(command, walk, level)
    out = bytearray([form.code])
    for index, field in enumerate(walk):
        if isinstance(field, Count):
            counted = walk[index + 1]
            out += field.write(len(counted.write(getattr(command, counted.attribute))))
        else:
            out += field.write(getattr(command, field.attribute) if field.attribute else None)
    return bytes(out)


def decode(buffer: bytes | memoryview, level: int) -> tuple[Command, list[Flaw]]:
    """Return the command in an exchange buffer, and what is wrong with it that can still be read.

    `level` is the level in force; an SSID is read by its own. Raises InvalidBufferError, also for DATA (see data.py).
    """
    raw = bytes(buffer)
    if not raw:
        raise broken("STH-MIN", 0, "")
    level = _own_level(raw) if raw[0] == _SSID else level
    walk = layout(raw[0], level)
    check_length(raw[0], level, len(raw))
    flaws: list[Flaw] = []
    places: dict[str, tuple[int, bytes]] = {}
    try:
        values = _read(walk, raw, flaws, places)
    except InvalidBufferError as error:
        if any(field.secret for field in walk):
            # Nobody knows whether a secret stands where it belongs.
            places = {name: (at, seen) for name, (at, seen) in places.items() if at + len(seen) <= NO_SECRET_YET}
        error.flaw = _shown(error.flaw, places)
        error.before = [_shown(flaw, places) for flaw in flaws]
        if error.rule != "CMD-LEN":
            error.before[:0] = _short(raw, walk)
        raise
    command: Command = FORMS[raw[0]].type(**values)
    flaws += crosscheck(command)
    return command, [_shown(flaw, places) for flaw in flaws]


def placed(flaw: Flaw, buffer: bytes | memoryview, level: int) -> Flaw:
    """Return a flaw of a command that could be read with the place of its field, and what stands there if no secret.

    As it is where it names no field of the command at that level, or one behind a field that is counted.
    """
    raw = bytes(buffer)
    at = 1
    for field in layout(raw[0], _own_level(raw) if raw[0] == _SSID else level):
        if field.width is None:
            break
        if field.name == flaw.field:
            return replace(flaw, offset=at, seen=b"" if field.secret else raw[at : at + field.width])
        at += field.width
    return flaw


def check_length(code: int, level: int, length: int) -> None:
    """Raise InvalidBufferError if no exchange buffer of `length` octets can hold the command `code` at `level`."""
    least, most = length_bounds(code, level)
    if not least <= length <= most:
        expected = str(most) if least == most else f"{least} to {most}"
        name = FORMS[code].name
        raise broken("CMD-LEN", 0, name, f"{length} octets, must be {expected}")


def _own_level(ssid: bytes) -> int:
    return 5 if ssid[1:2] >= b"5" else 1


def _shown(flaw: Flaw, places: dict[str, tuple[int, bytes]]) -> Flaw:
    """Return the flaw with the place and the octets of its field, where it has one that is no secret."""
    at, seen = places.get(flaw.field, (flaw.offset, b""))
    return replace(flaw, offset=max(flaw.offset, at), seen=seen) if seen else flaw


def _read(walk: Layout, raw: bytes, flaws: list[Flaw], places: dict[str, tuple[int, bytes]]) -> dict[str, Any]:
    """Return the values by attribute; note in `places` where each field stands and what it holds, but for secrets."""
    values: dict[str, Any] = {}
    at, count, skipping = 1, 0, False
    for field in walk:
        rest = len(raw) - at
        if isinstance(field, Terminator):
            _read_terminator(field, raw, at, flaws, places)
            return values
        if field.tail and rest <= _terminators(walk):
            field.note("CMD-LEN/tail", at, flaws)
            skipping = True
        if skipping:
            continue
        width = count if field.width is None else field.width
        if width > rest:
            raise broken("CMD-LEN", at, field.name, f"needs {width} octets, {rest} are left")
        octets = raw[at : at + width]
        places[field.name] = at, b"" if field.secret else octets
        value = field.read(octets, at, flaws)
        if isinstance(field, Count):
            count = value
        elif field.attribute:
            values[field.attribute] = value
        at += width
    if at != len(raw):
        raise broken("CMD-LEN", at, "", f"octets too many: {len(raw) - at}")
    return values


def _short(raw: bytes, walk: Layout) -> list[Flaw]:
    """Return the flaw of an unreadable buffer that is short too: fields may be missing only where the rest is right."""
    lack = 1 + sum(field.width or 0 for field in walk) - len(raw)
    return [broken("CMD-LEN", 0, "", f"octets missing: {lack}").flaw] if lack > 0 else []


def _terminators(walk: Layout) -> int:
    return int(bool(walk) and isinstance(walk[-1], Terminator))


def _read_terminator(
    field: Terminator, raw: bytes, at: int, flaws: list[Flaw], places: dict[str, tuple[int, bytes]]
) -> None:
    """A terminator may be missing where the octet before it cannot be one: then there is but one reading.

    Shown is the one octet there, or the last one where none is: behind it the next buffer may stand, with its secrets.
    """
    places[field.name] = at, raw[at : at + 1] or raw[-1:]
    if at < len(raw) - 1 or (at == len(raw) and raw[-1] in TERMINATORS):
        raise broken("CMD-LEN", at, field.name)
    if at == len(raw):
        field.note(field.missing, at, flaws)
    else:
        field.read(raw[at:], at, flaws)


def _check_unwritten(command: Command, walk: Layout, level: int) -> None:
    """Raise LocalError for a value that this level has no field for: it would be lost in silence."""
    written = {field.attribute for field in walk}
    for field in fields(command):
        if field.name not in written and getattr(command, field.name) != field.default:
            raise LocalError(f"{type(command).__name__}.{field.name} does not exist at level {level}")
