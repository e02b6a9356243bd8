"""The serial numbers of a revocation list as one sorted table of octets: a million of them are 27 MB, and no objects.

A row is a key of `KEY` octets and the date of revocation, and rows are in ascending order. A key is the serial number
itself where RFC 5280 (4.1.2.2) allows it: positive, at most 20 octets. What CAs have issued besides (longer, negative)
is in the table by a hash, so that every number is found exactly or not at all.
"""

import calendar
import hashlib
from dataclasses import dataclass

SERIAL = 20
"""Octets of the largest usual serial number."""
KEY = 1 + SERIAL
"""Octets of a key: what it is (0 a serial number, 1 a hash of an unusual one), and that."""
DATE = 6
"""Octets of a date: the decimal digits YYYYMMDDhhmmss, taken as one number."""
ROW = KEY + DATE
USUAL, UNUSUAL = b"\0", b"\1"


@dataclass(frozen=True, slots=True)
class Revoked:
    """A serial number that is in a table."""

    since: float | None
    """Unix seconds; None if the list has something there that is no date."""


def key_of(content: bytes) -> bytes:
    """Return the key of a serial number, given as the content octets of an ASN.1 INTEGER."""
    if content[:1] < b"\x80":
        digits = content.lstrip(b"\0")
        if len(digits) <= SERIAL:
            return USUAL + digits.rjust(SERIAL, b"\0")
    return UNUSUAL + hashlib.sha256(_shortest(content)).digest()[:SERIAL]


def key_of_number(serial: int) -> bytes:
    """Return the same for a number."""
    return key_of(serial.to_bytes(serial.bit_length() // 8 + 1, "big", signed=True))


def _shortest(content: bytes) -> bytes:
    """Return an INTEGER without the octets at its beginning that DER forbids (X.690, 8.3.2)."""
    at = 0
    while at < len(content) - 1 and content[at] in (0x00, 0xFF) and (content[at] ^ content[at + 1]) & 0x80 == 0:
        at += 1
    return content[at:]


def find(rows: bytes, serial: int) -> Revoked | None:
    """Return what a table says of a serial number; None: it is not revoked. Takes some microseconds."""
    key, low, high = key_of_number(serial), 0, len(rows) // ROW
    while low < high:
        middle = (low + high) // 2
        if rows[middle * ROW : middle * ROW + KEY] < key:
            low = middle + 1
        else:
            high = middle
    at = low * ROW
    if rows[at : at + KEY] != key:
        return None
    return Revoked(_moment(int.from_bytes(rows[at + KEY : at + ROW], "big")))


def _moment(digits: int) -> float | None:
    """Return the Unix seconds of YYYYMMDDhhmmss."""
    date, clock = divmod(digits, 1_000_000)
    year, month, day = date // 10_000, date // 100 % 100, date % 100
    hour, minute, second = clock // 10_000, clock // 100 % 100, clock % 100
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour <= 24 and minute <= 59 and second <= 60 and year):
        return None
    return float(calendar.timegm((year, month, day, hour, minute, second)))
