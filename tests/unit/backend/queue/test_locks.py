"""The lock by a file; the one of PostgreSQL is in functional/test_two_queue_daemons.py."""

import os
import subprocess
import sys
from pathlib import Path

from seon.backend.home import Home
from seon.backend.queue import locks
from seon.backend.queue.locks import EVENTS, QUEUE, FileLock, active, became_active, lock_of, seen
from seon.backend.queue.models import Service

OTHER = """
import sys
from seon.backend.loading import load_django
load_django()
from seon.backend.queue.locks import lock_of
print(lock_of(sys.argv[1]).take(), flush=True)
sys.stdin.readline()
"""


def other(home: Home, service: str) -> "subprocess.Popen[str]":
    """Another process that tries to take the lock, and goes on until it is told."""
    environment = {**os.environ, "SEON_HOME": str(home.path)}
    return subprocess.Popen(
        [sys.executable, "-c", OTHER, service], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_one_process_has_a_lock_until_it_is_killed(home: Home) -> None:
    lock = lock_of(QUEUE)
    with other(home, QUEUE) as first:
        assert said(first) == "True"
        assert not lock.take()
        assert not lock.held()
        first.kill()
    assert lock.take()
    assert lock.held()
    with other(home, QUEUE) as second:
        assert said(second) == "False"
        second.kill()
    lock.release()
    with other(home, QUEUE) as third:
        assert said(third) == "True"
        third.kill()


def test_each_service_has_a_lock_of_its_own(home: Home) -> None:
    with other(home, EVENTS) as first:
        assert said(first) == "True"
        lock = lock_of(QUEUE)
        assert lock.take()
        lock.release()
        first.kill()


def test_to_take_it_twice_in_one_process_is_the_same_lock(home: Home) -> None:
    one, same = lock_of(QUEUE), lock_of(QUEUE)
    assert one.take()
    assert same.take()
    same.release()
    assert not one.held(), "it was this process's, and is given back"


def test_the_file_is_beside_the_database_and_belongs_to_its_user_alone(home: Home) -> None:
    lock = lock_of(QUEUE)
    assert isinstance(lock, FileLock)
    lock.take()
    (file,) = home.path.glob("*.lock")
    assert file == Path(f"{home.database_file}.queue.lock")
    assert file.stat().st_mode & 0o777 == 0o600
    lock.release()


def test_who_is_active_is_told_by_host_process_and_home(home: Home) -> None:
    assert active(QUEUE) == "a process that has not said yet which one it is"
    became_active(QUEUE)
    assert f"process {os.getpid()} on {locks.socket.gethostname()} (home {home.path}), since 20" in active(QUEUE)
    before = Service.objects.get(name=QUEUE).seen_at
    seen(QUEUE)
    assert Service.objects.get(name=QUEUE).seen_at > before
