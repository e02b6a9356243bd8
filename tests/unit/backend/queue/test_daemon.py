import pytest
from django.db import OperationalError

from seon.backend.acting.actors import owner
from seon.backend.configuration.keys import set_setting
from seon.backend.errors import OperatorError
from seon.backend.queue import daemon
from seon.backend.queue.actions import run_job
from seon.backend.queue.daemon import RETRY_SECONDS, Worker, run_once, run_round
from seon.backend.queue.jobs import HOUR, SLICE, Work
from seon.backend.queue.locks import QUEUE, became_active
from seon.backend.queue.models import Job
from seon.backend.queue.pausing import rest

DONE: list[str] = []


class TestLock:
    """A lock that the test gives and takes."""

    __test__ = False

    def __init__(self, free: bool = True) -> None:
        self.free = free

    def take(self) -> bool:
        return self.free

    def held(self) -> bool:
        return self.free

    def release(self) -> None:
        self.free = False


class Quiet:
    """Signals that never come."""

    ending = False

    def act(self) -> None:
        pass

    def wait(self, seconds: float) -> bool:
        DONE.append(f"rests {seconds:g} s")
        return not self.ending


def doing(name: str):
    def work() -> str:
        DONE.append(name)
        return ""

    return work


def fails() -> str:
    raise OperationalError("database is locked")


@pytest.fixture(autouse=True)
def jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    DONE.clear()
    work = (
        Work("fails", "x", fails, SLICE),
        Work("often", "x", doing("often"), SLICE),
        Work("hourly", "x", doing("hourly"), HOUR),
    )
    monkeypatch.setattr(daemon, "JOBS", work)
    monkeypatch.setattr("seon.backend.queue.jobs.JOBS", work)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    monkeypatch.setattr(daemon, "lock_of", lambda _: TestLock())
    return Worker(Quiet())  # type: ignore[arg-type]


def test_a_job_that_fails_does_not_stop_the_others() -> None:
    assert run_round(TestLock())
    assert DONE == ["often", "hourly"]
    assert {job.name: job.ok for job in Job.objects.all()} == {"fails": False, "hourly": True, "often": True}


def test_in_the_next_round_only_what_is_due_is_done() -> None:
    run_round(TestLock())
    run_round(TestLock())
    assert DONE == ["often", "hourly", "often"]


def test_the_lock_is_asked_before_each_job(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = TestLock()
    monkeypatch.setattr(daemon, "do", lambda work: (DONE.append(work.name), lock.release()))
    assert not run_round(lock)
    assert DONE == ["fails"], "the first job; then another one is active"


def test_one_that_is_not_active_does_nothing_and_says_where_the_active_one_is(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    set_setting("queue_seconds", "10")
    became_active(QUEUE)
    worker.lock.release()
    with caplog.at_level("INFO", logger="seon.queue"):
        assert worker.turn() == 5, "it tries again after half a time slice"
        worker.turn()
    assert DONE == []
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("Another queue daemon is active, this one waits: process ")


def test_a_long_slice_does_not_delay_the_take_over(worker: Worker) -> None:
    set_setting("queue_seconds", "3600")
    worker.lock.release()
    assert worker.turn() == daemon.TAKE_SECONDS


def test_a_job_that_is_asked_for_does_not_wait_for_the_time_slice(worker: Worker) -> None:
    set_setting("queue_seconds", "600")
    assert worker.turn() <= daemon.ASK_SECONDS
    assert DONE == ["often", "hourly"]
    worker.turn()
    assert DONE == ["often", "hourly"]
    run_job(owner(), "hourly")
    worker.turn()
    assert DONE[2:] == ["often", "hourly"]


def test_a_job_that_waits_hears_at_once_that_the_end_has_come(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def waiting() -> str:
        DONE.append("goes on" if rest(0.1) else "gives up")
        return ""

    monkeypatch.setattr(daemon, "JOBS", (Work("waiting", "x", waiting, SLICE),))
    worker.turn()
    assert DONE == ["rests 0.1 s", "goes on"]
    monkeypatch.setattr(Quiet, "wait", lambda *_: False)
    worker._round_at = 0
    worker.turn()
    assert DONE[2:] == ["gives up"]


def test_a_database_that_cannot_be_asked_ends_nothing(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(daemon.Settings, "load", fails)
        assert worker.turn() == RETRY_SECONDS
    worker.turn()
    assert DONE == ["often", "hourly"]


def test_a_single_round_is_refused_where_a_daemon_is_active(monkeypatch: pytest.MonkeyPatch) -> None:
    became_active(QUEUE)
    monkeypatch.setattr(daemon, "lock_of", lambda _: TestLock(free=False))
    with pytest.raises(OperatorError, match=r"A queue daemon is active .*: process \d+ on "):
        run_once()
    assert DONE == []
