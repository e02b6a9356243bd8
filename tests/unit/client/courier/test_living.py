"""What runs, said to Seonapi: the newest only, whole where Seonapi does not know it, and on while it is away."""

import asyncio

import msgspec
import pytest

from seon.api_messages import LiveServer, LiveState, LiveUnchanged
from seon.client.courier import messages as c
from unit.client.courier.played import MAKER


def state(version: int = 1) -> LiveState:
    return LiveState("unnumbered", 1, "b", 5.0, version, servers=(LiveServer("dmz:2878", False, "no answer"),))


class Live:
    """Seonapi's half: takes states, and knows the last one."""

    def __init__(self, seonapi) -> None:
        self.states: list[LiveState] = []
        self.unchanged: list[LiveUnchanged] = []
        self.statuses: list[int] = []
        """What it answers to the next ones, whatever they are."""
        seonapi.answers["live"] = self.answer

    def answer(self, request) -> tuple[int, bytes]:
        whole = b'"build"' in request.body
        said = msgspec.json.decode(request.body, type=LiveState if whole else LiveUnchanged)
        (self.states if whole else self.unchanged).append(said)
        return (self.statuses.pop(0) if self.statuses else 204), b""

    async def has(self, states: int, unchanged: int = 0) -> None:
        while len(self.states) < states or len(self.unchanged) < unchanged:
            await asyncio.sleep(0.005)
        assert (len(self.states), len(self.unchanged)) == (states, unchanged)


@pytest.fixture
def live(seonapi) -> Live:
    return Live(seonapi)


def test_states_have_numbers_of_one_run_and_what_still_holds_is_said_shortly(play, live) -> None:
    async def scene(main, spool) -> None:
        await main.enrol()
        await main.say(c.Live(state(1)))
        await live.has(1)
        await main.say(c.LiveStill())
        await live.has(1, 1)
        await main.say(c.Live(state(2)))
        await live.has(2, 1)
        first, second = live.states
        assert (first.version, second.version) == (1, 2)
        assert (first.number, second.number) == (1, 2)
        assert first.run == second.run == live.unchanged[0].run
        assert live.unchanged[0].number == 1

    play(scene)


def test_a_state_that_seonapi_does_not_know_is_said_whole_again(play, live) -> None:
    """Its database was emptied, say."""

    async def scene(main, spool) -> None:
        await main.enrol()
        await main.say(c.Live(state()))
        await live.has(1)
        live.statuses = [409]
        await main.say(c.LiveStill())
        await live.has(2, 1)
        assert live.states[1] == msgspec.structs.replace(live.states[0], number=2)
        await main.say(c.LiveStill())
        await live.has(2, 2)

    play(scene)


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500, 503])
def test_after_a_call_that_failed_the_next_one_says_all_of_it(play, live, status) -> None:
    async def scene(main, spool) -> None:
        await main.enrol()
        live.statuses = [status]
        await main.say(c.Live(state()))
        await live.has(1)
        await main.say(c.LiveStill())
        await live.has(2)
        assert live.states[1].number == 2

    play(scene)


def test_while_a_call_is_not_answered_only_the_newest_state_waits(play, live, seonapi) -> None:
    answered = asyncio.Event()

    async def slow(request) -> tuple[int, bytes]:
        answer = live.answer(request)
        await answered.wait()
        return answer

    seonapi.answers["live"] = slow

    async def scene(main, spool) -> None:
        await main.enrol()
        for version in range(1, 101):
            await main.say(c.Live(state(version)))
            if version == 1:
                await live.has(1)
        await main.say(c.Resolve("127.0.0.1"))
        await main.hear(c.Resolved)  # all of them were heard
        answered.set()
        await live.has(2)
        assert live.states[1].version == 100

    play(scene)


def test_a_call_that_is_not_answered_in_time_is_given_up(play, live, seonapi, monkeypatch) -> None:
    monkeypatch.setattr("seon.client.courier.api.LIVE_SECONDS", 0.1)
    seonapi.answers["live"] = lambda _: seonapi.endless["silence"]

    async def scene(main, spool) -> None:
        await main.enrol()
        await main.say(c.Live(state()))
        while not any(request.path.endswith("live") for request in seonapi.seen):
            await asyncio.sleep(0.005)
        seonapi.answers["live"] = live.answer
        await asyncio.sleep(0.2)
        await main.say(c.LiveStill())
        await live.has(1)

    play(scene)


def test_what_waits_in_the_spool_is_told_with_it_and_is_news_by_itself(play, live, seonapi) -> None:
    async def scene(main, spool) -> None:
        seonapi.answers["events"] = lambda _: (503, b"")
        await main.enrol()
        await main.say(c.Live(state()))
        await live.has(1)
        await main.say(c.Keep(1, (MAKER.make("CLI-API"), MAKER.make("CLI-API"))))
        await main.hear(c.Kept)
        await main.say(c.LiveStill())
        await live.has(2)
        assert [one.events_waiting for one in live.states] == [0, 2]

    play(scene)


def test_nothing_is_said_before_the_client_has_a_certificate_or_has_said_anything(play, live) -> None:
    async def scene(main, spool) -> None:
        await main.say(c.LiveStill())
        await main.enrol()
        await main.hear(c.HaveEnrolled)
        await main.say(c.LiveStill())
        await main.say(c.Resolve("127.0.0.1"))
        await main.hear(c.Resolved)
        assert live.states == live.unchanged == []

    play(scene)
