"""Layouts against the lengths that RFC 5024 and RFC 2204 give."""

from collections.abc import Iterator

import pytest

from seon.oftp2.errors import InvalidBufferError, LocalError
from seon.oftp2.fields import Code, Count, Field, Layout, Number, Terminator
from seon.oftp2.layouts import FORMS, LEVELS, layout, length_bounds

CODES = {form.name: form.code for form in FORMS.values()}

LENGTHS = {  # levels 1 and 2, 4, 5: octets of the exchange buffer with all that is counted being empty; 0: not there
    "SSRM": (19, 19, 19),
    "SSID": (61, 61, 61),
    "SECD": (0, 0, 1),
    "AUCH": (0, 0, 3),
    "AURP": (0, 0, 21),
    "SFID": (128, 128, 165),
    "SFPA": (10, 10, 18),
    "SFNA": (4, 4, 7),
    "CDT": (3, 3, 3),
    "EFID": (22, 22, 35),
    "EFPA": (2, 2, 2),
    "EFNA": (3, 3, 6),
    "ESID": (4, 4, 7),
    "CD": (1, 1, 1),
    "EERP": (106, 106, 110),
    "NERP": (0, 128, 135),
    "RTR": (1, 1, 1),
}


def width(fields: Layout) -> int:
    return 1 + sum(field.width or 0 for field in fields)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", LENGTHS)
def test_a_command_has_the_length_of_its_level(name: str, level: int) -> None:
    expected = LENGTHS[name][{1: 0, 2: 0, 4: 1, 5: 2}[level]]
    if expected:
        assert width(layout(CODES[name], level)) == expected
    else:
        with pytest.raises(InvalidBufferError) as caught:
            layout(CODES[name], level)
        assert caught.value.rule == "CMD-LVL"


def test_all_commands_are_in_the_table() -> None:
    assert set(CODES) == set(LENGTHS)


@pytest.mark.parametrize("level", LEVELS)
def test_names_are_unique_and_each_count_is_followed_by_what_it_counts(level: int) -> None:
    for name, code in CODES.items():
        if not LENGTHS[name][{1: 0, 2: 0, 4: 1, 5: 2}[level]]:
            continue
        fields = layout(code, level)
        assert len({field.name for field in fields}) == len(fields)
        for index, field in enumerate(fields):
            assert field.name.startswith(name)
            if isinstance(field, Count):
                assert fields[index + 1].width is None


@pytest.mark.parametrize(
    ("name", "level", "bounds"),
    [
        ("CD", 5, (1, 1)),
        ("CDT", 5, (1, 3)),
        ("SSID", 5, (60, 61)),
        ("SFID", 2, (128, 128)),
        ("SFID", 5, (162, 165 + 999)),
        ("ESID", 5, (3, 7 + 999)),
        ("ESID", 4, (3, 4)),
        ("AUCH", 5, (3, 3 + 65535)),
        ("EERP", 5, (106, 110 + 2 * 65535)),
        ("NERP", 5, (131, 135 + 999 + 2 * 65535)),
    ],
)
def test_bounds_take_in_all_that_is_tolerated(name: str, level: int, bounds: tuple[int, int]) -> None:
    assert length_bounds(CODES[name], level) == bounds


def all_fields() -> Iterator[Field]:
    for form in FORMS.values():
        for level in LEVELS:
            yield from form.layout(level) or ()


def test_an_ssid_has_two_layouts_that_read_its_level_alike() -> None:
    """Which of them is taken depends on the octet that is read there."""
    old, new = ({layout(CODES["SSID"], level) for level in levels} for levels in ((1, 2, 4), (5,)))
    assert len(old) == len(new) == 1
    assert old.pop()[0] == new.pop()[0]


def test_a_terminator_is_missing_by_its_own_rule_and_holds_no_secret() -> None:
    assert not any(field.tail or field.secret for field in all_fields() if isinstance(field, Terminator))


def test_numbers_are_written_from_the_least_on() -> None:
    for field in all_fields():
        if isinstance(field, Number):
            assert int(field.write(field.least)) == field.least
            assert field.least in {0, 1, 128}
            assert not isinstance(field, Code) or field.least == 0
            with pytest.raises(LocalError):
                field.write(field.least - 1)


def test_only_a_challenge_must_have_octets() -> None:
    assert {field.name: field.least for field in all_fields() if isinstance(field, Count) and field.least} == {
        "AUCHCHLL": 1
    }


def test_only_the_level_has_values_of_the_future() -> None:
    codes = [field for field in all_fields() if isinstance(field, Code) and (field.soft or field.soft_rule)]
    assert {(field.name, field.soft, field.soft_rule) for field in codes} == {
        ("SSIDLEV", frozenset({6, 7, 8, 9}), "FLD-ENUM/level")
    }
