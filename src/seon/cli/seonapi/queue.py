"""`seonapi queue` and `seon_sendqueue`: the Seon send queue daemon and its jobs."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

import contextlib
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from seon.backend.errors import OperatorError
from seon.backend.home import VARIABLE
from seon.cli.seonapi.answers import Cell, Sheet, State, Table, Tone
from seon.cli.seonapi.base import (
    Said,
    clear_errors,
    home_option,
    level_option,
    on_installation,
    open_for_daemon,
    pid_file,
    replace_stale_pid_option,
    say_ready,
)
from seon.cli.seonapi.events import events_beside
from seon.cli.version import version_option

if TYPE_CHECKING:
    from seon.backend.queue.jobs import Work
    from seon.backend.queue.lists import JobState
    from seon.backend.queue.models import Job

WAIT_SECONDS = 60.0
"""How long `seonapi queue run` waits for the daemon to do the job."""


def _daemon_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what the daemon takes on its command line, by either name."""
    for option in (
        replace_stale_pid_option,
        level_option,
        click.option("--no-events", is_flag=True, help="Leave the event script to `seonapi events`."),
        click.option("--once", is_flag=True, help="Do one round and end; refused where a queue daemon is active."),
        home_option,
    ):
        function = option(function)
    return function


@click.group(invoke_without_command=True)
@_daemon_options
@click.pass_context
def queue(context: click.Context, /, home: str | None, **options: Any) -> None:
    """Run the Seon send queue daemon, or see and run its jobs.

    Without a command it runs in the foreground and does the jobs that are due, once in each Seon send queue time slice
    (setting queue_seconds). It runs the event script, too, unless started with --no-events. Of several daemons on one
    database one works, and the others wait. seon_sendqueue is the same.

    SIGHUP opens the log file anew. Signals 20, 21, 22, 23 and 24 set its level to TRACE, DEBUG, INFO, ERROR and FATAL.
    """
    if context.invoked_subcommand is None:
        _run(home, **options)
    elif home is not None:
        os.environ[VARIABLE] = home  # `seonapi queue --home X list` means what `seonapi queue list --home X` does


@click.command(name="seon_sendqueue", context_settings={"help_option_names": ["-h", "--help"]})
@version_option("seon_sendqueue", "-v", "--version")
@_daemon_options
def send_queue(home: str | None, **options: Any) -> None:
    """Run the Seon send queue daemon, as seonapi queue does.

    It does the jobs that are due, once in each Seon send queue time slice (setting queue_seconds).
    """
    _run(home, **options)


@clear_errors
def _run(home: str | None, *, once: bool, no_events: bool, level: str | None, replace_stale_pid: bool) -> None:
    place = open_for_daemon(home, "queue", level)
    from seon.backend.apilog.following import follow
    from seon.backend.logs import write_api_log_too
    from seon.backend.queue import daemon

    write_api_log_too(place.log_directory)
    if once:  # without a PID file: beside a daemon it says that the round is done anyway, and not to end that daemon
        for job in daemon.run_once():
            click.echo(f"{job.name}: {'' if job.ok else 'failed: '}{job.result or 'nothing to do'}", err=not job.ok)
        return
    # The PID file names the daemon of this directory. Who works is decided by a lock (locks.py).
    with pid_file(place, "seonapi_queue.pid", replace_stale=replace_stale_pid):
        follow(level_given=level is not None)
        with contextlib.nullcontext(say_ready) if no_events else events_beside(place) as ready:
            daemon.run(ready)
        daemon.say_ended()


@queue.command(name="list")
@on_installation
def queue_list() -> Said:
    """List the jobs: how the last run went, and when the next one is due."""
    from seon.backend.queue.lists import jobs, queue_daemon
    from seon.backend.queue.locks import QUEUE, active

    table = Table(_HEADINGS, empty="no jobs")
    for job in jobs():
        table.add(**_facts(job))
    last = active(QUEUE) if queue_daemon().host else "none yet"
    return Said(table.data, f"{table.text()}\n\nlast active queue daemon: {last}")


@queue.command(name="show")
@click.argument("job")
@on_installation
def queue_show(job: str) -> Said:
    """Show what the job JOB does and how it went."""
    from seon.backend.queue.jobs import work_named
    from seon.backend.queue.lists import JobState
    from seon.backend.queue.models import Job

    work = work_named(job)
    sheet = Sheet()
    for key, value in _facts(JobState(work, Job.objects.filter(name=work.name).first())).items():
        sheet.add(key, key.replace("_", " "), value)
    return sheet.said()


@queue.command(name="run")
@click.argument("job")
@on_installation
def queue_run(job: str) -> Said:
    """Have the job JOB done now. The active daemon does it, or this command if none is active."""
    from seon.backend.acting.actors import owner
    from seon.backend.queue.actions import run_job
    from seon.backend.queue.jobs import work_named

    before = run_job(owner(), job).last_run
    done = _done(work_named(job), before)
    if done is None:
        return Said(
            {"name": job, "done": False},
            f"job {job}: the queue daemon does it next; see seonapi queue show {job}",
        )
    if not done.ok:
        raise OperatorError(f"Job {job} failed: {done.result}; the log of the queue daemon may say more")
    return Said({"name": job, "done": True, "result": done.result}, f"job {job}: {done.result or 'nothing to do'}")


def _done(work: "Work", before: object) -> "Job | None":
    """Do the job, or wait for who does it; None if that takes too long."""
    from seon.backend.queue.jobs import do
    from seon.backend.queue.locks import QUEUE, lock_of
    from seon.backend.queue.models import Job

    lock, until = lock_of(QUEUE), time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        row = Job.objects.get(name=work.name)
        if row.last_run != before and not row.asked_for:
            return row
        if lock.take():
            try:
                return do(work)
            finally:
                lock.release()
        time.sleep(0.2)
    return None


_HEADINGS = {
    "name": "job",
    "state": "state",
    "last_run": "last run",
    "milliseconds": "ms",
    "next_run": "next run",
    "result": "result",
    "does": "what it does",
}


_TONES = {"new": Tone.OFF, "asked for": Tone.SOON, "good": Tone.GOOD, "failed": Tone.BAD}


def _facts(job: "JobState") -> dict[str, Cell]:
    work, row = job.work, job.row
    return {
        "name": work.name,
        "does": work.meaning,
        "runs": work.rhythm,
        "state": State(job.state, _TONES[job.state]),
        "last_run": row.last_run if row else None,
        "milliseconds": round(row.duration * 1_000) if row else None,
        "next_run": row.next_run if row else None,
        "result": row.result if row else "",
    }
