"""What an administrator wants of this client now: carried out once, in its time, and acknowledged.

Seonapi says an order again until it is acknowledged, so an id that came before gets the answer that it got before.
"""

import time
from collections.abc import Callable, Iterable, Mapping

from seon.api_messages import Order, OrderDone

REMEMBERED = 1_000
"""Ids of orders that are not carried out a second time."""


class NotDoneError(Exception):
    """The order cannot be carried out; the text says why."""


Does = Callable[[Order], str]
"""Carries an order out and returns in words what was done. Raises NotDoneError."""


class Orders:
    """Carries orders out; `does`: how, by what they want."""

    def __init__(self, does: Mapping[str, Does], clock: Callable[[], float] = time.monotonic) -> None:
        self._does = does
        self._clock = clock
        self._done: dict[str, OrderDone] = {}

    def take(self, orders: Iterable[Order], at: float) -> tuple[OrderDone, ...]:
        """Carry out those that are new; return what became of each. `at`: when they came, by the clock."""
        return tuple(self._done.get(order.id) or self._carry_out(order, at) for order in orders)

    def _carry_out(self, order: Order, at: float) -> OrderDone:
        if self._clock() > at + order.seconds:
            done = OrderDone(order.id, False, "its time was over when it came here")  # its fields
        else:
            try:
                done = OrderDone(order.id, True, self._does[order.what](order)[:500])
            except NotDoneError as error:
                done = OrderDone(order.id, False, str(error)[:500])
        self._done[order.id] = done
        if len(self._done) > REMEMBERED:
            del self._done[next(iter(self._done))]
        return done
