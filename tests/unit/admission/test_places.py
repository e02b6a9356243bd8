"""Places: strangers compete with strangers, a source competes with itself first, and known sources have theirs kept."""

import random
from collections import Counter

import pytest

from seon.admission import places as module
from seon.admission.places import KNOWN_SECONDS, KnownSources, Places


class Taken:
    """Places that are named by neighbourhood and number, and what was taken from whom."""

    def __init__(self, limit: int) -> None:
        self.places: Places[str] = Places()
        self.limit = limit
        self.count = 0

    def enter(self, neighbourhood: str, *, known: bool = False) -> list[str]:
        self.count += 1
        return self.places.enter(f"{neighbourhood}/{self.count}", neighbourhood, known=known, limit=self.limit)


def test_while_there_are_places_nobody_has_to_go() -> None:
    taken = Taken(8)
    assert [taken.enter("a") for _ in range(6)] == [[]] * 6
    assert [taken.enter("k", known=True) for _ in range(2)] == [[]] * 2
    assert len(taken.places) == 8


def test_a_quarter_is_kept_for_known_sources() -> None:
    taken = Taken(8)
    for number in range(100):
        taken.enter(f"s{number}")
    assert len(taken.places) == 6
    assert taken.enter("k", known=True) == []
    assert taken.enter("k", known=True) == []


def test_who_holds_most_gives_up_its_oldest_for_another() -> None:
    taken = Taken(8)
    for neighbourhood in ("a", "b", "b", "b", "c", "c"):
        taken.enter(neighbourhood)
    assert taken.enter("d") == ["b/2"]


def test_a_newcomer_whose_neighbourhood_holds_most_takes_from_itself() -> None:
    taken = Taken(8)
    for neighbourhood in ("a", "a", "b", "b", "c", "c"):
        taken.enter(neighbourhood)
    assert taken.enter("b") == ["b/3"]
    assert taken.enter("a") == ["a/1"]


def test_of_those_that_hold_one_each_the_oldest_goes_and_never_the_newcomer() -> None:
    taken = Taken(4)
    assert [taken.enter(name) for name in "abcdef"] == [[], [], [], ["a/1"], ["b/2"], ["c/3"]]


def test_a_flood_from_one_source_takes_no_place_from_another() -> None:
    taken = Taken(40)
    taken.enter("partner")
    gone = [place for _ in range(1_000) for place in taken.enter("flood")]
    assert gone
    assert {place.partition("/")[0] for place in gone} == {"flood"}
    assert taken.places.held("partner") == 1


def test_a_flood_from_many_sources_takes_no_place_of_one_that_holds_fewer() -> None:
    taken = Taken(100)
    for number in range(1_000):
        taken.enter(f"flood{number % 25}")
    assert [place.partition("/")[0] for place in taken.enter("partner")] != ["partner"]
    gone = {place.partition("/")[0] for number in range(1_000) for place in taken.enter(f"flood{number % 25}")}
    assert "partner" not in gone


def test_a_flood_from_a_known_source_leaves_strangers_and_other_known_sources_theirs() -> None:
    taken = Taken(40)
    for _ in range(1_000):
        taken.enter("nat", known=True)
    assert len(taken.places) == 40
    assert taken.enter("stranger")[0].startswith("nat/")
    assert taken.enter("partner", known=True)[0].startswith("nat/")
    gone = {place.partition("/")[0] for _ in range(100) for place in taken.enter("nat", known=True)}
    assert gone == {"nat"}


def test_a_source_that_becomes_known_is_that_with_all_its_places() -> None:
    taken = Taken(8)
    for _ in range(6):
        taken.enter("a")
    assert taken.enter("a", known=True) == []
    assert taken.enter("b") == []
    assert taken.places.held("a") == 7


def test_a_stranger_does_not_take_the_one_place_of_a_known_source() -> None:
    taken = Taken(4)
    for name in "abcd":
        taken.enter(name, known=True)
    assert taken.enter("s") == ["s/5"]


def test_a_smaller_limit_takes_as_many_places_as_it_must() -> None:
    taken = Taken(40)
    for number in range(30):
        taken.enter(f"s{number}")
    taken.limit = 4
    assert len(taken.enter("s30")) == 28
    assert len(taken.places) == 3


def test_a_place_that_is_left_is_free_and_to_leave_it_again_is_no_error() -> None:
    taken = Taken(1)
    taken.enter("a")
    taken.places.leave("a/1")
    taken.places.leave("a/1")
    assert len(taken.places) == 0
    assert taken.enter("b") == []
    assert taken.enter("c") == ["b/2"]
    taken.places.leave("b/2")
    assert taken.places.held("c") == 1


@pytest.mark.parametrize("seed", range(20))
def test_whatever_comes_the_counts_hold_and_nobody_smaller_than_the_largest_loses_a_place(seed) -> None:
    chance = random.Random(seed)
    taken = Taken(chance.choice([1, 2, 3, 4, 7, 30]))
    held: dict[str, str] = {}
    for _ in range(600):
        if held and chance.random() < 0.3:
            gone = chance.choice(sorted(held))
            del held[gone]
            taken.places.leave(gone)
            continue
        name = chance.choice("aaaabbcdefghijk")
        known = name in "abc"
        only_known = all(one in "abc" for one in held.values())
        lost = taken.enter(name, known=known)
        held[f"{name}/{taken.count}"] = name
        for place in lost:
            counts = Counter(held.values())
            all_compete = sum_of("abc", counts) > taken.limit // 4
            assert counts[held.pop(place)] == max(n for one, n in counts.items() if all_compete or one not in "abc")
        counts = Counter(held.values())
        assert len(taken.places) == len(held) <= taken.limit
        assert f"{name}/{taken.count}" in held or (only_known and not known), "the newcomer has a place"
        assert sum(counts.values()) - sum_of("abc", counts) <= taken.limit - taken.limit // 4
        assert all(taken.places.held(one) == counts[one] for one in "abcdefghijk")


def sum_of(names: str, counts: "Counter[str]") -> int:
    return sum(counts[name] for name in names)


def test_a_source_is_known_for_some_days() -> None:
    known = KnownSources()
    known.admitted("a", 100.0)
    assert known.knows("a", 100.0 + KNOWN_SECONDS - 1)
    assert not known.knows("b", 100.0)
    assert not known.knows("a", 100.0 + KNOWN_SECONDS)
    assert len(known) == 0, "and then forgotten"


def test_of_too_many_known_sources_the_one_admitted_longest_ago_is_forgotten(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_KNOWN", 3)
    known = KnownSources()
    for at, name in enumerate("abcad"):
        known.admitted(name, float(at))
    assert [name for name in "abcd" if known.knows(name, 5.0)] == ["a", "c", "d"]
