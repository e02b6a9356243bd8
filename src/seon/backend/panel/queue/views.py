"""The page "Queue": the time slice of the queue daemon, what it does, and how long the journal is kept."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.settings_forms import ConfigurationPage, SettingsForm
from seon.backend.queue.jobs import JOBS


class TimeSlice(SettingsForm):
    """How often the queue daemon works."""

    labels = {"queue_seconds": _("Seon send queue time slice, in seconds")}
    helps = {
        "queue_seconds": _("The queue daemon looks for work so often."),
    }


class JournalDays(SettingsForm):
    """How long the journal is kept."""

    labels = {
        "journal_days": _("Days that events, sessions and files are kept"),
        "journal_days_critical": _("Days for critical events"),
        "journal_days_error": _("Days for errors"),
        "journal_days_warning": _("Days for warnings"),
        "journal_days_info": _("Days for information"),
        "journal_days_debug": _("Days for debug events"),
    }
    helps = dict.fromkeys([name for name in labels if name != "journal_days"], _("Empty: as long as all others.")) | {
        "journal_days": _("The queue daemon removes what is older.")
    }


class QueuePage(ConfigurationPage):
    """What the queue daemon does, and how often."""

    title = _("Queue")
    template = "queue/queue.html"
    form_classes = {"slice": TimeSlice, "days": JournalDays}

    def shown(self) -> dict[str, Any]:
        """Return the jobs too."""
        return {**super().shown(), "jobs": JOBS}
