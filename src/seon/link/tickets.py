"""Tickets: 128 random bits with which the client's session process finds the partner that waits for it.

Single use, 10 seconds, bound to the client they were sent to. Time comes in as an argument.
"""

import hmac
import secrets
from dataclasses import dataclass
from typing import Generic, TypeVar

from seon.link.messages import TICKET_SIZE

LIFE_SECONDS = 10.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Issued(Generic[T]):
    client: str
    until: float
    waiting: T


class Tickets(Generic[T]):
    """The tickets of a server, each with what waits for it."""

    def __init__(self) -> None:
        self._issued: dict[bytes, _Issued[T]] = {}

    def issue(self, client: str, waiting: T, now: float) -> bytes:
        """Return a new ticket for `client`, the name by which its link is known."""
        ticket = secrets.token_bytes(TICKET_SIZE)
        self._issued[ticket] = _Issued(client, now + LIFE_SECONDS, waiting)
        return ticket

    def redeem(self, ticket: bytes, client: str, now: float) -> T | None:
        """Return what waits for a ticket and end the ticket; None if it is unknown, used, too old or another's.

        A wrong client does not use it up: it may not take what is not its own, nor spoil it.
        """
        issued = self._issued.get(ticket)
        if issued is None or now >= issued.until or not hmac.compare_digest(issued.client.encode(), client.encode()):
            return None
        del self._issued[ticket]
        return issued.waiting

    def withdraw(self, ticket: bytes) -> None:
        """End a ticket nobody came for."""
        self._issued.pop(ticket, None)

    def __len__(self) -> int:
        return len(self._issued)
