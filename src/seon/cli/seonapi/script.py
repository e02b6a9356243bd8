"""`seonapi script`: the event script, `Seon API proxy system log event script`."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from typing import TYPE_CHECKING, Any

import click

from seon.cli.seonapi.answers import State, Table, Tone
from seon.cli.seonapi.base import Said, on_installation

if TYPE_CHECKING:
    from seon.backend.script.models import ScriptRun, ScriptSettings

MOST_LISTED = 1_000
_TONES = {"done": Tone.GOOD, "failed": Tone.BAD}


@click.group()
def script() -> None:
    """The event script: Seon API proxy system log event script. It is run for every critical event."""


@script.command(name="show")
@on_installation
def script_show() -> Said:
    """Show the script, how it is run, and how many runs there are."""
    from django.db.models import Count

    from seon.backend.script.models import RunState, ScriptRun, ScriptSettings

    row = ScriptSettings.load()
    counted = dict(ScriptRun.objects.order_by().values_list("state").annotate(Count("pk")))
    runs = {state.value: counted.get(state.value, 0) for state in RunState}
    text = _settings_text(row) + "\nruns: " + ", ".join(f"{count} {state}" for state, count in runs.items())
    return Said({**_settings_data(row), "runs": runs}, text)


@script.command(name="set")
@click.argument("path", required=False)
@click.option("--seconds", type=int, help="How long a run may take: 1 to 3600.")
@click.option("--at-once", type=int, help="Runs at once: 1 to 64.")
@click.option("--collapse-seconds", type=int, help="Put repeats within so long together in one run; 0: none.")
@on_installation
def script_set(**options: Any) -> Said:
    """Let PATH be the event script, or change how it is run.

    PATH is absolute, executable, and neither it nor a directory above it may be written by group or others.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.script.actions import set_script

    if all(value is None for value in options.values()):
        raise click.UsageError("Give PATH, or what is to be changed")
    row = set_script(owner(), options.pop("path"), **options)
    return Said(_settings_data(row), _settings_text(row))


@script.command(name="clear")
@on_installation
def script_clear() -> Said:
    """Run no event script any more; runs that wait do not take place."""
    from seon.backend.acting.actors import owner
    from seon.backend.script.actions import clear_script

    waited = clear_script(owner())
    more = f"; {waited} runs that waited do not take place" if waited else ""
    return Said({"path": "", "waited": waited}, f"no event script is run any more{more}")


@script.command(name="test")
@on_installation
def script_test() -> Said:
    """Try the script with a critical event SCR-TEST. Its end and output are shown. Exit status 1 if it failed.

    The events service runs it. Where none does within 3 s, this command runs it itself.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.errors import OperatorError
    from seon.backend.script.actions import test_script
    from seon.backend.script.trying import follow

    run, here = follow(test_script(owner()))
    by = "by this command, since no events service has taken it" if here else "by the events service"
    text = f"{run.result}; run {by}; output:\n{run.output.rstrip() or '(none)'}"
    if run.state != "done":
        raise OperatorError(f"The event script failed: {text}")
    return Said({**_run_data(run), "output": run.output, "by_service": not here}, text)


@script.command(name="queue")
@click.option("--state", type=click.Choice(["waiting", "running", "done", "failed"]), help="Only runs in this state.")
@click.option("--limit", type=click.IntRange(1, MOST_LISTED), default=50, show_default=True, help="How many at most.")
@on_installation
def script_queue(state: str | None, limit: int) -> Said:
    """List runs, newest first."""
    from seon.backend.script.models import ScriptRun

    rows = ScriptRun.objects.all()
    found = list((rows.filter(state=state) if state else rows)[:limit])
    headings = {"run": "run", "arrived": "event arrived", "state": "state", "code": "code", "result": "how it went",
                "message": "message"}  # fmt: skip
    table = Table(headings, empty="no such runs" if state else "no runs yet")
    for run in found:
        state_now = State(run.state, _TONES.get(run.state, Tone.SOON))
        table.add(run=run.pk, arrived=run.created_at, state=state_now, code=run.code, result=run.result,
                  message=run.message[:100])  # fmt: skip
    return Said([_run_data(run) for run in found], table.text())


@script.command(name="retry")
@click.argument("run", type=int)
@on_installation
def script_retry(run: int) -> Said:
    """Put the run with number RUN, which failed, into the queue again."""
    from seon.backend.acting.actors import owner
    from seon.backend.script.actions import retry_run

    found = retry_run(owner(), run)
    return Said(_run_data(found), f"{found} waits again")


def _settings_data(row: "ScriptSettings") -> dict[str, object]:
    names = ("path", "seconds", "at_once", "collapse_seconds")
    return {name: getattr(row, name) for name in names}


def _settings_text(row: "ScriptSettings") -> str:
    repeats = f"repeats within {row.collapse_seconds} s together" if row.collapse_seconds else "a run for each event"
    return f"event script: {row}; at most {row.seconds} s, {row.at_once} at once, {repeats}"


def _run_data(run: "ScriptRun") -> dict[str, object]:
    names = ("code", "message", "state", "result", "exit_status", "attempts", "repeats", "partner", "session")
    times = {
        name: value.isoformat() if value else None
        for name, value in (("arrived", run.created_at), ("started", run.started_at), ("ended", run.ended_at))
    }
    return {"run": run.pk, **{name: getattr(run, name) for name in names}, **times}
