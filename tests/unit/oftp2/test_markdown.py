"""Tables for people."""

from seon.oftp2.markdown import table


def test_a_table_has_a_line_for_each_row_and_narrow_empty_cells() -> None:
    assert table(("A", "B"), ("1", ""), ("2", "x")) == "| A | B |\n| --- | --- |\n| 1 | |\n| 2 | x |"
