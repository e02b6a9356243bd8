"""Revocation lists as they are shown: how each place is, in words."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from seon.backend.revocation.models import CrlUrl
from seon.backend.revocation.overdue import is_overdue, most_age

FORCE, OVERDUE, FAILED, UNSUPPORTED, NEW = "in force", "overdue", "failed", "not supported", "not fetched yet"
IN_TROUBLE = "in force, not renewed"
WORST_FIRST = (OVERDUE, FAILED, UNSUPPORTED, NEW, IN_TROUBLE, FORCE)


@dataclass(frozen=True, slots=True)
class Row:
    """One place with its state."""

    place: CrlUrl
    state: str
    age: timedelta | None
    """How long ago the list in force was made."""


def rows(now: datetime) -> Iterator[Row]:
    """Yield all places in their order."""
    most = most_age()
    for place in CrlUrl.objects.select_related("issuer", "held"):
        yield row_of(place, now, most)


def row_of(place: CrlUrl, now: datetime, most: timedelta) -> Row:
    """Return a place with its state; `most`: how old a list may be."""
    held = place.list_or_none
    age = now - held.this_update if held else None
    if held is not None and is_overdue(held, now, most):
        return Row(place, OVERDUE, age)
    if held is not None:
        return Row(place, IN_TROUBLE if place.failures else FORCE, age)
    if place.unsupported:
        return Row(place, UNSUPPORTED, age)
    return Row(place, FAILED if place.failures else NEW, age)


@dataclass(frozen=True, slots=True)
class Summary:
    """How the lists of one CA are."""

    text: str
    worst: str
    """The state of the worst of them."""


NO_LIST = Summary("none", "")


def summaries(now: datetime) -> dict[str, Summary]:
    """Return how the lists of each CA are that has places of lists, by its identity (`authorities.identity_of`)."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows(now):
        counted[row.place.issuer.identity][row.state] += 1
    return {identity: _summary(states) for identity, states in counted.items()}


def _summary(states: "Counter[str]") -> Summary:
    found = [state for state in WORST_FIRST if states[state]]
    text = found[0] if states.total() == 1 else ", ".join(f"{states[state]} {state}" for state in found)
    return Summary(text, found[0])


def source_of(place: CrlUrl) -> str:
    """Say who has named a place."""
    if place.of_anchor:
        return "trust anchor"
    return "administrator" if place.by_hand else f"server, by token {place.reported_by}"
