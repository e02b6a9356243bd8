"""The license while the server runs: watched, renewed from its file, and the context of the internal port with it."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from seon.daemon.home import StartError
from seon.daemon.log import Log
from seon.link.identity import License
from seon.link.sealing import wipe
from seon.net.channel import TlsError
from seon.net.context import KeyedContext, link_listener
from seon.process.events import Report
from seon.process.levels import Level
from seon.process.memory import scrub_freed
from seon.server.files import load_identity, read_license

CHECK_SECONDS = 60.0
WARN_DAYS = 30
DAY = 86_400.0


class LicenseWatch:
    """The license in force. `changed` is called when it begins or ceases to hold, or is another one."""

    def __init__(self, license_: License, path: Path, home: Path, proxy_id: str) -> None:
        """Load the identity key for the internal port. Raises StartError, TlsError."""
        self._license = license_
        self._path, self._home, self._proxy_id = path, home, proxy_id
        self.context = self._load(license_)
        """For the internal port."""

    def _load(self, license_: License) -> KeyedContext:
        pem = load_identity(self._home, make=False)
        try:
            return link_listener(license_.certificate_pem, pem, license_.ca_pem)
        finally:
            wipe(pem)
            scrub_freed()

    def problem(self) -> str:
        """Say why the license does not hold now, "" if it does."""
        return self._license.problem_at(time.time()) or ""

    async def run(self, report: Report, log: Log, changed: Callable[[], None]) -> None:
        """Warn ahead, take over a renewed file, say when the license ends; until cancelled."""
        warned = ended = False
        while True:
            if self._renew():
                log.write("license", Level.INFO, "A renewed license was taken over")
                changed()
            left = self._license.not_after - time.time()
            until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(self._license.not_after))
            if left <= 0 and not ended:
                report("LIC-END", until=until)
            elif 0 < left < WARN_DAYS * DAY and not warned:
                report("LIC-SOON", days=int(left // DAY), until=until)
            if (left <= 0) is not ended:
                changed()
            warned, ended = left < WARN_DAYS * DAY, left <= 0
            await asyncio.sleep(CHECK_SECONDS if ended else min(CHECK_SECONDS, max(0.5, left)))

    def _renew(self) -> bool:
        """A renewal counts only under the same CA key: a new anchor needs a person's hand and a restart."""
        with contextlib.suppress(StartError, TlsError):
            found = read_license(self._path, self._proxy_id)
            if found == self._license or found.problem_at(time.time()) or found.ca_key != self._license.ca_key:
                return False
            self.context = self._load(found)
            self._license = found
            return True
        return False
