"""SIGKILL of Seonapi's programs under load: what a client was told is stored is stored, and no act is half done."""

import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from functional.processes import eventually
from functional.seonapi import SEONAPI, Installation
from seon.api_messages import EventBatch, EventsStored
from seon.events import Event

BATCH = 20
ACTOR = """
from seon.backend.loading import load_django
load_django()
import os
from seon.backend.acting.actors import owner
from seon.backend.partners.models import Partner
from seon.backend.proxies.actions import add_listener, remove_listener
Partner.objects.get_or_create(identifier="P1", defaults={"name": "One"})
number = 0
while True:
    number += 1
    # An act of several rows: a client if it is new, a listening port, their histories, audit entries, the version.
    name = f"c{os.getpid()}-{number}"
    address = f"10.{os.getpid() >> 8 & 255}.{os.getpid() & 255}.{number % 250 + 1}"
    add_listener(owner(), f"{name}/{address}", 4305, "P1")
    print(name, flush=True)
    if number >= 250:
        break
"""


ADDED = "e.code = 'AUD-CHANGE' AND e.text LIKE '%listener.add: proxy client %: added%'"
"""The audit entries of the clients that the acts have made."""


class Load:
    """Delivers events as a client does, and remembers those that it was told are stored."""

    def __init__(self, installation: Installation, token: str) -> None:
        self._installation, self._token = installation, token
        self.acknowledged: set[str] = set()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._deliver, daemon=True)
        self._number = 0

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(30)

    def _deliver(self) -> None:
        events: tuple[Event, ...] = ()
        while not self._ending.is_set():
            try:
                with self._installation.caller(self._token) as api:
                    while not self._ending.is_set():
                        events = events or self._next()
                        answer = api.post("events", content=msgspec.json.encode(EventBatch(events=events)))
                        stored = msgspec.json.decode(answer.content, type=EventsStored).stored
                        assert stored == len(events)
                        self.acknowledged |= {event.id for event in events}
                        events = ()
            except (httpx.HTTPError, OSError, msgspec.ValidationError, msgspec.DecodeError):
                time.sleep(0.05)  # killed; the same batch goes again, as the courier's spool has it

    def _next(self) -> tuple[Event, ...]:
        self._number += BATCH
        ids = range(self._number - BATCH, self._number)
        return tuple(
            Event(id=f"load-{number}", code="CLI-END", time=time.time(), hop="inside", fields={"reason": str(number)})
            for number in ids
        )


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "home")
    made.init()
    made.run("set", "queue_seconds", "1")
    yield made
    made.close()


@contextmanager
def running(installation: Installation, port: int) -> Iterator[list["subprocess.Popen[str]"]]:
    """Run API, queue daemon and somebody who acts; kill all of them at the end."""
    programs = (
        [SEONAPI, "serve", "--listen", f"127.0.0.1:{port}", "--replace-stale-pid"],
        [SEONAPI, "queue", "--replace-stale-pid"],
        [sys.executable, "-c", ACTOR],
    )
    processes = [
        subprocess.Popen(program, env=installation.environment, stdout=subprocess.PIPE, text=True)
        for program in programs
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.communicate()


def half_done(home: Path) -> dict[str, list[str]]:
    """Return what an act has left without its other half."""
    with sqlite3.connect(home / "seonapi.sqlite3") as connection:

        def names(question: str) -> list[str]:
            return [str(row[0]) for row in connection.execute(question)]

        (whole,) = names("PRAGMA integrity_check")
        assert whole == "ok"
        found = {
            "client without its port": names(
                "SELECT name FROM proxies_proxyclient c WHERE NOT EXISTS "
                "(SELECT 1 FROM proxies_listener l WHERE l.client_id = c.id)"
            ),
            "client without its history": names(
                "SELECT name FROM proxies_proxyclient c WHERE NOT EXISTS "
                "(SELECT 1 FROM proxies_historicalproxyclient h WHERE h.id = c.id)"
            ),
            "port without its audit entry": names(
                "SELECT c.name FROM proxies_proxyclient c WHERE NOT EXISTS (SELECT 1 FROM journal_entry e "
                "WHERE e.code = 'AUD-CHANGE' AND e.text LIKE '%client ' || c.name || ' (%added%')"
            ),
            "audit entry without its client": names(
                f"SELECT text FROM journal_entry e WHERE {ADDED} AND NOT EXISTS "
                "(SELECT 1 FROM proxies_proxyclient c WHERE e.text LIKE '%client ' || c.name || ' (%')"
            ),
        }
    connection.close()
    return {what: rows for what, rows in found.items() if rows}


def stored(home: Path) -> list[str]:
    connection = sqlite3.connect(home / "seonapi.sqlite3")
    rows = [row[0] for row in connection.execute("SELECT event_id FROM journal_entry WHERE event_id LIKE 'load-%'")]
    connection.close()
    return rows


def kill_again_and_again(installation: Installation, times: int) -> None:
    token = installation.run("token", "new", "client")
    installation.serve()  # chooses the port
    port = installation.port
    installation.stop()
    acted: set[str] = set()
    chance = random.Random(times)
    with Load(installation, token) as load:
        for _ in range(times):
            before = len(load.acknowledged)
            with running(installation, port) as processes:
                actor = processes[-1].stdout
                assert actor is not None
                acted.add(actor.readline().strip())
                eventually(lambda before=before: len(load.acknowledged) > before, seconds=60, why="events are taken")
                until = time.monotonic() + chance.uniform(0, 0.3)
                while time.monotonic() < until:
                    acted.add(actor.readline().strip())
            assert half_done(installation.home) == {}
    there = stored(installation.home)
    assert len(there) == len(set(there)), "each once"
    assert load.acknowledged - set(there) == set()
    assert len(load.acknowledged) >= times * BATCH
    connection = sqlite3.connect(installation.home / "seonapi.sqlite3")
    (audited,) = connection.execute(f"SELECT count(*) FROM journal_entry e WHERE {ADDED}").fetchone()
    clients = {row[0] for row in connection.execute("SELECT name FROM proxies_proxyclient")}
    connection.close()
    assert acted - {""} - clients == set(), "what a command said is done"
    assert audited == len(clients) >= len(acted - {""}) >= times
    assert "job expiry" in installation.run("queue", "run", "expiry"), "the jobs go on, nobody clears a lock away"


def test_two_kills_under_load_lose_nothing(installation: Installation) -> None:
    kill_again_and_again(installation, 2)


@pytest.mark.slow
@pytest.mark.parametrize("times", [10, 100])
def test_many_kills_under_load_lose_nothing(installation: Installation, times: int) -> None:
    kill_again_and_again(installation, times)
