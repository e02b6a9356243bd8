"""The models of the journal. What comes from the DMZ is marked so."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords

from seon.backend.journal.folding import folded
from seon.events import CATALOGUE, Severity

HOPS = [("dmz", "DMZ"), ("inside", "inside")]
FILTERS = ("severity", "group", "code", "session", "partner", "hop", "source")
"""The fields of an entry by which lists are filtered. Each has an index in the order of lists."""
SEVERITIES = [(int(severity), severity.name.lower()) for severity in Severity]


LONGEST_SEARCHED = 4_000
"""Characters of an entry that can be searched: more than a text of the catalogue with capped values has."""


def _newest(field: str) -> models.Index:
    """Return the index that finds the newest entries of one value without sorting those of all times."""
    return models.Index(fields=(field, "-received_at", "-id"), name=f"entry_{field}")


class Entry(models.Model):
    """One event. An id counts per hop: what the DMZ says can never take the place of what the inside says.

    Lists are by arrival, newest first: the clock of a host may be wrong, and what came late must not hide among what
    was seen already. `journal/lists.py` asks for them.
    """

    event_id = models.CharField("id", max_length=100)
    hop = models.CharField(max_length=10, choices=HOPS)
    time = models.DateTimeField()
    """When it happened, by the clock of its host."""
    received_at = models.DateTimeField("arrival", default=timezone.now)
    """When Seonapi got it, by the clock of Seonapi's host."""
    code = models.CharField(max_length=40)
    group = models.CharField(max_length=20)
    severity = models.PositiveSmallIntegerField(choices=SEVERITIES)
    session = models.CharField(max_length=64, blank=True, default="")
    partner = models.CharField(max_length=120, blank=True, default="")
    source = models.CharField(max_length=64, blank=True, default="")
    """The address of its source, without the port."""
    text = models.TextField()
    fields = models.JSONField(default=dict)
    reported_by = models.CharField(max_length=120, blank=True, default="")
    """The token's name; empty for what Seonapi did itself."""
    search = models.TextField(editable=False, default="")
    """What a search looks through, without upper case (`folding.py`): text, code and session."""

    class Meta:
        ordering = ("-received_at", "-id")
        verbose_name = "event"
        # The id first: each batch asks for its ids, whatever their hop.
        constraints = (models.UniqueConstraint(fields=("event_id", "hop"), name="one_event_per_hop_and_id"),)
        indexes = (
            models.Index(fields=("-received_at", "-id"), name="entry_arrival"),
            *(_newest(field) for field in FILTERS),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class Ignored(models.Model):
    """The id of an event that a rule has kept out of the system log: a client that sends it again changes nothing."""

    event_id = models.CharField(max_length=100)
    hop = models.CharField(max_length=10, choices=HOPS)
    received_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("event_id", "hop"), name="ignored_once_per_hop_and_id"),)

    def __str__(self) -> str:
        return self.event_id


class Session(models.Model):
    """One OFTP2 session, from the events of its start and end. `start_hop` and `end_hop` say whose word it is."""

    session = models.CharField("id", max_length=64, unique=True)
    partner = models.CharField(max_length=120, blank=True, default="", db_index=True)
    direction = models.CharField(max_length=20, blank=True, default="")
    source = models.CharField(max_length=300, blank=True, default="")
    target = models.CharField(max_length=300, blank=True, default="")
    tls = models.CharField("TLS", max_length=120, blank=True, default="")
    started_at = models.DateTimeField("start", null=True, db_index=True)
    start_hop = models.CharField(max_length=10, choices=HOPS, blank=True, default="")
    ended_at = models.DateTimeField("end", null=True)
    end_hop = models.CharField(max_length=10, choices=HOPS, blank=True, default="")
    ended_by = models.CharField(max_length=120, blank=True, default="")
    reason = models.CharField(max_length=300, blank=True, default="")
    octets_in = models.BigIntegerField(default=0)
    octets_out = models.BigIntegerField(default=0)
    files = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("-started_at", "-pk")

    def __str__(self) -> str:
        return self.session


MOST_RULES = 500
"""Ignore rules there can be at once; each is compared with each event."""
FIRST_YEAR, LAST_YEAR = 2000, 2999
"""Of the validity of a rule: a moment can be shown in every time zone."""
LONGEST_TEXT = 200
"""Characters of a rule's text (issue 10, mission E4)."""


def _more_than_blanks(text: str) -> None:
    if not folded(text).strip():
        raise ValidationError("it must have more than blanks, or every event would be ignored")


def _known_code(code: str) -> None:
    if code not in CATALOGUE:
        raise ValidationError("%(code)s is no code of an event; docs/events.md has them", params={"code": repr(code)})


class IgnoreRule(models.Model):
    """Keeps events whose text has the rule's text out of the system log, and from the event script (mission E4).

    It counts from `valid_from` on, and not any more at `valid_to`.
    """

    description = models.CharField(max_length=LONGEST_TEXT, help_text="Why, and for whom.")
    text = models.CharField(
        max_length=LONGEST_TEXT, validators=[_more_than_blanks],
        help_text="Found anywhere in an event's text, upper and lower case alike.",
    )  # fmt: skip
    code = models.CharField(
        max_length=40, blank=True, default="", validators=[_known_code],
        help_text="Only events of this code; events of the groups refused, audit and license are ignored by rules "
        "that name their code alone. Empty: any other event.",
    )  # fmt: skip
    valid_from = models.DateTimeField(default=timezone.now, help_text="From this moment on.")
    valid_to = models.DateTimeField(null=True, blank=True, help_text="Until this moment; empty: for ever.")

    history = HistoricalRecords()

    class Meta:
        ordering = ("pk",)
        verbose_name = "ignore rule"

    def __str__(self) -> str:
        return f"{self.pk}, {self.description}"

    def save(self, *args: Any, **options: Any) -> None:
        """Validate and save. Raises ValidationError."""
        self.full_clean()
        super().save(*args, **options)

    def clean(self) -> None:
        """Raise ValidationError when it would never count, or when there are as many as can be."""
        super().clean()
        for name in ("valid_from", "valid_to"):
            if (moment := getattr(self, name)) is not None and not FIRST_YEAR <= moment.year <= LAST_YEAR:
                raise ValidationError({name: f"it must be in the years {FIRST_YEAR} to {LAST_YEAR}"})
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValidationError({"valid_to": "it must be later than the beginning"})
        if self._state.adding and IgnoreRule.objects.count() >= MOST_RULES:
            raise ValidationError(f"there are {MOST_RULES} ignore rules already, there cannot be more")

    @property
    def state(self) -> str:
        """Whether it counts now, in a word."""
        now = timezone.now()
        if now < self.valid_from:
            return "not yet"
        return "in force" if self.valid_to is None or now < self.valid_to else "expired"
