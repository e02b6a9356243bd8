"""Every change of the configuration is an event: who, what, which fields (mission F1). The history has the values."""

import getpass
from typing import Any

from django.db import models
from django.dispatch import receiver
from simple_history.signals import post_create_historical_record

from seon.backend.journal.recording import record


def operating_user() -> str:
    """Return the name of this process's user, as an event shows it."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError, ImportError):  # a container without this user in its list
        return "command line"


@receiver(post_create_historical_record, dispatch_uid="seon.audit")
def _changed(instance: models.Model, history_instance: Any, history_user: Any = None, **_: Any) -> None:
    record(
        "AUD-CHANGE",
        user=history_user.get_username() if history_user else operating_user(),
        what=f"{instance._meta.verbose_name} {instance}"[:300],
        change=_change(history_instance),
    )


def _change(now: Any) -> str:
    if now.history_type != "~":
        return "added" if now.history_type == "+" else "removed"
    before = now.prev_record
    if before is None:
        return "changed"
    names = now.diff_against(before, foreign_keys_are_objs=False).changed_fields
    return ", ".join(names) if names else "saved without a change"
