"""The processes of the event script: started without a shell, bounded in time and output, ended as a group."""

import contextlib
import errno
import os
import resource
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from seon.backend.script.inputs import arguments, document, environment
from seon.backend.script.models import ScriptRun

KEPT = 64 * 1024
"""Octets of output that are kept. What comes beyond is read and dropped."""
GRACE = 5.0
"""Seconds from SIGTERM to SIGKILL."""
FLOOD_PAUSE = 0.02
"""Seconds between two looks at the output of a script that has said too much already: it must not keep us busy."""
_READ = 64 * 1024


class StartError(Exception):
    """The system did not start a script. `only_this`: another run may be started all the same."""

    def __init__(self, reason: str, *, only_this: bool = False) -> None:
        super().__init__(reason)
        self.only_this = only_this


@dataclass(frozen=True, slots=True)
class Result:
    """How a run went."""

    exit_status: int
    """As the system has it: below 0 the signal that ended it."""
    seconds: float
    output: bytes
    dropped: int
    """Octets of output that were not kept."""
    too_slow: bool
    """Whether it was ended since its time was over."""

    @property
    def is_good(self) -> bool:
        """Whether the script says that it did its work."""
        return self.exit_status == 0 and not self.too_slow

    @property
    def reason(self) -> str:
        """How it ended, in words."""
        if self.too_slow:
            return f"ended after {self.seconds:.1f} s, since its time was over"
        if self.exit_status < 0:
            return f"ended by signal {-self.exit_status}"
        return f"exit status {self.exit_status}"


def identity_of(pid: int) -> str:
    """Return what no other process ever has: the host's boot, the number, and the tick of the start; empty: no more."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        return f"{_boot()} {pid} {stat.rpartition(') ')[2].split()[19]}"
    except OSError:
        return ""


@cache
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def end_left(identity: str) -> bool:
    """End the group of a process that was left behind by one of us that was killed; return whether it was there."""
    _, _, rest = identity.partition(" ")
    pid = rest.partition(" ")[0]
    if not pid.isdigit() or identity_of(int(pid)) != identity:
        return False
    return _signal_group(int(pid), signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> bool:
    try:
        os.killpg(group, number)
    except OSError:  # it has gone, or became another user
        return False
    return True


@dataclass
class _Process:
    process: "subprocess.Popen[bytes]"
    pidfd: int
    pipe: int
    began: float
    seconds: float
    output: bytearray = field(default_factory=bytearray)
    dropped: int = 0
    terminated: float = 0.0
    killed: bool = False

    def read(self) -> bool:
        """Take output that is there; return whether there can be more."""
        try:
            octets = os.read(self.pipe, _READ)
        except BlockingIOError:
            return True
        room = max(0, KEPT - len(self.output))
        self.output += octets[:room]
        self.dropped += len(octets[room:])
        return bool(octets)

    def watch_time(self, now: float) -> None:
        """End the group if its time is over."""
        if self.terminated:
            if not self.killed and now - self.terminated >= GRACE:
                self.killed = _signal_group(self.process.pid, signal.SIGKILL)
        elif now - self.began >= self.seconds:
            self.terminated = now
            _signal_group(self.process.pid, signal.SIGTERM)

    def finish(self) -> Result:
        """Reap it. What it leaves behind in its group ends with it: nobody would bound that any more."""
        _signal_group(self.process.pid, signal.SIGKILL)  # before it is reaped: its number is its own until then
        status = self.process.wait()
        for _ in range(2):  # what the pipe held; one that left the group may hold it open for ever
            self.read()
        os.close(self.pipe)
        os.close(self.pidfd)
        seconds = time.monotonic() - self.began
        return Result(status, seconds, bytes(self.output), self.dropped, too_slow=bool(self.terminated))


class Processes:
    """Those that run, by the key of their run. Used by one thread."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running: dict[int, _Process] = {}
        self._flooding: set[int] = set()
        self._selector = selectors.DefaultSelector()

    def __len__(self) -> int:
        return len(self._running)

    def __iter__(self) -> Iterator[int]:
        return iter(self._running)

    def start(self, path: Path, run: ScriptRun, seconds: float) -> str:
        """Start a script for a run; return the identity of its process. Raises StartError."""
        reading, writing = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(reading, False)
        try:
            process = self._open(path, run, writing)
            pidfd = os.pidfd_open(process.pid)
        except OSError as error:
            os.close(reading)
            raise StartError(_reason(error), only_this=error.errno == errno.E2BIG) from None
        finally:
            os.close(writing)
        for what, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_CPU, int(seconds) + 1)):
            with contextlib.suppress(OSError, ValueError):  # it has ended, or has a lower limit
                resource.prlimit(process.pid, what, (most, most))
        self._running[run.pk] = _Process(process, pidfd, reading, time.monotonic(), seconds)
        self._selector.register(pidfd, selectors.EVENT_READ, run.pk)
        self._selector.register(reading, selectors.EVENT_READ, run.pk)
        return identity_of(process.pid)

    def _open(self, path: Path, run: ScriptRun, output: int) -> "subprocess.Popen[bytes]":
        # Not a pipe: a script that does not read its input would let us wait.
        given = os.memfd_create("event", os.MFD_CLOEXEC)
        try:
            os.write(given, document(run))
            os.lseek(given, 0, os.SEEK_SET)
            return subprocess.Popen(  # noqa: S603 - the administrator chose it, and no shell reads what it is given
                [bytes(path), *arguments(run)], env=environment(run), stdin=given, stdout=output, stderr=output,
                cwd=self._directory, umask=0o077, start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(given)

    def wait(self, seconds: float) -> list[tuple[int, Result]]:
        """Wait at most so long for something to happen; return those that have ended."""
        ended = []
        for key, _ in self._selector.select(min(seconds, FLOOD_PAUSE) if self._flooding else seconds):
            run = self._running.get(key.data)
            if run is None:
                continue
            if key.fd == run.pidfd:
                ended.append((key.data, self._finish(key.data)))
            else:
                more = run.read()
                if not more or run.dropped:
                    self._selector.unregister(run.pipe)
                if more and run.dropped:
                    self._flooding.add(key.data)
        self._drain()
        now = time.monotonic()
        for run in self._running.values():
            run.watch_time(now)
        return ended

    def _drain(self) -> None:
        for key in list(self._flooding):
            if not self._running[key].read():
                self._flooding.discard(key)

    def _finish(self, key: int) -> Result:
        run = self._running.pop(key)
        self._selector.unregister(run.pidfd)
        with contextlib.suppress(KeyError):  # its end came before
            self._selector.unregister(run.pipe)
        self._flooding.discard(key)
        return run.finish()

    def end_all(self) -> None:
        """End all that run, without waiting for what they would do yet."""
        for key in list(self._running):
            _signal_group(self._running[key].process.pid, signal.SIGKILL)
            self._finish(key)


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOEXEC:
        return "the system cannot execute it: a script begins with a line such as #!/bin/sh"
    if error.errno == errno.ENOENT:
        return "it, or the program that its first line names, is not there"
    return error.strerror or type(error).__name__
