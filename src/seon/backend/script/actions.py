"""What can be done with the event script."""

from django.utils import timezone

from seon.backend.acting import audit
from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.configuration.versioned import take_turn
from seon.backend.errors import OperatorError
from seon.backend.home import current_home
from seon.backend.journal.recording import record
from seon.backend.script.models import RunState, ScriptRun, ScriptSettings
from seon.backend.script.path import check_script


@act("script.set", Right.SCRIPT, again=True)
def set_script(
    _: Actor,
    path: str | None = None,
    *,
    seconds: int | None = None,
    at_once: int | None = None,
    collapse_seconds: int | None = None,
) -> ScriptSettings:
    """Choose the event script, or how it is run; what is None stays.

    Raises OperatorError if it may not be run, or for a number that is not allowed.
    """
    take_turn()
    row = ScriptSettings.load()
    if path is not None:
        row.path = _checked(path)
    for name, value in {"seconds": seconds, "at_once": at_once, "collapse_seconds": collapse_seconds}.items():
        if value is not None:
            setattr(row, name, value)
    row.save()
    return row


@act("script.clear", Right.SCRIPT, again=True)
def clear_script(_: Actor) -> int:
    """Run no event script any more; returns how many runs waited, which do not take place. Raises OperatorError."""
    take_turn()
    row = ScriptSettings.load()
    if not row.path:
        raise OperatorError("No event script is set")
    row.path = ""
    row.save()
    waiting = ScriptRun.objects.filter(state=RunState.WAITING)
    # In the order in which batches count their repeats (queueing.py), so that neither waits for the other for ever.
    list(waiting.order_by("same").select_for_update().values_list("pk"))
    waited = waiting.update(
        state=RunState.FAILED, ended_at=timezone.now(), result="the event script was taken away before"
    )
    if waited:
        audit.note("runs of the event script", f"{waited} that waited do not take place")
    return waited


@act("script.test", Right.SCRIPT, again=True)
def test_script(by: Actor) -> ScriptRun:
    """Try the event script with a critical event of its own; returns the run, which waits.

    Raises OperatorError if none is set, or it may not be run, or there is no room in the queue.
    """
    row = ScriptSettings.load()
    if not row.path:
        raise OperatorError("No event script is set: seonapi script set PATH")
    check_script(row.path, current_home().path)
    event = record("SCR-TEST", user=by.name, way=by.way.value)
    run = ScriptRun.objects.filter(hop="inside", event_id=event).first()
    if run is None:
        raise OperatorError(
            "The test has started no run: the queue is full, or an ignore rule matches SCR-TEST (seonapi ignore list)"
        )
    audit.note(f"event script {row.path}", "tried")
    return run


@act("script.retry", Right.SCRIPT)
def retry_run(_: Actor, number: int) -> ScriptRun:
    """Put a run that failed into the queue again. Raises OperatorError if it did not, or none is set."""
    run = ScriptRun.objects.select_for_update().filter(pk=number).first()
    if run is None:
        raise OperatorError(f"There is no run {number}: seonapi script queue")
    if run.state != RunState.FAILED:
        raise OperatorError(f"Run {number} is {run.state}: only one that failed can be repeated")
    if not ScriptSettings.load().path:
        raise OperatorError("No event script is set: seonapi script set PATH")
    run.state, run.starts, run.attempts, run.ended_at = RunState.WAITING, 0, 0, None
    run.not_before = timezone.now()
    run.save(update_fields=["state", "starts", "attempts", "ended_at", "not_before"])
    audit.note(str(run), "failed to waiting")
    return run


def _checked(path: str) -> str:
    try:
        return str(check_script(path, current_home().path))
    except OperatorError as error:
        raise OperatorError(str(error), fields={"path": str(error)}) from None
