"""A line of the log as a JSON object with the field names of the Elastic Common Schema."""

import datetime as dt
from typing import Any

from seon.events import Event

VERSION = "8.11.0"
"""The version of the schema whose names are used."""


def document(
    event: Event | None, *, time: float, level: str, category: str, pid: int, program: str, text: str
) -> dict[str, Any]:
    """Return the object; `time`: Unix time, `text`: the line as the log shows it, without time and level."""
    made: dict[str, Any] = {
        "@timestamp": dt.datetime.fromtimestamp(time, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "ecs": {"version": VERSION},
        "log": {"level": level.lower(), "logger": category},
        "process": {"pid": pid, "name": program},
        "message": text,
    }
    if event:
        made["event"] = {"code": event.code, "id": event.id}
        made["seon"] = {"session": event.session, **event.fields}
    return made
