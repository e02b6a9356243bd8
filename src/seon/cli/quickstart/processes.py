"""The programs of a quick start as processes: started with their own SEON_HOME, awaited, and stopped by their id."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

_CHILD = Path(__file__).with_name("child.py")
READY_SECONDS = 60.0
STOP_SECONDS = 15.0
TIMED_OUT = 124
"""Exit status of a program that had to be ended, as the command `timeout` has it."""


class ProcessError(Exception):
    """A program did not do what it was started for; the text holds its last words."""


class Process:
    """One program, its output in a file of its own."""

    def __init__(self, name: str, arguments: Sequence[str], output: Path, home: Path | None = None) -> None:
        self.name = name
        self.output = output
        """The file of what it prints."""
        self._seen = 0
        with output.open("wb") as file:
            self._process = subprocess.Popen(  # noqa: S603  # our own programs
                ending_with_us(arguments),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=_environment(home),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def wait_for(self, pattern: str, seconds: float = READY_SECONDS) -> re.Match[str]:
        """Return the first match in the output that no earlier call returned. Raises ProcessError."""
        until = time.monotonic() + seconds
        while True:
            text = self.output.read_text(errors="replace")
            match = re.compile(pattern).search(text, self._seen)
            if match:
                self._seen = match.end()
                return match
            if self._process.poll() is not None:
                raise ProcessError(f"{self.name} ended with status {self._process.returncode}:\n{_tail(text)}")
            if time.monotonic() > until:
                raise ProcessError(f"{self.name} did not get ready within {seconds:g} s:\n{_tail(text)}")
            time.sleep(0.02)

    def ended(self) -> int | None:
        """Return the exit status if the program has ended."""
        return self._process.poll()

    def last_words(self) -> str:
        """Return the end of its output."""
        return _tail(self.output.read_text(errors="replace"))

    def stop(self) -> None:
        """End the program in order, and by force if it does not."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def gone(self) -> None:
        """Wait for the end that `stop` asked for."""
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def run(arguments: Sequence[str], home: Path | None = None) -> str:
    """Run a program to its end and return its output. Raises ProcessError with what it said."""
    done = attempt(arguments, home)
    if done.returncode != 0:
        raise ProcessError(f"{' '.join(map(str, arguments[:3]))} ... ended with status {done.returncode}:\n"
                           f"{_tail(done.stdout + done.stderr)}")  # fmt: skip
    return done.stdout


def attempt(
    arguments: Sequence[str], home: Path | None = None, seconds: float | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end, whatever that is; after so many seconds end it, with the status TIMED_OUT."""
    try:
        return subprocess.run(  # noqa: S603  # our own programs
            ending_with_us(arguments),
            env=_environment(home),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as late:
        said = late.stdout.decode(errors="replace") if late.stdout else ""  # octets, although a text was asked for
        return subprocess.CompletedProcess(list(arguments), TIMED_OUT, said, "")


def _environment(home: Path | None) -> dict[str, str]:
    """Return our environment for a program: its own home, and no other setting or secret of ours."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SEON_")}
    return clean | ({"SEON_HOME": str(home)} if home else {})


def ending_with_us(arguments: Sequence[str]) -> list[str]:
    """Return the command line of a program that gets SIGTERM when the calling thread's end leaves it alone.

    So nothing runs on when the quick start is killed. Processes must be started by a thread that lives as long.
    """
    return [sys.executable, "-I", "-S", str(_CHILD), str(os.getpid()), *arguments]


def program(name: str) -> str:
    """Return the path of one of our programs, beside the interpreter that runs this one."""
    return str(Path(sys.executable).with_name(name))


def free_port(wanted: int, taken: set[int]) -> int:
    """Return `wanted` if it is free on loopback, else another free port; never one in `taken`, which it joins."""
    for candidate in (wanted, *([0] * 20)):
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", candidate))
            port: int = sock.getsockname()[1]
            if port not in taken:
                taken.add(port)
                return port
    raise ProcessError("no free port on 127.0.0.1")


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-12:])
