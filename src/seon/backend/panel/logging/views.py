"""The page "Logging": the file and the level of the API log, and where it is written now."""

from datetime import timedelta
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from seon.backend import logs
from seon.backend.acting.actors import Actor
from seon.backend.apilog.actions import configure_log
from seon.backend.apilog.models import ApiLog
from seon.backend.journal.models import Entry
from seon.backend.panel.pages import PanelPage
from seon.backend.panel.settings_fields import Stored
from seon.backend.panel.settings_forms import RowForm

LOSS_DAYS = 30


class LogForm(RowForm):
    """File and level of the API log."""

    told = _("Saved. Every process of Seonapi obeys within a second.")
    model = ApiLog
    labels = {
        "path": _("Absolute path to logfile of Seon API"),
        "level": _("Level of the log"),
    }
    helps = {
        "path": _(
            "In a directory that is there and that the user of Seonapi may write. A file that is there must be a log "
            "of Seonapi. Empty: log/seonapi.log in the home of each host."
        ),
        "level": _("Lines of this level and worse are written."),
    }

    def value_of(self, name: str) -> Any:
        """Return what is chosen."""
        return getattr(ApiLog.load(), name)

    def default_of(self, stored: Stored) -> object:
        """Return the product's default."""
        return str(stored.get_default()).upper()

    def act(self, by: Actor) -> Any:
        """Choose it."""
        return configure_log(by, **self.changed())


class Loss(NamedTuple):
    """The last time that a process could not write the chosen file."""

    entry: Entry
    is_over: bool


class LoggingPage(PanelPage):
    """Where the API log is written."""

    title = _("Logging")
    template = "logging/logging.html"
    form_classes = {"log": LogForm}
    parts = {"now": "logging/now.html"}

    def shown(self) -> dict[str, Any]:
        """Return what is written now, too."""
        return {"may_log": configure_log.may(self.by), **self.part_shown("now")}

    def part_shown(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - there is one
        """Return which file this process writes, and the last that could not be written."""
        file = logs.api_log()
        return {
            "place": str(file.place) if file else "", "trouble": file.trouble if file else "", "loss": last_loss(),
        }  # fmt: skip


def last_loss() -> Loss | None:
    """Return the last loss of the chosen file that was told in the last days, by whichever process."""
    since = timezone.now() - timedelta(days=LOSS_DAYS)
    newest = {
        code: Entry.objects.filter(code=code, received_at__gte=since).first() for code in ("LOG-AWAY", "LOG-BACK")
    }
    away, back = newest["LOG-AWAY"], newest["LOG-BACK"]
    if away is None:
        return None
    return Loss(away, back is not None and back.received_at >= away.received_at)
