import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from acting.samples import Sample
from django.db import transaction

from seon.backend.acting.actors import owner
from seon.backend.script.actions import clear_script, retry_run, set_script, test_script
from seon.backend.script.models import RunState, ScriptRun, ScriptSettings

PROGRAM = str(Path(shutil.which("true") or "/usr/bin/true").resolve())
FORBIDDEN = str(Path(tempfile.gettempdir()) / "there-is-no-such-script")


def chosen() -> None:
    set_script(owner(), PROGRAM)


def failed() -> None:
    chosen()
    run = test_script(owner())
    ScriptRun.objects.filter(pk=run.pk).update(state=RunState.FAILED)


def without_script(do: Callable[[], object]) -> None:
    """Try something while no script is set; that it was taken away is undone with what is refused."""
    with transaction.atomic():
        ScriptSettings.objects.all().delete()
        do()


SAMPLES = {
    "script.set": Sample(
        good=lambda by: set_script(by, PROGRAM, seconds=10),
        bad=lambda by: set_script(by, FORBIDDEN),
        told=PROGRAM,
    ),
    "script.clear": Sample(good=clear_script, bad=lambda by: without_script(lambda: clear_script(by)), ready=chosen),
    "script.test": Sample(
        good=test_script, bad=lambda by: without_script(lambda: test_script(by)), ready=chosen, told="tried"
    ),
    "script.retry": Sample(
        good=lambda by: retry_run(by, ScriptRun.objects.latest("pk").pk),
        bad=lambda by: retry_run(by, 1_000_000),
        ready=failed,
        told="failed to waiting",
    ),
}
