"""Session processes: real forks, in a Python of its own each, since a fork wants one thread."""

import asyncio
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from seon.daemon import children
from seon.endings import SessionEnd
from seon.process import line
from seon.process.levels import Level
from unit.daemon.forks import descriptors, is_open, no_process_is_left, until, wait_for_word, with_child

# --- what a session process is ---------------------------------------------------------------------


def test_a_session_process_has_only_its_own_descriptors_and_one_thread(alone) -> None:
    alone(own_descriptors)


def own_descriptors() -> None:
    strange, mine = socket.socketpair(), socket.socketpair()
    secret = os.open("/etc/passwd", os.O_RDONLY)

    def body(sock: socket.socket) -> int:
        threads = len(list(Path("/proc/self/task").iterdir()))
        return 0 if descriptors() == {0, 1, 2, mine[0].fileno(), sock.fileno()} and threads == 1 else 1

    async def scene(child, heard) -> None:
        assert await child.ended == 0

    with_child(body, scene, [mine[0]])
    os.fstat(secret)
    strange[0].send(b"the main's own are open")


def test_a_session_process_has_none_of_its_mains_standard_streams(alone, tmp_path) -> None:
    """Where the main's lines go to a file, a container's log or the journal, it could write lines of its own."""
    alone(no_streams, tmp_path)
    assert (tmp_path / "printed").read_text() == "main\n"


def no_streams(directory: str) -> None:
    printed = os.open(f"{directory}/printed", os.O_RDWR | os.O_CREAT)
    for stream in (0, 1, 2):
        os.dup2(printed, stream)
    os.write(1, b"main\n")

    def body(_: socket.socket) -> int:
        for stream in (0, 1, 2):
            assert Path(f"/proc/self/fd/{stream}").readlink() == Path(os.devnull)
            os.write(stream, b"FORGED\n")
        return 0

    async def scene(child: children.Child, heard: list) -> None:
        assert (await child.ended, heard) == (0, [])

    with_child(body, scene)


def test_a_socket_of_its_own_may_have_the_number_of_a_stream_that_was_closed(alone) -> None:
    alone(socket_as_stream)


def socket_as_stream() -> None:
    mine, other = socket.socketpair()
    os.dup2(mine.fileno(), 0)
    own = socket.socket(fileno=0)

    def body(_: socket.socket) -> int:
        return 0 if own.send(b"x") == 1 else 1

    async def scene(child: children.Child, heard: list) -> None:
        assert (await child.ended, heard) == (0, [])
        assert other.recv(10) == b"x"

    with_child(body, scene, own=[own])


def test_a_session_process_has_a_title_and_a_process_group_of_its_own(alone) -> None:
    alone(title_and_group)


def title_and_group() -> None:
    async def scene(child, heard) -> None:
        await until(lambda: b"seon test: session" in Path(f"/proc/{child.pid}/cmdline").read_bytes())
        assert os.getpgid(child.pid) == child.pid != os.getpgid(0)

    with_child(wait_for_word, scene)


# --- signals ----------------------------------------------------------------------------------------


def test_a_signal_to_a_session_process_does_not_reach_the_main(alone) -> None:
    alone(signals_stay)


def signals_stay() -> None:
    """The main's wakeup descriptor is inherited: unless it is cut, the child's signals wake the main's loop."""
    mine = socket.socketpair()
    reached = []

    async def play() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, *range(20, 25)):
            loop.add_signal_handler(number, reached.append, number)

        def body(sock: socket.socket) -> int:
            got = []
            signal.signal(signal.SIGTERM, lambda number, _: got.append(number))
            for number in range(3, 64):  # whatever the main's wakeup descriptor was is the peer's socket now
                if not is_open(number):
                    os.dup2(mine[0].fileno(), number)
            line.say(sock, line.Stage("running"))
            until = time.monotonic() + 5
            while not got and time.monotonic() < until:
                time.sleep(0.01)
            return 7 if got == [15] else 1

        heard = []
        child = children.fork("test", [mine[0]], body, heard.append)
        await until(lambda: heard)
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


def test_signals_that_come_during_the_fork_are_not_lost_to_the_main(alone) -> None:
    alone(mask_is_restored)


def mask_is_restored() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())

    def body(sock: socket.socket) -> int:
        return int(signal.pthread_sigmask(signal.SIG_BLOCK, ()) != set(range(20, 25)))  # held until they are handled

    async def scene(child, heard) -> None:
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
        assert await child.ended == 0

    with_child(body, scene)


def test_until_the_session_sets_its_own_handlers_sigterm_ends_it(alone) -> None:
    alone(terminated)


def terminated() -> None:
    async def scene(child, heard) -> None:
        await asyncio.sleep(0.05)
        os.kill(child.pid, signal.SIGTERM)
        assert await child.ended == -signal.SIGTERM

    with_child(wait_for_word, scene)


# --- ends -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [0, 3])
def test_the_exit_status_is_the_bodys(alone, status) -> None:
    alone(exits_with, status)


def exits_with(status: str) -> None:
    async def scene(child, heard) -> None:
        assert await child.ended == int(status)
        child.kill()
        child.end("shutdown")  # too late, and harmless
        child.tell(line.Ending(SessionEnd("link", "lost")))

    with_child(lambda _: int(status), scene)


def test_a_body_that_fails_tells_where_and_never_returns(alone) -> None:
    assert alone(fails) == "once\n"


def fails() -> None:
    def body(_: socket.socket) -> int:
        raise ValueError("nobody thought of this")

    async def scene(child, heard) -> None:
        assert await child.ended == 70
        assert {type(message) for message in heard} == {line.LogLine}
        assert heard[-1] == line.LogLine("session", Level.ERROR, "ValueError: nobody thought of this")
        assert any("test_children.py" in message.text for message in heard)

    with_child(body, scene)
    print("once")


def test_kill_ends_the_process_at_once(alone) -> None:
    alone(killed)


def killed() -> None:
    async def scene(child, heard) -> None:
        child.kill()
        assert await child.ended == -signal.SIGKILL

    with_child(wait_for_word, scene)


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
        children.fork("test", [], body, lambda _: None)

    asyncio.run(play())
    os._exit(0)


# --- forks that fail ------------------------------------------------------------------------------------------------


def test_a_fork_with_a_second_thread_is_a_mistake_of_ours(alone) -> None:
    alone(two_threads)


def two_threads() -> None:
    import threading

    go = threading.Event()
    thread = threading.Thread(target=go.wait)
    thread.start()
    with pytest.raises(AssertionError, match="2 threads"):
        children.fork("test", [], wait_for_word, lambda _: None)
    go.set()
    thread.join()


@pytest.mark.parametrize("what", ["fork", "pidfd_open", "first add_reader", "second add_reader"])
def test_a_fork_that_cannot_be_had_or_watched_leaves_nothing(alone, what) -> None:
    """Neither a process that nobody knows, nor a descriptor, nor a blocked signal."""
    alone(fork_fails, what)


def fork_fails(what: str) -> None:
    def refuse(*_: object) -> int:
        raise OSError(24, "Too many open files")

    async def play() -> None:
        loop = asyncio.get_running_loop()
        if what.endswith("add_reader"):
            add, left = loop.add_reader, ["first"] if what.startswith("second") else []

            def add_reader(*arguments: object) -> None:
                if not left:
                    refuse()
                left.pop()
                add(*arguments)

            loop.add_reader = add_reader
        else:
            setattr(os, what, refuse)
        before, mask = descriptors(), signal.pthread_sigmask(signal.SIG_BLOCK, ())
        with pytest.raises(OSError, match="Too many open files"):
            children.fork("test", [], wait_for_word, lambda _: None)
        assert descriptors() == before
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == mask
        no_process_is_left()

    asyncio.run(play())
