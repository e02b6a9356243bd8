"""When the client is ready, what is missing, and what the starting command is told of it."""

import asyncio

import pytest

from seon.client.readiness import EXIT_NOT_READY, Readiness
from seon.client.waiting import Wait
from seon.process.events import EventMaker

MAKER = EventMaker("inside")
SERVER = "dmz.example:2878"
FIELDS = {"reason": "a reason", "seconds": 5, "server": SERVER, "version": 1, "proxy_id": "px"}


class Life:
    """Remembers what was said."""

    is_ending = False

    def __init__(self) -> None:
        self.words: list[tuple[int, str]] = []
        self.shown: list[str] = []

    def ready(self, text: str = "") -> None:
        self.words.append((0, text))

    def not_ready(self, status: int, text: str) -> None:
        self.words.append((status, text))

    def show(self, state: str) -> None:
        self.shown.append(state)


def play(wait: Wait, *happen: str, end: tuple[int, str] | None = None, later: tuple[str, ...] = ()) -> Life:
    """Let events happen, or parts work, and wait for the word; `later`: what happens behind it."""
    life = Life()

    async def live() -> None:
        readiness = Readiness(life, SERVER, wait)
        running = asyncio.create_task(readiness.run())
        for what in happen:
            if what == "spool":
                readiness.works("spool")
            else:
                readiness.happened(MAKER.make(what, **FIELDS))
            await asyncio.sleep(0)
        if end:
            readiness.ended(*end)
            running.cancel()
            return
        async with asyncio.timeout(5):
            while not life.words:
                await asyncio.sleep(0.001)
        for what in later:
            readiness.happened(MAKER.make(what, **FIELDS))
        await asyncio.sleep(0.01)
        running.cancel()

    asyncio.run(live())
    return life


def test_all_that_works_is_said_as_soon_as_it_does() -> None:
    ((status, text),) = play(Wait("", 60), "spool", "CFG-NEW", "CLI-LINKED").words
    assert status == 0
    assert SERVER in text


def test_a_service_manager_hears_of_what_comes_after_the_time_was_over() -> None:
    words = play(Wait("linked", 0.05), "spool", "CFG-NEW", later=("CLI-NOSERVER", "CLI-LINKED")).words
    assert [status for status, _ in words] == [EXIT_NOT_READY, 0]
    assert len(play(Wait("linked", 0.05), "spool", "CFG-NEW", later=("CLI-NOSERVER",)).words) == 1


def test_who_was_told_that_it_is_ready_hears_it_once() -> None:
    assert len(play(Wait("", 0.05), "spool", "CLI-NOAPI", later=("CFG-NEW", "CLI-LINKED")).words) == 1


def test_what_does_not_answer_is_said_with_its_reason_and_the_start_was_good() -> None:
    ((status, text),) = play(Wait("", 0.05), "spool", "CLI-NOAPI").words
    assert status == 0
    assert "Seonapi does not serve this client: a reason" in text
    assert f"Server {SERVER} has not answered yet" in text
    assert "trying again in" not in text, "the moment is over when it is read"


@pytest.mark.parametrize("happened", [(), ("CLI-SPOOL",), ("CLI-LINKED", "CFG-NEW")])
def test_without_a_spool_on_disk_the_client_is_not_ready(happened) -> None:
    ((status, text),) = play(Wait("", 0.05), *happened).words
    assert status == EXIT_NOT_READY
    assert "spool" in text


@pytest.mark.parametrize(
    ("what", "happened", "status"),
    [
        ("api", ("spool", "CFG-NEW"), 0),
        ("api", ("spool", "CLI-TOKEN", "CLI-API"), 0),
        ("api", ("spool", "CLI-TOKEN"), EXIT_NOT_READY),
        ("linked", ("spool", "CFG-NEW", "CLI-LINKED"), 0),
        ("linked", ("spool", "CFG-NEW", "CLI-NOSERVER"), EXIT_NOT_READY),
        ("linked", ("spool", "CFG-NEW", "CLI-LINKED", "CLI-SPOOL", "CLI-SPOOLED"), 0),
    ],
)  # fmt: skip
def test_what_it_was_told_to_wait_for_decides(what, happened, status) -> None:
    seconds = 0.05 if status else 60
    assert [word[0] for word in play(Wait(what, seconds), *happened).words] == [status]


def test_a_link_that_has_ended_in_between_is_missed() -> None:
    ((status, text),) = play(Wait("linked", 0.05), "spool", "CFG-NEW", "LNK-DOWN").words
    assert status == EXIT_NOT_READY
    assert "Link ended: a reason" in text


def test_an_end_before_it_was_ready_is_said_once() -> None:
    assert play(Wait("", 60), "spool", end=(4, "the courier has ended")).words == [
        (4, "The client has ended: the courier has ended")
    ]
    ((status, _),) = play(Wait("", 60), end=(0, "signal SIGTERM")).words
    assert status == EXIT_NOT_READY, "who started it has got no client"
    assert len(play(Wait("", 60), "spool", "CFG-NEW", "CLI-LINKED", end=(3, "the link")).words) == 1


def test_the_state_names_what_is_missing() -> None:
    shown = play(Wait("", 0.05), "spool", "CLI-NOSERVER", "CFG-NEW", "CLI-LINKED", "LNK-DOWN").shown
    assert shown[-2] == f"linked to {SERVER}"
    assert shown[-1] == "not linked; Link ended: a reason"
