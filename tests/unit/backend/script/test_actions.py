import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from making import chosen, script, stored

from seon.backend.acting.actors import owner
from seon.backend.errors import OperatorError
from seon.backend.journal.models import Entry
from seon.backend.script import actions
from seon.backend.script.actions import clear_script, retry_run, set_script
from seon.backend.script.models import RunState, ScriptRun, ScriptSettings


def test_what_is_not_given_stays_as_it_is(tmp_path: Path) -> None:
    path = chosen(tmp_path)
    set_script(owner(), seconds=5)
    set_script(owner(), at_once=2, collapse_seconds=60)
    row = ScriptSettings.load()
    assert (row.path, row.seconds, row.at_once, row.collapse_seconds) == (str(path), 5, 2, 60)


@pytest.mark.parametrize("wrong", [{"seconds": 0}, {"seconds": 3_601}, {"at_once": 0}, {"collapse_seconds": 86_401}])
def test_a_number_that_is_not_allowed_is_refused_with_its_name(wrong: dict[str, int], tmp_path: Path) -> None:
    path = script(tmp_path, "true")
    with pytest.raises(OperatorError, match=next(iter(wrong))):
        set_script(owner(), str(path), **wrong)
    assert ScriptSettings.load().path == ""


def test_a_script_that_is_taken_away_leaves_no_run_waiting(tmp_path: Path) -> None:
    chosen(tmp_path)
    stored()
    stored()
    assert clear_script(owner()) == 2
    assert set(ScriptRun.objects.values_list("state", "result")) == {
        (RunState.FAILED, "the event script was taken away before")
    }
    assert "2 that waited" in Entry.objects.filter(code="AUD-CHANGE").latest("pk").text


def test_a_run_that_did_not_fail_is_not_repeated(tmp_path: Path) -> None:
    chosen(tmp_path)
    with pytest.raises(OperatorError, match="waiting"):
        retry_run(owner(), stored().pk)


def test_a_test_is_an_event_of_the_journal_that_names_who_tries(tmp_path: Path) -> None:
    chosen(tmp_path)
    run = actions.test_script(owner())
    assert (run.code, run.state) == ("SCR-TEST", RunState.WAITING)
    assert owner().name in Entry.objects.get(code="SCR-TEST").text


def test_a_test_of_a_script_that_became_writable_says_so(tmp_path: Path) -> None:
    chosen(tmp_path).chmod(0o722)
    with pytest.raises(OperatorError, match="chmod go-w"):
        actions.test_script(owner())
