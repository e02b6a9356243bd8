"""Following one run until it has ended; run here where no events service takes it."""

import time
from pathlib import Path

from seon.backend.errors import OperatorError
from seon.backend.home import current_home
from seon.backend.script import runs
from seon.backend.script.models import RunState, ScriptRun, ScriptSettings
from seon.backend.script.path import check_script, check_user
from seon.backend.script.processes import GRACE, Processes, StartError
from seon.backend.script.service import tell_result

SERVICE_SECONDS = 3.0
"""How long the events service has to take it."""
MORE_SECONDS = 30.0
"""What a run may take in all beyond its own time limit."""
_EVERY = 0.1


def follow(run: ScriptRun) -> tuple[ScriptRun, bool]:
    """Return the run when it has ended, and whether it ran here.

    Raises OperatorError if it does not end, or if it would have to run here as another user than the home's.
    """
    began = time.monotonic()
    limit = ScriptSettings.load().seconds + GRACE + MORE_SECONDS
    while time.monotonic() - began < limit:
        run.refresh_from_db()
        if run.state in (RunState.DONE, RunState.FAILED):
            return run, False
        if run.state == RunState.WAITING and time.monotonic() - began >= SERVICE_SECONDS:
            check_user(current_home().path)
            taken = runs.claim(1, run.pk)
            if taken:
                return _run_here(taken[0]), True
        time.sleep(_EVERY)
    raise OperatorError(f"Run {run.pk} has not ended after {limit:.0f} s: seonapi script queue")


def _run_here(run: ScriptRun) -> ScriptRun:
    chosen = ScriptSettings.load()
    processes = Processes(Path("/"))
    try:
        identity = processes.start(check_script(chosen.path, current_home().path), run, chosen.seconds)
    except (OperatorError, StartError) as error:
        runs.note_failures([run], str(error))
        return run
    try:
        run.process = identity
        runs.note_starts({run.pk: identity})
        while not (ended := processes.wait(1.0)):
            pass
    finally:
        if len(processes):  # Ctrl-C
            processes.end_all()
            runs.give_back([run])
    tell_result(run, ended[0][1])
    runs.note_ends([(run, ended[0][1])])
    run.refresh_from_db()
    return run
