"""What a main and its session processes say to each other: nothing is lost, and a hostile process harms nobody."""

import asyncio
import os
import signal
import socket
import time

import pytest

from seon.daemon import children
from seon.endings import SessionEnd
from seon.process import line
from unit.daemon.forks import until, wait_for_word, with_child

END = SessionEnd("link", "lost", "dmz")


def happened(number: int, **fields: object) -> line.Reported:
    return line.Reported(number, "SES-FINDING", fields)


def narrow_line() -> None:
    """Let a message or two fill what the main sends."""
    pair = line.pair

    def narrow() -> tuple[socket.socket, socket.socket]:
        ends = pair()
        ends[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        return ends

    children.line.pair = narrow


# --- what it is told ------------------------------------------------------------------------------------------------


def test_what_a_session_is_told_arrives_in_order_and_a_trace_only_when_it_changes(alone) -> None:
    alone(told)


def told() -> None:
    expected = [line.Trace(on=True), line.Ending(END), line.Trace(on=False), line.End("barred")]

    def body(sock: socket.socket) -> int:
        return 9 if [line.hear_main(sock) for _ in expected] == expected else 1

    async def scene(child, heard) -> None:
        for on in (False, True, True):
            child.trace(on)
        child.tell(line.Ending(END))
        for on in (False, False):
            child.trace(on)
        child.end("barred")
        child.end("shutdown")  # one order is enough
        assert child.order == "barred"
        assert await child.ended == 9
        child.trace(True)  # too late, and harmless

    with_child(body, scene)


def test_nothing_that_it_is_told_is_lost_while_it_does_not_read(alone) -> None:
    alone(told_slowly)


def told_slowly() -> None:
    narrow_line()

    def body(sock: socket.socket) -> int:
        time.sleep(0.3)
        heard = [line.hear_main(sock) for _ in range(101)]
        return 9 if heard == [*[line.Trace(on=number % 2 == 0) for number in range(100)], line.End("shutdown")] else 1

    async def scene(child, heard) -> None:
        for number in range(100):
            child.trace(number % 2 == 0)
        child.end("shutdown")
        assert await child.ended == 9

    with_child(body, scene)


def test_a_process_that_never_reads_does_not_fill_the_mains_memory(alone) -> None:
    alone(never_reads)


def never_reads() -> None:
    narrow_line()

    async def scene(child, heard) -> None:
        for number in range(2 * children.MAX_WAITING):
            child.trace(number % 2 == 0)
        assert await child.ended == -signal.SIGKILL
        assert child.fault == "it does not listen"

    with_child(lambda _: time.sleep(30) or 0, scene)


# --- ordered ends ---------------------------------------------------------------------------------------------------


def test_a_process_that_does_not_obey_is_killed_in_its_time(alone) -> None:
    alone(deaf)


def deaf() -> None:
    children.OBEY_SECONDS = 0.3

    def body(sock: socket.socket) -> int:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        line.say(sock, line.Stage("running"))
        time.sleep(30)
        return 0

    async def scene(child, heard) -> None:
        await until(lambda: heard)
        began = time.monotonic()
        child.end("barred")
        assert await child.ended == -signal.SIGKILL
        assert 0.25 < time.monotonic() - began < 2
        assert child.deaf

    with_child(body, scene)


def test_a_process_that_obeys_is_left_alone(alone) -> None:
    alone(obedient)


def obedient() -> None:
    children.OBEY_SECONDS = 0.5

    async def scene(child, heard) -> None:
        child.end("shutdown")
        assert await child.ended == 0
        await asyncio.sleep(0.6)
        assert not child.deaf

    with_child(wait_for_word, scene)


# --- what it says ---------------------------------------------------------------------------------------------------


def test_events_arrive_and_are_acknowledged(alone) -> None:
    alone(events)


def events() -> None:
    def body(sock: socket.socket) -> int:
        line.say(sock, line.Stage("running"))
        line.say(sock, happened(1, text="x"))
        return 0 if line.hear_main(sock) == line.Taken(1) else 1

    async def scene(child, heard) -> None:
        assert await child.ended == 0
        assert heard == [line.Stage("running"), happened(1, text="x")]

    with_child(body, scene)


def test_the_last_words_are_heard_however_many_they_are(alone) -> None:
    """A process that ends at once after much talk: the main, busy with others, hears it all the same."""
    alone(last_words)


def last_words() -> None:
    def body(sock: socket.socket) -> int:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1_000_000)
        for number in range(1, 61):
            line.say(sock, happened(number))
        return 0

    async def scene(child, heard) -> None:
        time.sleep(0.3)  # the main's loop is busy
        await child.ended
        assert [message.number for message in heard] == list(range(1, 61))

    with_child(body, scene)


def test_the_last_words_are_heard_of_a_process_that_has_not_read_ours_too(alone) -> None:
    """The kernel says "connection reset" before it gives out what was said before that."""
    alone(ours_unread)


def ours_unread() -> None:
    def body(sock: socket.socket) -> int:
        time.sleep(0.1)
        for number in range(1, 6):
            line.say(sock, happened(number))
        return 0

    async def scene(child, heard) -> None:
        child.trace(True)
        time.sleep(0.3)  # the main's loop is busy
        assert await child.ended == 0
        assert [message.number for message in heard] == [1, 2, 3, 4, 5]
        assert not child.fault

    with_child(body, scene)


def test_no_acknowledgement_is_lost_to_a_process_that_is_too_busy_to_read(alone) -> None:
    """They are cumulative: the newest number is what counts, and it comes."""
    alone(busy)


def busy() -> None:
    narrow_line()
    children.MESSAGES_AT_ONCE = 10_000.0

    def body(sock: socket.socket) -> int:
        for number in range(1, 1_001):
            line.say(sock, happened(number))
        time.sleep(0.5)
        numbers = [0]
        while numbers[-1] < 1_000:
            numbers.append(line.hear_main(sock).number)
        return 9 if numbers == sorted(set(numbers)) and len(numbers) < 20 else 1

    async def scene(child, heard) -> None:
        assert await child.ended == 9
        assert len(heard) == 1_000

    with_child(body, scene)


# --- hostile processes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("octets", ["nonsense", '{"type":"taken","number":1}', "[" * 9_000, "\udcff"])
def test_a_process_that_speaks_nonsense_is_killed(alone, octets) -> None:
    alone(nonsense, octets.encode("utf-8", "surrogateescape").hex())


def nonsense(octets: str) -> None:
    def body(sock: socket.socket) -> int:
        sock.send(bytes.fromhex(octets))
        line.say(sock, happened(1))
        time.sleep(30)
        return 0

    async def scene(child, heard) -> None:
        assert await child.ended == -signal.SIGKILL
        assert heard == [], "nor is anything heard of it after that"
        assert child.fault

    with_child(body, scene)


@pytest.mark.parametrize("numbers", ["2", "1 1", "1 3", "1 2 1"])
def test_a_process_whose_events_are_not_in_order_is_killed(alone, numbers) -> None:
    """Else it could have its main acknowledge what never came, or count one event twice."""
    alone(out_of_order, numbers)


def out_of_order(numbers: str) -> None:
    said = [int(number) for number in numbers.split()]

    def body(sock: socket.socket) -> int:
        for number in said:
            line.say(sock, happened(number))
        time.sleep(30)
        return 0

    async def scene(child, heard) -> None:
        assert await child.ended == -signal.SIGKILL
        assert [message.number for message in heard] == said[:-1]
        assert child.fault == "its events are not in order"

    with_child(body, scene)


def test_a_process_whose_words_are_refused_is_killed_and_not_heard_any_more(alone) -> None:
    alone(refused)


def refused() -> None:
    heard = []

    def hear(message: line.FromSession) -> None:
        heard.append(message)
        raise line.NonsenseError("it said what no session says")

    def body(sock: socket.socket) -> int:
        for number in range(1, 10):
            line.say(sock, happened(number))
        return 0

    async def scene(child, _) -> None:
        await child.ended
        assert len(heard) == 1
        assert child.fault == "it said what no session says"

    with_child(body, scene, hear=hear)


def test_a_flooding_process_is_held_back_and_not_killed(alone) -> None:
    alone(flood)


def flood() -> None:
    children.MESSAGES_A_SECOND, children.MESSAGES_AT_ONCE = 200.0, 50.0

    def body(sock: socket.socket) -> int:
        for number in range(1, 201):
            line.say(sock, happened(number, text="x" * 500))
        while line.hear_main(sock) != line.Taken(200):
            pass
        return 9

    async def scene(child, heard) -> None:
        began = time.monotonic()
        await asyncio.sleep(0.2)
        assert len(heard) < 120, "so many at once, so many a second"
        assert await child.ended == 9, "it got everything said in the end"
        assert 0.6 < time.monotonic() - began < 5
        assert [message.number for message in heard] == list(range(1, 201))

    with_child(body, scene)


def test_a_process_that_talks_without_end_does_not_hold_the_main(alone) -> None:
    alone(endless)


def endless() -> None:
    def body(sock: socket.socket) -> int:
        number = 0
        while True:
            number += 1
            line.say(sock, happened(number))

    async def scene(child, heard) -> None:
        turns = []
        for _ in range(200):
            began = time.monotonic()
            await asyncio.sleep(0)
            turns.append(time.monotonic() - began)
        assert sorted(turns)[-2] < 0.5

    with_child(body, scene)


def test_a_flooding_process_that_is_held_back_can_still_be_ended(alone) -> None:
    alone(flood_ended)


def flood_ended() -> None:
    children.MESSAGES_A_SECOND, children.MESSAGES_AT_ONCE, children.OBEY_SECONDS = 1.0, 5.0, 0.3

    def body(sock: socket.socket) -> int:
        number = 0
        while True:
            number += 1
            line.say(sock, happened(number))

    async def scene(child, heard) -> None:
        await until(lambda: len(heard) >= 5)
        child.end("barred")
        assert await child.ended == -signal.SIGKILL
        assert child.deaf

    with_child(body, scene)


def test_whoever_goes_on_talking_for_a_process_that_has_ended_does_not_hold_the_main(alone) -> None:
    """A hostile session process can leave its line to a child of its own."""
    alone(left_the_line)


def left_the_line() -> None:
    octets = b'{"type":"log-line","category":"session","level":20,"text":"x"}'
    heard = []

    def body(sock: socket.socket) -> int:
        if os.fork():
            time.sleep(0.2)
            return 9
        for _ in range(2):
            os.fork()
        while True:  # until the main has closed its end
            sock.send(octets)

    def hear(message: line.FromSession) -> None:
        heard.append(message)
        time.sleep(0.0001)  # a log takes its time

    async def scene(child, _) -> None:
        assert await child.ended == 9
        assert len(heard) < 10_000

    with_child(body, scene, hear=hear)


def test_a_main_that_fails_over_its_last_words_reaps_it_all_the_same(alone) -> None:
    alone(main_fails)


def main_fails() -> None:
    def hear(message: line.FromSession) -> None:
        raise ValueError("nobody thought of this")

    def body(sock: socket.socket) -> int:
        for _ in range(5):
            line.say(sock, line.Stage("running"))
        return 9

    async def scene(child, _) -> None:
        troubles = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: troubles.append(context["exception"]))
        time.sleep(0.1)  # it has ended before it is heard
        assert await child.ended == 9
        assert {type(error) for error in troubles} == {ValueError}, "and that is not passed over"

    with_child(body, scene, hear=hear)
