"""What is shown of the runs of the event script."""

from datetime import timedelta

from django.utils import timezone

from seon.backend.script.lists import SHOWN, queue_state, runs
from seon.backend.script.models import LostRuns, RunState, ScriptRun, ScriptSettings


def add(state: RunState, number: int, **more: object) -> None:
    ScriptRun.objects.bulk_create(
        ScriptRun(
            hop="inside",
            event_id=f"{state}-{at}",
            severity=50,
            code="SRV-PORT",
            message="x",
            state=state,
            time=timezone.now(),
            **more,
        )
        for at in range(number)
    )


def test_the_queue_says_how_many_runs_wait_and_failed_lately() -> None:
    assert (queue_state().path, queue_state().waiting, queue_state().lost) == ("", 0, 0)
    ScriptSettings.objects.update_or_create(pk=1, defaults={"path": "/srv/alarm"})
    add(RunState.WAITING, 3)
    add(RunState.RUNNING, 1)
    add(RunState.FAILED, 2, ended_at=timezone.now())
    ScriptRun.objects.filter(event_id="failed-0").update(ended_at=timezone.now() - timedelta(days=2))
    LostRuns.objects.create(pk=1, number=7)
    state = queue_state()
    assert (state.path, state.waiting, state.running, state.failed, state.lost) == ("/srv/alarm", 3, 1, 1, 7)


def test_runs_come_newest_first_in_one_state_and_not_all_of_them() -> None:
    add(RunState.DONE, SHOWN + 5)
    add(RunState.FAILED, 2)
    assert len(runs()) == SHOWN
    assert [run.event_id for run in runs("failed")] == ["failed-1", "failed-0"]
    assert len(runs("no such state")) == SHOWN
