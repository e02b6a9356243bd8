"""Scripts and events for the tests of the event script."""

import itertools
import time
from pathlib import Path

from seon.backend.acting.actors import owner
from seon.backend.journal.recording import store
from seon.backend.script.actions import set_script
from seon.backend.script.models import ScriptRun
from seon.events import Event, Value

_numbers = itertools.count()


def script(directory: Path, text: str, name: str = "on-event") -> Path:
    """Write a shell script that may be run."""
    path = directory / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return path


def chosen(directory: Path, text: str = "true") -> Path:
    """Write a script and let it be the event script."""
    path = script(directory, text)
    set_script(owner(), str(path))
    return path


def critical(**fields: Value) -> Event:
    """Return a critical event that never was before."""
    given = {"address": "192.0.2.1:6619", "reason": "in use", **fields}
    return Event(id=f"p-dmz-{next(_numbers)}", code="SRV-PORT", time=time.time(), hop="dmz", fields=given)


def stored(**fields: Value) -> ScriptRun:
    """Store a critical event and return its run."""
    event = critical(**fields)
    store([event], "token")
    return ScriptRun.objects.get(event_id=event.id)
