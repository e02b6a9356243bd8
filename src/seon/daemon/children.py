"""Session processes: forked, heard, ended, reaped. The rules of docs/design.md §5, in the order in which they happen.

The main is single-threaded, so a fork is safe. The child first cuts everything that ties it to the main: the wakeup
descriptor (its signals would reach the main's loop and, once that number is another socket, a partner), the signal
handlers, the process group, every descriptor but its own, the standard streams, and every private key. It ends in
`os._exit`. What it says is not believed: see `daemon.testimony`.
"""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

import setproctitle

from seon.daemon.rate import Bucket
from seon.process import line
from seon.process.levels import Level
from seon.process.signals import LEVELS

Body = Callable[[socket.socket], int]
"""What a session process does with its end of the line; returns its exit status."""
Hear = Callable[[line.FromSession], None]
"""Takes what a session process says. Raises line.NonsenseError: then the process is killed."""

MESSAGES_A_TURN = 16
MESSAGES_A_SECOND, MESSAGES_AT_ONCE = 500.0, 2_000.0
"""What a session process may say; a faster one waits. Some hundred small files a second stay below it."""
OBEY_SECONDS = 4.0
"""From an order to end to the kill: 2 s for closing, 1 s for last words, and one more."""
LAST_MESSAGES = 1_000
"""What is heard of a process that has ended: more than the line holds. Who says more has left the line to another."""
MAX_WAITING = 1_000
"""Messages kept for a session process that does not read; an honest one reads."""


class Child:
    """A session process as its main sees it."""

    def __init__(self, pid: int, sock: socket.socket, hear: Hear) -> None:
        """Watch a process that was just forked. Raises OSError."""
        self.pid = pid
        self.level: Level | None = None
        """What a signal has set in it (daemon.log.Source)."""
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """The exit status once reaped; negative for a signal."""
        self.tracing = False
        """Whether it writes a trace, as far as it was told."""
        self.order: line.Order | None = None
        """Why it was told to end, once it was."""
        self.deaf = False
        """It was told to end, and was killed since it did not."""
        self.fault = ""
        """What it said that no session says, once it did: it was killed for that."""
        self._sock = sock
        self._hear_message = hear
        self._taken = 0
        self._waiting: deque[line.Said] = deque()
        self._bucket = Bucket(MESSAGES_A_SECOND, MESSAGES_AT_ONCE)
        self._timers: list[asyncio.TimerHandle] = []
        self._pidfd = os.pidfd_open(pid)
        loop = asyncio.get_running_loop()
        try:
            sock.setblocking(False)
            loop.add_reader(sock, self._hear)
            loop.add_reader(self._pidfd, self._reap)
        except BaseException:
            loop.remove_reader(sock)
            os.close(self._pidfd)
            raise

    # --- what it is told --------------------------------------------------------------------------------------------

    def end(self, why: line.Order, reason: line.Reason = 0) -> None:
        """Order the session to end, with this reason in its ESID: in order, or by force if it does not."""
        if self.order or self.ended.done():
            return
        self.order = why
        self._say(line.End(why, reason))
        self._later(OBEY_SECONDS, self._lose_patience)

    def _lose_patience(self) -> None:
        self.deaf = not self.ended.done()
        self.kill()

    def trace(self, on: bool) -> None:
        """Have the session write a trace from here on, or no longer; said only when it changes."""
        if on != self.tracing:
            self.tracing = on
            self._say(line.Trace(on))

    def tell(self, message: line.Ending | line.Verbosity) -> None:
        """Pass on what the other host says, or what is worth while to say."""
        self._say(message)

    def kill_for(self, why: line.Order) -> None:
        """End the process at once, without an order that it could obey; `why` counts as if it had been one."""
        self.order = self.order or why
        self.kill()

    def kill(self) -> None:
        """End the process at once; its pidfd makes sure that it is this one."""
        if self.ended.done():
            return  # the pidfd is closed, and its number may be another descriptor's by now
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def _say(self, message: line.Said) -> None:
        """Say it now, or when there is room: none of it may be lost to a process that is only slow."""
        if self.ended.done():
            return
        if isinstance(message, line.Taken) and self._waiting and isinstance(self._waiting[-1], line.Taken):
            self._waiting.pop()  # the newer number says it too
        self._waiting.append(message)
        if len(self._waiting) > MAX_WAITING:
            self._wrong("it does not listen")
        elif len(self._waiting) == 1:
            self._say_waiting()

    def _say_waiting(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_writer(self._sock)
        try:
            while self._waiting:
                line.say(self._sock, self._waiting[0])
                self._waiting.popleft()
        except BlockingIOError:
            loop.add_writer(self._sock, self._say_waiting)
        except OSError:  # it has ended, or is about to
            self._waiting.clear()

    # --- what it says -----------------------------------------------------------------------------------------------

    def _hear(self) -> None:
        """Take what the process says: a few messages a turn, and so many a second, so that none can hold the main."""
        before = self._taken
        for _ in range(MESSAGES_A_TURN):
            if (seconds := self._bucket.take()) > 0:
                loop = asyncio.get_running_loop()
                loop.remove_reader(self._sock)
                self._later(seconds, self._listen_again)
                break
            if not self._hear_one():
                break
        if self._taken > before:
            self._say(line.Taken(self._taken))

    def _listen_again(self) -> None:
        if not self.ended.done() and not self.fault:
            asyncio.get_running_loop().add_reader(self._sock, self._hear)

    def _hear_one(self) -> bool:
        """Take one message; return whether there may be another."""
        try:
            message = line.hear_session(self._sock)
            if message is None:
                asyncio.get_running_loop().remove_reader(self._sock)
                return False
            if isinstance(message, line.Reported):
                if message.number != self._taken + 1:
                    raise line.NonsenseError("its events are not in order")
                self._taken = message.number
            self._hear_message(message)
        except BlockingIOError:
            return False
        except ConnectionResetError:  # it has ended, and left words of ours unread: its own are still there
            return True
        except (OSError, line.NonsenseError) as error:
            self._wrong(str(error))
            return False
        return True

    def _wrong(self, what: str) -> None:
        """It is no longer ours: whatever it may still say is not heard."""
        if self.fault:
            return
        self.fault = what
        asyncio.get_running_loop().remove_reader(self._sock)
        self._waiting.clear()
        self.kill()

    # --- its end ----------------------------------------------------------------------------------------------------

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        self._timers = [timer for timer in self._timers if not timer.cancelled() and timer.when() > _now()]
        self._timers.append(asyncio.get_running_loop().call_later(seconds, what))

    def _reap(self) -> None:
        for _ in range(LAST_MESSAGES):  # its last words, all of them: it can add none
            if self.fault or not self._hear_one():
                break
        loop = asyncio.get_running_loop()
        for timer in self._timers:
            timer.cancel()
        loop.remove_reader(self._pidfd)
        loop.remove_reader(self._sock)
        loop.remove_writer(self._sock)
        os.close(self._pidfd)
        self._sock.close()
        _, status = os.waitpid(self.pid, 0)
        self.ended.set_result(os.waitstatus_to_exitcode(status))


def _now() -> float:
    return asyncio.get_running_loop().time()


def fork(title: str, own: Iterable[socket.socket], body: Body, hear: Hear) -> Child:
    """Fork a session process that keeps only `own` sockets and its line; return it as the main sees it.

    `body` still finds the keys: it may need them to dial, and gives them up before any OFTP2 octet is read. The caller
    has stopped reading `own` and closes its copies right after. Raises OSError when no process can be had, or none
    that could be watched: then there is none.
    """
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert threads == 1, f"a fork with {threads} threads"
    keep = [*own]
    ours, theirs = line.pair()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            _live(title, [*keep, theirs], theirs, body)
    except BaseException:
        ours.close()
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
    try:
        return Child(pid, ours, hear)
    except BaseException:  # not reaped yet, so the number is still this process's
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        ours.close()
        raise


def _live(title: str, own: list[socket.socket], sock: socket.socket, body: Body) -> None:
    """Be the session process, from the fork to its end. Never returns."""
    status = 70
    try:
        _cut_ties(title, {s.fileno() for s in own})
        status = body(sock)
    except BaseException:  # nothing may unwind into the main's stack
        with contextlib.suppress(BaseException):
            sock.setblocking(True)
            for text in traceback.format_exc().splitlines():
                line.say(sock, line.LogLine("session", Level.ERROR, line.fitting_line(text)))
    finally:
        os._exit(status)


def _cut_ties(title: str, keep: set[int]) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # until the session sets its own, they end it
    for other in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(other, signal.SIG_IGN)
    os.setpgid(0, 0)
    _close_others(keep | {0, 1, 2})
    _leave_terminal({0, 1, 2} - keep)
    gc.freeze()
    setproctitle.setproctitle(title)
    signal.pthread_sigmask(signal.SIG_SETMASK, LEVELS)  # they wait for the session's own handlers


def _leave_terminal(streams: set[int]) -> None:
    """Have no standard streams: they may be a file that the main's lines go to, a container's log, or the journal.

    One that was closed when the main was started may be a socket of the session's: it is none of these.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in streams:
        os.dup2(nothing, stream)
    if nothing not in streams:
        os.close(nothing)


def _close_others(keep: set[int]) -> None:
    for number in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if number not in keep:
            with contextlib.suppress(OSError):  # the listing's own descriptor is gone already
                os.close(number)
