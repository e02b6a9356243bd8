"""The models of the journal. What comes from the DMZ is marked so."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
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


class Result(models.TextChoices):
    """How far a session is, or how it ended."""

    RUNNING = "running", _("running")
    NORMAL = "normal", _("ended normally")
    REFUSED = "refused", _("refused by the proxy")
    STOPPED = "stopped", _("ended by an administrator")
    NOT_STARTED = "not-started", _("not started")
    BROKEN = "broken", _("broken off")


class Session(models.Model):
    """One OFTP2 session, from its events. `start_hop` and `end_hop` say whose word its start and its end are."""

    session = models.CharField("id", max_length=64, unique=True)
    partner = models.CharField(max_length=120, blank=True, default="")
    direction = models.CharField(max_length=20, blank=True, default="")
    """`incoming`: the partner called; `outgoing`: the company did."""
    source = models.CharField(max_length=300, blank=True, default="")
    target = models.CharField(max_length=300, blank=True, default="")
    tls = models.CharField("TLS", max_length=120, blank=True, default="")
    fingerprint = models.CharField(max_length=64, blank=True, default="")
    """SHA-256 of the partner's certificate, in hex."""
    started_at = models.DateTimeField("start", null=True)
    """The end of a session whose start nobody has reported."""
    start_hop = models.CharField(max_length=10, choices=HOPS, blank=True, default="")
    initiator = models.CharField(max_length=120, blank=True, default="")
    """Its SSIDCODE, as the Responder's below; empty and 0: nothing was agreed."""
    responder = models.CharField(max_length=120, blank=True, default="")
    level = models.PositiveSmallIntegerField(default=0)
    buffer_size = models.PositiveIntegerField(default=0)
    credit = models.PositiveIntegerField(default=0)
    compression = models.BooleanField(default=False)
    restart = models.BooleanField(default=False)
    authentication = models.BooleanField(default=False)
    ended_at = models.DateTimeField("end", null=True)
    end_hop = models.CharField(max_length=10, choices=HOPS, blank=True, default="")
    ended_by = models.CharField(max_length=120, blank=True, default="")
    reason = models.CharField(max_length=300, blank=True, default="")
    result = models.CharField(max_length=20, choices=Result.choices, default=Result.RUNNING)
    octets_in = models.BigIntegerField(default=0)
    octets_out = models.BigIntegerField(default=0)
    files = models.BigIntegerField(default=0)
    findings_inside = models.BigIntegerField(default=0)
    findings_dmz = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("-started_at", "-pk")
        indexes = (
            models.Index(fields=("-started_at", "-id"), name="session_start"),
            models.Index(fields=("partner", "-started_at", "-id"), name="session_partner"),
            models.Index(fields=("result", "-started_at", "-id"), name="session_result"),
        )

    def __str__(self) -> str:
        return self.session

    @property
    def findings(self) -> int:
        """Broken rules that were no reason to refuse. Both hosts verify the same octets."""
        return max(self.findings_inside, self.findings_dmz)


class Way(models.TextChoices):
    """Which way a file goes."""

    FROM_PARTNER = "from-partner", _("from the partner")
    TO_PARTNER = "to-partner", _("to the partner")


class FileState(models.TextChoices):
    """How far a file is, or how it ended."""

    UNDER_WAY = "under-way", _("under way")
    TRANSFERRED = "transferred", _("transferred, no receipt yet")
    DELIVERED = "delivered", _("delivered (EERP)")
    NOT_DELIVERED = "not-delivered", _("not delivered (NERP)")
    REFUSED = "refused", _("refused by its receiver")
    DECLINED = "declined", _("declined by the proxy")
    BROKEN_OFF = "broken-off", _("broken off")


class File(models.Model):
    """One transfer of a virtual file, from its offer (SFID) to its receipt, as the inside has seen it.

    A file that is sent again is another transfer. Offer, end and receipt come in any order (`files.py`).
    """

    session = models.CharField(max_length=64)
    partner = models.CharField(max_length=120, blank=True, default="")
    """Empty until the inside has said whose session it is."""
    direction = models.CharField(max_length=20, choices=Way.choices)
    name = models.CharField(max_length=120)
    """SFIDDSN; with date and time stamp, Originator and Destination it names the virtual file."""
    date = models.CharField(max_length=20, blank=True, default="")
    time = models.CharField(max_length=20, blank=True, default="")
    originator = models.CharField(max_length=120, blank=True, default="")
    destination = models.CharField(max_length=120, blank=True, default="")
    offer_key = models.BigIntegerField()
    """A digest of session, direction, name, date and time: what an end says of its file."""
    identity = models.BigIntegerField(default=0)
    """A digest of what a receipt says of its file; 0: its offer is not known."""
    at = models.DateTimeField()
    """Its offer; its end, where the offer is not known. Lists are in this order."""
    state = models.CharField(max_length=20, choices=FileState.choices, default=FileState.UNDER_WAY)

    start_number = models.BigIntegerField(null=True)
    """Which event of its session process the offer was; None: it is not known."""
    offered_at = models.DateTimeField(null=True)
    format = models.CharField(max_length=20, blank=True, default="")
    record_length = models.BigIntegerField(default=0)
    size_k = models.BigIntegerField(default=0)
    """Its size as it was offered, in blocks of 1,024 octets."""
    security = models.CharField(max_length=40, blank=True, default="")
    cipher = models.BigIntegerField(default=0)
    compressed = models.BooleanField(default=False)
    signed_receipt = models.BooleanField(default=False)
    """Whether a signed receipt was asked for."""

    end_number = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, choices=FileState.choices, blank=True, default="")
    """What its end made of it; empty: it has not ended."""
    result = models.CharField(max_length=300, blank=True, default="")
    """The same in words, with the reason."""
    octets = models.BigIntegerField(default=0)
    """Passed in this transfer."""
    records = models.BigIntegerField(default=0)
    restart = models.BigIntegerField(default=0)

    receipt_kind = models.CharField(max_length=10, blank=True, default="")
    """EERP or NERP; empty: none has come."""
    receipt_at = models.DateTimeField(null=True)
    receipt_session = models.CharField(max_length=64, blank=True, default="")
    receipt_number = models.BigIntegerField(default=0)
    receipt_result = models.CharField(max_length=300, blank=True, default="")
    receipt_signed = models.BooleanField(default=False)
    receipt_creator = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        ordering = ("-at", "-pk")
        indexes = (
            models.Index(fields=("-at", "-id"), name="file_at"),
            models.Index(fields=("partner", "-at", "-id"), name="file_partner"),
            models.Index(fields=("state", "-at", "-id"), name="file_state"),
            models.Index(fields=("name", "-at", "-id"), name="file_name"),
            models.Index(fields=("session", "at"), name="file_session"),
            models.Index(fields=("offer_key",), name="file_offer"),
            models.Index(fields=("identity",), name="file_identity"),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.date} {self.time}".strip()


class Receipt(models.Model):
    """A receipt without its file: that has not been heard of yet, or never will be.

    Originator and Destination are the file's, and `direction` is the file's way. A receipt that has its file stands
    in the row of the file.
    """

    session = models.CharField(max_length=64, db_index=True)
    partner = models.CharField(max_length=120, blank=True, default="")
    number = models.BigIntegerField()
    direction = models.CharField(max_length=20, choices=Way.choices)
    name = models.CharField(max_length=120)
    date = models.CharField(max_length=20, blank=True, default="")
    time = models.CharField(max_length=20, blank=True, default="")
    originator = models.CharField(max_length=120, blank=True, default="")
    destination = models.CharField(max_length=120, blank=True, default="")
    identity = models.BigIntegerField(db_index=True)
    kind = models.CharField(max_length=10)
    at = models.DateTimeField(db_index=True)
    result = models.CharField(max_length=300, blank=True, default="")
    signed = models.BooleanField(default=False)
    creator = models.CharField(max_length=120, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class HourCount(models.Model):
    """How much of one kind there was in an hour: see `hours.py` for the kinds."""

    hour = models.DateTimeField()
    """Its beginning, in UTC."""
    kind = models.CharField(max_length=60)
    count = models.BigIntegerField(default=0)
    octets = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("hour", "kind")
        constraints = (models.UniqueConstraint(fields=("hour", "kind"), name="one_count_per_hour_and_kind"),)

    def __str__(self) -> str:
        return f"{self.hour} {self.kind}: {self.count}"


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
