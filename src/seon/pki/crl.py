"""Certificate revocation lists (RFC 5280, 5) read octet by octet: a list of a million entries makes no objects.

`cryptography` refuses serial numbers that some CAs have used, and makes an object of each entry that is asked for.
"""

from dataclasses import dataclass
from typing import NamedTuple

from seon.pki import ber
from seon.pki.ber import BrokenError, Element
from seon.pki.peer import PeerCertificate
from seon.pki.serials import DATE, ROW, SERIAL, UNUSUAL, USUAL, key_of, moment_of
from seon.pki.signatures import check_signature
from seon.pki.values import PkiError

MAX_EXTENSIONS = 64 * 1024
"""Octets of the extensions of a list, or of one entry."""
MOST_POINTS = 100
LONGEST_POINT = 2_000
MOST_KNOWN = 1_000
"""Extensions of entries that are remembered as looked at: nearly all entries have one of ten."""
_CENTURIES = (20_000_000_000_000, 19_000_000_000_000)
_SHORT = b"\x17\x0d"
"""How a UTCTime begins that is as RFC 5280 demands it."""
_UNUSUAL_BOXES = UNUSUAL[0] << 16
_NUMBER, _POINT, _DELTA = b"\x55\x1d\x14", b"\x55\x1d\x1c", b"\x55\x1d\x1b"
_REASON, _ISSUER, _INVALIDITY, _HOLD = b"\x55\x1d\x15", b"\x55\x1d\x1d", b"\x55\x1d\x18", b"\x55\x1d\x17"
_AUTHORITY_KEY, _FRESHEST = b"\x55\x1d\x23", b"\x55\x1d\x2e"
_REMOVED = b"\x0a\x01\x08"
_URI = 0x86
_INDIRECT = "not supported: it is an indirect list, with certificates of other CAs"


@dataclass(frozen=True, slots=True)
class Scope:
    """For which certificates a list is (RFC 5280, 5.2.5)."""

    points: tuple[str, ...] = ()
    """Those with one of these distribution points; none: all of its issuer's."""
    only_users: bool = False
    only_cas: bool = False


@dataclass(frozen=True, slots=True)
class ReadList:
    """What a list says, and where its parts are in its octets. Nothing of it is verified."""

    issuer: bytes
    """A Name in DER."""
    this_update: float
    """Unix seconds, like `next_update`, which is None where the list does not say it."""
    next_update: float | None
    number: int | None
    scope: Scope
    entries: tuple[int, int]
    signed: tuple[int, int]
    algorithm: bytes
    """Of the signature: a whole AlgorithmIdentifier in DER."""
    signature: bytes


# --- a list ---------------------------------------------------------------------------------------------------------


def read_list(der: bytes) -> ReadList:
    """Return what a list in DER says. Raises PkiError. Does not look at its entries (`table_of` does)."""
    try:
        return _read(der)
    except BrokenError as error:
        raise PkiError(f"it is no revocation list in DER, or a damaged one: {error}") from None


def _read(der: bytes) -> ReadList:
    whole = ber.whole(der)
    signed, algorithm, signature = _parts(der, whole)
    fields = ber.members(der, signed)
    if fields and fields[0].tag == ber.INTEGER and ber.content(der, fields.pop(0), ber.INTEGER) != b"\x01":
        raise PkiError("its version is not known")
    if [field.tag for field in fields[:2]] != [ber.SEQUENCE, ber.SEQUENCE]:
        raise PkiError("it is no revocation list")
    if _octets(der, fields[0]) != _octets(der, algorithm):
        raise PkiError("it names two different signature algorithms")
    times, rest = _times(der, fields[2:])
    entries, rest = _optional(rest, ber.SEQUENCE)
    extensions, rest = _optional(rest, 0xA0)
    if rest:
        raise PkiError("there is something in it that no revocation list has")
    number, scope = _extensions(der, extensions)
    return ReadList(
        issuer=_octets(der, fields[1]),
        this_update=times[0],
        next_update=times[1] if len(times) > 1 else None,
        number=number,
        scope=scope,
        entries=(entries.inside, entries.inside_end) if entries else (0, 0),
        signed=(signed.start, signed.end),
        algorithm=_octets(der, algorithm),
        signature=ber.content(der, signature, ber.BIT_STRING)[1:],
    )


def _parts(der: bytes, whole: Element) -> list[Element]:
    parts = ber.members(der, whole, 3)
    if whole.tag != ber.SEQUENCE or [part.tag for part in parts] != [ber.SEQUENCE, ber.SEQUENCE, ber.BIT_STRING]:
        raise PkiError("it is no revocation list")
    return parts


def check_list(der: bytes, found: ReadList, issuer: PeerCertificate) -> None:
    """Return if this CA has made the list. Raises PkiError.

    Names are compared octet by octet: a CA writes its name alike wherever it stands (RFC 5280, 5.1.2.3).
    """
    if found.issuer != issuer.subject_der:
        raise PkiError("it is the list of another CA")
    usages = issuer.extensions.usages if issuer.extensions else None
    if usages is not None and "cRLSign" not in usages:
        raise PkiError("its issuer's certificate says that it signs no lists (key usage)")
    start, stop = found.signed
    check_signature(issuer, found.algorithm, found.signature, der[start:stop])


def _octets(der: bytes, part: Element) -> bytes:
    return der[part.start : part.end]


def _inside(der: bytes, part: Element) -> bytes:
    return der[part.inside : part.inside_end]


def _times(der: bytes, fields: list[Element]) -> tuple[list[float], list[Element]]:
    """Return the one or two times that stand first, and what follows."""
    count = 0
    while count < min(2, len(fields)) and fields[count].tag in (ber.UTC_TIME, ber.GENERALIZED_TIME):
        count += 1
    if not count:
        raise PkiError("it does not say when it was made")
    return [_moment(der, field) for field in fields[:count]], fields[count:]


def _moment(der: bytes, field: Element) -> float:
    """Return the Unix seconds of a time as RFC 5280 demands it (4.1.2.5). Raises PkiError."""
    text = _inside(der, field)
    if field.tag == ber.UTC_TIME and len(text) == 13:
        text = (b"20" if text < b"5" else b"19") + text
    if len(text) != 15 or not text[:14].isdigit() or text[14:] != b"Z":
        raise PkiError("a time in it cannot be read")
    moment = moment_of(int(text[:14]))
    if moment is None:
        raise PkiError("a time in it is none")
    return moment


def _optional(fields: list[Element], tag: int) -> tuple[Element | None, list[Element]]:
    return (fields[0], fields[1:]) if fields and fields[0].tag == tag else (None, fields)


# --- extensions -----------------------------------------------------------------------------------------------------


class _Extension(NamedTuple):
    name: bytes
    critical: bool
    value: bytes


def _each_extension(octets: bytes) -> list[_Extension]:
    """Return the extensions of a sequence of them. Raises PkiError, also for one that is there twice."""
    if len(octets) > MAX_EXTENSIONS:
        raise PkiError("its extensions are too long")
    found: dict[bytes, _Extension] = {}
    for one in ber.members(octets, _sequence(octets)):
        parts = ber.members(octets, one, 3)
        tags = [part.tag for part in parts]
        if one.tag != ber.SEQUENCE or tags not in ([ber.OBJECT, ber.OCTETS], [ber.OBJECT, ber.BOOLEAN, ber.OCTETS]):
            raise PkiError("its extensions cannot be read")
        name, critical = _inside(octets, parts[0]), len(parts) == 3 and _inside(octets, parts[1]) != b"\0"
        if name in found:
            raise PkiError("it has the same extension twice")
        found[name] = _Extension(name, critical, _inside(octets, parts[-1]))
    return list(found.values())


def _sequence(octets: bytes) -> Element:
    whole = ber.whole(octets)
    if whole.tag != ber.SEQUENCE:
        raise BrokenError("no sequence")
    return whole


def _extensions(der: bytes, extensions: Element | None) -> tuple[int | None, Scope]:
    number, scope = None, Scope()
    for name, critical, value in _each_extension(_inside(der, extensions)) if extensions else ():
        if name == _DELTA:
            raise PkiError("not supported: it is a delta list, which has only what has changed")
        if name == _NUMBER:
            number = _number(value)
        elif name == _POINT:
            scope = _scope(value)
        elif critical and name not in (_AUTHORITY_KEY, _FRESHEST):
            raise PkiError(f"not supported: it has a critical extension that is not known here ({ber.dotted(name)})")
    return number, scope


def _number(value: bytes) -> int:
    digits = ber.content(value, ber.whole(value), ber.INTEGER)
    if not 1 <= len(digits) <= SERIAL + 1:
        raise PkiError("its number cannot be read")
    return int.from_bytes(digits, "big", signed=True)


def _scope(value: bytes) -> Scope:
    """Return for what a list is, by its issuing distribution point. Raises PkiError for what is not supported."""
    parts = {part.tag: part for part in ber.members(value, _sequence(value), 6)}
    if 0x83 in parts:
        raise PkiError("not supported: it has only revocations for some reasons")
    if _flag(value, parts.get(0x84)):
        raise PkiError(_INDIRECT)
    if _flag(value, parts.get(0x85)):
        raise PkiError("not supported: it is for attribute certificates")
    point = parts.get(0xA0)
    return Scope(_points(value, point) if point else (), _flag(value, parts.get(0x81)), _flag(value, parts.get(0x82)))


def _flag(value: bytes, part: Element | None) -> bool:
    return part is not None and _inside(value, part) != b"\0"


def _points(value: bytes, point: Element) -> tuple[str, ...]:
    """Return the URIs that name a distribution point. Raises PkiError if nothing that we can compare names it."""
    names = ber.element_at(value, point.inside, point.inside_end)
    if names.tag != 0xA0:
        raise PkiError("not supported: its distribution point is named relative to its issuer")
    uris = [_inside(value, part) for part in ber.members(value, names, MOST_POINTS) if part.tag == _URI]
    if not uris:
        raise PkiError("not supported: its distribution point has no URI")
    if any(len(uri) > LONGEST_POINT for uri in uris):
        raise PkiError("its distribution points are too long")
    return tuple(uri.decode("latin-1") for uri in uris)


# --- its entries ----------------------------------------------------------------------------------------------------


def table_of(der: bytes, entries: tuple[int, int]) -> bytes:
    """Return the sorted table of the serial numbers (seon.pki.serials). Raises PkiError.

    Takes about 1.7 s for 1,000,000 entries, and twice the table's size besides.
    """
    try:
        boxes = _boxes(der, *entries)
    except (IndexError, BrokenError):
        raise PkiError("an entry of it cannot be read") from None
    return b"".join(_sorted(boxes.pop(number)) for number in sorted(boxes))


def _sorted(box: bytearray) -> bytes:
    return b"".join(sorted(bytes(box[at : at + ROW]) for at in range(0, len(box), ROW)))


def _boxes(der: bytes, at: int, stop: int) -> dict[int, bytearray]:
    """Return rows by the length and the first octet of the serial number, so that each box can be sorted by itself."""
    boxes: dict[int, bytearray] = {}
    known: set[bytes] = set()
    while at < stop:
        date = at + 4 + der[at + 3]
        if der[at] == 0x30 and der[at + 1] < 0x80 and der[at + 2] == 0x02 and der[date : date + 2] == _SHORT:
            end, rest = at + 2 + der[at + 1], date + 15
            digits, when = der[at + 4 : date], der[date + 2 : date + 14]
            century = _CENTURIES[when >= b"5"]
        else:
            digits, when, rest, end = _unusual(der, at, stop)
            century = 0
        if not digits or rest > end or end > stop or der[rest - 1] != 0x5A or not when.isdigit():
            raise PkiError("an entry of it cannot be read")
        if rest < end and (extensions := der[rest:end]) not in known:
            _look_at_entry(extensions)
            if len(known) < MOST_KNOWN:
                known.add(extensions)
        key = digits.lstrip(b"\0")
        if digits[0] < 0x80 and len(key) <= SERIAL:
            box, row = len(key) << 8 | (key[0] if key else 0), USUAL + key.rjust(SERIAL, b"\0")
        else:
            row = key_of(digits)
            box = _UNUSUAL_BOXES | row[1]
        row += (int(when) + century).to_bytes(DATE, "big")
        try:
            boxes[box] += row
        except KeyError:
            boxes[box] = bytearray(row)
        at = end
    return boxes


def _unusual(der: bytes, at: int, stop: int) -> tuple[bytes, bytes, int, int]:
    """Return of an entry the serial number's octets, fourteen digits, where the date ends, and where the entry ends."""
    entry = ber.element_at(der, at, stop)
    serial = ber.element_at(der, entry.inside, entry.inside_end)
    date = ber.element_at(der, serial.end, entry.inside_end)
    when = _inside(der, date)[:-1]
    if date.tag == ber.UTC_TIME and len(when) == 12:
        when = (b"20" if when < b"5" else b"19") + when
    elif date.tag != ber.GENERALIZED_TIME or len(when) != 14:
        raise BrokenError("no date")
    if entry.tag != ber.SEQUENCE or entry.end != entry.inside_end:
        raise BrokenError("no entry")
    return ber.content(der, serial, ber.INTEGER), when, date.end, entry.end


def _look_at_entry(extensions: bytes) -> None:
    """Raise PkiError if the extensions of an entry change what it means."""
    for name, critical, value in _each_extension(extensions):
        if name == _ISSUER:
            raise PkiError(_INDIRECT)
        if name == _REASON and value == _REMOVED:
            raise PkiError("an entry of it is not revoked any more, which only a delta list may say")
        if critical and name not in (_REASON, _INVALIDITY, _HOLD):
            number = ber.dotted(name)
            raise PkiError(f"not supported: an entry has a critical extension that is not known here ({number})")
