"""What a client tells of itself: the last state of each is kept, outside the journal and the configuration's version.

SECURITY: who tells it has a good security token. What is kept is bounded: one state for each address that a token is
used from, `MOST_ADDRESSES` of them, and in each no more than `LiveState` allows.
"""

from typing import Any

import msgspec
from django.utils import timezone

from seon.api_messages import LiveState, LiveUnchanged
from seon.backend.live.models import LastState
from seon.backend.trust.models import Token

MOST_ADDRESSES = 100
"""Addresses of one token whose states are kept: those that were heard of last."""


def keep(token: Token, address: str, state: LiveState) -> None:
    """Keep what runs at a client, in the place of what it has told before. `address` in its one form."""
    # Encoded anew: members that this build does not know would have no bound.
    row: dict[str, Any] = {
        "run": state.run,
        "number": state.number,
        "heard_at": timezone.now(),
        "state": msgspec.json.encode(state),
    }
    if LastState.objects.filter(token=token, address=address).update(**row):
        return
    LastState.objects.bulk_create(
        [LastState(token=token, address=address, **row)],
        update_conflicts=True, unique_fields=["token", "address"], update_fields=list(row),
    )  # fmt: skip
    newest = LastState.objects.filter(token=token).order_by("-heard_at", "-pk")
    LastState.objects.filter(pk__in=list(newest.values_list("pk", flat=True)[MOST_ADDRESSES:])).delete()


def still_holds(token: Token, address: str, said: LiveUnchanged) -> bool:
    """Note that a client was heard of, and that its state holds; False if that state is not the one that is kept."""
    ours = LastState.objects.filter(token=token, address=address, run=said.run, number=said.number)
    return ours.update(heard_at=timezone.now()) > 0


def forget_withdrawn() -> int:
    """Remove the states of withdrawn tokens; return how many."""
    return LastState.objects.exclude(token__withdrawn_at=None).delete()[0]
