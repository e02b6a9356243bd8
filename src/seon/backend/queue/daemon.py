"""The loop of the queue daemon."""

import logging
import signal
import threading
from collections.abc import Callable

from django.db import connection

from seon.backend.configuration.models import Settings
from seon.backend.queue.cleanup import TASKS

RETRY_SECONDS = 30
"""How soon the next round comes when the database could not even be asked for the time slice."""

log = logging.getLogger("seon.queue")


def run(say: Callable[[str], None]) -> None:
    """Do a round of tasks in every time slice until SIGTERM or SIGINT; `say` gets the ready line."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    log.info("Queue daemon started")
    say("ready")
    while True:
        run_round()
        if stop.wait(_time_slice()):
            break
    log.info("Queue daemon ended")


def run_round() -> None:
    """Do every task once; one that fails is logged and tried again in the next round."""
    for task in TASKS:
        try:
            told = task()
        except Exception:
            log.exception("%s failed", task.__name__)
            connection.close()
        else:
            if told:
                log.info("%s", told)


def _time_slice() -> float:
    """Seconds until the next round; asked each time, so that a change counts at once."""
    try:
        return Settings.load().queue_seconds
    except Exception:
        log.exception("The time slice cannot be read")
        connection.close()
        return RETRY_SECONDS
