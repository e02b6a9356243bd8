"""Orders for clients on the command line: given, and waited for until the client says what became of them."""

# ruff: noqa: PLC0415 - imports inside functions: what needs Django comes after its set-up

import time
from typing import TYPE_CHECKING, Any

from seon.cli.seonapi.base import Said

if TYPE_CHECKING:
    from seon.backend.live.models import LiveOrder

WAIT_SECONDS = 15.0
"""So long a command waits for the client's word."""
PAUSE_SECONDS = 0.25
"""Between two looks."""


def outcome(order: "LiveOrder") -> Said:
    """Wait for what becomes of an order, and say it. Exit status 1 unless the client has done it."""
    from seon.backend.live.orders import ended, words

    until = time.monotonic() + WAIT_SECONDS
    over = ended(order.pk)
    while over is None and time.monotonic() < until:
        time.sleep(PAUSE_SECONDS)
        over = ended(order.pk)
    what = words(order)
    data: dict[str, Any] = {"order": what, "session": order.session, "state": over.state if over else order.state}
    data["reason"] = over.result if over else ""
    if over is None:
        seconds = int(WAIT_SECONDS)
        text = f"{what}: ordered, but the client has not said within {seconds} s that it is done; see: seonapi live"
        return Said(data, text, status=1)
    told = {
        "done": f"{what}: done",
        "failed": f"{what}: the client has not done it",
        "expired": f"{what}: the client has not taken the order in time, so it is void",
    }[over.state]
    return Said(data, f"{told}: {over.result}" if over.result else told, status=0 if over.state == "done" else 1)
