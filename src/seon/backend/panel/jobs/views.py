"""The page "Background jobs": what the queue daemon does, and the runs of the event script."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.panel.pages import PanelPage
from seon.backend.queue.actions import run_job
from seon.backend.queue.lists import events_service, jobs, queue_daemon
from seon.backend.script.actions import retry_run
from seon.backend.script.lists import queue_state, runs
from seon.backend.script.models import RunState

_MOST_DIGITS = 18


class JobsPage(PanelPage):
    """What the queue daemon and the events service do in the background."""

    title = gettext_lazy("Background jobs")
    template = "jobs/jobs.html"
    parts = {"jobs": "jobs/now.html"}
    does = ("run", "retry")

    def shown(self) -> dict[str, Any]:
        """Return the jobs, and the runs in the state that the address asks for."""
        wanted = self.request.GET.get("runs", "")
        return {
            **self.part_shown("jobs"),
            "runs": runs(wanted),
            "runs_state": wanted if wanted in RunState.values else "",
            "states": RunState.choices,
            "may_retry": retry_run.may(self.by),
        }

    def part_shown(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - there is one
        """Return what is fetched again and again."""
        return {
            "jobs": jobs(),
            "daemon": queue_daemon(),
            "events": events_service(),
            "script": queue_state(),
            "may_run": run_job.may(self.by),
        }

    def do_run(self) -> HttpResponse | None:
        """Have a job done now."""
        name = self.request.POST.get("job", "")
        run_job(self.by, name)
        if queue_daemon().away:
            self.say(_("The job %s is noted. The queue daemon is away: it does the job when it runs again.") % name)
        else:
            self.say(_("The queue daemon does the job %s next.") % name)
        return None

    def do_retry(self) -> HttpResponse | None:
        """Put a run that failed into the queue again."""
        number = self.request.POST.get("number", "")
        if not (number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS):
            raise BadRequest(_("There is no run of this number"))
        retry_run(self.by, int(number))
        self.say(_("The run %s waits again.") % number)
        return None
