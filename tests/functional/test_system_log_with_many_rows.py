"""A hundredth of what docs/benchmarks.md measures: lists of many rows, and events that come in quickly.

bench/journal.py runs in a process of its own, since it loads Django.
"""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

BENCH = Path(__file__).parents[2] / "bench" / "journal.py"
LONGEST = 1.0
"""Seconds that a list may take."""


@pytest.mark.parametrize(("database", "rows", "rate"), [("postgresql", 100_000, 30), ("sqlite", 10_000, 10)])
def test_lists_take_less_than_a_second_and_events_are_stored_quickly(
    database: str, rows: int, rate: int, tmp_path: Path
) -> None:
    result = tmp_path / "result.json"
    done = subprocess.run(
        [sys.executable, BENCH, "--database", database, "--rows", str(rows), "--seconds", "2", "--json", result],
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    measured = msgspec.json.decode(result.read_bytes())
    assert measured["rate"] >= rate
    lists = {found["name"]: found for found in measured["lists"]}
    assert {name: found["median"] for name, found in lists.items() if found["median"] > LONGEST} == {}
    assert lists["without a filter, 7 days"]["found"] == 100
    assert lists["text, frequent, all"]["found"] == 100
    assert lists["code, none, all"]["found"] == 0
    assert not any(found["cut"] for found in lists.values()), "so few rows are looked through to the end"
