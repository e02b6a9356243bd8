"""Times and serial numbers are read as far as they say something."""

import datetime as dt

import pytest

from odd_certificates import Odd, sequence, times, tlv
from seon.pki import layout
from seon.pki.ber import BrokenError

NEVER = (layout.FAR, 0.0)


def of(odd: Odd) -> tuple[bytes, layout.Layout]:
    return odd.der, layout.layout_of(odd.der)


@pytest.mark.parametrize(
    ("tag", "text", "wanted"),
    [
        (23, b"260102030405Z", (2026, 1, 2, 3, 4, 5)),
        (23, b"500102030405Z", (1950, 1, 2, 3, 4, 5)),
        (23, b"2601020304Z", (2026, 1, 2, 3, 4, 0)),
        (23, b"260102030405+0130", (2026, 1, 2, 1, 34, 5)),
        (24, b"20260102030405.123Z", (2026, 1, 2, 3, 4, 5)),
        (24, b"20260102030405-0100", (2026, 1, 2, 4, 4, 5)),
        (24, b"00000102030405Z", (1, 1, 2, 3, 4, 5)),
        (24, b"99991231235959Z", (9999, 12, 31, 23, 59, 59)),
    ],
)
def test_a_time_is_read_in_each_form(tag: int, text: bytes, wanted: tuple[int, ...]) -> None:
    element = tlv(tag, text)
    found = layout.validity_of(*of(times(element, element)))
    assert found == (dt.datetime(*wanted, tzinfo=dt.UTC).timestamp(),) * 2


@pytest.mark.parametrize(
    "text", [b"", b"yesterday", b"260230000000Z", b"261301000000Z", b"260101000060Z", b"26010100000Z"]
)
def test_what_is_no_time_is_never(text: bytes) -> None:
    assert layout.validity_of(*of(times(tlv(23, text), tlv(23, b"300101000000Z")))) == NEVER


def test_a_time_of_another_kind_is_never() -> None:
    assert layout.validity_of(*of(Odd(validity=sequence()))) == NEVER
    assert layout.validity_of(*of(times(tlv(12, b"260101000000Z"), tlv(23, b"300101000000Z")))) == NEVER


@pytest.mark.parametrize(
    ("octets", "text"),
    [(b"\x05", "5"), (b"\x00\xff", "ff"), (b"\xff", "-1"), (b"\0", "0"), (b"\x11" * 1_000, "11" * 64)],
)
def test_a_serial_number_is_hex(octets: bytes, text: str) -> None:
    assert layout.serial_of(*of(Odd(serial=tlv(2, octets)))) == text


@pytest.mark.parametrize("octets", [b"", b"\x30\0", sequence(sequence(), sequence(), tlv(3, b"")), b"\x30\x80"])
def test_what_is_no_certificate_is_an_error(octets: bytes) -> None:
    with pytest.raises((BrokenError, ValueError, IndexError)):
        layout.layout_of(octets)
