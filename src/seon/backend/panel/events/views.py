"""The page "Events": the event script, a test of it, and its last runs."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.acting.actors import Actor
from seon.backend.panel.pages import PanelPage
from seon.backend.panel.proxy.clients import number_sent
from seon.backend.panel.settings_forms import RowForm
from seon.backend.script.actions import clear_script, retry_run, set_script, test_script
from seon.backend.script.models import RunState, ScriptRun, ScriptSettings
from seon.events import shown

LAST_RUNS = 25
LONG_WAIT = 5.0
"""Seconds that a run may wait before the page says that nothing seems to take it."""
LINES = 200
"""Lines of output that are shown."""


class ScriptForm(RowForm):
    """The event script and how it is run. An empty path takes it away."""

    model = ScriptSettings
    labels = {
        "path": gettext_lazy("Seon API proxy system log event script"),
        "seconds": gettext_lazy("Time limit of a run, in seconds"),
        "at_once": gettext_lazy("Runs at once"),
        "collapse_seconds": gettext_lazy("Time in which repeats are put together, in seconds"),
    }
    helps = {
        "path": gettext_lazy(
            "Absolute path of the program that is started for every critical event. It must belong to root or to the "
            "user of Seonapi, and nobody else may write it or a directory above it. Empty: none."
        ),
        "seconds": gettext_lazy("A run that takes longer is ended."),
        "at_once": gettext_lazy("Further runs wait until one has ended."),
        "collapse_seconds": gettext_lazy(
            "Within this time, repeats of an event start one run. 0: each starts its own."
        ),
    }

    def value_of(self, name: str) -> Any:
        """Return what is chosen."""
        return getattr(ScriptSettings.load(), name)

    def act(self, by: Actor) -> Any:
        """Choose the script, or take it away."""
        changed = self.changed()
        if changed.get("path") != "":
            return set_script(by, **changed)
        del changed["path"]
        if changed:
            set_script(by, **changed)
        waited = clear_script(by)
        self.told = _("Saved. %d runs that waited do not take place.") % waited if waited else self.told
        return waited


class EventsPage(PanelPage):
    """What happens at a critical event."""

    title = gettext_lazy("Events")
    template = "events/events.html"
    form_classes = {"script": ScriptForm}
    does = ("test", "retry")
    parts = {"run": "events/run.html", "runs": "events/runs.html"}

    def shown(self) -> dict[str, Any]:
        """Return the last runs, and the one that the address names."""
        return {
            "may_set": set_script.may(self.by), "is_set": bool(ScriptSettings.load().path),
            **self.part_shown("run"), **self.part_shown("runs"),
        }  # fmt: skip

    def part_shown(self, name: str) -> dict[str, Any]:
        """Return the run that the address names, or the last runs."""
        if name == "run":
            return run_shown(number_sent(self.request.GET.get("run", "")))
        return {
            "runs": ScriptRun.objects.all()[:LAST_RUNS],
            "waiting": ScriptRun.objects.filter(state=RunState.WAITING)[:1_000].count(),
            "may_set": set_script.may(self.by),
        }

    def do_test(self) -> HttpResponse:
        """Try the script; the page shows how the run goes."""
        return self._to(test_script(self.by))

    def do_retry(self) -> HttpResponse:
        """Put a run that failed into the queue again."""
        return self._to(retry_run(self.by, number_sent(self.request.POST.get("run", ""))))

    def _to(self, run: ScriptRun) -> HttpResponse:
        return redirect(f"{reverse('panel:events')}?run={run.pk}#run")


def run_shown(number: int) -> dict[str, Any]:
    """Return one run with its output in lines that hold no control characters; None if it is not there."""
    run = ScriptRun.objects.filter(pk=number).first()
    if run is None:
        return {"run": None}
    waits = run.state == RunState.WAITING and (timezone.now() - run.not_before).total_seconds() > LONG_WAIT
    lines = [shown(line, 4_000) for line in run.output.splitlines()[:LINES]]
    return {
        "run": run, "output": "\n".join(lines), "waits_long": waits,
        "is_over": run.state in (RunState.DONE, RunState.FAILED),
        "signal": -run.exit_status if run.exit_status is not None and run.exit_status < 0 else None,
    }  # fmt: skip
