"""The last state that each client has told, outside the journal, and the orders for it."""

import uuid

from django.db import models
from django.utils import timezone

from seon.backend.trust.models import Token


def new_key() -> str:
    """Return the id of a new order."""
    return uuid.uuid4().hex


class LastState(models.Model):
    """What one client has told last. It is overwritten, never collected."""

    token = models.ForeignKey(Token, models.CASCADE, related_name="+")
    address = models.CharField(max_length=45)
    """From where the client calls Seonapi: clients that share a token differ by it."""
    run = models.CharField(max_length=64)
    number = models.PositiveBigIntegerField()
    heard_at = models.DateTimeField()
    state = models.BinaryField()
    """An `api_messages.LiveState` as JSON, as it came and was found to be one."""

    class Meta:
        ordering = ("token", "address")
        constraints = (models.UniqueConstraint(fields=("token", "address"), name="one_state_a_client"),)

    def __str__(self) -> str:
        return f"client {self.token} at {self.address}"


class OrderState(models.TextChoices):
    """How far an order is."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"


class LiveOrder(models.Model):
    """An order for one client: see `api_messages.Order`."""

    key = models.CharField(max_length=64, unique=True, default=new_key)
    token = models.ForeignKey(Token, models.CASCADE, related_name="+")
    address = models.CharField(max_length=45)
    what = models.CharField(max_length=20)
    session = models.CharField(max_length=64, blank=True, default="")
    reason = models.PositiveSmallIntegerField(default=99)
    state = models.CharField(max_length=10, choices=OrderState.choices, default=OrderState.WAITING)
    result = models.CharField(max_length=500, blank=True, default="")
    given_at = models.DateTimeField(default=timezone.now)
    given_by = models.CharField(max_length=200, blank=True, default="")
    answered_at = models.DateTimeField(null=True, blank=True)
    """When the client fetched it last; empty: not yet."""
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=("state", "token", "address"), name="live_orders_waiting"),)

    def __str__(self) -> str:
        return f"{self.what} {self.session}".strip()
