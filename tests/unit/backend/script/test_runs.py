import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

sys.path.insert(0, str(Path(__file__).parent))

from making import chosen, stored

from seon.backend.script import runs
from seon.backend.script.models import MOST_STORED_OUTPUT, RunState, ScriptRun
from seon.backend.script.processes import Result


@pytest.fixture(autouse=True)
def _chosen(tmp_path: Path) -> None:
    chosen(tmp_path)


def states() -> dict[int, str]:
    return dict(ScriptRun.objects.order_by("pk").values_list("pk", "state"))


def test_the_oldest_come_first_and_each_is_taken_once() -> None:
    made = [stored().pk for _ in range(3)]
    assert [run.pk for run in runs.claim(2)] == made[:2]
    assert [run.pk for run in runs.claim(2)] == made[2:]
    assert runs.claim(2) == []


def test_one_that_is_to_wait_for_repeats_is_left_alone() -> None:
    ScriptRun.objects.filter(pk=stored().pk).update(not_before=timezone.now() + timedelta(seconds=60))
    assert runs.claim(1) == []


def test_a_run_that_was_started_and_did_not_end_is_begun_again_once() -> None:
    pk = stored().pk
    for attempt in (1, 2):
        (run,) = runs.claim(1)
        assert run.attempts == attempt
        runs.note_starts({pk: "another-boot 1 1"})
        runs.take_up([])
    assert states() == {pk: RunState.FAILED}
    assert ScriptRun.objects.get().result == "interrupted too often"


def test_a_run_of_which_nobody_knows_that_it_was_started_is_begun_again() -> None:
    pk = stored().pk
    for _ in range(5):
        assert runs.claim(1)
        runs.take_up([])
    assert states() == {pk: RunState.WAITING}


def test_a_run_that_we_have_ended_ourselves_was_not_started_however_often_that_happens() -> None:
    pk = stored().pk
    for number in range(runs.MOST_ATTEMPTS + 1):
        (run,) = runs.claim(1)
        run.process = f"boot 1 {number}"
        runs.note_starts({pk: run.process})
        runs.give_back([run])
        assert runs.take_up([]) == []
    assert ScriptRun.objects.values_list("state", "attempts", "starts", "process").get() == (RunState.WAITING, 0, 0, "")


def test_only_what_runs_in_our_own_process_is_given_back() -> None:
    stored()
    (ours,) = runs.claim(1)
    ours.process = "boot 1 1"
    runs.note_starts({ours.pk: "boot 2 2"})
    runs.give_back([ours])
    assert ScriptRun.objects.values_list("state", "starts").get() == (RunState.RUNNING, 1)


def test_what_runs_here_is_not_taken_up() -> None:
    pk = stored().pk
    assert runs.claim(1)
    assert runs.take_up([pk]) == []
    assert states() == {pk: RunState.RUNNING}


def test_a_run_that_was_not_started_after_all_waits_as_before() -> None:
    stored()
    runs.put_back(runs.claim(1))
    assert ScriptRun.objects.values_list("state", "attempts").get() == (RunState.WAITING, 0)


def test_the_end_is_kept_with_its_output_as_text_and_cut() -> None:
    stored()
    taken = runs.claim(1)
    result = Result(1, 0.5, b"\xff\x00" + b"x" * 60_000, dropped=0, too_slow=False)
    runs.note_ends([(taken[0], result)])
    found = ScriptRun.objects.get()
    assert (found.state, found.exit_status, found.result) == (RunState.FAILED, 1, "exit status 1")
    assert found.output.startswith("\\xff\\x00xxx")
    assert len(found.output) == MOST_STORED_OUTPUT


def test_a_turn_notes_each_end_and_each_start_and_takes_the_next() -> None:
    keys = [stored().pk for _ in range(5)]
    first, second, third = runs.turn([], {}, 3)
    good = Result(0, 0.5, b"", dropped=0, too_slow=False)
    bad = Result(-15, 2.0, b"said", dropped=0, too_slow=True)
    (fourth,) = runs.turn([(first, good), (second, bad)], {third.pk: "boot 1 1"}, 1)
    assert (third.pk, fourth.pk) == (keys[2], keys[3])
    found = ScriptRun.objects.order_by("pk").values_list("state", "exit_status", "output", "process", "starts")
    assert list(found) == [
        (RunState.DONE, 0, "", "", 0),
        (RunState.FAILED, -15, "said", "", 0),
        (RunState.RUNNING, None, "", "boot 1 1", 1),
        (RunState.RUNNING, None, "", "", 0),
        (RunState.WAITING, None, "", "", 0),
    ]
    assert fourth.attempts == ScriptRun.objects.get(pk=fourth.pk).attempts == 1


def test_old_runs_are_forgotten_and_those_that_wait_are_not() -> None:
    waiting, done = stored().pk, stored().pk
    ScriptRun.objects.filter(pk=done).update(state=RunState.DONE, ended_at=timezone.now())
    assert runs.forget_old(timezone.now()) == 0
    assert runs.forget_old(timezone.now() + timedelta(days=8)) == 1
    assert list(states()) == [waiting]


def test_output_stays_on_one_line() -> None:
    assert runs.on_one_line(b"a\nb\x1b[2J\n", 100) == "a\\nb\\x1b[2J"
