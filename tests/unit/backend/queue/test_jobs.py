from datetime import timedelta

import pytest
from django.utils import timezone

from seon.backend.errors import OperatorError
from seon.backend.journal.models import Entry
from seon.backend.queue import jobs
from seon.backend.queue.jobs import DAY, HOUR, JOBS, SLICE, Work, do, is_due
from seon.backend.queue.models import Job


def told() -> list[str]:
    return list(Entry.objects.filter(code__startswith="QUE-").order_by("pk").values_list("text", flat=True))


def nothing() -> str:
    return ""


def test_how_a_job_went_is_stored(caplog: pytest.LogCaptureFixture) -> None:
    before = timezone.now()
    with caplog.at_level("INFO", logger="seon.queue"):
        do(Work("one", "do one", lambda: "3 things done", HOUR))
    job = Job.objects.get(name="one")
    assert (job.ok, job.result) == (True, "3 things done")
    assert job.last_run is not None
    assert before <= job.last_run <= timezone.now()
    assert job.next_run == job.last_run + HOUR
    assert 0 <= job.duration < 5
    assert [record.getMessage() for record in caplog.records] == ["3 things done"]


def test_a_failure_is_told_once_until_the_job_works_again() -> None:
    broken = [True]

    def sometimes() -> str:
        if broken[0]:
            raise ValueError("a\x1b[31mb\nsecond line")
        return ""

    work = Work("one", "do one", sometimes, SLICE)
    for _ in range(3):
        do(work)
    reason = "ValueError: a\\x1b[31mb"
    assert Job.objects.get(name="one").result == reason
    assert told() == [
        f"Job one of the Seon send queue daemon failed and is tried again: {reason}; the daemon's log says more"
    ]
    broken[0] = False
    do(work)
    do(work)
    assert told()[1:] == ["Job one of the Seon send queue daemon works again"]
    broken[0] = True
    do(work)
    assert len(told()) == 3, "another outage is told anew"


def test_a_job_is_due_when_its_time_has_come() -> None:
    often, hourly = Work("often", "x", nothing, SLICE), Work("hourly", "x", nothing, HOUR)
    assert is_due(often)
    assert is_due(hourly)
    do(often)
    do(hourly)
    assert is_due(often)
    assert not is_due(hourly)
    Job.objects.filter(name="hourly").update(next_run=timezone.now() - timedelta(seconds=1))
    assert is_due(hourly)


def test_a_clock_that_was_wrong_stops_no_job_for_years() -> None:
    daily = Work("daily", "x", nothing, DAY)
    do(daily)
    Job.objects.update(next_run=timezone.now() + timedelta(days=4_000))
    assert is_due(daily)


def test_every_job_has_its_own_name_and_says_what_it_does_and_how_often() -> None:
    assert len({work.name for work in JOBS}) == len(JOBS)
    assert all(work.meaning for work in JOBS)
    assert {work.rhythm for work in JOBS} == {"every time slice", "hourly", "daily"}


@pytest.mark.parametrize("work", JOBS, ids=lambda work: work.name)
def test_every_job_works_on_a_new_installation(work: Work) -> None:
    job = do(work)
    assert job.ok, job.result


def test_an_error_for_people_is_the_reason_as_it_stands() -> None:
    assert jobs.reason_of(OperatorError("do this")) == "do this"
    assert jobs.reason_of(KeyError()) == "KeyError"
