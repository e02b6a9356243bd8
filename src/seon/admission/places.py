"""Places at a port: connections at once whose peer is not verified yet. Who has to go when there are too many.

Pure: no clock, no socket. Strangers compete with strangers: a quarter of the places is kept for sources that were
admitted lately, and within each kind the oldest place of the neighbourhood that holds most is given up. So a source
takes places from nobody but itself as long as any other holds fewer.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

KEPT_SHARE = 4
"""One in so many places is kept for known sources."""
KNOWN_SECONDS = 7 * 86_400.0
"""How long a source is known after it was admitted: a partner that calls once a week is."""
MOST_KNOWN = 10_000
"""Known sources in memory; beyond that, who was admitted longest ago is forgotten."""
T = TypeVar("T", bound=Hashable)


class KnownSources:
    """Neighbourhoods from which somebody was admitted lately. Time is an argument, in seconds of one clock."""

    def __init__(self) -> None:
        self._admitted: OrderedDict[str, float] = OrderedDict()

    def admitted(self, neighbourhood: str, now: float) -> None:
        """Somebody of this neighbourhood was admitted."""
        self._admitted[neighbourhood] = now
        self._admitted.move_to_end(neighbourhood)
        if len(self._admitted) > MOST_KNOWN:
            self._admitted.popitem(last=False)

    def knows(self, neighbourhood: str, now: float) -> bool:
        """Whether somebody of it was admitted lately."""
        since = self._admitted.get(neighbourhood)
        if since is None:
            return False
        if now - since < KNOWN_SECONDS:
            return True
        del self._admitted[neighbourhood]
        return False

    def __len__(self) -> int:
        return len(self._admitted)


class Places(Generic[T]):
    """Who holds a place. A place is named by whatever its holder chooses."""

    def __init__(self) -> None:
        self._strangers: _Holders[T] = _Holders()
        self._known: _Holders[T] = _Holders()
        self._holder: dict[T, str] = {}
        """Places by their name, with the neighbourhood of each."""

    def __len__(self) -> int:
        return len(self._holder)

    def enter(self, place: T, neighbourhood: str, *, known: bool, limit: int) -> list[T]:
        """Give somebody a place; return the places that were taken for it, most often none.

        Its own is among them where known sources hold all the others, and none of them holds more than it.
        `known`: whether the neighbourhood counts as a known source from now on, with all that it holds.
        """
        here, other = (self._known, self._strangers) if known else (self._strangers, self._known)
        here.take_over(neighbourhood, other)
        here.add(neighbourhood, place)
        self._holder[place] = neighbourhood
        taken = []
        while holders := self._too_many(limit):
            victim = _victim(holders, neighbourhood)
            self.leave(victim)
            taken.append(victim)
        return taken

    def leave(self, place: T) -> None:
        """Give a place back; one that was taken away is not there any more, and that is no error."""
        neighbourhood = self._holder.pop(place, None)
        if neighbourhood is not None:
            (self._known if self._known.held(neighbourhood) else self._strangers).remove(neighbourhood, place)

    def held(self, neighbourhood: str) -> int:
        """Return how many places a neighbourhood holds."""
        return self._known.held(neighbourhood) or self._strangers.held(neighbourhood)

    def _too_many(self, limit: int) -> "list[_Holders[T]]":
        """Return among whom somebody has to go; nobody: there are places enough."""
        kept = limit // KEPT_SHARE
        if self._strangers.total <= limit - kept and len(self) <= limit:
            return []
        # What known sources hold beyond the places that are kept for them, they hold in competition with all others.
        return [self._strangers, self._known] if self._known.total > kept else [self._strangers]


def _victim(holders: "list[_Holders[T]]", newcomer: str) -> T:
    """Return the place that is to be given up.

    A newcomer whose neighbourhood holds most takes from it. Among others that hold as many, the one that has held so
    many for the longest time gives way, strangers before known sources.
    """
    most = max(holders, key=lambda one: one.largest)
    own = next((one for one in holders if one.held(newcomer) == most.largest > 1), None)
    return own.oldest(newcomer) if own else most.oldest(most.first_of_largest())


class _Holders(Generic[T]):
    """Neighbourhoods by how many places they hold: the largest is found without a search."""

    def __init__(self) -> None:
        self._places: dict[str, dict[T, None]] = {}
        """By neighbourhood, the oldest first."""
        self._by_size: dict[int, dict[str, None]] = {}
        """Neighbourhoods by the number of their places, in the order in which they have come to it."""
        self.largest = 0
        self.total = 0

    def held(self, neighbourhood: str) -> int:
        return len(self._places.get(neighbourhood, ()))

    def oldest(self, neighbourhood: str) -> T:
        return next(iter(self._places[neighbourhood]))

    def first_of_largest(self) -> str:
        return next(iter(self._by_size[self.largest]))

    def add(self, neighbourhood: str, place: T) -> None:
        places = self._places.setdefault(neighbourhood, {})
        places[place] = None
        self._resized(neighbourhood, len(places) - 1, len(places))

    def remove(self, neighbourhood: str, place: T) -> None:
        places = self._places[neighbourhood]
        del places[place]
        if not places:
            del self._places[neighbourhood]
        self._resized(neighbourhood, len(places) + 1, len(places))

    def take_over(self, neighbourhood: str, other: "_Holders[T]") -> None:
        """Take all places of a neighbourhood that has counted as the other kind."""
        places = other._places.pop(neighbourhood, None)
        if places:
            other._resized(neighbourhood, len(places), 0)
            self._places[neighbourhood] = places
            self._resized(neighbourhood, 0, len(places))

    def _resized(self, neighbourhood: str, before: int, after: int) -> None:
        self.total += after - before
        if before:
            same = self._by_size[before]
            del same[neighbourhood]
            if not same:
                del self._by_size[before]
        if after:
            self._by_size.setdefault(after, {})[neighbourhood] = None
        if after > self.largest or self.largest not in self._by_size:
            self.largest = max(self._by_size, default=0)  # different sizes are few: 10,000 places allow 140
