"""Session processes: real forks, in a Python of its own each, since a fork wants one thread."""

import asyncio
import json
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from seon.daemon import children
from seon.daemon.log import Level, Log
from seon.process import line
from seon.process.events import EventMaker

MAKER = EventMaker("dmz", "session-1")


def with_child(directory: str, body, scene, own=()) -> None:
    """Fork a session process with this body, and play a scene with it; it is reaped in the end."""

    async def play() -> None:
        heard: list[line.FromSession] = []
        log = Log(Path(directory), "log", echo=False)
        child = children.fork("seon test: session", own, body, log, heard.append)
        async with asyncio.timeout(20):
            await scene(child, heard)
            if not child.ended.done():
                child.kill()
                await child.ended

    asyncio.run(play())
    assert not Path("/proc/self/task").joinpath(str(os.getpid()), "children").read_text(), "no zombie is left"


def wait_for_word(sock: socket.socket) -> int:
    sock.recv(100)
    return 0


# --- what a session process is ---------------------------------------------------------------------


def test_a_session_process_has_only_its_own_descriptors_and_one_thread(alone, tmp_path) -> None:
    alone(own_descriptors, tmp_path)


def own_descriptors(directory: str) -> None:
    strange, mine = socket.socketpair(), socket.socketpair()
    secret = os.open("/etc/passwd", os.O_RDONLY)

    def body(sock: socket.socket) -> int:
        descriptors = sorted(int(path.name) for path in Path("/proc/self/fd").iterdir() if path.exists())
        expected = sorted({0, 1, 2, mine[0].fileno(), sock.fileno()})
        threads = len(list(Path("/proc/self/task").iterdir()))
        # the listing itself had one descriptor, which is gone now
        return 0 if set(expected) == {d for d in descriptors if _open(d)} and threads == 1 else 1

    async def scene(child, heard) -> None:
        assert await child.ended == 0

    with_child(directory, body, scene, [mine[0]])
    os.fstat(secret)
    strange[0].send(b"the main's own are open")


def _open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_a_session_process_has_a_title_and_a_process_group_of_its_own(alone, tmp_path) -> None:
    alone(title_and_group, tmp_path)


def title_and_group(directory: str) -> None:
    async def scene(child, heard) -> None:
        await until(lambda: b"seon test: session" in Path(f"/proc/{child.pid}/cmdline").read_bytes())
        assert os.getpgid(child.pid) == child.pid != os.getpgid(0)

    with_child(directory, wait_for_word, scene)


async def until(condition) -> None:
    while not condition():
        await asyncio.sleep(0.005)


# --- signals ----------------------------------------------------------------------------------------


def test_a_signal_to_a_session_process_does_not_reach_the_main(alone, tmp_path) -> None:
    alone(signals_stay, tmp_path)


def signals_stay(directory: str) -> None:
    """The main's wakeup descriptor is inherited: unless it is cut, the child's signals wake the main's loop."""
    mine = socket.socketpair()
    reached = []

    async def play() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, *range(20, 25)):
            loop.add_signal_handler(number, reached.append, number)
        log = Log(Path(directory), "log", echo=False)

        def body(sock: socket.socket) -> int:
            got = []
            signal.signal(signal.SIGTERM, lambda number, _: got.append(number))
            for number in range(3, 64):  # whatever the main's wakeup descriptor was is the peer's socket now
                if not _open(number):
                    os.dup2(mine[0].fileno(), number)
            line.say(sock, line.Stage("running"))
            until = time.monotonic() + 5
            while not got and time.monotonic() < until:
                time.sleep(0.01)
            return 7 if got == [15] else 1

        child = children.fork("test", [mine[0]], body, log, lambda _: None)
        await until(lambda: child.running)
        for number in range(20, 25):
            os.kill(child.pid, number)
        await asyncio.sleep(0.05)
        assert Path(f"/proc/{child.pid}/stat").read_text().split()[2] != "T", "20 to 22 do not stop it"
        os.kill(child.pid, signal.SIGTERM)
        assert await child.ended == 7
        assert reached == []

    asyncio.run(play())
    mine[1].setblocking(False)
    mine[0].close()
    assert mine[1].recv(100) == b"", "not one stray octet reached the peer"


def test_signals_that_come_during_the_fork_are_not_lost_to_the_main(alone, tmp_path) -> None:
    alone(mask_is_restored, tmp_path)


def mask_is_restored(directory: str) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())

    def body(sock: socket.socket) -> int:
        return len(signal.pthread_sigmask(signal.SIG_BLOCK, ()))

    async def scene(child, heard) -> None:
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
        assert await child.ended == 0

    with_child(directory, body, scene)


def test_until_the_session_sets_its_own_handlers_sigterm_ends_it(alone, tmp_path) -> None:
    alone(terminated, tmp_path)


def terminated(directory: str) -> None:
    async def scene(child, heard) -> None:
        await asyncio.sleep(0.05)
        os.kill(child.pid, signal.SIGTERM)
        assert await child.ended == -signal.SIGTERM

    with_child(directory, wait_for_word, scene)


# --- ends -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [0, 3])
def test_the_exit_status_is_the_bodys(alone, tmp_path, status) -> None:
    alone(exits_with, tmp_path, status)


def exits_with(directory: str, status: str) -> None:
    async def scene(child, heard) -> None:
        assert await child.ended == int(status)
        child.kill()
        child.end(0, "too late, and harmless")

    with_child(directory, lambda _: int(status), scene)


def test_a_body_that_fails_leaves_a_trace_in_the_log_and_never_returns(alone, tmp_path) -> None:
    assert alone(fails, tmp_path) == "once\n"
    (log,) = tmp_path.glob("log.*.log")
    assert "ValueError: nobody thought of this" in log.read_text()


def fails(directory: str) -> None:
    def body(_: socket.socket) -> int:
        raise ValueError("nobody thought of this")

    async def scene(child, heard) -> None:
        assert await child.ended == 70

    with_child(directory, body, scene)
    print("once")


def test_kill_ends_the_process_at_once(alone, tmp_path) -> None:
    alone(killed, tmp_path)


def killed(directory: str) -> None:
    async def scene(child, heard) -> None:
        child.kill()
        assert await child.ended == -signal.SIGKILL

    with_child(directory, wait_for_word, scene)


def test_the_main_can_ask_a_session_to_end(alone, tmp_path) -> None:
    alone(asked_to_end, tmp_path)


def asked_to_end(directory: str) -> None:
    def body(sock: socket.socket) -> int:
        return 9 if line.hear_main(sock) == line.End(99, "why") else 1

    async def scene(child, heard) -> None:
        child.end(99, "why")
        assert await child.ended == 9

    with_child(directory, body, scene)


def test_the_main_can_ask_a_session_to_write_a_trace(alone, tmp_path) -> None:
    alone(asked_to_trace, tmp_path)


def asked_to_trace(directory: str) -> None:
    def body(sock: socket.socket) -> int:
        heard = [line.hear_main(sock) for _ in range(3)]
        return 9 if heard == [line.Trace(on=True), line.Trace(on=False), line.End(99, "why")] else 1

    async def scene(child, heard) -> None:
        for on in (False, True, True, False, False):  # said only when it changes
            child.trace(on)
        child.end(99, "why")
        assert await child.ended == 9
        child.trace(True)  # too late, and harmless

    with_child(directory, body, scene)


def test_a_main_that_dies_is_seen_at_the_other_end(alone, tmp_path) -> None:
    alone(main_dies, tmp_path)
    written = tmp_path / "seen"
    deadline = time.monotonic() + 5
    while not written.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert written.read_text() == "gone"


def main_dies(directory: str) -> None:
    def body(sock: socket.socket) -> int:
        if line.hear_main(sock) is None:
            draft = Path(directory, "draft")
            draft.write_text("gone")
            draft.rename(Path(directory, "seen"))
        return 0

    async def play() -> None:
        children.fork("test", [], body, Log(Path(directory), "log", echo=False), lambda _: None)

    asyncio.run(play())
    os._exit(0)


# --- what it says ------------------------------------------------------------------------------------


def test_events_arrive_and_are_acknowledged(alone, tmp_path) -> None:
    alone(events, tmp_path)


def events(directory: str) -> None:
    def body(sock: socket.socket) -> int:
        line.say(sock, line.Stage("running"))
        line.say(sock, line.Happened(MAKER.make("SES-END")))
        return 0 if line.hear_main(sock) == line.Taken(1) else 1

    async def scene(child, heard) -> None:
        assert not child.running
        assert await child.ended == 0
        assert child.running
        assert [type(message) for message in heard] == [line.Stage, line.Happened]

    with_child(directory, body, scene)


def test_the_last_words_are_heard_however_many_they_are(alone, tmp_path) -> None:
    assert json.loads(alone(last_words, tmp_path)) == 60


def last_words(directory: str) -> None:
    """A process that ends at once after much talk: the main, busy with others, hears it all the same."""

    def body(sock: socket.socket) -> int:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1_000_000)
        for _ in range(60):
            line.say(sock, line.Happened(MAKER.make("SES-FINDING")))
        return 0

    async def scene(child, heard) -> None:
        time.sleep(0.3)  # the main's loop is busy
        await child.ended
        print(len(heard))

    with_child(directory, body, scene)


@pytest.mark.parametrize("octets", ["nonsense", '{"type":"taken","count":1}'])
def test_a_process_that_speaks_nonsense_is_killed(alone, tmp_path, octets) -> None:
    alone(nonsense, tmp_path, octets)


def nonsense(directory: str, octets: str) -> None:
    def body(sock: socket.socket) -> int:
        sock.send(octets.encode())
        time.sleep(30)
        return 0

    async def scene(child, heard) -> None:
        assert await child.ended == -signal.SIGKILL
        assert heard == []

    with_child(directory, body, scene)


def test_a_process_that_talks_without_end_does_not_hold_the_main(alone, tmp_path) -> None:
    alone(flood, tmp_path)


def flood(directory: str) -> None:
    def body(sock: socket.socket) -> int:
        while True:
            line.say(sock, line.Happened(MAKER.make("SES-FINDING")))

    async def scene(child, heard) -> None:
        turns = []
        for _ in range(20):
            began = time.monotonic()
            await asyncio.sleep(0)
            turns.append(time.monotonic() - began)
        assert max(turns) < 0.5

    with_child(directory, body, scene)


def test_a_fork_with_a_second_thread_is_a_mistake_of_ours(alone, tmp_path) -> None:
    alone(two_threads, tmp_path)


def two_threads(directory: str) -> None:
    import threading

    go = threading.Event()
    thread = threading.Thread(target=go.wait)
    thread.start()
    with pytest.raises(AssertionError, match="2 threads"):
        children.fork("test", [], wait_for_word, Log(Path(directory), "log", echo=False), lambda _: None)
    go.set()
    thread.join()


def test_the_level_of_the_log_can_be_set_in_the_session_process_alone(alone, tmp_path) -> None:
    alone(levels, tmp_path)
    (log,) = tmp_path.glob("log.*.log")
    assert "DEBUG" in log.read_text()
    assert "Log level set to DEBUG" in log.read_text()


def levels(directory: str) -> None:
    main_log = Log(Path(directory), "log", echo=False)

    async def play() -> None:
        def body(sock: socket.socket) -> int:
            line.say(sock, line.Stage("running"))
            until = time.monotonic() + 5
            while main_log.level != Level.DEBUG and time.monotonic() < until:
                time.sleep(0.01)
            return 0 if main_log.level == Level.DEBUG else 1

        child = children.fork("test", [], body, main_log, lambda _: None)
        await until(lambda: child.running)
        os.kill(child.pid, 21)
        assert await child.ended == 0
        assert main_log.level == Level.INFO

    asyncio.run(play())
