"""Files that wait for a caller: `outbox/<code>/*` for the caller with that code, `outbox/*` for any caller.

What was sent moves to `.sent/` beside it, what was refused for good to `.refused/`. A file is identified by its name
and the time of its last change, so that an interrupted transfer goes on where it stopped.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from seon.oftp2.commands import StartFile
from seon.oftp2.errors import LocalError
from seon.station.naming import moment, plain, virtual_name
from seon.station.outgoing import Addressing, Offer, describe


class Outbox:
    """The directory of waiting files. Several sessions, and processes, may share it: a file under way is locked."""

    def __init__(self, directory: Path, *, format: str = "U", record_length: int = 0, signed_receipts: int = 0) -> None:
        self.directory = directory
        self._format = format
        self._record_length = record_length
        self._signed_receipts = signed_receipts
        self._interrupted: set[StartFile] = set()
        directory.mkdir(parents=True, exist_ok=True)

    def waiting(self, own: str, caller: str) -> Iterator[Offer]:
        """Yield what waits for `caller`, opened and locked. A file that cannot be opened waits on."""
        addressing = Addressing(caller, own, self._format, self._record_length, self._signed_receipts)
        for directory in (self.directory / plain(caller), self.directory):
            if directory.is_dir():
                for path in sorted(directory.iterdir()):
                    if path.is_file() and not path.name.startswith("."):
                        with contextlib.suppress(OSError, LocalError):
                            yield self._offer(path, addressing)

    def _offer(self, path: Path, addressing: Addressing) -> Offer:
        changed = path.stat().st_mtime_ns
        # The counter tells files of one second apart: it comes from the fraction of the second.
        stamp = moment(changed // 10**9, changed % 10**9 // 100_000)
        start = describe(path, virtual_name(path), stamp, addressing)
        offer = Offer(path, start, resume=start in self._interrupted)
        try:
            fcntl.flock(offer.source.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(offer.source.file.fileno()).st_ino != path.stat().st_ino:
                raise FileNotFoundError(path)  # another session was quicker: the name is another file's now
        except OSError:
            offer.close()
            raise
        return offer

    def sent(self, offer: Offer) -> None:
        """The caller has the file."""
        self._put_away(offer, ".sent")

    def refused(self, offer: Offer) -> None:
        """The caller does not want the file, and not later either."""
        self._put_away(offer, ".refused")

    def _put_away(self, offer: Offer, where: str) -> None:
        target = offer.path.parent / where
        target.mkdir(exist_ok=True)
        offer.path.rename(target / f"{offer.path.name}.{offer.file.start.date}{offer.file.start.time}")
        offer.close()

    def unsent(self, offer: Offer, *, started: bool) -> None:
        """The file waits on; `started`: some of it may have arrived."""
        if started:
            self._interrupted.add(replace(offer.file.start, restart=0))
        offer.close()
