"""The event script with real programs: an installation, its events service, events as a client delivers them."""

import itertools
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec

from functional.seonapi import SEONAPI, Installation
from seon.api_messages import EVENTS_PER_BATCH, EventBatch, EventsStored
from seon.events import Event, Value

_numbers = itertools.count()


def critical(**fields: Value) -> Event:
    """Return a critical event that never was before."""
    given = {"address": "192.0.2.1:6619", "reason": "in use", **fields}
    return Event(id=f"load-dmz-{next(_numbers)}", code="SRV-PORT", time=time.time(), hop="dmz", fields=given)


def deliver(api: httpx.Client, events: list[Event]) -> None:
    """Deliver events as the courier does; what is answered is in the journal."""
    for start in range(0, len(events), EVENTS_PER_BATCH):
        batch = EventBatch(tuple(events[start : start + EVENTS_PER_BATCH]))
        answer = api.post("events", content=msgspec.json.encode(batch))
        assert answer.status_code == 200, answer.text
        assert msgspec.json.decode(answer.content, type=EventsStored).stored == len(batch.events)


def script(installation: Installation, text: str) -> Path:
    """Write a script and let it be the event script."""
    path = installation.home.parent / "on-event"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    installation.run("script", "set", str(path))
    return path


def start(installation: Installation, name: str = "events", *more: str) -> "subprocess.Popen[str]":
    """Start a daemon and wait until it is ready."""
    process = subprocess.Popen(
        [SEONAPI, name, "--replace-stale-pid", *more],
        env=installation.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def stop(process: "subprocess.Popen[str]", number: int = signal.SIGTERM) -> int:
    """End a daemon and return its exit status."""
    process.send_signal(number)
    status = process.wait(30)
    assert process.stdout is not None
    process.stdout.close()
    return status


@contextmanager
def running(installation: Installation, name: str = "events", *more: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a daemon; it ends in order."""
    process = start(installation, name, *more)
    try:
        yield process
        assert process.poll() is None
    finally:
        stop(process)


def runs(installation: Installation, columns: str = "state") -> list[tuple[object, ...]]:
    """Look into the queue, read-only; oldest first."""
    database = sqlite3.connect(f"file:{installation.home / 'seonapi.sqlite3'}?mode=ro", uri=True)
    try:
        return database.execute(f"SELECT {columns} FROM script_scriptrun ORDER BY id").fetchall()
    finally:
        database.close()


def all_ended(installation: Installation, count: int) -> bool:
    """Whether there are so many runs, and none waits or runs."""
    states = [state for (state,) in runs(installation)]
    return len(states) == count and not set(states) & {"waiting", "running"}
