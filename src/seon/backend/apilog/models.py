"""What the administrator sets about the API log."""

from django.db import models
from simple_history.models import HistoricalRecords

from seon.backend.apilog.places import LONGEST_PATH
from seon.backend.configuration.one_row import OneRow
from seon.backend.logs import LEVELS


class ApiLog(OneRow):
    """File and level of the API log: one row. The acts alone write it, since they check the path.

    The configuration of servers and clients has nothing of it, so its version stays.
    """

    path = models.CharField(
        "absolute path of the API log file", max_length=LONGEST_PATH, blank=True, default="",
        help_text="In an existing directory; empty: log/seonapi.log in the home of each host.",
    )  # fmt: skip
    level = models.CharField(
        max_length=10, choices=[(name, name.upper()) for name in LEVELS], default="info",
        help_text="What is written: lines of this level and worse.",
    )  # fmt: skip
    revision = models.PositiveBigIntegerField(default=0, editable=False)
    """Raised by each saving, also of the same values: by that a process sees that it is to be obeyed again."""

    history = HistoricalRecords(excluded_fields=["revision"])

    class Meta:
        verbose_name = verbose_name_plural = "API log"

    def __str__(self) -> str:
        return self.path or "in the home of each host"
