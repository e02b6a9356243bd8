"""The extensions of a certificate that decide anything here (RFC 5280 4.2.1), read from their octets.

`cryptography` reads all extensions or none, and none of a certificate that breaks a rule elsewhere. Here the five that
matter are read wherever OpenSSL reads them. Nonsense in one of them, or two of a kind, and all count as unreadable.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from seon.pki import ber
from seon.pki.ber import BrokenError, Element

MAX_EXTENSIONS = 100
MAX_NAMES = 1_000
"""Alternative names that are read; usual certificates have a few, those of large web sites some hundreds."""
MAX_URI = 2_000
MAX_POINTS = 20
_CONSTRAINTS, _USAGE, _PURPOSES = b"\x55\x1d\x13", b"\x55\x1d\x0f", b"\x55\x1d\x25"
_NAMES, _POINTS = b"\x55\x1d\x11", b"\x55\x1d\x1f"
_DNS, _URI = 0x82, 0x86
_USAGE_BITS = (
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)
_WEB = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class Extensions:
    """What the extensions of a certificate say."""

    is_ca: bool | None = None
    """Whether it may issue others; None: not said."""
    purposes: tuple[str, ...] | None = None
    """Extended key usage, dotted; None: not said."""
    usages: frozenset[str] | None = None
    """Key usage in the words of RFC 5280 4.2.1.3; None: not said."""
    uris: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    """DNS names, as they stand there."""
    crl_points: tuple[str, ...] = ()
    """http and https addresses where a list of revoked certificates is, of the kinds that are supported."""
    other_points: tuple[str, ...] = ()
    """What other distribution points there are, in words, each kind once."""


def read_extensions(der: bytes, tagged: Element | None) -> Extensions | None:
    """Return what a certificate's extensions say, from their explicit tag; None where they cannot be read."""
    if tagged is None:
        return Extensions()
    try:
        values = _values(der, tagged)
        return Extensions(
            is_ca=_is_ca(values[_CONSTRAINTS]) if _CONSTRAINTS in values else None,
            purposes=_purposes(values[_PURPOSES]) if _PURPOSES in values else None,
            usages=_usages(values[_USAGE]) if _USAGE in values else None,
            **_names(values[_NAMES]) if _NAMES in values else {},
            **_points(values[_POINTS]) if _POINTS in values else {},
        )
    except (BrokenError, ValueError, IndexError):
        return None


def _values(der: bytes, tagged: Element) -> dict[bytes, bytes]:
    """Return the octets of each extension by its object identifier."""
    (sequence,) = ber.members(der, tagged, 1)
    values: dict[bytes, bytes] = {}
    for extension in ber.members(der, sequence, MAX_EXTENSIONS):
        identifier, *_, value = ber.members(der, extension, 3)
        kind = ber.content(der, identifier, ber.OBJECT)
        if kind in values:
            raise BrokenError("two extensions of a kind")
        values[kind] = ber.content(der, value, ber.OCTETS)
    return values


def _sequence(octets: bytes, most: int) -> list[Element]:
    whole = ber.whole(octets)
    if whole.tag != ber.SEQUENCE:
        raise BrokenError("no sequence")
    return ber.members(octets, whole, most)


def _is_ca(octets: bytes) -> bool:
    parts = _sequence(octets, 2)
    return bool(parts) and parts[0].tag == ber.BOOLEAN and any(octets[parts[0].inside : parts[0].inside_end])


def _purposes(octets: bytes) -> tuple[str, ...]:
    return tuple(ber.dotted(ber.content(octets, one, ber.OBJECT)) for one in _sequence(octets, MAX_EXTENSIONS))


def _usages(octets: bytes) -> frozenset[str]:
    bits = ber.content(octets, ber.whole(octets), ber.BIT_STRING)[1:]
    return frozenset(
        word
        for place, word in enumerate(_USAGE_BITS)
        if place // 8 < len(bits) and bits[place // 8] & 0x80 >> place % 8
    )


def _names(octets: bytes) -> dict[str, tuple[str, ...]]:
    names = _sequence(octets, MAX_NAMES)
    return {"uris": tuple(_of_kind(octets, names, _URI)), "hosts": tuple(_of_kind(octets, names, _DNS))}


def _of_kind(octets: bytes, names: list[Element], tag: int) -> Iterator[str]:
    """Yield the names of a kind; those that are too long or not printable ASCII name nothing."""
    for name in names:
        octets_of_it = octets[name.inside : name.inside_end]
        if name.tag == tag and len(octets_of_it) <= MAX_URI and octets_of_it.isascii():
            text = octets_of_it.decode()
            if text.isprintable():  # it is shown to people and written to logs
                yield text


def _points(octets: bytes) -> dict[str, tuple[str, ...]]:
    found: dict[str, None] = {}
    others: dict[str, None] = {}
    for point in _sequence(octets, MAX_POINTS):
        addresses, problem = _point(octets, point)
        found |= dict.fromkeys(addresses)
        if problem:
            others[problem] = None
    return {"crl_points": tuple(found), "other_points": tuple(others)}


def _point(octets: bytes, point: Element) -> tuple[list[str], str]:
    """Return the web addresses of a distribution point, or in words why it has none that is supported."""
    parts = {part.tag: part for part in ber.members(octets, point, 3)}
    if 0xA2 in parts:
        return [], "indirect"
    if 0x81 in parts:
        return [], "by reason"
    inner = ber.members(octets, parts[0xA0], 1) if 0xA0 in parts else []
    if not inner or inner[0].tag != 0xA0:
        return [], "without an address"
    addresses = list(_of_kind(octets, ber.members(octets, inner[0], MAX_POINTS), _URI))
    web = [address for address in addresses if address.lower().startswith(_WEB)]
    if web:
        return web, ""
    ldap = any(address.lower().startswith("ldap") for address in addresses)
    return [], "LDAP only" if ldap or not addresses else "without a web address"
