"""Downloads that run beside each other, each in a thread of its own. Only the caller's thread knows the database.

What has come is read there, too, one at a time: a large list takes seconds, and several times its size of memory.
"""

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from seon.backend.revocation.bringing import Brought, Expected, bring
from seon.backend.revocation.destinations import DownloadError
from seon.backend.revocation.downloading import Limits, Line, Say, Wanted, fetch
from seon.pki import PkiError

Outcome = Brought | DownloadError | PkiError
log = logging.getLogger("seon.queue")


@dataclass(frozen=True, slots=True)
class _Running:
    line: Line
    group: int


class Downloads:
    """What is being fetched. A key names a download, a group those that share their bound."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits
        self._running: dict[int, _Running] = {}
        self._reading = threading.Lock()
        self._done: queue.SimpleQueue[tuple[int, Outcome]] = queue.SimpleQueue()

    def __len__(self) -> int:
        return len(self._running)

    def __contains__(self, key: int) -> bool:
        return key in self._running

    def of_group(self, group: int) -> int:
        """Return how many of a group there are."""
        return sum(one.group == group for one in self._running.values())

    def start(self, key: int, group: int, wanted: Wanted, expected: Expected, say: Say = lambda _: None) -> None:
        """Begin to fetch. The thread is no reason for the process to stay: a name may be resolved for minutes."""
        line = Line()
        self._running[key] = _Running(line, group)
        work: Callable[[], None] = lambda: self._done.put((key, self._brought(wanted, expected, line, say)))  # noqa: E731
        threading.Thread(target=work, name=f"crl-{key}", daemon=True).start()

    def take(self) -> list[tuple[int, Outcome]]:
        """Return what has ended since it was asked last."""
        ended = []
        while not self._done.empty():
            key, outcome = self._done.get()
            if self._running.pop(key, None) is not None:
                ended.append((key, outcome))
        return ended

    def give_up(self) -> None:
        """Cut off everything; nobody waits for it any more."""
        running, self._running = self._running, {}
        for one in running.values():
            one.line.cut("given up")

    def _brought(self, wanted: Wanted, expected: Expected, line: Line, say: Say) -> Outcome:
        try:
            fetched = fetch(wanted, line, say, self._limits)
            with self._reading:
                line.check()
                return bring(fetched, expected)
        except (DownloadError, PkiError) as error:
            return error
        except Exception as error:  # whatever it is: the download has failed, and the log says how
            log.exception("A revocation list cannot be fetched from %s", wanted.url)
            return DownloadError(f"internal error: {type(error).__name__}; the log says more")
