"""Where the parts of a certificate stand in its octets (RFC 5280 4.1), and its time and serial number.

For what OpenSSL has read: it has checked the frame. What the parts hold may be nonsense.
"""

import datetime as dt
import re
from typing import NamedTuple

from seon.pki import ber
from seon.pki.ber import BrokenError, Element

_VERSION, _EXTENSIONS = 0xA0, 0xA3
FAR = 253_402_300_799.0
"""The end of the year 9999, Unix seconds."""
_LONGEST_SERIAL = 64
"""Octets of a serial number that are read; RFC 5280 allows 20."""
_TIMES = {
    ber.UTC_TIME: re.compile(rb"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:Z|([+-])(\d\d)(\d\d))"),
    ber.GENERALIZED_TIME: re.compile(
        rb"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)?(\d\d)?(?:[.,]\d{1,20})?(?:Z|([+-])(\d\d)(\d\d))?"
    ),
}


class Layout(NamedTuple):
    """The parts of a certificate; each is the whole element."""

    serial: Element
    issuer: Element
    validity: Element
    subject: Element
    key: Element
    extensions: Element | None
    """The explicit tag around them."""
    algorithm: Element
    """Of the signature."""


def layout_of(der: bytes) -> Layout:
    """Return where the parts of a certificate stand. Raises BrokenError."""
    signed, algorithm, _ = ber.members(der, ber.whole(der), 3)
    parts = ber.members(der, signed, 10)
    if parts[0].tag == _VERSION:
        parts = parts[1:]
    if len(parts) < 6:
        raise BrokenError("no certificate")
    serial, _, issuer, validity, subject, key = parts[:6]
    extensions = parts[-1] if parts[-1].tag == _EXTENSIONS else None
    return Layout(serial, issuer, validity, subject, key, extensions, algorithm)


def octets_of(der: bytes, element: Element) -> bytes:
    """Return the whole element."""
    return der[element.start : element.end]


def serial_of(der: bytes, layout: Layout) -> str:
    """Return the serial number, lower-case hex, of no more than its first 64 octets; a negative one with its sign."""
    octets = der[layout.serial.inside : layout.serial.inside_end][:_LONGEST_SERIAL]
    return f"{int.from_bytes(octets, 'big', signed=True):x}"


def validity_of(der: bytes, layout: Layout) -> tuple[float, float]:
    """Return from when to when a certificate is valid, Unix seconds: FAR to 0, which is never, for nonsense."""
    try:
        begin, end = ber.members(der, layout.validity, 2)
        return _seconds(der, begin), _seconds(der, end)
    except ValueError:
        return FAR, 0.0


def _seconds(der: bytes, element: Element) -> float:
    """Return a time. Raises ValueError."""
    form = _TIMES.get(element.tag)
    found = form.fullmatch(der[element.inside : element.inside_end]) if form else None
    if not found:
        raise BrokenError("no time")
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    if element.tag == ber.UTC_TIME:
        year += 1900 if year >= 50 else 2000
    moment = dt.datetime(max(year, 1), month, day, hour, minute, second, tzinfo=dt.UTC)
    sign, hours, minutes = found.groups()[6:]
    away = 60 * (60 * int(hours or 0) + int(minutes or 0))
    return moment.timestamp() + (away if sign == b"-" else -away)
