import sys
from datetime import UTC, date, datetime, timedelta, timezone

import msgspec
import pytest

from seon.cli.seonapi.answers import Safe, Sheet, State, Table, Tone, has_colours

EXPIRED = State("expired", Tone.BAD)


def tokens() -> Table:
    return Table({"name": "name", "calls": "calls", "state": "state", "until": "valid until"}, empty="no tokens yet")


def test_columns_are_as_wide_as_what_is_in_them_and_numbers_stand_at_the_right() -> None:
    table = tokens()
    table.add(name="main", calls=7, state=State("valid", Tone.GOOD), until=date(2027, 1, 31))
    table.add(name="the other", calls=12_000, state=EXPIRED, until=date(2026, 1, 31))
    assert table.text().splitlines() == [
        "name       calls  state    valid until",
        "main           7  valid    2027-01-31",
        "the other  12000  expired  2026-01-31",
    ]


def test_a_column_without_any_value_is_left_out_and_no_rows_are_said() -> None:
    table = tokens()
    assert table.text() == "no tokens yet"
    table.add(name="main", calls=None, state="", until=None)
    assert table.text() == "name\nmain"


def test_programs_get_all_values_as_they_are() -> None:
    table = tokens()
    table.add(name="main", until=datetime(2027, 1, 31, 12, tzinfo=UTC), state=EXPIRED, serial="17", codes=["A", "B"])
    assert msgspec.json.decode(msgspec.json.encode(table.said().data)) == [
        {"name": "main", "until": "2027-01-31T12:00:00Z", "state": "expired", "serial": "17", "codes": ["A", "B"]}
    ]
    assert "17" not in table.text(), "without a heading it is for programs only"


def test_times_are_in_utc_and_say_so() -> None:
    table = tokens()
    table.add(name="main", until=datetime(2027, 1, 31, 1, 30, tzinfo=timezone(timedelta(hours=2))))
    assert table.text().splitlines() == ["name  valid until (UTC)", "main  2027-01-30 23:30:00"]


def test_what_a_stranger_chose_cannot_command_a_terminal_or_add_a_row() -> None:
    table = tokens()
    table.add(name="evil\x1b[2J\nvalid", state=State("a\x07", Tone.BAD), until=["b\r", "c\u202e"])
    _, row = table.text(colour=False).split("\n")
    assert row == r"evil\x1b[2J\nvalid  a\x07  b\r, c\u202e"
    sheet = Sheet()
    sheet.add("name", "name", "a\x1b[2J")
    sheet.add("names", "names", ["b\n"])
    assert sheet.text() == "name:   a\\x1b[2J\nnames:  b\\n"


def test_wide_characters_take_two_columns_and_accents_none() -> None:
    table = tokens()
    table.add(name="日本", state="x")
    table.add(name="e\u0301", state="y")
    assert table.text().splitlines() == ["name  state", "日本  x", "e\u0301     y"]


def test_a_state_has_its_colour_where_colours_are_wanted() -> None:
    table = tokens()
    table.add(name="main", state=EXPIRED, until=date(2026, 1, 31))
    assert "\x1b" not in table.text(), "standard output of a test is no terminal"
    assert "\x1b[31mexpired\x1b[0m  2026-01-31" in table.text(colour=True)
    sheet = Sheet()
    sheet.add("state", "state", EXPIRED)
    assert sheet.text(colour=True) == "state:  \x1b[31mexpired\x1b[0m"


@pytest.mark.parametrize(
    ("terminal", "environment", "coloured"),
    [
        (True, {"TERM": "xterm"}, True),
        (False, {"TERM": "xterm"}, False),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (True, {"TERM": "xterm", "NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colours_are_for_terminals_that_want_them(monkeypatch, terminal, environment, coloured) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert has_colours() is coloured


def test_a_sheet_has_its_facts_in_one_column_lists_below_each_other_and_tables_at_the_end() -> None:
    table = tokens()
    table.add(name="main", calls=7)
    sheet = Sheet()
    sheet.add("id", "", "P1")
    sheet.add("name", "name", "One")
    sheet.add("enabled", "enabled", True)
    sheet.add("codes", "SSID codes", ("A", "B"))
    sheet.add("since", "since", datetime(2027, 1, 31, 12, tzinfo=UTC))
    sheet.add("host", "host", "")
    sheet.add("tokens", "tokens", table)
    assert sheet.text().splitlines() == [
        "name:        One",
        "enabled:     yes",
        "SSID codes:  A",
        "             B",
        "since:       2027-01-31 12:00:00 UTC",
        "",
        "tokens:",
        "  name  calls",
        "  main      7",
    ]
    assert sheet.said("look").note == "look"
    assert msgspec.json.decode(msgspec.json.encode(sheet.said().data)) == {
        "id": "P1", "name": "One", "enabled": True, "codes": ["A", "B"], "since": "2027-01-31T12:00:00Z", "host": "",
        "tokens": [{"name": "main", "calls": 7}],
    }  # fmt: skip


def test_what_is_escaped_already_is_shown_as_it_is() -> None:
    table = tokens()
    table.add(name=Safe(r"a\nb"), state=r"a\nb")
    assert table.text().splitlines()[1] == r"a\nb  a\\nb"
