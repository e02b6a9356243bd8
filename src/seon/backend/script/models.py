"""The models of the event script: its settings, the queue of its runs, and what the queue could not take."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords

from seon.backend.configuration.one_row import OneRow
from seon.backend.journal.models import HOPS, SEVERITIES

MOST_WAITING = 100_000
"""Runs that wait: a flood of critical events must not fill the disk. What comes beyond is counted and said."""
MOST_STORED_OUTPUT = 4_000
"""Characters of a run's output that are kept with it."""
LONGEST_PATH = 1_000


class ScriptSettings(OneRow):
    """What the administrator sets about the event script: one row. The acts alone write it, since they check the path.

    The configuration of servers and clients has nothing of it, so its version stays.
    """

    path = models.CharField(
        "Seon API proxy system log event script", max_length=LONGEST_PATH, blank=True, default="",
        help_text="Absolute path of the program that is run for every critical event; empty: none.",
    )  # fmt: skip
    seconds = models.PositiveIntegerField(
        default=60, validators=[MinValueValidator(1), MaxValueValidator(3_600)],
        help_text="How long a run may take before it is ended.",
    )  # fmt: skip
    at_once = models.PositiveIntegerField(
        default=4, validators=[MinValueValidator(1), MaxValueValidator(64)], help_text="Runs at once.",
    )  # fmt: skip
    collapse_seconds = models.PositiveIntegerField(
        default=0, validators=[MaxValueValidator(86_400)],
        help_text="Within so long, repeats of an event are put together in one run; 0: each has its own.",
    )  # fmt: skip

    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "event script"

    def __str__(self) -> str:
        return self.path or "(none)"


class RunState(models.TextChoices):
    """How far a run is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ScriptRun(models.Model):
    """One run of the event script: the event that it is for, and how it went.

    A run is made in the transaction that stores the event, so that there is never one without the other.
    """

    hop = models.CharField(max_length=10, choices=HOPS)
    event_id = models.CharField("id of the event", max_length=100)
    severity = models.PositiveSmallIntegerField(choices=SEVERITIES)
    code = models.CharField(max_length=40)
    message = models.TextField()
    time = models.DateTimeField("time of the event")
    server = models.TextField(blank=True, default="")
    session = models.CharField(max_length=64, blank=True, default="")
    partner = models.TextField(blank=True, default="")
    source = models.TextField(blank=True, default="")
    fields = models.JSONField(default=dict, blank=True)

    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.WAITING)
    created_at = models.DateTimeField("event arrived", default=timezone.now)
    not_before = models.DateTimeField(default=timezone.now)
    """Later than `created_at` where repeats are put together."""
    same = models.CharField(max_length=64, blank=True, default="")
    """What repeats of one event have in common, as SHA-256; empty where each event has its own run."""
    repeats = models.PositiveIntegerField(default=1)
    """How many events it is for."""
    attempts = models.PositiveSmallIntegerField(default=0)
    """How often it was taken out of the queue to be started."""
    starts = models.PositiveSmallIntegerField(default=0)
    """How often a process of it is known to have been started."""
    process = models.CharField(max_length=200, blank=True, default="")
    """The process that it runs in, in a form that no later process has (`processes.Identity`)."""
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    exit_status = models.SmallIntegerField(null=True, blank=True)
    """As the system has it: below 0 the signal that ended it."""
    result = models.CharField(max_length=300, blank=True, default="")
    output = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("-pk",)
        verbose_name = "run of the event script"
        verbose_name_plural = "runs of the event script"
        constraints = (models.UniqueConstraint(fields=("hop", "event_id"), name="one_run_per_event"),)
        indexes = (
            models.Index(fields=("state", "not_before", "id"), name="script_next"),
            models.Index(fields=("same", "id"), name="script_same", condition=~models.Q(same="")),
            models.Index(fields=("ended_at",), name="script_ended"),
        )

    def __str__(self) -> str:
        return f"run {self.pk} for {self.code}"


class LostRuns(models.Model):
    """How many critical events started no script since the queue is full: one row; 0 while it is not."""

    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "events without a run"

    def __str__(self) -> str:
        return str(self.number)
