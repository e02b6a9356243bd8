"""What a service manager is told, by a socket as systemd has it."""

import asyncio
import contextlib
import os
import socket

import pytest

from seon.daemon.notify import Notify


@pytest.fixture
def manager(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(5)
        yield sock


def test_the_program_is_ready_with_its_number(manager) -> None:
    Notify({"NOTIFY_SOCKET": manager.getsockname()}).ready()
    assert manager.recv(1_000).decode().splitlines() == ["READY=1", f"MAINPID={os.getpid()}"]


def test_an_abstract_socket_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(f"\0seon-test-{os.getpid()}")
        sock.settimeout(5)
        Notify({"NOTIFY_SOCKET": f"@seon-test-{os.getpid()}"}).stopping()
        assert sock.recv(1_000) == b"STOPPING=1"


def test_a_status_is_one_line_and_said_when_it_changes(manager) -> None:
    notify = Notify({"NOTIFY_SOCKET": manager.getsockname()})
    notify.status("waiting\nREADY=1")
    notify.status("waiting\nREADY=1")
    notify.status("x" * 10_000)
    assert manager.recv(1_000) == b"STATUS=waiting READY=1"
    assert len(manager.recv(10_000)) < 1_000


def test_no_child_can_speak_for_the_program(manager) -> None:
    environment = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1", "PATH": "/bin"}
    Notify(environment)
    assert environment == {"PATH": "/bin"}


@pytest.mark.parametrize(
    ("pid", "usec", "seconds"),
    [("", "2000000", 2.0), ("ours", "2000000", 2.0), ("1", "2000000", 0.0), ("", "", 0.0), ("", "-5", 0.0),
     ("", "nonsense", 0.0), ("", "9" * 400, 0.0), ("", "9" * 5_000, 0.0), ("", "\u0662", 0.0)],
)  # fmt: skip
def test_the_watchdog_counts_if_it_is_ours(manager, pid, usec, seconds) -> None:
    pid = str(os.getpid()) if pid == "ours" else pid
    notify = Notify({"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": usec, "WATCHDOG_PID": pid})
    assert notify.watchdog_seconds == seconds


def test_the_watchdog_hears_of_a_loop_that_runs(manager) -> None:
    notify = Notify({"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "20000"})

    async def live() -> None:
        beating = asyncio.create_task(notify.beat())
        await asyncio.sleep(0.1)
        beating.cancel()

    asyncio.run(live())
    assert [manager.recv(1_000), manager.recv(1_000)] == [b"WATCHDOG=1"] * 2


def test_a_watchdog_that_wants_to_hear_all_the_time_does_not_hold_the_loop(manager) -> None:
    notify = Notify({"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "1"})

    async def live() -> None:
        beating = asyncio.create_task(notify.beat())
        await asyncio.sleep(0.2)
        beating.cancel()

    asyncio.run(live())
    manager.setblocking(False)
    heard = 0
    with contextlib.suppress(BlockingIOError):
        while manager.recv(1_000):
            heard += 1
    assert 0 < heard <= 25


def test_without_a_service_manager_or_if_it_is_gone_nothing_happens(tmp_path) -> None:
    for environment in (None, {}, {"NOTIFY_SOCKET": str(tmp_path / "gone")}):
        notify = Notify(environment)
        notify.ready()
        notify.status("x")
        notify.stopping()
        if not environment:
            asyncio.run(asyncio.wait_for(notify.beat(), 5))
