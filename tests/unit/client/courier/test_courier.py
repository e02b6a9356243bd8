"""The courier between its main and Seonapi; the test plays the main."""

import asyncio
import re
import socket

import pytest

from seon.client.courier import messages as c
from seon.client.courier.api import Api
from seon.client.courier.courier import Courier
from seon.client.courier.spool import Spool
from seon.client.courier.troubles import Patience
from seon.process.levels import Level
from unit.client.courier.played import BEGIN, MAKER


def test_the_first_word_is_the_command_line_without_its_secrets(play) -> None:
    async def scene(main, spool) -> None:
        assert await main.hear(c.Begin) == BEGIN

    play(scene)


@pytest.mark.parametrize(
    "octets",
    [b"{}", b'{"type":' + b"[" * 100_000, b'{"type":"alive"}', b"\xff\xff"],
    ids=["none", "deep", "not its", "no"],
)
def test_nonsense_from_the_main_ends_the_courier_with_a_word(play, octets) -> None:
    async def scene(main, spool) -> None:
        await asyncio.get_running_loop().sock_sendall(main.sock, len(octets).to_bytes(4, "big") + octets)
        last = await main.hear(c.Ending)
        assert last.why == "failed"
        assert "its main says what it does not understand" in last.reason
        assert await main.courier == last.reason

    play(scene)


def test_events_that_were_left_out_end_the_courier_with_a_word(play) -> None:
    """It must not acknowledge what never came."""

    async def scene(main, spool) -> None:
        event = MAKER.make("CLI-END")
        await main.say(c.Keep(1, (event,)))
        await main.say(c.Keep(3, (event,)))
        assert "event 3 came, and 2 should have" in (await main.hear(c.Ending)).reason

    play(scene)


@pytest.mark.parametrize("where", ["keep", "oldest"])
def test_a_part_that_fails_ends_the_whole_courier_and_the_main_is_told(play, monkeypatch, where) -> None:
    """Half a courier would keep events for ever and say nothing."""

    def fail(self, _) -> None:
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(Spool, where, fail)

    async def scene(main, spool) -> None:
        await main.say(c.Keep(1, (MAKER.make("CLI-END"),)))
        await main.enrol()
        last = await main.hear(c.Ending)
        assert last.why == "failed"
        assert "internal error: RuntimeError: nobody thought of this (test_courier.py, line" in last.reason
        assert await main.courier == last.reason

    play(scene)


@pytest.mark.parametrize("job", ["enrol", "seal", "blob", "ask_now", "follow"])
def test_a_job_that_fails_ends_it_too(play, monkeypatch, job) -> None:
    """The main would wait for an answer that cannot come."""
    from seon.api_messages import SealedKeyWanted
    from seon.client.courier.seonapi import Seonapi

    async def fail(self, *_) -> None:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr(Seonapi, job, fail)
    wanted = SealedKeyWanted("0" * 64 + "px", bytes(1184), bytes(32), bytes(64), "id")
    notes = {
        "enrol": c.Enrol(1, "csr"),
        "seal": c.WantSealed(wanted),
        "blob": c.WantBlob("0" * 64),
        "ask_now": c.AskNow(),
    }

    async def scene(main, spool) -> None:
        if job in notes:
            await main.say(notes[job])
        assert "ZeroDivisionError: nobody thought of this" in (await main.hear(c.Ending)).reason

    play(scene)


def test_what_fails_in_a_librarys_own_task_is_told(play) -> None:
    async def scene(main, spool) -> None:
        await main.hear(c.Begin)
        await main.say(c.Resolve("127.0.0.1"))
        await main.hear(c.Resolved)  # it lives

        def callback() -> None:
            raise ValueError("in a callback")

        asyncio.get_running_loop().call_soon(callback)
        note = await main.hear(c.ApiState)
        assert note.state == "courier"
        assert "internal error: ValueError: in a callback (test_courier.py" in note.reason
        await main.say(c.Resolve("127.0.0.1"))
        await main.hear(c.Resolved)

    play(scene)


def test_it_says_now_and_then_that_it_is_alive(play, monkeypatch) -> None:
    monkeypatch.setattr(c, "ALIVE_SECONDS", 0.02)

    async def scene(main, spool) -> None:
        for _ in range(3):
            await main.hear(c.Alive)

    play(scene)


@pytest.mark.parametrize("busy", ["nothing", "enrol", "a call that waits", "a full disk", "a main that did not read"])
def test_a_main_that_is_gone_ends_it_whatever_it_is_doing(play, seonapi, monkeypatch, busy) -> None:
    from seon.client.courier.spool import SpoolError

    def full(self, _) -> None:
        raise SpoolError("full")

    async def scene(main, spool) -> None:
        await main.hear(c.Begin)
        if busy == "enrol":
            seonapi.answers["enrol"] = lambda _: (401, b"")
            await main.enrol()
            await main.hear(c.ApiState)
        elif busy == "a call that waits":
            seonapi.answers["enrol"] = lambda _: seonapi.endless["silence"]
            await main.enrol()
            while len(seonapi.seen) < 2:
                await asyncio.sleep(0.01)
        elif busy == "a full disk":
            monkeypatch.setattr(Spool, "keep", full)
            await main.say(c.Keep(1, (MAKER.make("CLI-END"),)))
            await main.hear(c.ApiState)
        elif busy == "a main that did not read":
            main.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            for number in range(2_000):
                await main.say(c.Resolve(f"127.0.0.{number % 250}"))
        main.sock.close()
        assert await main.courier == ""

    play(scene)


def test_a_main_that_is_gone_before_it_can_be_told_anything_is_no_failure(seonapi, tmp_path) -> None:
    async def live() -> str:
        ours, theirs = socket.socketpair()
        ours.close()
        theirs.setblocking(False)
        with theirs:
            api = Api("https://127.0.0.1:1", seonapi.token)
            return await Courier(theirs, api, Spool(tmp_path / "spool"), Patience()).live(BEGIN)

    assert asyncio.run(live()) == ""


def test_at_debug_each_call_is_told_with_its_result_and_time(play, seonapi) -> None:
    async def scene(main, spool) -> None:
        await main.say(c.Verbosity(Level.DEBUG))
        await main.enrol()
        line = await main.hear(c.LogLine)
        assert (line.category, line.level) == ("api", Level.DEBUG)
        assert re.fullmatch(r"POST enrol: status 200, [\d,]+ octets, \d+ ms", line.text)
        await main.say(c.WantBlob("0" * 64))
        while not (line := await main.hear(c.LogLine)).text.startswith("GET blobs"):
            pass
        assert "no such path" in line.text, "what did not work is told, too"

    play(scene)


def test_no_call_is_told_unless_somebody_wants_it(play) -> None:
    async def scene(main, spool) -> None:
        await main.enrol()
        heard = []
        while not heard or not isinstance(heard[-1], c.NewConfiguration):
            heard.append(await main.hear(c.Note))
        assert not [note for note in heard if isinstance(note, c.LogLine)]

    play(scene)
