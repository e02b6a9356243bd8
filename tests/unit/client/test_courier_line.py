"""The main's end of the line to its courier; the test plays the courier."""

import asyncio
import os
import signal
import socket
import time

import msgspec
import pytest

from seon.api_messages import Enrolled, LiveState, Order, OrderDone, Orders, OrdersDone, SealedKey, SealedKeyWanted
from seon.client import courier_line as module
from seon.client.courier import messages as c
from seon.client.courier_line import CourierLine
from seon.config import FORMAT, ClientConfiguration, ProxyConfiguration
from seon.process.events import EventMaker
from unit.client.ears import ears

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


def play(scene, pid: int = 0) -> str:
    """Play a scene: a coroutine function of (line, courier, what was handed on, the line's task); return its end."""
    seen = []

    async def live() -> str:
        ours, theirs = socket.socketpair()
        for sock in (ours, theirs):
            sock.setblocking(False)
        line = CourierLine(ours, pid, ears(seen.append))
        running = asyncio.create_task(line.run())
        async with asyncio.timeout(10):
            await scene(line, Courier(theirs), seen, running)
            theirs.close()
            how = await running
        ours.close()
        return how

    return asyncio.run(live())


ANSWER = Enrolled("pem", "ca", ("0" * 64 + "px",), 5, "b", FORMAT, FORMAT)


def test_an_enrolment_is_answered() -> None:
    async def scene(line, courier, seen, running) -> None:
        asking = asyncio.create_task(line.enrol("csr"))
        assert await courier.hear() == c.Enrol(1, "csr")
        await courier.say(c.HaveEnrolled(1, ANSWER))
        assert await asking == ANSWER

    play(scene)


def test_two_enrolments_that_wait_are_answered_each_by_its_own_answer() -> None:
    """A renewal that was asked for while another waited left that one waiting for ever."""
    other = msgspec.structs.replace(ANSWER, certificate="other pem")

    async def scene(line, courier, seen, running) -> None:
        asking = [asyncio.create_task(line.enrol(csr)) for csr in ("one", "two")]
        assert [await courier.hear() for _ in asking] == [c.Enrol(1, "one"), c.Enrol(2, "two")]
        await courier.say(c.HaveEnrolled(2, other))
        await courier.say(c.HaveEnrolled(1, ANSWER))
        assert await asyncio.gather(*asking) == [ANSWER, other]

    play(scene)


def test_an_answer_to_an_enrolment_that_nobody_waits_for_any_more_is_no_trouble() -> None:
    async def scene(line, courier, seen, running) -> None:
        asking = asyncio.create_task(line.enrol("one"))
        await courier.hear()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        again = asyncio.create_task(line.enrol("two"))
        await courier.hear()
        await courier.say(c.HaveEnrolled(1, ANSWER))
        await courier.say(c.HaveEnrolled(2, ANSWER))
        assert await again == ANSWER

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
        for note in (
            c.Resolved("x"),
            c.GotSealed("id"),
            c.GotBlob("0" * 64),
            c.HaveEnrolled(1, ANSWER),
            c.Alive(),
        ):
            await courier.say(note)
        await asyncio.sleep(0.05)
        assert not running.done()

    play(scene)


def test_a_blob_comes_in_parts_and_other_things_between() -> None:
    async def scene(line, courier, seen, running) -> None:
        asking = asyncio.create_task(line.blob("1" * 64))
        await asyncio.sleep(0.02)
        for note in (
            c.GotBlob("1" * 64, b"one ", more=True),
            c.GotBlob("2" * 64, b"of another", more=True),
            c.Alive(),
            c.GotBlob("1" * 64, b"two"),
        ):
            await courier.say(note)
        assert await asking == b"one two"
        again = asyncio.create_task(line.blob("1" * 64))
        await asyncio.sleep(0.02)
        await courier.say(c.GotBlob("1" * 64, b"half", more=True))
        await courier.say(c.GotBlob("1" * 64, problem="no answer"))
        with pytest.raises(ConnectionError, match="no answer"):
            await again

    play(scene)


def test_configurations_and_states_are_handed_on() -> None:
    configuration = ProxyConfiguration(3, msgspec.Raw(b"{}"), ClientConfiguration())

    async def scene(line, courier, seen, running) -> None:
        await courier.say(c.NewConfiguration(configuration))
        await courier.say(c.ApiState("away", "no answer", 5))
        await courier.say(c.Ending("refused", "for 24 h"))
        while len(seen) < 3:
            await asyncio.sleep(0.01)
        assert seen == [configuration, c.ApiState("away", "no answer", 5), c.Ending("refused", "for 24 h")]
        assert not running.done(), "the courier serves on"

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
            assert note.first_number == len(got) + 1
            got += note.events
            await courier.say(c.Kept(len(got)))
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


def test_acknowledgements_are_cumulative_so_that_lost_late_and_repeated_ones_are_harmless() -> None:
    events = [MAKER.make("CLI-END", reason=str(n)) for n in range(6)]
    kept = []

    async def scene(line, courier, seen, running) -> None:
        for number, event in enumerate(events, 1):
            line.keep(event, lambda number=number: kept.append(number))
        assert await courier.hear() == c.Keep(1, tuple(events))
        for up_to in (2, 2, 1, 5, 3):
            await courier.say(c.Kept(up_to))
        while len(kept) < 5:
            await asyncio.sleep(0.005)
        assert kept == [1, 2, 3, 4, 5]
        line.keep(events[0])
        await courier.say(c.Kept(6))
        assert await courier.hear() == c.Keep(7, (events[0],)), "the next batch goes once all of this one is on disk"
        await courier.say(c.Kept(7))
        await line.flushed(5)
        assert kept == [1, 2, 3, 4, 5, 6]

    play(scene)


def test_what_was_not_sent_cannot_be_acknowledged() -> None:
    """Events would be forgotten that are nowhere on a disk."""

    async def scene(line, courier, seen, running) -> None:
        for _ in range(c.EVENTS_PER_MESSAGE + 1):
            line.keep(MAKER.make("CLI-END"))
        await courier.hear()
        await courier.say(c.Kept(c.EVENTS_PER_MESSAGE + 1))
        await running

    assert "event 101 was acknowledged, and 100 was the last that was sent" in play(scene)


# --- the end of the courier -------------------------------------------------------------------------------------------


def test_a_courier_that_is_gone_ends_the_line() -> None:
    async def scene(line, courier, seen, running) -> None:
        courier.sock.close()
        await running

    assert play(scene) == "the courier process has ended: nobody knows why"


@pytest.mark.parametrize(
    "octets",
    [b"{}", b'{"type":' + b"[" * 100_000, b'{"x":' + b"[" * 100_000, b'{"type":"ask-now"}', b"\xff\xff"],
    ids=range(5),
)
def test_a_courier_that_speaks_nonsense_ends_the_line(octets) -> None:
    async def scene(line, courier, seen, running) -> None:
        await asyncio.get_running_loop().sock_sendall(courier.sock, len(octets).to_bytes(4, "big") + octets)
        await running

    assert "the courier process said what cannot be understood: a message that cannot be understood" in play(scene)


def test_its_last_word_is_the_reason() -> None:
    async def scene(line, courier, seen, running) -> None:
        await courier.say(c.Ending("failed", "internal error: KeyError"))

    assert play(scene) == "the courier process has ended: internal error: KeyError"


@pytest.mark.parametrize(("end", "said"), [("kill", "killed by SIGKILL"), ("exit", "exit status 70")])
def test_without_a_last_word_the_reason_is_how_its_process_ended(alone, tmp_path, end, said) -> None:
    assert said in alone(process_ends, tmp_path, end)


def process_ends(_: str, end: str) -> None:
    ready, waiting = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.read(ready, 1)
        if end == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(70)

    async def scene(line, courier, seen, running) -> None:
        courier.sock.close()  # its descriptors are closed a moment before it can be reaped
        os.write(waiting, b"x")

    print(play(scene, pid))


def test_an_exception_in_what_is_called_ends_the_line_and_reaches_its_owner() -> None:
    """A task that ends in silence would leave a main that hears its courier no more."""

    async def live() -> None:
        ours, theirs = socket.socketpair()
        for sock in (ours, theirs):
            sock.setblocking(False)

        def fail(_) -> None:
            raise ZeroDivisionError

        line = CourierLine(ours, 0, ears(fail))
        running = asyncio.create_task(line.run())
        await Courier(theirs).say(c.ApiState("away"))
        async with asyncio.timeout(10):
            with pytest.raises(ZeroDivisionError):
                await running
        ours.close()
        theirs.close()

    asyncio.run(live())


def test_to_ask_a_courier_that_is_gone_is_no_trouble_of_its_own() -> None:
    """The main would end for the wrong reason: the line is about to say the right one."""

    async def scene(line, courier, seen, running) -> None:
        courier.sock.close()
        await line.ask_now()
        line.keep(MAKER.make("CLI-END"))
        assert "has ended" in await running

    play(scene)


def test_a_courier_that_says_nothing_is_told_of_and_again_while_it_is_so(monkeypatch) -> None:
    """Stopped, or hanging in its disk: nothing else would show it."""
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.12)
    monkeypatch.setattr(module, "REMINDERS", (0.1,))

    async def scene(line, courier, seen, running) -> None:
        while len(seen) < 3:
            await asyncio.sleep(0.01)
        assert {note.state for note in seen} == {"courier"}
        assert "nothing was heard of it for 0 s; is it stopped, or does its disk hang?" in seen[0].reason

    play(scene)


def test_a_courier_that_says_that_it_is_alive_is_not_told_of(monkeypatch) -> None:
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.5)

    async def scene(line, courier, seen, running) -> None:
        until = time.monotonic() + 2 * module.SILENT_SECONDS
        while time.monotonic() < until:
            await courier.say(c.Alive())
            await asyncio.sleep(0.01)
        assert seen == []

    play(scene)


# --- what runs, and orders ------------------------------------------------------------------------------------------

DONE = OrdersDone((OrderDone("order-0001", True, "told to end"),))


def test_what_runs_goes_to_the_courier_and_orders_come_from_it() -> None:
    state = LiveState("unnumbered", 1, "b", 5.0)
    ordered = c.Ordered(Orders((Order("order-0001", "drain"),)), 5.0)

    async def scene(line, courier, seen, running) -> None:
        await line.live(state)
        await line.live(None)
        assert [await courier.hear(), await courier.hear()] == [c.Live(state), c.LiveStill()]
        await courier.say(ordered)
        while not seen:
            await asyncio.sleep(0.005)
        assert seen == [ordered]

    play(scene)


def test_orders_are_acknowledged_once_seonapi_knows_it() -> None:
    async def scene(line, courier, seen, running) -> None:
        acknowledging = asyncio.create_task(line.orders_done(DONE, 5))
        post = await courier.hear()
        assert (post.call, msgspec.json.decode(post.body, type=OrdersDone)) == ("orders-done", DONE)
        await asyncio.sleep(0.02)
        assert not acknowledging.done()
        await courier.say(c.Posted(post.number))
        await acknowledging

    play(scene)


def test_an_acknowledgement_that_does_not_get_through_is_waited_for_as_long_as_it_is_said() -> None:
    async def scene(line, courier, seen, running) -> None:
        began = time.monotonic()
        await line.orders_done(DONE, 0.05)
        assert time.monotonic() - began < 5
        await courier.say(c.Posted((await courier.hear()).number))  # too late, and no harm
        await line.live(None)
        assert await courier.hear() == c.LiveStill()
        assert not running.done()

    play(scene)
