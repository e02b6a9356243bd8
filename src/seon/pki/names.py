"""Names of subjects and issuers: their text, whatever their makers wrote into them.

`cryptography` takes names only that keep all rules; many real ones break one (RFC 5280 4.1.2.4): `&` and `_` in a
PrintableString, umlauts in a T61String or an IA5String, an empty relative name. Here each is read.
"""

from typing import NamedTuple

from seon.pki import ber
from seon.pki.ber import BrokenError, Element
from seon.pki.values import LONGEST_NAME, UNREADABLE

MAX_OCTETS = 8 * 1024
"""Of a name that is read. Usual ones have 200."""
MAX_PARTS = 100
EMPTY = "(empty)"
SERIAL_NUMBER = "2.5.4.5"
_SHORT = {
    "2.5.4.3": "CN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
}
"""The names of RFC 4514 §3, and of RFC 4519 that of the serial number: Odette IDs stand there."""
_CALLED = ("2.5.4.3", "2.5.4.10")
_BMP, _UNIVERSAL = 30, 28
_EIGHT_BITS = (12, 18, 19, 20, 21, 22, 25, 26, 27)
"""Kinds of text with an octet for each character: UTF-8, numeric, printable, T61, videotex, IA5, graphic, visible."""


class Part(NamedTuple):
    """One attribute of a name."""

    kind: str
    """Dotted."""
    value: str | bytes
    """Text; octets (a whole element) where it is no text."""


def parts_of(name: bytes) -> list[list[Part]]:
    """Return a name's relative names, in their order, each with its attributes. Raises BrokenError."""
    if len(name) > MAX_OCTETS:
        raise BrokenError("a name that is too long")
    relatives = _members(name, ber.whole(name), ber.SEQUENCE)
    found = [[_part(name, one) for one in _members(name, relative, ber.SET)] for relative in relatives]
    if sum(map(len, found)) > MAX_PARTS:
        raise BrokenError("a name of too many parts")
    return found


def _members(name: bytes, element: Element, tag: int) -> list[Element]:
    if element.tag != tag:
        raise BrokenError("no name")
    return ber.members(name, element, MAX_PARTS)


def _part(name: bytes, element: Element) -> Part:
    kind, value, *more = _members(name, element, ber.SEQUENCE)
    if more:
        raise BrokenError("no name")
    return Part(ber.dotted(ber.content(name, kind, ber.OBJECT)), _value(name, value))


def _value(name: bytes, element: Element) -> str | bytes:
    octets = name[element.inside : element.inside_end]
    try:
        if element.tag in _EIGHT_BITS:
            return _text(octets)
        if element.tag == _BMP:
            return octets.decode("utf-16-be")
        if element.tag == _UNIVERSAL:
            return octets.decode("utf-32-be")
    except UnicodeDecodeError:
        pass
    return name[element.start : element.end]


def _text(octets: bytes) -> str:
    """Read what may be any of the two that programs write, whatever the kind of text: no Latin-1 looks like UTF-8."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def text_of(parts: list[list[Part]]) -> str:
    """Return a name as RFC 4514 text, the last relative name first; what cannot be printed is escaped, too.

    The parts of one relative name are a set: they are sorted, so that equal names have equal texts.
    """
    return ",".join("+".join(sorted(map(_written, relative))) for relative in reversed(parts) if relative)


def text_in(name: bytes) -> str | None:
    """Return the text of a whole Name in DER; None where it cannot be read."""
    try:
        return text_of(parts_of(name))
    except (BrokenError, ValueError):
        return None


def _written(part: Part) -> str:
    return f"{_SHORT.get(part.kind, part.kind)}={_escaped(part.value)}"


def _escaped(value: str | bytes) -> str:
    if isinstance(value, bytes):
        return f"#{value.hex()}"
    if value.isalnum():
        return value
    text = "".join(_escaped_char(char) for char in value)
    if value[:1] == "#" or (value[:1] == " " and len(value) > 1):
        text = f"\\{text}"
    return f"{text[:-1]}\\ " if value[-1:] == " " else text


def _escaped_char(char: str) -> str:
    if char in '\\"+,;<>':
        return f"\\{char}"
    return char if char.isprintable() else "".join(f"\\{octet:02X}" for octet in char.encode(errors="surrogatepass"))


def shown(text: str | None) -> str:
    """Return the text of a name for people: cut to LONGEST_NAME, EMPTY, or UNREADABLE where there is none."""
    return UNREADABLE if text is None else text[:LONGEST_NAME] or EMPTY


def common_name(name: bytes) -> str:
    """Return what people call the owner of a name (DER): its common name, else its organisation; "" if it has neither.

    Nothing in it is escaped: what cannot be printed is a blank.
    """
    try:
        values = {part.kind: part.value for relative in parts_of(name) for part in relative}
    except (BrokenError, ValueError):
        return ""
    found = (_plain(values.get(kind)) for kind in _CALLED)
    return next(filter(None, found), "")


def _plain(value: str | bytes | None) -> str:
    if not isinstance(value, str):
        return ""
    return " ".join("".join(char if char.isprintable() else " " for char in value).split())
