"""SIGKILL of Seonapi's programs under load: API, queue daemon, events service, and somebody who acts.

What a client was told is stored is stored, no act is half done, and each critical event has its run of the script.
"""

import functools
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from functional.events_service import running as one_running
from functional.events_service import script
from functional.postgresql import Cluster, running_cluster
from functional.processes import eventually
from functional.seonapi import SEONAPI, Installation
from ports import free_port
from seon.api_messages import EventBatch, EventsStored
from seon.events import Event

BATCH = 20
AT_ONCE = 4
"""Runs of the event script at once, as it is by default."""
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


CRITICAL = "load-critical-"
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
        ids = range(self._number - BATCH, self._number - 1)
        fields = {"address": f"{CRITICAL}{self._number}", "reason": "in use"}
        return (
            Event(id=f"{CRITICAL}{self._number}", code="SRV-PORT", time=time.time(), hop="dmz", fields=fields),
            *(Event(id=f"load-{n}", code="CLI-END", time=time.time(), hop="inside", fields={"reason": str(n)})
              for n in ids),
        )  # fmt: skip


@dataclass
class Place:
    """An installation, and its database as it can be looked into."""

    installation: Installation
    ask: Callable[[str], list[tuple[Any, ...]]]
    told: Path
    """Where the event script writes for which event it was started."""

    def column(self, question: str) -> list[str]:
        return [str(row[0]) for row in self.ask(question)]

    def runs(self) -> list[str]:
        return self.told.read_text().split() if self.told.exists() else []


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as server:
        yield server


@pytest.fixture
def place(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    made = Installation(tmp_path / "home")

    def of_sqlite(question: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(made.home / "seonapi.sqlite3")) as connection:
            return connection.execute(question).fetchall()

    ask = of_sqlite
    if database == "postgresql":
        server: Cluster = request.getfixturevalue("cluster")
        made.extra["SEON_DATABASE_URL"] = server.new_database("seon")
        ask = functools.partial(server.ask, "seon")
    made.init()
    made.run("set", "queue_seconds", "1")
    script(made, f'echo "$SEON_FIELD_ADDRESS" >> {tmp_path}/told')
    yield Place(made, ask, tmp_path / "told")
    made.close()


@contextmanager
def running(installation: Installation, port: int) -> Iterator[list["subprocess.Popen[str]"]]:
    """Run the programs and somebody who acts; kill all of them at the end."""
    programs = (
        [SEONAPI, "serve", "--listen", f"127.0.0.1:{port}", "--replace-stale-pid"],
        [SEONAPI, "queue", "--replace-stale-pid"],
        [SEONAPI, "events", "--replace-stale-pid"],  # of it and the daemon's thread one is active
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


def half_done(place: Place) -> dict[str, list[str]]:
    """Return what an act has left without its other half."""
    if "SEON_DATABASE_URL" not in place.installation.extra:
        assert place.column("PRAGMA integrity_check") == ["ok"]
    found = {
        "client without its port":
            "SELECT name FROM proxies_proxyclient c WHERE NOT EXISTS "
            "(SELECT 1 FROM proxies_listener l WHERE l.client_id = c.id)",
        "client without its history":
            "SELECT name FROM proxies_proxyclient c WHERE NOT EXISTS "
            "(SELECT 1 FROM proxies_historicalproxyclient h WHERE h.id = c.id)",
        "port without its audit entry":
            "SELECT c.name FROM proxies_proxyclient c WHERE NOT EXISTS (SELECT 1 FROM journal_entry e "
            "WHERE e.code = 'AUD-CHANGE' AND e.text LIKE '%client ' || c.name || ' (%added%')",
        "audit entry without its client":
            f"SELECT text FROM journal_entry e WHERE {ADDED} AND NOT EXISTS "
            "(SELECT 1 FROM proxies_proxyclient c WHERE e.text LIKE '%client ' || c.name || ' (%')",
        "critical event without its run":
            f"SELECT event_id FROM journal_entry e WHERE event_id LIKE '{CRITICAL}%' AND NOT EXISTS "
            "(SELECT 1 FROM script_scriptrun r WHERE r.event_id = e.event_id)",
        "run without its event":
            "SELECT event_id FROM script_scriptrun r WHERE NOT EXISTS "
            "(SELECT 1 FROM journal_entry e WHERE r.event_id = e.event_id)",
    }  # fmt: skip
    return {what: rows for what, question in found.items() if (rows := place.column(question))}


def kill_again_and_again(place: Place, times: int) -> None:
    installation = place.installation
    token = installation.run("token", "add", "client")
    installation.port = free_port()
    acted: set[str] = set()
    chance = random.Random(times)
    with Load(installation, token) as load:
        for _ in range(times):
            before = len(load.acknowledged), len(place.runs())
            with running(installation, installation.port) as processes:
                actor = processes[-1].stdout
                assert actor is not None
                acted.add(actor.readline().strip())

                def all_work(before: tuple[int, int] = before) -> bool:
                    return len(load.acknowledged) > before[0] and len(place.runs()) > before[1]

                eventually(all_work, seconds=60, why="events are taken, and scripts run")
                until = time.monotonic() + chance.uniform(0, 0.3)
                while time.monotonic() < until:
                    acted.add(actor.readline().strip())
            assert half_done(place) == {}
    assert len(load.acknowledged) >= times * BATCH
    nothing_is_missing(place, load.acknowledged)
    clients = set(place.column("SELECT name FROM proxies_proxyclient"))
    (audited,) = place.column(f"SELECT count(*) FROM journal_entry e WHERE {ADDED}")
    assert acted - {""} - clients == set(), "what a command said is done"
    assert int(audited) == len(clients) >= len(acted - {""}) >= times
    assert "job expiry" in installation.run("queue", "run", "expiry"), "the jobs go on, nobody clears a lock away"
    every_run_was_begun(place, times)


def nothing_is_missing(place: Place, acknowledged: set[str]) -> None:
    there = place.column("SELECT event_id FROM journal_entry WHERE event_id LIKE 'load-%'")
    assert len(there) == len(set(there)), "each once"
    assert acknowledged - set(there) == set()


def every_run_was_begun(place: Place, times: int) -> None:
    """Let the service work off what waits: the script has been started for every event, and hardly ever twice."""
    waiting = "SELECT count(*) FROM script_scriptrun WHERE state IN ('waiting', 'running')"
    wanted = place.column(f"SELECT event_id FROM journal_entry WHERE event_id LIKE '{CRITICAL}%'")
    with one_running(place.installation):
        eventually(lambda: place.column(waiting) == ["0"], 60 + len(wanted) / 10, every=0.5)
    told = place.runs()
    assert set(told) == set(wanted)
    again = len(told) - len(wanted)
    print(f"{times} kills, {len(wanted)} runs, {again} of them begun again")
    assert again <= AT_ONCE * times, "no more than run at once"
    results = set(place.column("SELECT DISTINCT state || ': ' || result FROM script_scriptrun"))
    assert results <= {"done: exit status 0", "failed: interrupted too often"}


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_two_kills_under_load_lose_nothing(place: Place) -> None:
    kill_again_and_again(place, 2)


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("times", [10, pytest.param(100, marks=pytest.mark.timeout(1_700))])
def test_many_kills_under_load_lose_nothing(place: Place, times: int) -> None:
    kill_again_and_again(place, times)
