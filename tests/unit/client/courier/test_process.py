"""The courier as the process that it is, from its first word to its end; the test plays the main."""

import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys

import msgspec
import pytest

from seon import api_messages as a
from seon.client.courier import messages as c
from seon.client.courier.process import EXIT_FAILED, SPOOL_NAME
from unit.client.courier.played import ENROLLED, MAKER, Main, Versions, journal

SCRIPT = """
import os, socket, sys, time
from pathlib import Path
from seon.client.courier import process
from seon.client.courier.messages import Begin
number, url, token, home, refused, away, change = sys.argv[1:]
exec(change)
begin = Begin("dmz.example", 2878, True)
os._exit(process.live(socket.socket(fileno=int(number)), process.seonapi(url, token), Path(home), begin,
                      float(refused), float(away)))
"""
GOOD = (200, msgspec.json.encode(ENROLLED))


@pytest.fixture
def play(seonapi, tmp_path):
    """Play a scene with a courier in a process of its own: a coroutine function of (main, process)."""
    seonapi.answers["enrol"] = lambda _: GOOD
    seonapi.answers["configuration"] = Versions()
    token = f"seon1.{seonapi.token.ca_fingerprint}.{seonapi.token.secret}"

    def run(scene, refused: float = 0, away: float = 0, change: str = "") -> tuple[int, str]:
        """Return its exit status, and what it has said on the terminal."""

        async def live() -> tuple[int, str]:
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            async with asyncio.timeout(40), seonapi.serving():
                arguments = [theirs.fileno(), seonapi.url, token, tmp_path, refused, away, change]
                process = subprocess.Popen(
                    [sys.executable, "-W", "error", "-c", SCRIPT, *map(str, arguments)],
                    pass_fds=[theirs.fileno()], stderr=subprocess.PIPE, text=True,
                )  # fmt: skip
                theirs.close()
                ending = asyncio.create_task(asyncio.to_thread(process.communicate))
                try:
                    await scene(Main(ours, ending), process)
                finally:
                    ours.close()
                    try:
                        _, said = await asyncio.wait_for(ending, 15)
                    except TimeoutError:
                        process.kill()
                        raise
                return process.returncode, said

        return asyncio.run(live())

    return run


def test_it_tells_its_number_and_ends_with_the_main(play) -> None:
    async def scene(main, process) -> None:
        assert await main.hear(c.Begin) == c.Begin("dmz.example", 2878, True, pid=process.pid)

    assert play(scene) == (0, "")


def test_signals_for_the_main_do_not_end_it_before_the_mains_last_events(play) -> None:
    """A service manager sends them to all processes at once."""

    async def scene(main, process) -> None:
        await main.hear(c.Begin)
        await main.say(c.Resolve("127.0.0.1"))
        await main.hear(c.Resolved)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(process.pid, number)
        await main.say(c.Keep(1, (MAKER.make("CLI-END"),)))
        assert (await main.hear(c.Kept)).up_to == 1

    assert play(scene) == (0, "")


def test_a_name_server_that_hangs_does_not_keep_it_from_ending(play) -> None:
    """The thread that waits for it cannot be ended."""

    async def scene(main, process) -> None:
        await main.hear(c.Begin)
        await main.say(c.Resolve("host.example"))
        await main.say(c.Keep(1, (MAKER.make("CLI-END"),)))
        await main.hear(c.Kept)

    assert play(scene, change="socket.getaddrinfo = lambda *_, **__: time.sleep(60)") == (0, "")


@pytest.mark.parametrize("bad", [(400, b'{"error":"bad"}'), (413, b""), (200, b"[" * 100_000), "tls_garbage", "closes"])
def test_an_enrolment_that_goes_wrong_is_told_and_comes_right(play, seonapi, bad) -> None:
    answers = [seonapi.odds.get(bad, bad) if isinstance(bad, str) else bad]
    seonapi.answers["enrol"] = lambda _: answers.pop() if answers else GOOD

    async def scene(main, process) -> None:
        await main.enrol()
        assert (await main.hear(c.ApiState)).state == "away"
        await main.hear(c.HaveEnrolled)

    assert play(scene) == (0, "")


@pytest.mark.parametrize("odd", ["tls_garbage", "tls_garbage_at_once", "breaks_off"])
def test_a_running_connection_that_goes_bad_does_not_end_it(play, seonapi, odd) -> None:
    async def scene(main, process) -> None:
        await main.enrol()
        await main.hear(c.NewConfiguration)
        versions = seonapi.answers["configuration"]
        seonapi.answers["configuration"] = lambda _: seonapi.odds[odd]
        versions.version = 2
        assert (await main.hear(c.ApiState)).state == "away"
        seonapi.answers["configuration"] = versions
        assert (await main.hear(c.ApiState)).state == "back"
        assert (await main.hear(c.NewConfiguration)).configuration.version == 2

    assert play(scene) == (0, "")


def test_a_spooled_event_that_cannot_be_read_ends_no_start(play, seonapi, tmp_path) -> None:
    stored, _ = journal(seonapi)
    event = MAKER.make("CLI-END")

    async def first(main, process) -> None:
        await main.say(c.Keep(1, (event,)))
        await main.hear(c.Kept)

    async def later(main, process) -> None:
        await main.enrol()
        if not stored:
            assert "odd: " in (await main.hear(c.ApiState)).reason
        while not stored:
            await asyncio.sleep(0.01)

    assert play(first) == (0, "")
    with contextlib.closing(sqlite3.connect(tmp_path / SPOOL_NAME, isolation_level=None)) as other:
        other.execute("INSERT INTO event (number, id, body) VALUES (0, 'odd', ?)", (b"[" * 100_000,))
    assert [play(later) for _ in range(2)] == [(0, "")] * 2
    assert stored == [event.id]


def test_a_spool_that_is_damaged_at_the_start_is_told_and_mended_while_it_runs(play, tmp_path) -> None:
    path = tmp_path / SPOOL_NAME
    path.write_bytes(b"no database " * 1_000)

    async def scene(main, process) -> None:
        await main.say(c.Keep(1, (MAKER.make("CLI-START"),)))
        note = await main.hear(c.ApiState)
        assert note.state == "spool"
        assert f"{path}: file is not a database; move it away" in note.reason
        path.rename(tmp_path / "away")
        assert (await main.hear(c.Kept)).up_to == 1

    assert play(scene) == (0, "")


def test_the_time_after_which_the_client_ends_is_the_administrators(play, seonapi) -> None:
    seonapi.answers["enrol"] = lambda _: (401, b'{"error":"no valid token"}')

    async def scene(main, process) -> None:
        await main.enrol()
        assert (await main.hear(c.Ending)).reason.startswith("Seonapi has refused this client for ")
        await main.say(c.Keep(1, (MAKER.make("CLI-END"),)))
        await main.hear(c.Kept)

    assert play(scene, refused=0.5) == (0, "")


FAILING = """
from seon.client.courier.seonapi import Seonapi
async def follow(self):
    1 / 0
Seonapi.follow = follow
"""


def test_what_nobody_foresaw_is_a_last_word_and_an_exit_status_without_a_trace(play) -> None:
    async def scene(main, process) -> None:
        last = await main.hear(c.Ending)
        assert last.why == "failed"
        assert "internal error: ZeroDivisionError: division by zero" in last.reason

    status, said = play(scene, change=FAILING)
    assert (status, said) == (EXIT_FAILED, "")


def test_events_are_delivered_by_it(play, seonapi) -> None:
    stored, _ = journal(seonapi)
    events = tuple(MAKER.make("CLI-END") for _ in range(a.EVENTS_PER_BATCH // 4))

    async def scene(main, process) -> None:
        await main.enrol()
        await main.say(c.Keep(1, events))
        while len(stored) < len(events):
            await asyncio.sleep(0.01)

    assert play(scene) == (0, "")
    assert stored == [event.id for event in events]
