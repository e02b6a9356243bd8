"""Orders of an administrator: once each, in their time, and answered with what became of them."""

import pytest

from seon.api_messages import ORDERS_PER_ANSWER, Order, OrderDone
from seon.client import orders as module
from seon.client.orders import NotDoneError, Orders


@pytest.fixture
def carried_out() -> list[str]:
    return []


@pytest.fixture
def orders(carried_out) -> Orders:
    def kill(order: Order) -> str:
        if order.session == "unknown":
            raise NotDoneError("no such session runs here")
        carried_out.append(order.session)
        return "told to end"

    return Orders({"kill": kill}, clock=lambda: 100.0)


def kill(number: int, session: str = "session", seconds: int = 60) -> Order:
    return Order(f"order-{number:04}", "kill", session, 99, seconds)


def test_what_was_done_and_what_was_not_is_said_in_words(orders, carried_out) -> None:
    done = orders.take([kill(1, "a"), kill(2, "unknown"), kill(3, "b")], 100.0)
    assert done == (
        OrderDone("order-0001", True, "told to end"),
        OrderDone("order-0002", False, "no such session runs here"),
        OrderDone("order-0003", True, "told to end"),
    )
    assert carried_out == ["a", "b"]


def test_an_order_that_comes_again_is_acknowledged_again_and_not_carried_out(orders, carried_out) -> None:
    first = orders.take([kill(1)], 100.0)
    assert orders.take([kill(1), kill(1, seconds=0)], 1.0) == first * 2
    assert carried_out == ["session"]


def test_an_order_whose_time_is_over_is_not_carried_out(orders, carried_out) -> None:
    (late,) = orders.take([kill(1, seconds=10)], 89.9)
    assert not late.done
    assert "time was over" in late.reason
    (in_time,) = orders.take([kill(2, seconds=10)], 90.1)
    assert in_time.done
    assert carried_out == ["session"]


def test_of_the_last_thousand_each_is_known_and_memory_is_bounded(orders, carried_out) -> None:
    for number in range(module.REMEMBERED + 1):
        orders.take([kill(number)], 100.0)
    orders.take([kill(number) for number in range(1, ORDERS_PER_ANSWER)], 100.0)
    assert len(carried_out) == module.REMEMBERED + 1
    orders.take([kill(0)], 100.0)
    assert len(carried_out) == module.REMEMBERED + 2, "that one was forgotten; its time is over long since"
