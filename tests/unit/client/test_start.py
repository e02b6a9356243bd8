"""How the client starts: the courier keeps the token, the main begins again without it."""

import contextlib
import errno
import os
import sys
from pathlib import Path

import pytest

from seon.client.courier import process
from seon.client.start import Options, start
from seon.daemon.home import StartError

SECRET = "s3cret_s3cret-s3cret_s3cret"
TOKEN = f"seon1.{'ab' * 32}.{SECRET}"


@pytest.mark.parametrize(
    ("url", "server", "token", "text"),
    [
        ("http://host", "dmz", TOKEN, "https://"),
        ("https://host", "dmz:0", TOKEN, "-S: '0' is not a TCP port"),
        ("https://host", ":2878", TOKEN, "-S: the server's host is missing"),
        ("https://host", "256.1.1.1", TOKEN, "-S: '256.1.1.1' is not an IP address"),
        ("https://host", "10.1.2:2878", TOKEN, "-S: '10.1.2' is not an IP address"),
        ("https://host", "[fe80::1%eth0]:2878", TOKEN, "-S: '[fe80::1%eth0]' has a zone"),
        ("https://host", "0.0.0.0", TOKEN, "-S: 0.0.0.0 means every address"),
        ("https://host", "https://dmz:2878", TOKEN, "-S: 'https://dmz:2878' is a URL"),
        ("https://host", "::1:2878", TOKEN, "-S: '::1:2878': an IPv6 address stands in brackets; examples: dmz"),
        ("https://host", "10.0.0.1:2878:5", TOKEN, "is not an IPv6 address; examples: dmz.example"),
        ("https://10.1.2:8443", "dmz", TOKEN, "URL of Seonapi: '10.1.2' is not an IP address"),
        ("https://host", "dmz", "nonsense", "is no security token"),
    ],
    # Not the values: pytest puts the name of a test into the environment, where no token may be.
    ids=[
        "url",
        "port",
        "host",
        "range",
        "half",
        "zone",
        "every",
        "server-url",
        "brackets",
        "two-ports",
        "url-host",
        "token",
    ],
)
def test_what_is_wrong_with_the_command_line_is_said_before_anything_is_started(
    alone, tmp_path, url, server, token, text
) -> None:
    assert text in alone(refused, tmp_path, url, server, token)


def refused(directory: str, url: str, server: str, token: str) -> None:
    os.environ["SEON_HOME"] = directory
    os.fork = lambda: (_ for _ in ()).throw(SystemExit("something was started"))
    try:
        start(Options(url, server, token, foreground=True))
    except StartError as error:
        print(error)
    assert list(Path(directory).iterdir()) == []


def test_the_main_begins_again_without_token_url_or_any_of_the_memory_that_held_them(alone, tmp_path) -> None:
    """What is executed is looked at: arguments, environment, descriptors. Its memory: tests/functional."""
    alone(executed, tmp_path)


OPTIONS = Options("https://user:password@127.0.0.1:1", "dmz.example", "", foreground=True)


class ExecutedError(Exception):
    """The process has become another program: what stands behind `execve` is never reached."""


def executed(directory: str) -> None:
    os.environ |= {"SEON_HOME": directory, "SEON_TOKEN": TOKEN}
    process.live = lambda *_, **__: 0
    seen = []

    def execve(program: str, arguments: list[str], environment: dict[str, str]) -> None:
        seen.append((program, arguments, environment, [os.get_inheritable(int(number)) for number in arguments[4:6]]))
        raise ExecutedError

    os.execve = execve
    try:
        start(OPTIONS)
    except ExecutedError:
        os.wait()
    ((program, arguments, environment, inheritable),) = seen
    assert program == sys.executable
    assert arguments[:4] == [sys.executable, "-I", "-m", "seon.client.main"]
    assert inheritable == [True, True], "the line to the courier and its PID file are what it begins with"
    assert arguments[6:] == ["-1"], "no command waits for it"
    assert SECRET not in f"{arguments} {environment}"
    assert "password" not in f"{arguments} {environment}"
    assert environment["SEON_HOME"] == directory


def as_if_executed(*_) -> None:
    raise ExecutedError


@pytest.mark.parametrize("error", ["ValueError('a\\nb')", "KeyboardInterrupt()", "SystemExit('end')", "MemoryError()"])
def test_an_exception_in_the_courier_is_one_line_and_an_exit_status_and_goes_no_further(alone, tmp_path, error) -> None:
    """It must never run the main's code: two mains would write one log."""
    said = alone(courier_raises, tmp_path, error)
    assert said.count("The courier process has failed: ") == 1
    assert said.count("the main's code") == 1
    assert "status 70" in said
    assert "Traceback" not in said


def courier_raises(directory: str, error: str) -> None:
    os.environ |= {"SEON_HOME": directory, "SEON_TOKEN": TOKEN}

    def fail(*_, **__) -> int:
        raise eval(error)

    process.live, os.execve = fail, as_if_executed
    with contextlib.suppress(ExecutedError):
        start(OPTIONS)
    _, status = os.wait()
    sys.stderr.write(f"the main's code; status {os.waitstatus_to_exitcode(status)}\n")


def test_a_courier_that_cannot_be_forked_is_said(alone, tmp_path) -> None:
    assert alone(no_fork, tmp_path) == "The courier process cannot be started: Resource temporarily unavailable\n"


def no_fork(directory: str) -> None:
    os.environ |= {"SEON_HOME": directory, "SEON_TOKEN": TOKEN}

    def fork() -> int:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    os.fork = fork
    try:
        start(OPTIONS)
    except StartError as error:
        print(error)


def test_a_main_that_cannot_be_executed_is_said_and_leaves_no_courier(alone, tmp_path) -> None:
    said = alone(no_execution, tmp_path)
    assert f"The client cannot be started anew, {sys.executable}: No such file or directory" in said
    assert "the courier has ended with 0" in said


def no_execution(directory: str) -> None:
    os.environ |= {"SEON_HOME": directory, "SEON_TOKEN": TOKEN}

    def execve(*_) -> None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    os.execve = execve
    try:
        start(OPTIONS)
    except StartError as error:
        print(error)
    _, status = os.wait()
    print(f"the courier has ended with {os.waitstatus_to_exitcode(status)}")
