"""The small form of `make fuzz-files`: a thousand damaged certificates, lists and containers."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from fuzz import files, reading

RUN = Path(__file__).parents[1] / "fuzz" / "run_files.py"


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_is_taken_or_refused_with_a_documented_error(seed: int) -> None:
    shown: tuple[bytes, int, Counter[str]] = (b"", 0, Counter())
    try:
        for step in reading.run(250, seed):
            shown = step
    except Exception as error:
        error.add_note(f"reading {shown[1]} of {shown[0].hex()}")
        raise
    counts = shown[2]
    assert counts["taken"] > 15
    assert counts["refused"] > 100


@pytest.mark.parametrize("choice", range(5))
def test_each_file_as_it_is_passes_the_checks(choice: int) -> None:
    with reading.in_this_process():
        outcomes = [reading.judge(octets, choice) for octets in files.seeds()]
    assert outcomes.count("taken") > 20


def test_the_program_counts_and_says_what_it_found(tmp_path: Path) -> None:
    command = [sys.executable, RUN, "-runs=100", "-jobs=1", "-seed=1", f"-work={tmp_path}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("100 files in ")
