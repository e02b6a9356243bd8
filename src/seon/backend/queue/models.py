"""What the queue daemon keeps in the database: its jobs, its warnings, and who has which lock."""

from django.db import models


class Job(models.Model):
    """How a job of the queue daemon went last. What it does stands in `jobs.JOBS`."""

    name = models.CharField(max_length=40, unique=True)
    last_run = models.DateTimeField(null=True, default=None)
    """When it last began; None: never."""
    duration = models.FloatField(default=0.0)
    """Seconds that it took."""
    ok = models.BooleanField(default=True)
    result = models.CharField(max_length=500, blank=True, default="")
    """What it did, or why it failed; empty: there was nothing to do."""
    next_run = models.DateTimeField(null=True, default=None)
    """When it is due; None: at once."""
    asked_for = models.BooleanField(default=False)
    """Whether somebody wants it now (actions.py)."""

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Warned(models.Model):
    """A warning of an end that was given: once for each object, each end of it, and each number of days."""

    subject = models.CharField(max_length=200)
    """What ends: its kind and what it is known by, such as `partner-certificate:<fingerprint>`."""
    until = models.DateTimeField()
    days = models.PositiveSmallIntegerField()
    """One of `expiry.DAYS`; 0: it has ended."""
    given_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("given_at",)
        constraints = (models.UniqueConstraint(fields=("subject", "until", "days"), name="one_warning_each"),)

    def __str__(self) -> str:
        return f"{self.subject}, {self.days} days"


class Service(models.Model):
    """A service of which one is active: who that is, or was last, and when it last did something.

    It says who has a lock of `locks.py`, for people. It is not the lock.
    """

    name = models.CharField(max_length=40, unique=True)
    host = models.CharField(max_length=255, blank=True, default="")
    pid = models.PositiveBigIntegerField(default=0)
    home = models.CharField(max_length=1_000, blank=True, default="")
    since = models.DateTimeField(null=True, default=None)
    """When it became the active one."""
    seen_at = models.DateTimeField()
    """When it last did something; if it has never run, when it was first missed."""
    away = models.BooleanField(default=False)
    """Whether an event has said that it is away. It has not said yet that it is back then."""

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name} on {self.host}, process {self.pid}" if self.host else self.name
