"""Session processes: forked, watched, reaped. The rules of docs/design.md §5, in the order in which they happen.

The main is single-threaded, so a fork is safe. The child first cuts everything that ties it to the main: the wakeup
descriptor (its signals would reach the main's loop and, once that number is another socket, a partner), the signal
handlers, the process group, every descriptor but its own, and every private key. It ends in `os._exit`.
"""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import setproctitle

from seon.daemon import line
from seon.daemon.log import Level, Log
from seon.daemon.signals import handle_levels

Body = Callable[[socket.socket], int]
"""What a session process does with its end of the line; returns its exit status."""

MESSAGES_A_TURN = 16


class Child:
    """A session process as its main sees it."""

    def __init__(self, pid: int, sock: socket.socket, on_message: Callable[[line.FromSession], None]) -> None:
        self.pid = pid
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """The exit status once reaped; negative for a signal."""
        self.running = False
        """Whether the session has got past its start."""
        self.tracing = False
        """Whether it writes a trace, as far as it was told."""
        self._sock = sock
        self._on_message = on_message
        self._pidfd = os.pidfd_open(pid)
        sock.setblocking(False)
        loop = asyncio.get_running_loop()
        loop.add_reader(sock, self._hear)
        loop.add_reader(self._pidfd, self._reap)

    def end(self, reason: int, text: str) -> None:
        """Ask the session to end, with this ESID reason to both peers."""
        with contextlib.suppress(OSError):
            line.say(self._sock, line.End(reason, text[:500]))

    def trace(self, on: bool) -> None:
        """Have the session write a trace from here on, or no longer; said only when it changes."""
        if on == self.tracing:
            return
        self.tracing = on
        with contextlib.suppress(OSError):
            line.say(self._sock, line.Trace(on))

    def kill(self) -> None:
        """End the process at once; its pidfd makes sure that it is this one."""
        if self.ended.done():
            return  # the pidfd is closed, and its number may be another descriptor's by now
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def _hear(self) -> None:
        """Take what the process says: a few messages a turn, so that none can hold the main."""
        for _ in range(MESSAGES_A_TURN):
            if not self._hear_one():
                return

    def _hear_one(self) -> bool:
        """Take one message; return whether there may be another."""
        try:
            message = line.hear_session(self._sock)
        except BlockingIOError:
            return False
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            self.kill()  # it speaks nonsense: it is no longer ours
            message = None
        if message is None:
            asyncio.get_running_loop().remove_reader(self._sock)
            return False
        if isinstance(message, line.Stage):
            self.running = True
        else:
            with contextlib.suppress(OSError):
                line.say(self._sock, line.Taken(1))
        self._on_message(message)
        return True

    def _reap(self) -> None:
        while self._hear_one():  # its last words, all of them: it can add none
            pass
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._pidfd)
        loop.remove_reader(self._sock)
        os.close(self._pidfd)
        self._sock.close()
        _, status = os.waitpid(self.pid, 0)
        self.ended.set_result(os.waitstatus_to_exitcode(status))


def fork(
    title: str, own: Iterable[socket.socket], body: Body, log: Log, on_message: Callable[[line.FromSession], None]
) -> Child:
    """Fork a session process that keeps only `own` sockets and its line; return it as the main sees it.

    `body` still finds the keys: it may need them to dial, and gives them up (`forget_all_keys`) before any OFTP2
    octet is read. The caller has stopped reading `own` and closes its copies right after. Raises OSError when no
    process can be had.
    """
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert threads == 1, f"a fork with {threads} threads"
    ours, theirs = line.pair()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
    except OSError:
        ours.close()
        theirs.close()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        raise
    if pid == 0:
        _live(title, [*own, theirs], theirs, body, log)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    theirs.close()
    return Child(pid, ours, on_message)


def _live(title: str, own: list[socket.socket], sock: socket.socket, body: Body, log: Log) -> None:
    """Be the session process, from the fork to its end. Never returns."""
    status = 70
    try:
        _cut_ties(title, {s.fileno() for s in own}, log)
        status = body(sock)
    except BaseException:  # nothing may unwind into the main's stack
        for text in traceback.format_exc().splitlines():
            log.line(Level.ERROR, text)
    finally:
        os._exit(status)


def _cut_ties(title: str, keep: set[int], log: Log) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # until the session sets its own, they end it
    handle_levels(log)
    os.setpgid(0, 0)
    _close_others(keep | {0, 1, 2})
    gc.freeze()
    setproctitle.setproctitle(title)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _close_others(keep: set[int]) -> None:
    for number in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if number not in keep:
            with contextlib.suppress(OSError):  # the listing's own descriptor is gone already
                os.close(number)
