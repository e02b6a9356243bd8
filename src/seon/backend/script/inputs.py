"""What the event script is given: arguments, environment, and a JSON object on its standard input.

No shell reads any of it. A NUL, which neither an argument nor a variable can hold, stands there as `\\x00`.
"""

import pwd
import re
from collections.abc import Iterator
from datetime import UTC
from os import getuid

import msgspec

from seon.backend.script.models import ScriptRun
from seon.backend.script.queueing import MOST_CHARACTERS
from seon.events import Severity

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ARGUMENTS = ("severity", "code", "message", "time", "server", "session", "partner", "source")
"""The arguments in their order; each is the variable SEON_EVENT_<NAME>, too."""


def values_of(run: ScriptRun) -> dict[str, str]:
    """Return what the arguments are, by name and in their order."""
    values = {
        "severity": Severity(run.severity).name.lower(),
        "time": run.time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    return {name: values[name] if name in values else getattr(run, name) for name in ARGUMENTS}


def arguments(run: ScriptRun) -> list[bytes]:
    """Return the arguments."""
    return [_octets(value) for value in values_of(run).values()]


def environment(run: ScriptRun) -> dict[bytes, bytes]:
    """Return the whole environment: nothing of Seonapi's own is in it, neither its home nor a secret's place."""
    return {name.encode(): _octets(value) for name, value in _variables(run)}


def document(run: ScriptRun) -> bytes:
    """Return the JSON object, one line."""
    values: dict[str, object] = dict(values_of(run))
    more = {
        "id": run.event_id, "hop": run.hop, "fields": run.fields, "attempt": run.attempts, "repeats": run.repeats,
    }  # fmt: skip
    return msgspec.json.encode(values | more) + b"\n"


def _variables(run: ScriptRun) -> Iterator[tuple[str, str]]:
    """Yield the variables; where two fields have one name as variables, the later one counts."""
    for name, value in run.fields.items():
        yield f"SEON_FIELD_{_variable(str(name))}", _as_text(value)
    for name, value in values_of(run).items():
        yield f"SEON_EVENT_{name.upper()}", value
    yield "SEON_EVENT_ID", run.event_id
    yield "SEON_EVENT_HOP", run.hop
    yield "SEON_ATTEMPT", str(run.attempts)
    yield "SEON_REPEATS", str(run.repeats)
    yield "PATH", PATH
    yield "HOME", _home()
    yield "LANG", "C.UTF-8"


def _variable(name: str) -> str:
    return re.sub(r"[^A-Z0-9_]", "_", name.upper())[:100]


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _octets(value: str) -> bytes:
    return value[:MOST_CHARACTERS].replace("\0", "\\x00").encode("utf-8", "replace")


def _home() -> str:
    try:
        return pwd.getpwuid(getuid()).pw_dir
    except KeyError:  # a container without this user in its list
        return "/"
