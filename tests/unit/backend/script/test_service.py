import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from making import chosen, script, stored

from seon.backend.journal.models import Entry
from seon.backend.queue.locks import EVENTS, active
from seon.backend.script import runs
from seon.backend.script.models import LostRuns, RunState, ScriptRun
from seon.backend.script.service import Service


class OfTheTest:
    """A lock that another process may have."""

    of_another = False

    def take(self) -> bool:
        return not self.of_another

    def held(self) -> bool:
        return not self.of_another

    def release(self) -> None:
        pass


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path, OfTheTest())
    yield made
    made._processes.end_all()
    made._lock.release()


def worked(service: Service, until: Callable[[], bool]) -> None:
    limit = time.monotonic() + 20
    while not until():
        assert time.monotonic() < limit
        service.round()


def all_ended() -> bool:
    return not ScriptRun.objects.filter(state__in=(RunState.WAITING, RunState.RUNNING)).exists()


def test_every_run_takes_place_and_one_that_fails_is_an_event(service: Service, tmp_path: Path) -> None:
    chosen(tmp_path, f'echo "$4" >> {tmp_path}/out; [ "$7" = good ]')
    stored(partner="good")
    stored(partner="bad")
    worked(service, all_ended)
    service.round()
    assert len((tmp_path / "out").read_text().splitlines()) == 2
    assert set(ScriptRun.objects.values_list("partner", "state")) == {
        ("good", RunState.DONE), ("bad", RunState.FAILED)
    }  # fmt: skip
    (entry,) = Entry.objects.filter(code="SCR-FAILED")
    assert "failed for SRV-PORT: exit status 1" in entry.text
    assert ScriptRun.objects.count() == 2, "the failure starts no script"


def test_runs_wait_while_the_script_cannot_be_run_and_none_is_lost(service: Service, tmp_path: Path) -> None:
    path = chosen(tmp_path, f"echo x >> {tmp_path}/out")
    stored()
    path.unlink()
    for _ in range(3):
        service.round()
    assert ScriptRun.objects.get().state == RunState.WAITING
    assert Entry.objects.filter(code="SCR-BAD").count() == 1
    script(tmp_path, f"echo x >> {tmp_path}/out").chmod(0o777)
    worked(service, lambda: Entry.objects.filter(code="SCR-BAD").count() == 2)
    assert "chmod go-w" in Entry.objects.filter(code="SCR-BAD").latest("pk").text
    path.chmod(0o700)
    worked(service, all_ended)
    assert (tmp_path / "out").read_text() == "x\n"


def test_who_has_not_the_lock_starts_nothing_until_the_other_has_gone(service: Service, tmp_path: Path) -> None:
    chosen(tmp_path)
    service._lock.of_another = True
    stored()
    service.round()
    assert ScriptRun.objects.get().state == RunState.WAITING
    service._lock.of_another = False
    worked(service, all_ended)
    assert active(EVENTS).startswith(f"process {os.getpid()} on "), "people see which one it is"


def test_an_end_that_the_database_does_not_take_is_noted_later(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen(tmp_path, f"echo x >> {tmp_path}/out")
    stored()
    good = runs.note_ends

    def broken(_: object) -> None:
        monkeypatch.setattr(runs, "note_ends", good)
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(runs, "note_ends", broken)
    limit = time.monotonic() + 20
    while not all_ended() and time.monotonic() < limit:
        service._guarded(service.round)
    assert ScriptRun.objects.get().state == RunState.DONE
    assert (tmp_path / "out").read_text() == "x\n", "it ran once"


def test_an_orderly_end_takes_no_start_from_a_run_that_takes_longer(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seon.backend.script.service.END_SECONDS", 0.1)
    monkeypatch.setattr("seon.backend.script.service.NICENESS", os.getpriority(os.PRIO_PROCESS, 0))
    chosen(tmp_path, "sleep 60")
    stored()
    for _ in range(runs.MOST_STARTS + 1):
        service.run(lambda: ScriptRun.objects.exclude(process="").exists())
        assert ScriptRun.objects.values_list("state", "starts").get() == (RunState.WAITING, 0)
        service = Service(tmp_path, OfTheTest())


def test_a_run_that_is_given_up_is_an_event(service: Service, tmp_path: Path) -> None:
    chosen(tmp_path)
    stored()
    runs.note_starts({run.pk: "another-boot 1 1" for run in runs.claim(1)})
    ScriptRun.objects.update(starts=runs.MOST_STARTS)
    service.round()
    assert "failed for SRV-PORT: interrupted too often" in Entry.objects.get(code="SCR-FAILED").text


def test_the_number_of_lost_runs_is_not_lost_where_it_cannot_be_said(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    LostRuns.objects.create(pk=1, number=7)

    def full(code: str, **_: object) -> None:
        raise RuntimeError(f"{code}: the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("seon.backend.script.service.record", full)
        with pytest.raises(RuntimeError, match="SCR-LOST"):
            service.round()
    service._upkeep_at = 0.0
    service.round()
    assert Entry.objects.get(code="SCR-LOST").fields["count"] == 7


def test_the_process_of_a_run_that_takes_longer_is_noted_soon_so_that_the_next_service_can_end_it(
    service: Service, tmp_path: Path
) -> None:
    chosen(tmp_path, "sleep 60")
    stored()
    worked(service, lambda: ScriptRun.objects.exclude(process="").exists())
    (run,) = ScriptRun.objects.all()
    assert (run.state, run.starts, run.attempts) == (RunState.RUNNING, 1, 1)
    assert int(run.process.split()[1]) in {one.process.pid for one in service._processes._running.values()}
