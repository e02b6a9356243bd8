"""The courier's lines for the log: what is said of them, and when."""

import asyncio

import pytest

from seon.client.courier import messages as c
from seon.client.courier.lines import Lines
from seon.process.levels import Level
from seon.process.line import MAX_LINE


class Heard:
    """What the main hears."""

    def __init__(self) -> None:
        self.notes: list[c.FromCourier] = []
        self.free = asyncio.Event()
        self.free.set()

    async def say(self, note: c.FromCourier) -> None:
        await self.free.wait()
        self.notes.append(note)


def said(levels: tuple[Level, ...], *, settings: Level | None = None, chosen: Level | None = None) -> list[Level]:
    """Write a line of each level; return the levels of those that were said."""
    heard = Heard()

    async def scene() -> None:
        lines = Lines(heard.say)
        if chosen:
            await lines.choose(chosen)
            assert heard.notes.pop() == c.LogLevel(chosen), "the main notes it"
        if settings:
            lines.follow(settings)
        for level in levels:
            await lines.write("courier", level, "text")
            assert lines.wants(level) == (c.LogLine("courier", level, "text") in heard.notes)

    asyncio.run(scene())
    return [note.level for note in heard.notes]


def test_at_first_lines_from_info_on_are_said() -> None:
    assert said(tuple(Level)) == [Level.INFO, Level.WARNING, Level.ERROR, Level.FATAL]


@pytest.mark.parametrize("level", Level)
def test_what_the_settings_write_nowhere_is_not_said(level: Level) -> None:
    assert said(tuple(Level), settings=level) == [other for other in Level if other >= level]


@pytest.mark.parametrize("level", Level)
def test_a_level_set_by_signal_counts_whatever_the_settings_become(level: Level) -> None:
    for settings in Level:
        assert said(tuple(Level), settings=settings, chosen=level) == [other for other in Level if other >= level]


@pytest.mark.parametrize("text", ["x" * 10_000, "\ud800" * 10_000, "\0" * 10_000], ids=["long", "no UTF-8", "zeros"])
def test_a_line_fits_into_a_message_whatever_is_in_it(text: str) -> None:
    heard = Heard()
    asyncio.run(Lines(heard.say).write("courier", Level.ERROR, text))
    (note,) = heard.notes
    assert c.from_courier.decode(c.encode(note)[c.HEADER :]) == note
    assert len(note.text) == MAX_LINE, "as much of it as a line may have"


def test_who_writes_waits_while_the_main_does_not_keep_up_and_no_line_is_lost() -> None:
    heard = Heard()

    async def scene() -> None:
        lines = Lines(heard.say)
        heard.free.clear()

        async def write() -> None:
            for number in range(100):
                await lines.write("courier", Level.INFO, str(number))

        writing = asyncio.create_task(write())
        await asyncio.sleep(0)
        assert not writing.done()
        heard.free.set()
        await writing

    asyncio.run(scene())
    assert [note.text for note in heard.notes] == [str(number) for number in range(100)]
