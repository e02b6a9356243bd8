import time

from seon.backend.queue.pausing import rest, resting_by


def test_outside_the_daemon_a_job_just_waits() -> None:
    began = time.monotonic()
    assert rest(0.02)
    assert time.monotonic() - began >= 0.02


def test_the_daemon_says_how_jobs_wait_and_whether_they_go_on() -> None:
    waited = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return len(waited) < 2

    with resting_by(wait):
        assert (rest(5), rest(7)) == (True, False)
    assert waited == [5, 7]
    assert rest(0)
