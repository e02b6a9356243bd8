"""Elements end where BER says, and what is cut off or goes too deep is an error and never a crash."""

import pytest

from seon.pki import ber
from seon.pki.ber import BrokenError


@pytest.mark.parametrize(
    ("octets", "inside"),
    [
        (b"\x04\x02ab", b"ab"),
        (b"\x04\x81\x02ab", b"ab"),
        (b"\x04\x84\0\0\0\x02ab", b"ab"),
        (b"\x24\x80\x04\x02ab\0\0", b"\x04\x02ab"),
        (b"\x30\x80\x30\x80\x04\x01\0\0\0\0\0", b"\x30\x80\x04\x01\0\0\0"),
    ],
)
def test_an_element_ends_where_its_length_says(octets: bytes, inside: bytes) -> None:
    found = ber.whole(octets)
    assert octets[found.inside : found.inside_end] == inside


@pytest.mark.parametrize(
    "octets",
    [b"", b"\x04", b"\x04\x02a", b"\x04\x80\0\0", b"\x24\x80", b"\x24\x80\0", b"\x1f\x81\x01\0", b"\x04\x84\xff",
     b"\x04\0\0", b"\x30\x80" * 10_000],
)  # fmt: skip
def test_what_is_no_element_is_an_error(octets: bytes) -> None:
    with pytest.raises(BrokenError):
        ber.whole(octets)


def test_an_element_of_open_length_has_no_more_members_than_are_skipped_in_a_moment() -> None:
    few, many = (b"\x30\x80" + b"\x05\0" * count + b"\0\0" for count in (1_900, 30_000))
    assert ber.whole(few).end == len(few)
    with pytest.raises(BrokenError, match="too many"):
        ber.whole(many)
    with pytest.raises(BrokenError, match="too many"):
        ber.whole(b"\x30\x80" + b"\x30\x80\0\0" * 10_000 + b"\0\0")


def test_members_are_counted() -> None:
    octets = b"\x30\x06\x05\0\x05\0\x05\0"
    assert len(ber.members(octets, ber.whole(octets), 3)) == 3
    with pytest.raises(BrokenError):
        ber.members(octets, ber.whole(octets), 2)


def test_a_member_ends_inside_its_element() -> None:
    with pytest.raises(BrokenError):
        ber.members(b"\x30\x03\x04\x02a" + b"bcd", ber.element_at(b"\x30\x03\x04\x02abcd", 0, 8))


@pytest.mark.parametrize(
    ("octets", "text"),
    [("2a864886f70d", "1.2.840.113549"), ("550403", "2.5.4.3"), ("883703", "2.999.3"), ("00", "0.0")],
)
def test_an_object_identifier_is_written_with_dots(octets: str, text: str) -> None:
    assert ber.dotted(bytes.fromhex(octets)) == text


@pytest.mark.parametrize("octets", [b"", b"\x80", b"\x55" * 65])
def test_what_is_no_object_identifier_is_an_error(octets: bytes) -> None:
    with pytest.raises(BrokenError):
        ber.dotted(octets)
