"""Changes of models that have a history, seen by themselves: which fields, from what to what (mission F1)."""

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.dispatch import receiver
from simple_history.signals import post_create_historical_record, pre_create_historical_record

from seon.backend.acting import audit
from seon.backend.acting.actors import Way, itself, user_of
from seon.events import shown

LONGEST = 120
"""Characters of one value that are shown; the history has all of it."""
OUTSIDE = "without an act"
"""What an entry names where a model was changed by no act."""


@receiver(pre_create_historical_record, dispatch_uid="seon.audit.who")
def _say_who(history_instance: Any, **_: Any) -> None:
    """Keep with each row of a history who has changed it, and by which act."""
    running = audit.running()
    if running is not None and history_instance.history_change_reason is None:
        history_instance.history_change_reason = running.who


@receiver(post_create_historical_record, dispatch_uid="seon.audit")
def _changed(instance: models.Model, history_instance: Any, history_user: Any = None, **_: Any) -> None:
    what = f"{instance._meta.verbose_name} {instance}"[:300]
    change, values = _change(history_instance)
    running = audit.running()
    if running is not None:
        running.note(what, change, values)
        return
    by = user_of(history_user, Way.PANEL, confirmed=False) if history_user else itself("Seonapi")
    audit.record_change(by, OUTSIDE, what, change, values)


def _change(now: Any) -> tuple[str, list[audit.Value]]:
    """Return what was changed in words, and the values of before and now."""
    if now.history_type == "-":
        return "removed", []
    if now.history_type == "+":
        first = list(_first_values(now))
        return "; ".join(("added", *(f"{name}: {value}" for name, _, value in first))), first
    before = now.prev_record
    if before is None:
        return "changed", []
    changes = now.diff_against(before, foreign_keys_are_objs=True).changes
    if not changes:
        return "saved without a change", []
    ours = type(now.instance)
    values = [(change.field, _said(_others(change.old, ours)), _said(_others(change.new, ours))) for change in changes]
    return "; ".join(f"{name}: {old} to {new}" for name, old, new in values), values


def _others(value: object, ours: type[models.Model]) -> object:
    """Return what stands on the other side of a many-to-many field, as text; another value as it is."""
    if not isinstance(value, list):
        return value
    return ", ".join(str(other) for row in value for other in row.values() if not isinstance(other, ours))


def _first_values(now: Any) -> Iterator[audit.Value]:
    """Yield what differs from the defaults in a new row."""
    for field in now.tracked_fields:
        value = getattr(now, field.attname)
        if not field.primary_key and value not in (None, "", field.get_default()):
            yield field.name, "", _said(getattr(now, field.name) if field.is_relation else value)


def _said(value: object) -> str:
    """Return a value as an entry shows it: on one line, strings in quotation marks, nothing too long."""
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    text = ", ".join(str(value).splitlines())
    return f"'{shown(text)}'" if len(text) <= LONGEST else f"({len(str(value))} characters)"
