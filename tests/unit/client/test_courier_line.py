"""The main's end of the line to its courier; the test plays the courier."""

import asyncio
import socket

import pytest

from seon.api_messages import Enrolled, SealedKey, SealedKeyWanted
from seon.client import courier_line as module
from seon.client.courier import messages as c
from seon.client.courier_line import CourierLine
from seon.config import ClientConfiguration, ProxyConfiguration, ServerConfiguration
from seon.process.events import EventMaker

WANTED = SealedKeyWanted("0" * 64 + "px", bytes(1184), bytes(32), bytes(64), "id")
MAKER = EventMaker("inside")


class Courier:
    """The other end, as the test speaks it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock, self._lock = sock, asyncio.Lock()

    async def hear(self):
        octets = await c.receive(self.sock)
        return None if octets is None else c.from_main.decode(octets)

    async def say(self, note) -> None:
        await c.send(self.sock, self._lock, note)


def play(scene) -> None:
    seen = []

    async def live() -> None:
        ours, theirs = socket.socketpair()
        for sock in (ours, theirs):
            sock.setblocking(False)
        line = CourierLine(ours, seen.append, seen.append)
        running = asyncio.create_task(line.run())
        async with asyncio.timeout(10):
            await scene(line, Courier(theirs), seen, running)
            theirs.close()
            await running
        ours.close()

    asyncio.run(live())


def test_an_enrolment_is_answered() -> None:
    answer = Enrolled("pem", "ca", ("0" * 64 + "px",), 5)

    async def scene(line, courier, seen, running) -> None:
        asking = asyncio.create_task(line.enrol("csr"))
        assert await courier.hear() == c.Enrol("csr")
        await courier.say(c.HaveEnrolled(answer))
        assert await asking == answer

    play(scene)


def test_questions_are_answered_each_by_its_own_answer() -> None:
    async def scene(line, courier, seen, running) -> None:
        asking = [asyncio.create_task(line.resolve(host)) for host in ("one", "two")]
        assert {(await courier.hear()).host for _ in asking} == {"one", "two"}
        await courier.say(c.Resolved("two", ("192.0.2.2",)))
        await courier.say(c.Resolved("one", (), "no such name"))
        assert await asking[1] == ("192.0.2.2",)
        with pytest.raises(ConnectionError, match="no such name"):
            await asking[0]

    play(scene)


def test_a_sealed_key_or_why_not() -> None:
    async def scene(line, courier, seen, running) -> None:
        for key, problem in ((SealedKey("id", b"sealed"), ""), (None, "not known")):
            asking = asyncio.create_task(line.sealed(WANTED))
            assert await courier.hear() == c.WantSealed(WANTED)
            await courier.say(c.GotSealed("id", key, problem))
            if key:
                assert await asking == key
            else:
                with pytest.raises(ConnectionError, match="not known"):
                    await asking

    play(scene)


def test_a_question_that_met_its_limit_can_be_asked_again(monkeypatch) -> None:
    """A slow answer must not leave a cancelled one behind, which would end whoever asks next."""
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.1)

    async def scene(line, courier, seen, running) -> None:
        with pytest.raises(TimeoutError):
            await line.resolve("slow")
        monkeypatch.setattr(module, "ANSWER_SECONDS", 5)
        again = asyncio.create_task(line.resolve("slow"))
        await asyncio.sleep(0.05)
        await courier.say(c.Resolved("slow", ("192.0.2.1",)))
        assert await again == ("192.0.2.1",)

    play(scene)


def test_the_limit_of_one_that_asks_does_not_end_another_that_waits_for_the_same(monkeypatch) -> None:
    async def scene(line, courier, seen, running) -> None:
        monkeypatch.setattr(module, "ANSWER_SECONDS", 5)
        patient = asyncio.create_task(line.resolve("slow"))
        await asyncio.sleep(0.02)
        monkeypatch.setattr(module, "ANSWER_SECONDS", 0.1)
        with pytest.raises(TimeoutError):
            await line.resolve("slow")
        monkeypatch.setattr(module, "ANSWER_SECONDS", 5)
        last = asyncio.create_task(line.resolve("slow"))
        await asyncio.sleep(0.02)
        assert not patient.done()
        await courier.say(c.Resolved("slow", ("192.0.2.1",)))
        assert await last == ("192.0.2.1",)
        patient.cancel()

    play(scene)


def test_an_answer_nobody_waits_for_is_no_trouble() -> None:
    async def scene(line, courier, seen, running) -> None:
        for note in (c.Resolved("x"), c.GotSealed("id"), c.GotBlob("0" * 64), c.HaveEnrolled(Enrolled("", "", (), 1))):
            await courier.say(note)
        await asyncio.sleep(0.05)
        assert not running.done()

    play(scene)


def test_configurations_and_states_are_handed_on() -> None:
    configuration = ProxyConfiguration(3, ServerConfiguration(), ClientConfiguration())

    async def scene(line, courier, seen, running) -> None:
        await courier.say(c.NewConfiguration(configuration))
        await courier.say(c.ApiState("away", "no answer", 5))
        while len(seen) < 2:
            await asyncio.sleep(0.01)
        assert seen == [configuration, c.ApiState("away", "no answer", 5)]

    play(scene)


def test_events_are_kept_in_order_and_known_to_be_on_disk() -> None:
    events = [MAKER.make("CLI-END", reason=str(n)) for n in range(c.EVENTS_PER_MESSAGE + 5)]
    kept = []

    async def scene(line, courier, seen, running) -> None:
        for number, event in enumerate(events):
            assert line.keep(event, lambda number=number: kept.append(number))
        got = []
        while len(got) < len(events):
            note = await courier.hear()
            assert kept == list(range(len(got))), "said to be on disk only when the courier says so"
            got += note.events
            await courier.say(c.Kept(len(note.events)))
        await line.flushed(5)
        assert got == events
        assert kept == list(range(len(events)))

    play(scene)


def test_an_event_there_is_no_room_for_is_refused(monkeypatch) -> None:
    monkeypatch.setattr("seon.process.outbox.CAPACITY", 2)

    async def scene(line, courier, seen, running) -> None:
        assert [line.keep(MAKER.make("CLI-END")) for _ in range(3)] == [True, True, False]

    play(scene)


def test_to_wait_for_the_disk_has_a_limit() -> None:
    async def scene(line, courier, seen, running) -> None:
        line.keep(MAKER.make("CLI-END"))
        await line.flushed(0.05)

    play(scene)


def test_a_courier_that_is_gone_ends_the_line() -> None:
    async def scene(line, courier, seen, running) -> None:
        courier.sock.close()
        await running

    play(scene)


def test_a_courier_that_speaks_nonsense_ends_the_line() -> None:
    async def scene(line, courier, seen, running) -> None:
        courier.sock.send(b"\0\0\0\x02{}")
        await running

    play(scene)
