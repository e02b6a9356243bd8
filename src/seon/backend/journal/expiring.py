"""The end of ignore rules: the queue daemon removes those that have expired, and says so in the system log."""

from django.db import transaction
from django.utils import timezone

from seon.backend.acting import audit
from seon.backend.acting.actors import itself
from seon.backend.journal.models import IgnoreRule
from seon.backend.journal.recording import record


def remove_expired_rules() -> str:
    """Remove the ignore rules whose time is over, each with an entry in the system log; returns a line for the log."""
    removed = 0
    for key in IgnoreRule.objects.filter(valid_to__lte=timezone.now()).values_list("pk", flat=True):
        removed += _remove(key)
    return f"{removed} expired ignore rules removed" if removed else ""


def _remove(key: int) -> bool:
    """Remove one, if it is still there and still expired: an administrator may just have changed it."""
    with transaction.atomic():
        expired = IgnoreRule.objects.select_for_update().filter(pk=key, valid_to__lte=timezone.now()).first()
        if expired is None or expired.valid_to is None:
            return False
        name, until = str(expired), f"{expired.valid_to:%Y-%m-%d %H:%M} UTC"
        with audit.collected("ignore.expire", itself("queue daemon")):
            expired.delete()
        record("LOG-EXPIRED", rule=name, until=until, text=expired.text, code=expired.code)
    return True
