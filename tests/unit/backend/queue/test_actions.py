import pytest

from seon.backend.acting.actors import owner
from seon.backend.errors import OperatorError
from seon.backend.queue import jobs
from seon.backend.queue.actions import run_job


def test_a_job_that_is_asked_for_is_due_until_it_was_done() -> None:
    work = jobs.work_named("expiry")
    jobs.do(work)
    assert not jobs.is_due(work)
    run_job(owner(), "expiry")
    assert jobs.is_asked_for()
    assert jobs.is_due(work)
    jobs.do(work)
    assert not jobs.is_asked_for()
    assert not jobs.is_due(work)


def test_a_job_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(OperatorError, match=r"no job 'x'; there are: certificates, .*expiry"):
        run_job(owner(), "x")
