"""What is new in a configuration, part by part, for the log at DEBUG: ids, counts and settings, and no secret.

Partners' ids, addresses and limits are shown; of certificates and rules only which of them have changed. It is bounded,
however large the configuration is.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from seon.config import ClientConfiguration, ServerConfiguration
from seon.daemon.log import Log
from seon.process.levels import Level

MAX_NAMED = 10
"""Ids or fields that are named in one line; of the others only how many they are."""

Configuration = ServerConfiguration | ClientConfiguration


def say_changes(log: Log, version: int, before: Configuration, after: Configuration) -> None:
    """Write what is new in a configuration that is about to be in force, where somebody reads it."""
    if log.wants("configuration", Level.DEBUG):
        for text in changes(before, after):
            log.write("configuration", Level.DEBUG, f"Configuration {version}: {text}")


def changes(before: Configuration, after: Configuration) -> Iterator[str]:
    """Yield a line for each part that is not what it was."""
    nothing = True
    for field in msgspec.structs.fields(after):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old == new:
            continue
        for text in _PARTS.get(field.name, _value)(old, new):
            nothing = False
            yield f"{field.name.replace('_', ' ')}: {text}"
    if nothing:
        yield "nothing has changed"


def _partners(old: Iterable[Any], new: Iterable[Any]) -> Iterator[str]:
    before, after = {one.id: one for one in old}, {one.id: one for one in new}
    yield from _named("added", (name for name in after if name not in before))
    yield from _named("removed", (name for name in before if name not in after))
    changed = [name for name, one in after.items() if name in before and before[name] != one]
    for at, name in enumerate(changed[:MAX_NAMED]):  # of no more than are named: to compare 10,000 takes a second
        changed[at] = f"{name} ({', '.join(_changed_fields(before[name], after[name]))})"
    yield from _named("changed", changed)


def _members(old: Iterable[Any], new: Iterable[Any]) -> Iterator[str]:
    """Say how many of a set's members are new and how many have gone."""
    before, after = set(old), set(new)
    yield f"{len(after)}, of them {len(after - before)} new; {len(before - after)} removed"


def _settings(old: Any, new: Any) -> Iterator[str]:
    yield from _named("set", (f"{name} {getattr(new, name)}" for name in _changed_fields(old, new)))


def _names_of_settings(old: Any, new: Any) -> Iterator[str]:
    yield from _named("changed", _changed_fields(old, new))


def _certificate(old: Any, new: Any) -> Iterator[str]:
    if new is None:
        yield "none any more"
    elif old is None:
        yield f"{new.id}, the first"
    else:
        yield f"{new.id}, before {old.id}" if old.id != new.id else f"{new.id} has another chain"


def _daemon(old: Any, new: Any) -> Iterator[str]:
    before, after = (f"{one.host} port {one.port}" if one else "none" for one in (old, new))
    yield f"{after}, before {before}"


def _listeners(old: Iterable[Any], new: Iterable[Any]) -> Iterator[str]:
    before, after = ({f"{one.address} port {one.port} for {one.partner}" for one in ones} for ones in (old, new))
    yield from _named("added", sorted(after - before))
    yield from _named("removed", sorted(before - after))


def _value(old: object, new: object) -> Iterator[str]:
    yield f"{new if new != '' else '(none)'}, before {old if old != '' else '(none)'}"


def _changed_fields(old: Any, new: Any) -> list[str]:
    names = (field.name for field in msgspec.structs.fields(new))
    return [name for name in names if getattr(old, name) != getattr(new, name)]


def _named(what: str, names: Iterable[str]) -> Iterator[str]:
    """Say how many there are and what the first are called; nothing if there are none."""
    every = list(names)
    more = len(every) - MAX_NAMED
    if every:
        yield f"{len(every)} {what}: {', '.join(every[:MAX_NAMED])}" + (f" and {more} more" if more > 0 else "")


_PARTS: dict[str, Callable[[Any, Any], Iterator[str]]] = {
    "own_certificate": _certificate,
    "partners": _partners,
    "crls": _members,
    "anchors": _members,
    "admission": _settings,
    "load_balancers": _members,
    "exempt_networks": _members,
    "traced_sessions": _members,
    "limits": _settings,
    "rules": _names_of_settings,
    "receive_daemon": _daemon,
    "listeners": _listeners,
}
"""How the parts are said that are no single values."""
