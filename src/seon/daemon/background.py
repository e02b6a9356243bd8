"""Into the background, and word of it to the terminal.

The starting command stays until the daemon says that it is ready, or why it is not. It ends with the status that the
daemon names, and shows its text. If it is ended itself meanwhile, by a closed terminal for example, the daemon goes on.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path

MAX_WORD = 32_768
"""Octets of what a daemon says to its starter: less than a pipe holds, so that saying it never waits."""
UMASK = 0o027
INTERRUPTED = 130
"""Exit status of a command that was ended by Ctrl-C, as shells have it."""


class Starter:
    """The daemon's way to the command that has started it. In the foreground, and after the one word, there is none."""

    def __init__(self, descriptor: int = -1) -> None:
        """Take the end of the pipe; -1: there is no starter."""
        self.descriptor = descriptor

    @property
    def waits(self) -> bool:
        """Whether there is a command that still waits for the word."""
        return self.descriptor >= 0

    def say(self, status: int, text: str = "") -> None:
        """Let the starting command end with this status, after it has shown the text; said once."""
        if not self.waits:
            return
        octets = f"{status}\n{text}".encode("utf-8", "backslashreplace")[:MAX_WORD]
        with contextlib.suppress(OSError):  # it was ended: nobody waits any more
            os.write(self.descriptor, octets)
        self.close()

    def close(self) -> None:
        """Let go of the pipe in a process that is not the daemon itself."""
        if self.waits:
            os.close(self.descriptor)
        self.descriptor = -1


def detach() -> Starter:
    """Become a daemon: return in a new process with its own session, umask, working directory and standard streams.

    The calling process waits for that process's word and ends with SystemExit. All paths must be absolute by now, and
    no key loaded. Raises OSError if there can be no process.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        os.close(writing)
        raise SystemExit(_wait(reading, pid))
    os.setsid()
    os.umask(UMASK)
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    _close_inherited(keep=writing)
    return Starter(writing)


def _close_inherited(keep: int) -> None:
    """Close what a shell or cron has left open: whoever reads such a pipe would wait for the daemon's end."""
    for number in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if number > 2 and number != keep:
            with contextlib.suppress(OSError):  # the listing's own descriptor is gone already
                os.close(number)


def _wait(reading: int, pid: int) -> int:
    """Show what the daemon says; return the status to end with."""
    try:
        with os.fdopen(reading, "rb") as pipe:
            word = pipe.read(MAX_WORD).decode("utf-8", "replace")
    except KeyboardInterrupt:
        sys.stderr.write(f"Not waited for any longer; process {pid} goes on starting in the background\n")
        return INTERRUPTED
    number, found, text = word.partition("\n")
    if not found:
        return _how_it_ended(pid)
    status = int(number)
    stream = sys.stderr if status else sys.stdout
    if text:
        stream.write(f"{text}\n")
        stream.flush()
    return status


def _how_it_ended(pid: int) -> int:
    """Say how a daemon has ended that had no time to say why; return an exit status that is not 0."""
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    how = f"with exit status {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
    sys.stderr.write(f"The program ended {how} before it was ready; its log may say why\n")
    return code if code > 0 else 1
