"""Hex as people paste it."""

import pytest

from seon.cli.oftp2.octets import NoOctetsError, from_hex, from_input


@pytest.mark.parametrize(
    "text",
    [
        "1000001749",
        "10 00 00 17 49",
        "10:00:00:17:49",
        "0x10 0x00 0x00 0x17 0x49",
        "0x1000001749",
        r"\x10\x00\x00\x17\x49",
        "10,00,00,17,49",
        "10-00-00-17-49\r\n",
        "1000\n0017\n\n  49\t",
        "0x10 0x0 0X0 0x17 0x49",
    ],
)
def test_hex_of_any_kind_gives_the_same_octets(text: str) -> None:
    assert from_hex(text) == b"\x10\0\0\x17I"


def test_upper_and_lower_case_are_the_same() -> None:
    assert from_hex("aB Cd") == b"\xab\xcd"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("10\n0g", "line 2: 'g'"),
        ("1\x1b0", r"'\\x1b'"),
        ("１０", r"'\\uff11'"),
        ("100", "3 hex digits"),
        ("I 1000", "'I'"),
    ],
)
def test_what_is_no_hex_is_said_with_its_place_and_without_control_characters(text: str, words: str) -> None:
    with pytest.raises(NoOctetsError, match=words) as caught:
        from_hex(text)
    assert str(caught.value).isprintable()
    assert str(caught.value).isascii()


@pytest.mark.parametrize(
    ("raw", "binary", "octets"),
    [
        (b"10 00\n", False, b"\x10\0"),
        (b"\x10\0\0\x05R", False, b"\x10\0\0\x05R"),
        (b"10", True, b"10"),
        (b"\xff", False, b"\xff"),
    ],
)
def test_a_file_holds_hex_unless_it_is_no_text(raw: bytes, binary: bool, octets: bytes) -> None:
    assert from_input(raw, binary=binary) == octets


def test_a_text_that_is_no_hex_names_the_way_out() -> None:
    with pytest.raises(NoOctetsError, match="--binary"):
        from_input(b"R", binary=False)
