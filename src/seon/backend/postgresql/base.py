"""Connections to PostgreSQL that outlive a call.

Each call of the API has a thread of its own, and Django a connection for each thread. To make one costs both sides
more than a small call does: a process, the password's proof, and empty caches (docs/benchmarks.md). So `seonapi serve`
keeps some of those that calls have left, for calls to come. Whoever gets one gets it as it was when it was new:
`DISCARD ALL`. That shows as well whether it still works.
"""

import time
from threading import Lock
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

LONGEST_IDLE = 60.0
"""Seconds for which one is kept. A firewall between forgets it at some time, and says nothing."""


class Kept:
    """Connections of one process that nobody uses. Any thread may call."""

    def __init__(self) -> None:
        self._most = 0
        self._idle: list[tuple[float, Any, psycopg.Connection[Any]]] = []
        self._lock = Lock()

    def keep(self, most: int) -> None:
        """Keep at most so many from now on; 0, as at the beginning: none."""
        with self._lock:
            self._most = most
        self._drop(most)

    def put(self, made_with: Any, connection: "psycopg.Connection[Any]") -> bool:
        """Keep a connection that nobody uses any more. Returns whether it is kept; else it is still the caller's."""
        is_clean = connection.autocommit and connection.info.transaction_status == TransactionStatus.IDLE
        with self._lock:
            if not is_clean or len(self._idle) >= self._most:
                return False
            self._idle.append((time.monotonic(), made_with, connection))
        return True

    def take(self, made_with: Any) -> "psycopg.Connection[Any] | None":
        """Return a connection as if it was just made with these parameters, if one is here."""
        with self._lock:
            since, parameters, connection = self._idle.pop() if self._idle else (0.0, None, None)
        if connection is None:
            return None
        try:
            if parameters == made_with and time.monotonic() - since <= LONGEST_IDLE:
                connection.execute("DISCARD ALL")
                return connection
        except psycopg.Error:  # what has become of this one has become of the others, too
            pass
        connection.close()
        self._drop(0)
        return None

    def _drop(self, most: int) -> None:
        with self._lock:
            dropped, self._idle = self._idle[most:], self._idle[:most]
        for _, _, connection in dropped:
            connection.close()


kept = Kept()
"""Those of this process. It keeps none unless it is told to."""


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, with kept connections where the process keeps some."""

    _made_with: Any = None

    def get_new_connection(self, conn_params: Any) -> Any:
        """Return a kept connection, or a new one."""
        self._made_with = conn_params
        return kept.take(conn_params) or super().get_new_connection(conn_params)

    def _close(self) -> None:
        if self.connection is None or self.in_atomic_block or not kept.put(self._made_with, self.connection):
            super()._close()  # type: ignore[misc]
