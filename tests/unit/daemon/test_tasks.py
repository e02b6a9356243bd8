"""Background tasks: none fails in silence, none is left."""

import asyncio
import gc

import pytest

from seon.daemon.tasks import Tasks, words_of


async def fails() -> None:
    await asyncio.sleep(0)
    raise ValueError("what a stranger sent")


def test_a_failure_is_heard_with_the_name_of_the_task() -> None:
    heard = []

    async def live() -> None:
        task = Tasks(lambda *trouble: heard.append(trouble)).start(fails(), "counting sheep")
        await asyncio.wait([task])
        await asyncio.sleep(0)

    asyncio.run(live())
    ((what, error),) = heard
    assert what == "counting sheep"
    assert isinstance(error, ValueError)


def test_who_ends_well_or_is_cancelled_is_no_trouble() -> None:
    heard = []

    async def live() -> None:
        tasks = Tasks(lambda *trouble: heard.append(trouble))
        one, two = tasks.start(asyncio.sleep(0), "one"), tasks.start(asyncio.sleep(30), "two")
        await one
        two.cancel()
        await asyncio.wait([two])
        await asyncio.sleep(0)

    asyncio.run(live())
    assert heard == []


def test_a_task_lives_though_nobody_else_holds_it() -> None:
    """The loop holds only weak references: whoever waits for what nobody else holds would be collected."""
    done = []

    async def waits_for_nothing_else() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            done.append(True)

    async def live() -> None:
        tasks = Tasks(lambda *_: None)
        tasks.start(waits_for_nothing_else(), "waiting")
        await asyncio.sleep(0)
        gc.collect()
        await asyncio.sleep(0)
        assert done == []
        await tasks.end()

    asyncio.run(live())
    assert done == [True]


def test_at_the_end_all_are_cancelled_and_waited_for() -> None:
    steps = []

    async def slow_to_end() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.05)
            steps.append("cleaned up")

    async def live() -> None:
        tasks = Tasks(lambda *trouble: steps.append(trouble))
        task = tasks.start(slow_to_end(), "x")
        await asyncio.sleep(0)
        await tasks.end()
        assert task.cancelled()

    asyncio.run(live())
    assert steps == ["cleaned up"]


def test_who_fails_while_it_is_ended_is_heard_too() -> None:
    heard = []

    async def fails_at_its_end() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            raise ValueError

    async def live() -> None:
        tasks = Tasks(lambda what, _: heard.append(what))
        tasks.start(fails_at_its_end(), "ending badly")
        await asyncio.sleep(0)
        await tasks.end()
        await asyncio.sleep(0)

    asyncio.run(live())
    assert heard == ["ending badly"]


def test_an_error_is_told_by_kind_and_place_and_nothing_that_a_stranger_may_have_sent() -> None:
    with pytest.raises(ValueError, match="stranger") as caught:
        asyncio.run(fails())
    words = words_of(caught.value)
    assert words.startswith("ValueError (test_tasks.py:")
    assert "stranger" not in words
    assert words_of(KeyError("never raised")) == "KeyError"
