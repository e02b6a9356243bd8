import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from making import chosen, stored

from seon.backend.errors import OperatorError
from seon.backend.home import Home
from seon.backend.queue.locks import EVENTS, lock_of
from seon.backend.script import runs, trying
from seon.backend.script.models import RunState, ScriptRun
from seon.backend.script.processes import Processes, Result
from seon.backend.script.service import Service
from seon.backend.script.trying import follow


def test_where_no_service_takes_it_the_run_is_done_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "SERVICE_SECONDS", 0.0)
    chosen(tmp_path, "echo hello; exit 4")
    run, here = follow(stored())
    assert here
    assert (run.state, run.result, run.output) == (RunState.FAILED, "exit status 4", "hello\n")
    assert ScriptRun.objects.get().state == RunState.FAILED


def test_a_run_that_is_interrupted_here_waits_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "SERVICE_SECONDS", 0.0)
    chosen(tmp_path, "sleep 60")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Processes, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        follow(stored())
    assert ScriptRun.objects.values_list("state", "starts", "attempts").get() == (RunState.WAITING, 0, 0)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a home away")
def test_root_does_not_run_what_the_user_of_the_home_may_have_written(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "SERVICE_SECONDS", 0.0)
    chosen(tmp_path, f"touch {tmp_path}/ran")
    run = stored()
    os.chown(home.path, 12_345, 12_345)
    with pytest.raises(OperatorError, match="runuser -u 12345 --"):
        follow(run)
    with pytest.raises(OperatorError, match="runuser -u 12345 --"):
        Service(home.path, lock_of(EVENTS))
    assert not (tmp_path / "ran").exists()
    assert ScriptRun.objects.get().state == RunState.WAITING


def test_what_the_service_has_done_is_told_and_not_repeated(tmp_path: Path) -> None:
    chosen(tmp_path, "exit 4")
    run = stored()
    runs.note_ends([(runs.claim(1)[0], Result(0, 0.1, b"by another", dropped=0, too_slow=False))])
    found, here = follow(run)
    assert not here
    assert (found.state, found.output) == (RunState.DONE, "by another")
