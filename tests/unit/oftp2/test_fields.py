"""Kinds of fields, one by one."""

import pytest

from seon.oftp2.errors import Flaw, InvalidBufferError, LocalError
from seon.oftp2.fields import Alnum, Choice, Code, Count, Date, Field, Number, Octets, Reserved, Time, YesNo, is_date


def read(field: Field, raw: bytes) -> tuple[object, list[str]]:
    flaws: list[Flaw] = []
    return field.read(raw, 0, flaws), [flaw.rule for flaw in flaws]


X4 = Alnum("X", 4, "x", blank="FLD-EMPTY")


@pytest.mark.parametrize(
    ("raw", "value", "rules"),
    [
        (b"AB12", "AB12", []),
        (b"A/-.", "A/-.", []),
        (b"&() ", "&()", []),
        (b"A   ", "A", []),
        (b" A  ", " A", ["FLD-XPAD"]),
        (b"A B ", "A B", ["FLD-XPAD"]),
        (b"a_  ", "a_", ["FLD-X/case"]),
        (b"azAZ09/-.&()_", "azAZ09/-.&()_", ["FLD-X/case"]),
        (b"    ", "", ["FLD-EMPTY"]),
    ],
)
def test_text_loses_its_padding_only(raw: bytes, value: str, rules: list[str]) -> None:
    assert read(X4, raw) == (value, rules)


@pytest.mark.parametrize(
    "octet", sorted(set(range(256)) - set(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ/-.&() abcdefghijklmnopqrstuvwxyz_"))
)
def test_any_other_octet_is_refused(octet: int) -> None:
    with pytest.raises(InvalidBufferError, match="FLD-X"):
        read(X4, bytes([65, octet, 32, 32]))


@pytest.mark.parametrize(
    "raw", [b"    ", b"12 4", b"124 ", b"+124", b"-124", b"1_24", b"12\n4", b"124\n", b"\xb2124", b"0x12"]
)
def test_a_number_is_digits(raw: bytes) -> None:
    with pytest.raises(InvalidBufferError, match="FLD-9"):
        read(Number("N", 4), raw)


def test_a_number_below_its_range_is_noted() -> None:
    assert read(Number("N", 3, least=1), b"000") == (0, ["FLD-RNG"])


@pytest.mark.parametrize("value", [-1, 1000, 1.5, "7", None])
def test_a_number_that_does_not_fit_is_not_written(value: object) -> None:
    with pytest.raises(LocalError):
        Number("N", 3).write(value)


@pytest.mark.parametrize("raw", [b" 1", b"1 ", b"0x", b"  "])
def test_a_code_is_all_digits(raw: bytes) -> None:
    flaws: list[Flaw] = []
    for rule, before in (("FLD-CIPH", []), ("FLD-ENUM", ["FLD-ENUM"]), ("FLD-ENUM/reason", ["FLD-ENUM"])):
        with pytest.raises(InvalidBufferError, match="FLD-9"):
            Code("C", 2, values=frozenset({1}), rule=rule).read(raw, 0, flaws)
        assert [flaw.rule for flaw in flaws] == before
        flaws.clear()


def test_a_code_outside_a_list_that_grows_is_noted() -> None:
    assert read(Code("C", 2, values=frozenset({1}), rule="FLD-CIPH"), b"42") == (42, ["FLD-CIPH"])


@pytest.mark.parametrize("raw", [b"y", b"n", b" ", b"1", b"\x59\x00"])
def test_yes_and_no_have_one_spelling(raw: bytes) -> None:
    with pytest.raises(InvalidBufferError, match="FLD-ENUM"):
        read(YesNo("Y", 1), raw)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("20240229", True),
        ("20230229", False),
        ("20261301", False),
        ("20260100", False),
        ("00000101", False),
        ("000229", True),
        ("010229", False),
    ],
)
def test_a_date_stands_in_the_calendar(text: str, good: bool) -> None:
    assert is_date(text) is good
    assert read(Date("D", len(text)), text.encode()) == (text, [] if good else ["FLD-DATE"])


@pytest.mark.parametrize(
    ("raw", "rules"),
    [
        (b"2359599999", []),
        (b"2400000001", ["FLD-TIME"]),
        (b"0060000001", ["FLD-TIME"]),
        (b"0000600001", ["FLD-TIME"]),
        (b"0000000000", ["FLD-TIMEC"]),
        (b"000000", []),
    ],
)
def test_a_time_stands_on_the_clock(raw: bytes, rules: list[str]) -> None:
    assert read(Time("T", len(raw)), raw) == (raw.decode(), rules)


def test_a_count_holds_no_more_than_its_width() -> None:
    assert (Count("C", 3).most, Count("C", 2, binary=True).most) == (999, 65535)
    assert Count("C", 2, binary=True).write(258) == b"\x01\x02"
    with pytest.raises(LocalError):
        Count("C", 2, binary=True).write(65536)
    with pytest.raises(LocalError):
        Count("C", 3).write(1000)


@pytest.mark.parametrize("value", ["", "Q", "SR", None, 1])
def test_a_choice_that_is_none_is_not_written(value: object) -> None:
    with pytest.raises(LocalError, match="S/R/B"):
        Choice("SR", 1, values=("S", "R", "B")).write(value)


def test_octets_of_fixed_width_are_not_written_in_another() -> None:
    with pytest.raises(LocalError, match="O: must be 20 octets"):
        Octets("O", 20).write(b"19")


def test_a_field_of_no_kind_is_no_field() -> None:
    with pytest.raises(NotImplementedError):
        Field("F", 1).read(b"x", 0, [])
    with pytest.raises(NotImplementedError):
        Field("F", 1).write("x")


@pytest.mark.parametrize("raw", [b"X  ", b"\t  ", b"  \n", b"0  "])
def test_only_spaces_are_blank(raw: bytes) -> None:
    assert read(Reserved("R", 3), raw) == (None, ["FLD-RSV"])


def test_a_count_is_a_number_with_all_that_is_said_of_one() -> None:
    assert read(Count("C", 3), b" 01") == (1, ["FLD-9/left"])
    flaws: list[Flaw] = []
    Count("C", 2, binary=True, least=1).read(b"\0\0", 0, flaws)
    assert [flaw.text for flaw in flaws] == ["0, must be 1 or more"]


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        (Alnum("A", 3), "ABCD", "A: does not fit into 3 characters"),
        (Alnum("A", 3), "A+B", "A: character outside the X set"),
        (Number("N", 3, least=1), 1_000, "N: must be a number from 1 to 999"),
        (Count("C", 1), 10, "C: 10 octets: must be 0 to 9"),
        (Date("D", 8), "2026013", "D: must be 8 digits"),
        (Date("D", 8), "\u0663" * 8, "D: must be 8 digits"),
        (Date("D", 8), "2026013x", "D: must be 8 digits"),
    ],
)
def test_a_value_that_does_not_fit_is_told_why_without_it(field: Field, value: object, why: str) -> None:
    with pytest.raises(LocalError) as told:
        field.write(value)
    assert str(told.value) == why


def test_the_greatest_count_can_be_written() -> None:
    assert (Count("C", 1).write(9), Count("C", 1, binary=True).write(255)) == (b"9", b"\xff")
