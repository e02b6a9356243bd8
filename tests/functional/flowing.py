"""A big file that flows all the time, octet for octet, until the test lets it come to its end."""

import hashlib
import io
import os
import threading

from functional.harness import Site, sha256
from functional.peers import HeldTransfer
from functional.processes import eventually
from seon.oftp2.receiving import receipt_for

SIZE = 64_000_000
READ_SECONDS = 0.02
"""Between two reads of 64 KiB: the file would last for 20 s."""


class _Slow(io.BytesIO):
    """A file that is read slowly until there is a hurry."""

    def __init__(self, octets: bytes) -> None:
        super().__init__(octets)
        self.hurry = threading.Event()

    def read(self, size: int | None = -1, /) -> bytes:
        self.hurry.wait(READ_SECONDS)
        return super().read(size)


class FlowingTransfer(HeldTransfer):
    """A real transfer of a big file between the real stations, in a thread of its own."""

    def __init__(self, site: Site, *, incoming: bool = True) -> None:
        super().__init__(site, SIZE, incoming=incoming)
        self._arrived = site.arrived(incoming, {"name": self.start.name, "moment": self.start.date + self.start.time})
        self._failed: list[Exception] = []
        self._thread = threading.Thread(target=self._flow, daemon=True)
        self._thread.start()

    def _source(self, size: int) -> io.BytesIO:
        octets = os.urandom(size)
        self._sum = hashlib.sha256(octets).hexdigest()
        self._file = _Slow(octets)
        return self._file

    def _flow(self) -> None:
        try:
            super().finish()
        except Exception as error:  # shown by the test that waits for the end
            self._failed.append(error)

    @property
    def flows(self) -> bool:
        """Whether it is in the middle of the file."""
        return self._thread.is_alive() and not self.receipts and self._file.tell() < SIZE

    def moves(self) -> None:
        """Wait until more of the file has gone."""
        before = self._file.tell()
        eventually(lambda: self._file.tell() > before or self._failed, why="the transfer goes on")
        assert self.flows, self._failed

    def finish(self) -> None:
        """Let the rest pass quickly, once; see that it has arrived as it was sent, and that its receipt came."""
        if self._file.hurry.is_set():
            return
        assert self.flows, self._failed
        self._file.hurry.set()
        self._thread.join(60)
        assert not self._thread.is_alive()
        assert not self._failed
        assert [type(receipt) for receipt in self.receipts] == [type(receipt_for(self.start))]
        assert sha256(self._arrived) == self._sum
