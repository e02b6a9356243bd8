"""The small form of `make fuzz`: some thousand damaged sessions, and a short run of the fuzzer itself."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.judging import judge
from fuzz.mutating import mutated
from fuzz.sessions import MOST, Session, Step, packed, seeds, transcript, unpacked

RUN = Path(__file__).parents[1] / "fuzz" / "run.py"


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_session_never_breaks_the_verifier(seed: int) -> None:
    random, first = Random(seed), seeds()
    pool = list(first)
    for number in range(700):
        session = mutated(random.choice(pool), first, random, lambda octets: octets[::-1])
        try:
            judge(session, random)
        except Exception as error:
            error.add_note(transcript(session))
            raise
        if number % 5 == 0:
            pool.append(session)


def test_every_recorded_session_passes_the_fuzzer_s_checks_as_it_is() -> None:
    for session in seeds():
        for attempt in range(10):
            judge(session, Random(attempt))


def test_what_the_fuzzer_keeps_is_the_session() -> None:
    long = Session(3, (Step(4, b"x" * (MOST + 1)), Step(1, b"y")))
    assert b"".join(step.octets for step in unpacked(packed(long)).steps) == b"x" * (MOST + 1) + b"y"
    for session in seeds():
        assert unpacked(packed(session)) == session


@given(st.binary(max_size=300))
def test_any_octets_are_a_session(data: bytes) -> None:
    judge(unpacked(data), Random(0))


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this machine")
def test_the_coverage_guided_fuzzer_runs_and_finds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, RUN, "-runs=3000", "-jobs=1", "-seed=1", f"-work={tmp_path}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = re.match(r"(\d+) sessions", done.stdout.strip())
    assert found
    assert int(found[1]) >= 3000
