"""Orders for clients: given by an act, fetched by the client's waiting call, acknowledged, or over after a minute.

SECURITY: a client fetches and acknowledges the orders for its own token and address, and no others. What it says of
them is shown as its word, escaped.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from seon.api_messages import ORDER_SECONDS, ORDERS_PER_ANSWER, Order, OrderDone
from seon.backend.acting.actors import Actor
from seon.backend.journal.recording import record_of
from seon.backend.live.models import LiveOrder, OrderState
from seon.events import shown

ANSWERED_AGAIN = timedelta(seconds=2)
"""An order is answered again so long after the last time: it is not, while the client is about to carry it out."""
KEPT = timedelta(days=30)
"""How long an order that is over is kept."""
_LIFE = timedelta(seconds=ORDER_SECONDS)
_MOST_READ = 1_000
_LONGEST = 500

WORDS = {
    "kill": "end session {session} with ESID {reason:02}",
    "drain": "begin no session any more",
    "resume": "begin sessions again",
    "end-link": "end the link to the server",
    "trace": "trace session {session}",
    "untrace": "end the trace of session {session}",
}
"""What an order says, in words."""


class Place(NamedTuple):
    """Whom an order is for."""

    token: int
    """The key of its row."""
    address: str


def words(order: LiveOrder) -> str:
    """Return what an order says."""
    return WORDS[order.what].format(session=order.session, reason=order.reason)


def give(by: Actor, place: Place, what: str, session: str = "", reason: int = 99) -> LiveOrder:
    """Give an order, or return the same one if it waits already. Call it in an act, which has asked for the right."""
    same = LiveOrder.objects.filter(
        token_id=place.token, address=place.address, what=what, session=session, reason=reason
    )
    waiting = same.filter(_waiting(timezone.now())).first()
    if waiting is not None:
        return waiting
    order = LiveOrder.objects.create(
        token_id=place.token, address=place.address, what=what, session=session, reason=reason, given_by=str(by)[:200]
    )
    _record("ORD-GIVEN", order, user=by.name, way=by.way.value)
    return order


def places() -> frozenset[Place]:
    """Return whom orders wait for that are to be answered now."""
    rows = LiveOrder.objects.filter(_to_answer(timezone.now())).order_by()
    return frozenset(Place(*row) for row in rows.values_list("token_id", "address")[:_MOST_READ])


def fetch(place: Place) -> tuple[Order, ...]:
    """Return the orders that wait for a client, the oldest first, and remember that they were answered."""
    expire()
    now = timezone.now()
    rows = list(_of(place).filter(_to_answer(now)).order_by("pk")[:ORDERS_PER_ANSWER])
    if rows:
        LiveOrder.objects.filter(pk__in=[row.pk for row in rows]).update(answered_at=now)
    return tuple(
        Order(id=row.key, what=row.what, session=row.session, reason=row.reason, seconds=_left(row, now))  # type: ignore[arg-type]  # what: of `WORDS`
        for row in rows
    )


def acknowledge(place: Place, done: Iterable[OrderDone]) -> None:
    """Store what a client says of its orders. Others' orders, and what is acknowledged already, stay as they are."""
    for said in done:
        with transaction.atomic():
            order = _of(place).select_related("token").filter(key=said.id, state__in=_OPEN).first()
            if order is None:
                continue
            state = OrderState.DONE if said.done else OrderState.FAILED
            _end(order, state, "ORD-DONE" if said.done else "ORD-FAILED", said.reason)


def expire() -> int:
    """Let orders be over that nobody has acknowledged in their time; return how many were."""
    over = LiveOrder.objects.filter(state=OrderState.WAITING, given_at__lte=timezone.now() - _LIFE)
    number = 0
    for order in over.select_related("token").order_by("pk")[:_MOST_READ]:
        with transaction.atomic():
            number += _end(order, OrderState.EXPIRED, "ORD-EXPIRED")
    return number


def ended(key: int) -> LiveOrder | None:
    """Return an order by the key of its row if it is over, one way or another; None while it waits."""
    expire()
    return LiveOrder.objects.filter(pk=key).exclude(state=OrderState.WAITING).first()


def forget_old() -> int:
    """Remove orders that were given long ago; return how many."""
    return LiveOrder.objects.filter(given_at__lt=timezone.now() - KEPT).delete()[0]


_OPEN = (OrderState.WAITING, OrderState.EXPIRED)
"""What may still be acknowledged: a client that was late has done it all the same."""


def _end(order: LiveOrder, state: OrderState, code: str, reason: str = "") -> int:
    result = shown(reason, _LONGEST)[:_LONGEST]
    changed = LiveOrder.objects.filter(pk=order.pk, state=order.state).update(
        state=state, result=result, ended_at=timezone.now()
    )
    if changed:  # another process may have been here first
        _record(code, order, **({"reason": result} if result else {}))
    return changed


def _record(code: str, order: LiveOrder, **fields: str) -> None:
    client = f"{order.token.name} at {order.address}"
    record_of(order.session, code, order=words(order), client=client, **fields)


def _of(place: Place) -> "QuerySet[LiveOrder]":
    return LiveOrder.objects.filter(token_id=place.token, address=place.address)


def _waiting(now: datetime) -> Q:
    return Q(state=OrderState.WAITING, given_at__gt=now - _LIFE)


def _to_answer(now: datetime) -> Q:
    return _waiting(now) & (Q(answered_at=None) | Q(answered_at__lte=now - ANSWERED_AGAIN))


def _left(order: LiveOrder, now: datetime) -> int:
    return min(max(int(ORDER_SECONDS - (now - order.given_at).total_seconds()), 0), ORDER_SECONDS)
