"""Layouts against the lengths that RFC 5024 and RFC 2204 give."""

import pytest

from seon.oftp2.errors import InvalidBufferError
from seon.oftp2.fields import Count, Layout
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
