"""A client that calls from an address which no entry has is told of in the system log, once an hour."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from seon.backend.journal.recording import record
from seon.backend.proxies.models import ProxyClient, UnknownCaller

TOLD_AGAIN = timedelta(hours=1)
FORGOTTEN = timedelta(days=1)
"""An address that did not call for so long is removed by queue/cleanup.py; so the table stays small, whoever calls."""


def tell_unknown(address: str, token: str) -> None:
    """Tell that the client at this address is in no entry, unless it is in one or that was told within the hour.

    `address` in its one form; `token`: the name of its token, by which a person knows the client.
    """
    now = timezone.now()
    told = UnknownCaller.objects.filter(address=address, told_at__gt=now - TOLD_AGAIN)
    if ProxyClient.objects.filter(address=address).exists() or told.exists():
        return
    with transaction.atomic():
        _, is_new = UnknownCaller.objects.get_or_create(address=address, defaults={"told_at": now})
        # Of two processes at once the update of one finds nothing any more.
        due = UnknownCaller.objects.filter(address=address, told_at__lte=now - TOLD_AGAIN)
        if is_new or due.update(told_at=now):
            record("CLI-UNKNOWN", address=address, token=token)
