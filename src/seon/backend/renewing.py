"""The https certificate while `seonapi serve` runs: renewed before it ends, and taken up when it was replaced."""

import asyncio
import logging
import time

from django.conf import settings
from django.db import connection

from seon.backend.errors import OperatorError
from seon.backend.home import Home
from seon.backend.https import names_in
from seon.backend.https_server import HttpsServer
from seon.backend.installation import renew_if_due
from seon.pki import PkiError

LOOK_SECONDS = 0.5
"""Two looks are needed: a pair of files that is just being written is not taken up half."""
RETRY_SECONDS = 60.0
"""Between two tries of a pair of files that cannot be taken up."""
DUE_SECONDS = 3_600.0

log = logging.getLogger("seon.api")
Stamp = tuple[tuple[int, int, int], ...]
"""What changes with a file that is replaced or written: of the key, and of the certificate."""


class Renewing:
    """What keeps one server's certificate up to date."""

    def __init__(self, home: Home, https: HttpsServer) -> None:
        self._home, self._https = home, https
        self._served = self._before = stamp_of(home)
        self._tried: Stamp | None = None
        self._retry_at = 0.0
        self._said: tuple[Stamp | None, str] | None = None
        self._due_at = time.monotonic() + DUE_SECONDS

    async def run(self) -> None:
        """Look again and again. To be cancelled at the end of the process."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception as error:
                self._say(error)

    def _say(self, error: Exception) -> None:
        """Say what is in the way: for a pair of files that is tried again once, until an hour is over."""
        told = self._tried, str(error) or type(error).__name__
        if told == self._said:
            return
        self._said = told
        log.error(
            "%s and %s cannot be taken up, the certificate before stays: %s",
            self._home.https_certificate, self._home.https_key, told[1],
            exc_info=None if isinstance(error, OperatorError | PkiError | OSError) else error,
        )  # fmt: skip

    async def look(self) -> None:
        """Renew the certificate if it is due, and serve with the one in the home if that is another.

        Raises what `HttpsServer.start` raises; the same pair of files is tried again after a minute.
        """
        if time.monotonic() >= self._due_at:
            self._due_at, self._said = time.monotonic() + DUE_SECONDS, None
            await asyncio.to_thread(_renew_if_due, self._home)
        now = stamp_of(self._home)
        is_whole, self._before = now == self._before, now
        if now == self._served or not is_whole or (now == self._tried and time.monotonic() < self._retry_at):
            return
        self._tried, self._retry_at = now, time.monotonic() + RETRY_SECONDS
        names = names_in(self._home.https_certificate)
        await self._https.start()
        self._served = now
        settings.ALLOWED_HOSTS = names
        log.info("https certificate taken up, for %s", ", ".join(names))


def stamp_of(home: Home) -> Stamp:
    """Return what tells whether key or certificate is another file. A file that is not there is one, too."""
    return tuple(_stamp(home, name) for name in ("https_key", "https_certificate"))


def _stamp(home: Home, name: str) -> tuple[int, int, int]:
    try:
        seen = getattr(home, name).stat()
    except OSError:
        return (0, 0, 0)
    return (seen.st_ino, seen.st_mtime_ns, seen.st_size)


def _renew_if_due(home: Home) -> None:
    try:
        if renew_if_due(home):
            log.info("https certificate renewed")
    finally:
        connection.close()  # it is not needed for an hour
