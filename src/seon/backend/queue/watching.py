"""Is the Seon send queue daemon there? Each API process looks; one event says that it is away, one that it is back.

The word that it is away stands in the database, and whoever turns it writes the event in the same transaction: so of
several API processes one does.
"""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from seon.backend.configuration.models import Settings
from seon.backend.journal.recording import record
from seon.backend.queue.locks import QUEUE
from seon.backend.queue.models import Service

LOOK_SECONDS = 60.0
SLICES = 3
"""So many time slices without a sign of it, and it is away."""
LEAST = timedelta(seconds=5)
"""However short a time slice is: a host may be busy for a moment."""

log = logging.getLogger("seon.api")


class Watch:
    """What one API process sees of it."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def look(self) -> float:
        """Look once, say what has changed; returns in how many seconds to look again. Raises DatabaseError."""
        seconds = Settings.load().queue_seconds
        patience = patience_of(seconds)
        now = timezone.now()
        # After a reboot it may start a little later than we do: it gets its time.
        if time.monotonic() - self._began >= patience.total_seconds():
            self._tell(now - patience)
        else:
            _know()
        return min(LOOK_SECONDS, seconds)

    def _tell(self, limit: datetime) -> None:
        service = _know()
        here: dict[str, str | int] = {"host": service.host, "pid": service.pid} if service.host else {}
        mine = Service.objects.filter(name=QUEUE)
        with transaction.atomic():
            if mine.filter(seen_at__lt=limit, away=False).update(away=True):
                record("QUE-AWAY", since=f"{service.seen_at:%Y-%m-%d %H:%M:%S} UTC", **here)
            elif mine.filter(seen_at__gte=limit, away=True).update(away=False):
                record("QUE-BACK", **here)


async def keep_watch() -> None:
    """Look again and again, in a thread of its own. To be cancelled at the end of the process."""
    watch, pool = Watch(), ThreadPoolExecutor(max_workers=1, thread_name_prefix="queue-watch")
    while True:
        await asyncio.sleep(await asyncio.get_running_loop().run_in_executor(pool, _look, watch))


def _look(watch: Watch) -> float:
    """Look, and keep no connection for it."""
    try:
        return watch.look()
    except Exception:
        log.exception("It cannot be seen whether the Seon send queue daemon runs")
        return LOOK_SECONDS
    finally:
        connection.close()


def patience_of(queue_seconds: float) -> timedelta:
    """Return how long the daemon may do nothing before it is away."""
    return max(SLICES * timedelta(seconds=queue_seconds), LEAST)


def _know() -> Service:
    """Return what is known of the daemon. If it has never run, it is missed from now on."""
    return Service.objects.get_or_create(name=QUEUE, defaults={"seen_at": timezone.now()})[0]
