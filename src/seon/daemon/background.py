"""Into the background, and word of it to the terminal.

The starting command stays until the daemon says that it is ready, or why it is not. It ends with the status that the
daemon names, and shows its text. If it is ended itself meanwhile, by a closed terminal for example, the daemon goes on.
"""

import contextlib
import os
import selectors
import signal
import sys
from pathlib import Path

from seon.daemon.home import StartError

MAX_WORD = 32_768
"""Octets of what a daemon says to its starter: less than a pipe holds, so that saying it never waits."""
UMASK = 0o027
"""What the files of a daemon never have: rights of others, and writing by the group."""
LOOK_SECONDS = 0.2
"""How long a Ctrl-C may wait."""
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


def stay() -> Starter:
    """Be a program in the foreground. Of its umask stays what is stricter, but its own files are its own to read."""
    os.umask(os.umask(UMASK) & 0o077 | UMASK)
    return Starter()


def detach() -> Starter:
    """Become a daemon: return in a new process with its own session, umask, working directory and standard streams.

    There SIGINT is held (`process.signals.hold_signals` holds all).

    The calling process waits for that process's word and ends with SystemExit. All paths must be absolute by now, and
    no key loaded. Raises StartError if there can be no process.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        reading, writing = os.pipe()
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # let through again where it is caught
        pid = os.fork()
    except OSError as error:
        raise StartError(f"The program cannot go to the background: {error.strerror}; -d starts it without") from None
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
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        word = _heard(reading)
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


def _heard(reading: int) -> str:
    """Return what the daemon says. Looks up often: a Ctrl-C just before a read that waits would wait with it."""
    octets = b""
    with selectors.DefaultSelector() as selector:
        selector.register(reading, selectors.EVENT_READ)
        while len(octets) < MAX_WORD:
            if not selector.select(LOOK_SECONDS):
                continue
            part = os.read(reading, MAX_WORD)
            if not part:
                break
            octets += part
    return octets.decode("utf-8", "replace")


def _how_it_ended(pid: int) -> int:
    """Say how a daemon has ended that had no time to say why; return an exit status that is not 0."""
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    how = f"with exit status {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
    sys.stderr.write(f"The program ended {how} before it was ready; its log may say why\n")
    return code if code > 0 else 1
