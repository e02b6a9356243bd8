"""What is shown of jobs and services."""

from datetime import timedelta

import pytest
from django.utils import timezone

from seon.backend.queue.jobs import JOBS, Work, do
from seon.backend.queue.lists import events_service, jobs, queue_daemon
from seon.backend.queue.locks import EVENTS, QUEUE, became_active
from seon.backend.queue.models import Job, Service


def states() -> dict[str, str]:
    return {job.work.name: job.state for job in jobs()}


def test_every_job_has_a_state_in_the_order_in_which_they_are_done() -> None:
    assert [job.work for job in jobs()] == list(JOBS)
    assert set(states().values()) == {"new"}


def test_a_job_is_good_failed_or_asked_for() -> None:
    do(JOBS[0])
    do(Work(JOBS[1].name, "", lambda: 1 / 0, JOBS[1].every))  # type: ignore[arg-type,return-value]  # it never returns
    Job.objects.create(name=JOBS[2].name, asked_for=True)
    assert [states()[work.name] for work in JOBS[:4]] == ["good", "failed", "asked for", "new"]


@pytest.mark.parametrize(("shown", "name"), [(queue_daemon, QUEUE), (events_service, EVENTS)])
def test_a_service_is_away_when_it_never_ran_or_is_silent(shown, name: str) -> None:
    assert (shown().away, shown().host) == (True, "")
    became_active(name)
    assert not shown().away
    assert shown().pid > 0
    Service.objects.filter(name=name).update(seen_at=timezone.now() - timedelta(minutes=10))
    assert shown().away
    assert shown().host
