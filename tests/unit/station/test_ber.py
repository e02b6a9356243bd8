import pytest

from seon.station.ber import OCTET_STRING, SEQUENCE, SET, BerError, dotted, elements, encoded, the_only

INTEGER = b"\x02\x01\x05"


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_535, 70_000])
def test_what_is_encoded_is_read_again(size: int) -> None:
    content = bytes(size)
    (element,) = elements(encoded(OCTET_STRING, content))
    assert (element.tag, element.content, element.value()) == (OCTET_STRING, content, content)
    assert element.octets == encoded(OCTET_STRING, content)


def test_elements_stand_one_behind_the_other_and_inside_each_other() -> None:
    first, second = elements(encoded(SEQUENCE, INTEGER * 2) + encoded(SET, b""))
    assert [part.octets for part in first.parts()] == [INTEGER, INTEGER]
    assert second.parts() == []
    assert elements(b"") == []


def test_an_indefinite_length_ends_at_its_own_mark() -> None:
    inner = b"\x30\x80" + encoded(OCTET_STRING, b"\0\0\0\0") + b"\0\0"
    (outer, after) = elements(b"\x30\x80" + inner + INTEGER + b"\0\0" + INTEGER)
    assert [part.octets for part in outer.parts()] == [inner, INTEGER]
    assert outer.octets == b"\x30\x80" + inner + INTEGER + b"\0\0"
    assert after.octets == INTEGER
    assert outer.parts()[0].parts()[0].value() == b"\0\0\0\0"


def test_a_string_in_several_pieces_is_one_value() -> None:
    (string,) = elements(b"\x24\x80" + encoded(OCTET_STRING, b"ab") + encoded(OCTET_STRING, b"c") + b"\0\0")
    assert string.value() == b"abc"


@pytest.mark.parametrize(
    "octets",
    [
        b"\x30",
        b"\x30\x05\x02\x01",
        b"\x30\x82\x01",
        b"\x30\x81",
        b"\x30\xff" + b"\xff" * 127,
        b"\x30\x80\x02\x01\x05",
        b"\x30\x80",
        b"\x1f\x81\x01\x00",
    ],
    ids=lambda octets: octets[:6].hex(),
)
def test_what_is_cut_off_or_strange_is_an_error(octets: bytes) -> None:
    with pytest.raises(BerError):
        elements(octets)


def test_a_primitive_element_has_no_parts() -> None:
    with pytest.raises(BerError):
        elements(INTEGER)[0].parts()


def test_nesting_has_an_end() -> None:
    with pytest.raises(BerError, match="deep"):
        elements(b"\x30\x80" * 1_000)
    nested = encoded(OCTET_STRING, b"x")
    for _ in range(100):
        nested = encoded(0x24, nested)
    with pytest.raises(BerError, match="deep"):
        elements(nested)[0].value()


def test_one_element_of_a_type_is_neither_none_nor_two_nor_another() -> None:
    (element,) = elements(INTEGER)
    assert the_only([element], 0x02) is element
    for found in ([], [element, element]):
        with pytest.raises(BerError):
            the_only(found, 0x02)
    with pytest.raises(BerError):
        the_only([element], SEQUENCE)


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (bytes.fromhex("2a864886f70d0302"), "1.2.840.113549.3.2"),
        (bytes.fromhex("60864801650304012a"), "2.16.840.1.101.3.4.1.42"),
        (b"\x88\x37\x03", "2.999.3"),
        (b"\x00", "0.0"),
        (b"\x27\x7f", "0.39.127"),
        (b"", ""),
        (b"\x80\x81", ""),
        (b"\x2a\x81", "1.2"),
        (b"\x2a" * 32, ("1.2" + ".42" * 31)[:64] + "..."),
        (b"\x2a" + b"\x01" * 30, "1.2" + ".1" * 30),
        (b"\x2a" + b"\x01" * 31, ("1.2" + ".1" * 31)[:64] + "..."),
        (b"\x2a\x03" + b"\xff" * 40_000 + b"\x01", "1.2.3..."),
    ],
)
def test_an_identifier_is_told_in_numbers(octets: bytes, text: str) -> None:
    assert dotted(octets) == text
