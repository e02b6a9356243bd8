"""The license while the server runs: watched, renewed from its file, and the context of the internal port with it."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from seon.daemon.home import StartError
from seon.link.identity import License, moment
from seon.link.sealing import wipe
from seon.net.channel import TlsError
from seon.net.context import KeyedContext, link_listener
from seon.process.events import Report
from seon.process.memory import scrub_freed
from seon.server.files import LicenseFile, examine_license, load_identity

CHECK_SECONDS = 60.0
SETTLE_SECONDS = 2.0
"""Between the two looks at a file that cannot be taken over: somebody may be copying it there at this moment."""
WARN_DAYS = 30
DAY = 86_400.0


class LicenseWatch:
    """The license in force. `changed` is called when it begins or ceases to hold, or is another one."""

    def __init__(self, license_: License, path: Path, home: Path, proxy_id: str) -> None:
        """Load the identity key for the internal port. Raises StartError, TlsError."""
        self._license = license_
        self._path, self._home, self._proxy_id = path.absolute(), home, proxy_id
        self._refused = ("", "")
        """Digest and problem of the file that was refused last: each is told once."""
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

    @property
    def serial(self) -> str:
        """The number of the license in force."""
        return self._license.serial

    @property
    def ca_key(self) -> bytes:
        """The link CA's public key, raw: the same as long as the server runs."""
        return self._license.ca_key

    async def run(self, report: Report, changed: Callable[[], None]) -> None:
        """Warn ahead, take over a renewed file, say when the license ends; until cancelled."""
        warned = ended = False
        while True:
            if await self._look(report):
                changed()
            left = self._license.not_after - time.time()
            until = moment(self._license.not_after)
            if left <= 0 and not ended:
                report("LIC-END", until=until)
            elif 0 < left < WARN_DAYS * DAY and not warned:
                report("LIC-SOON", days=int(left // DAY), until=until)
            if (left <= 0) is not ended:
                changed()
            warned, ended = left < WARN_DAYS * DAY, left <= 0
            await asyncio.sleep(CHECK_SECONDS if ended else min(CHECK_SECONDS, max(0.5, left)))

    async def _look(self, report: Report) -> bool:
        """Take over what is new in the file, or say why not; return whether another license is in force now."""
        file, problem = self._judge()
        if problem and (file.digest, problem) != self._refused:
            await asyncio.sleep(SETTLE_SECONDS)
            file, problem = self._judge()
        renewed = False
        if file.license and not problem and file.license != self._license:
            problem = self._take_over(file.license)
            renewed = not problem
        if renewed:
            until = moment(self._license.not_after)
            report("LIC-NEW", file=str(self._path), serial=self._license.serial, until=until)
        if problem and (file.digest, problem) != self._refused:
            self._report_refused(report, problem)
        self._refused = (file.digest, problem) if problem else ("", "")
        return renewed

    def _judge(self) -> tuple[LicenseFile, str]:
        """Look at the file; return it, and why it is not good, "" if it is.

        A renewal counts only under the same CA key: a new anchor needs a person's hand and a restart.
        """
        now = time.time()
        file = examine_license(self._path, self._proxy_id, now)
        problems = list(file.problems)
        if file.license == self._license:  # that it ends, or has not begun by a clock put back, is said elsewhere
            problems = [problem for problem in problems if problem != self._license.problem_at(now)]
        elif file.license and not file.license.flaws and file.license.ca_key != self._license.ca_key:
            theirs, ours = file.license.ca_fingerprint, self._license.ca_fingerprint
            problems.insert(0, f"the license is of another Seonapi: its link CA is {theirs}, this server's is {ours}; "
                               "restart the server if that is wanted")  # fmt: skip
        return file, "; and ".join(problems)

    def _take_over(self, license_: License) -> str:
        try:
            self.context = self._load(license_)
        except (StartError, TlsError) as error:
            return str(error)
        self._license = license_
        return ""

    def _report_refused(self, report: Report, reason: str) -> None:
        report(
            "LIC-REFUSED",
            file=str(self._path),
            reason=reason,
            holds=not self.problem(),
            until=moment(self._license.not_after),
            proxy_id=self._proxy_id,
        )
