"""What is wrong is told when it changes, and again at growing intervals; the clock is the test's."""

import asyncio

from seon.client.courier import messages as c
from seon.client.courier.troubles import Patience, Trouble, duration, unforeseen, words
from seon.events import MAX_VALUE_OCTETS


class Played:
    """A trouble with the test's clock, and what was told of it."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.told: list[c.ApiState] = []
        self.trouble = Trouble("back", self._say, Patience(), lambda: self.now)

    async def _say(self, note) -> None:
        self.told.append(note)

    def found(self, who: str, state: c.State = "away", reason: str = "why") -> None:
        asyncio.run(self.trouble.found(who, state, reason, 5))

    def mended(self, who: str) -> None:
        asyncio.run(self.trouble.mended(who))

    @property
    def states(self) -> list[str]:
        return [note.state for note in self.told]


def test_it_is_told_at_once_and_again_while_it_lasts_with_its_time() -> None:
    played, began = Played(), 1_000.0
    times = []
    while played.now < began + 3 * 3_600:
        count = len(played.told)
        played.found("configuration")
        if len(played.told) > count:
            times.append(played.now - began)
        played.now += 30
    assert times == [0, 60, 360, 2_160, 5_760, 9_360]
    assert [note.reason for note in played.told[:4]] == ["why", "why, for 60 s now", "why, for 6 min now",
                                                         "why, for 36 min now"]  # fmt: skip
    assert played.told[-1].reason == "why, for 2 h now"
    assert {note.seconds for note in played.told} == {5}


def test_another_state_is_told_at_once_and_counts_from_its_own_beginning() -> None:
    played = Played()
    played.found("configuration")
    played.now += 10
    played.found("configuration", "refused")
    assert played.states == ["away", "refused"]
    played.now += 3
    assert played.trouble.lasted() == 3


def test_it_is_over_once_it_works_for_all_who_found_it_wrong() -> None:
    played = Played()
    played.mended("configuration")
    assert played.told == [], "it was not wrong"
    played.found("configuration")
    played.found("events")
    played.mended("configuration")
    assert played.trouble.concerns("events")
    assert not played.trouble.concerns("configuration")
    assert played.states == ["away"]
    played.mended("events")
    assert played.states == ["away", "back"]
    assert played.trouble.lasted() == 0
    played.found("events")
    assert played.states == ["away", "back", "away"], "at once: it is a new one"


def test_one_call_that_works_while_another_fails_is_not_told_as_a_return() -> None:
    """Else a log would fill with a state that changes at every try."""
    played = Played()
    for _ in range(10):
        played.found("events")
        played.mended("configuration")
        played.now += 1
    assert played.states == ["away"]


def test_the_worst_counts() -> None:
    played = Played()
    played.found("events", "refused", "no valid token")
    played.found("configuration", "away", "no answer")
    assert played.states == ["refused"]
    played.mended("events")
    assert played.states == ["refused", "away"]
    assert played.told[-1].reason == "no answer"


def test_times_in_words() -> None:
    assert [duration(seconds) for seconds in (1, 119.9, 120, 7_199, 7_200, 90_000)] == [
        "1 s", "119 s", "2 min", "119 min", "2 h", "25 h"]  # fmt: skip


def test_a_text_fits_into_a_note_whatever_is_in_it() -> None:
    import msgspec

    for text in ("x" * 10_000, "\udcff" * 500, "\0" * 500):
        assert len(msgspec.json.encode(words(text))) <= MAX_VALUE_OCTETS


def test_what_nobody_foresaw_is_said_with_its_place_and_without_a_trace() -> None:
    try:
        {}["key"]
    except KeyError as error:
        said = unforeseen(BaseExceptionGroup("group", [ExceptionGroup("inner", [error])]))
    assert said.startswith("internal error: KeyError: 'key' (test_troubles.py, line ")
    assert "Traceback" not in said
    assert unforeseen(ValueError("never raised")) == "internal error: ValueError: never raised"
