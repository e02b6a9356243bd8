"""Lists as files that nobody is harmed by who opens them."""

import csv
import io
import json

import pytest

from seon.backend.panel.downloads import csv_line, harmless, json_line, line


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_cell_that_begins_as_a_formula_is_a_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    (row,) = csv.reader(io.StringIO(csv_line([cell, "x"]), newline=""))
    assert row == [f"'{cell}", "x"]


@pytest.mark.parametrize(("cell", "text"), [("a=b", "a=b"), (None, ""), (7, "7"), ("", ""), ("'=1", "'=1"),
                                             ({"a": "=1"}, '{"a":"=1"}'), ([["a"]], '[["a"]]')])  # fmt: skip
def test_another_cell_stays_as_it_is(cell: object, text: str) -> None:
    assert harmless(cell) == text


def test_a_line_of_json_is_one_object_whatever_its_values_hold() -> None:
    made = json_line(("a", "b"), ('x"\n=1', 7))
    assert made.count("\n") == 1
    assert json.loads(made) == {"a": 'x"\n=1', "b": 7}
    assert line("csv", ("a",), ("x",)) == "x\r\n"
    assert line("jsonl", ("a",), ("x",)) == '{"a":"x"}\n'
