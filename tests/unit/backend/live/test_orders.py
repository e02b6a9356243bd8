from datetime import timedelta

import pytest
from django.utils import timezone
from live_states import ADDRESS, SESSION, token

from seon.api_messages import ORDERS_PER_ANSWER, OrderDone
from seon.backend.acting.actors import owner
from seon.backend.configuration.versioned import read_version
from seon.backend.journal.models import Entry
from seon.backend.live import orders
from seon.backend.live.models import LiveOrder, OrderState
from seon.backend.live.orders import Place, acknowledge, ended, expire, fetch, forget_old, give, places


@pytest.fixture
def place() -> Place:
    return Place(token().pk, ADDRESS)


def texts(code: str) -> list[str]:
    return list(Entry.objects.filter(code=code).values_list("text", flat=True))


def age(seconds: float) -> None:
    """Let every order be older."""
    for order in LiveOrder.objects.all():
        order.given_at -= timedelta(seconds=seconds)
        order.answered_at = order.answered_at and order.answered_at - timedelta(seconds=seconds)
        order.save()


def test_an_order_is_for_one_client_and_says_what_and_for_how_long(place: Place) -> None:
    version = read_version()
    given = give(owner(), place, "kill", SESSION, 5)
    assert places() == {place}
    assert fetch(Place(place.token, "10.0.0.6")) == ()
    assert fetch(Place(token("other").pk, ADDRESS)) == ()
    [order] = fetch(place)
    assert (order.id, order.what, order.session, order.reason) == (given.key, "kill", SESSION, 5)
    assert 58 <= order.seconds <= 60
    assert read_version() == version + 1, "the other token; an order is no configuration"
    [said] = texts("ORD-GIVEN")
    assert f"end session {SESSION} with ESID 05" in said
    assert f"main at {ADDRESS}" in said
    assert Entry.objects.get(code="ORD-GIVEN").session == SESSION


def test_an_order_is_answered_again_until_it_is_acknowledged_but_not_at_once(place: Place) -> None:
    give(owner(), place, "drain")
    [order] = fetch(place)
    assert fetch(place) == ()
    assert places() == frozenset()
    age(2.1)
    assert places() == {place}
    assert [again.id for again in fetch(place)] == [order.id]
    acknowledge(place, [OrderDone(id=order.id, done=True, reason="drains")])
    age(2.1)
    assert fetch(place) == ()
    assert texts("ORD-DONE") == [f"Order done by the client main at {ADDRESS}: begin no session any more; drains"]


def test_the_same_order_is_given_once_while_it_waits(place: Place) -> None:
    first = give(owner(), place, "drain")
    assert give(owner(), place, "drain") == first
    assert give(owner(), place, "resume") != first
    acknowledge(place, [OrderDone(id=first.key, done=True)])
    assert give(owner(), place, "drain") != first


def test_who_the_order_is_not_for_cannot_acknowledge_it(place: Place) -> None:
    order = give(owner(), place, "end-link")
    for other in (Place(place.token, "10.0.0.6"), Place(token("other").pk, ADDRESS)):
        acknowledge(other, [OrderDone(id=order.key, done=True)])
    acknowledge(place, [OrderDone(id="0123456789", done=True)])
    assert ended(order.pk) is None
    acknowledge(place, [OrderDone(id=order.key, done=False, reason="no link\x1b[31m\x00")])
    acknowledge(place, [OrderDone(id=order.key, done=True)])
    over = ended(order.pk)
    assert over is not None
    assert (over.state, over.result) == (OrderState.FAILED, "no link\\x1b[31m\\x00"), "the first word counts"
    assert len(texts("ORD-FAILED")) == 1
    assert not texts("ORD-DONE")


def test_an_order_that_nobody_takes_is_void_after_a_minute(place: Place) -> None:
    order = give(owner(), place, "drain")
    age(61)
    assert places() == frozenset()
    assert fetch(place) == ()
    over = ended(order.pk)
    assert over is not None
    assert over.state == OrderState.EXPIRED
    assert expire() == 0
    [said] = texts("ORD-EXPIRED")
    assert "void: begin no session any more" in said
    acknowledge(place, [OrderDone(id=order.key, done=True)])
    late = ended(order.pk)
    assert late is not None
    assert late.state == OrderState.DONE, "it was carried out all the same"


def test_an_answer_has_a_bound(place: Place) -> None:
    for number in range(ORDERS_PER_ANSWER + 1):
        give(owner(), place, "trace", f"{number:032x}")
    assert len(fetch(place)) == ORDERS_PER_ANSWER
    assert len(fetch(place)) == 1


def test_old_orders_go(place: Place) -> None:
    give(owner(), place, "drain")
    age(31 * 86_400)
    give(owner(), place, "resume")
    assert forget_old() == 1
    assert [order.what for order in LiveOrder.objects.all()] == ["resume"]


def test_each_order_of_the_contract_has_words(place: Place) -> None:
    for what in orders.WORDS:
        assert orders.words(LiveOrder(what=what, session=SESSION, given_at=timezone.now()))
