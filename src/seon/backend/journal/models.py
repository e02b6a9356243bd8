"""The models of the journal. What comes from the DMZ is marked so."""

from django.db import models
from django.utils import timezone

from seon.events import Severity

HOPS = [("dmz", "DMZ"), ("inside", "inside")]
SEVERITIES = [(int(severity), severity.name.lower()) for severity in Severity]


class Entry(models.Model):
    """One event. An id counts per hop: what the DMZ says can never take the place of what the inside says."""

    event_id = models.CharField("id", max_length=100)
    hop = models.CharField(max_length=10, choices=HOPS)
    time = models.DateTimeField(db_index=True)
    received_at = models.DateTimeField(default=timezone.now)
    code = models.CharField(max_length=40, db_index=True)
    group = models.CharField(max_length=20)
    severity = models.PositiveSmallIntegerField(choices=SEVERITIES, db_index=True)
    session = models.CharField(max_length=64, blank=True, default="", db_index=True)
    text = models.TextField()
    fields = models.JSONField(default=dict)
    reported_by = models.CharField(max_length=120, blank=True, default="")
    """The token's name; empty for what Seonapi did itself."""

    class Meta:
        ordering = ("-time", "-pk")
        verbose_name = "event"
        constraints = (models.UniqueConstraint(fields=("hop", "event_id"), name="one_event_per_hop_and_id"),)

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


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
