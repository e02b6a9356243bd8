"""Where incoming files are kept: `.partial/` while they come, the directory itself once they are whole and safe.

A file that was interrupted stays in `.partial/` and goes on there when it is offered again. A receipt that could not
be handed over yet waits in `.receipts/<peer's code>/`, so that neither a lost connection nor a crash loses it.
"""

import contextlib
import errno
import fcntl
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from seon.oftp2.commands import EndToEndResponse, NegativeEndResponse, StartFile
from seon.oftp2.reasons import AnswerReason
from seon.oftp2.records import Extent, Octets, extent
from seon.oftp2.sending import layout_of
from seon.station.naming import local_name, plain

Receipt = EndToEndResponse | NegativeEndResponse
_KINDS: dict[str, type[EndToEndResponse] | type[NegativeEndResponse]] = {
    "EERP": EndToEndResponse,
    "NERP": NegativeEndResponse,
}


class RefusedError(Exception):
    """An incoming file cannot be taken; `retry` says whether it may be offered again later."""

    def __init__(self, reason: AnswerReason, text: str, *, retry: bool = False) -> None:
        super().__init__(text)
        self.reason = reason
        self.retry = retry


@dataclass
class Incoming:
    """A file on its way in. It is a Sink; `kept` is what an earlier transfer left."""

    file: BinaryIO
    path: Path
    """Where it is while it comes."""
    final: Path
    kept: Extent
    left: int
    """Octets that may still be written."""

    def write(self, octets: Octets) -> None:
        """Write; raise OSError where the file grows beyond its limit, or the disk is full."""
        self.left -= len(octets)
        if self.left < 0:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        self.file.write(octets)

    def close(self) -> None:
        """Keep what is there for a restart."""
        with contextlib.suppress(OSError):
            self.file.close()

    def discard(self) -> None:
        """Forget it: what came was wrong."""
        self.close()
        self.path.unlink(missing_ok=True)


class Inbox:
    """The directory of incoming files. `most`: octets of one file. `sync`: a file is on disk before it is accepted."""

    def __init__(self, directory: Path, *, most: int, sync: bool = True) -> None:
        self.directory = directory
        self._partial = directory / ".partial"
        self._receipts = directory / ".receipts"
        self._most = most
        self._sync = sync
        self._lock = threading.Lock()
        self._in_hand: set[Path] = set()
        self._partial.mkdir(parents=True, exist_ok=True)

    def open(self, start: StartFile) -> Incoming:
        """Open the file that `start` offers, behind what is here of it already. Raises RefusedError."""
        if start.size_k * 1024 - 1023 > self._most:
            raise RefusedError(AnswerReason.FILE_TOO_BIG, f"files may have {self._most} octets")
        name = local_name(start)
        try:
            return self._open(start, self._partial / name, self.directory / name)
        except OSError as error:
            text = f"cannot be stored: {error.strerror}"
            raise RefusedError(AnswerReason.ACCESS_METHOD, text, retry=True) from error

    def _open(self, start: StartFile, path: Path, final: Path) -> Incoming:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640), "r+b")
        try:
            _lock(file, path)
            if final.exists():
                path.unlink()
                raise RefusedError(AnswerReason.DUPLICATE, "this file is here already")
            layout = layout_of(start)
            kept = extent(file, layout, start.restart)
            file.truncate(kept.local_octets(layout))
            file.seek(0, os.SEEK_END)
        except BaseException:
            file.close()
            raise
        return Incoming(file, path, final, kept, self._most - kept.local_octets(layout))

    def keep(self, incoming: Incoming) -> None:
        """Make a whole file final. Raises OSError; the file is then still the partial one."""
        incoming.file.flush()
        if self._sync:
            os.fsync(incoming.file.fileno())
        incoming.path.rename(incoming.final)
        incoming.file.close()
        if self._sync:
            _sync_directory(self.directory)

    def owe(self, peer: str, receipt: Receipt) -> None:
        """Remember that `peer` is still to get a receipt, which the calling session takes in hand."""
        path = self._receipt_path(peer, receipt)
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = "EERP" if isinstance(receipt, EndToEndResponse) else "NERP"
        with self._lock:
            self._in_hand.add(path)
            # Whole or not at all, also if the process ends here: a broken one would stop every later session.
            draft = self._partial / f"{path.name}.receipt"
            draft.write_bytes(msgspec.json.encode({kind: receipt}))
            draft.rename(path)

    def owed(self, peer: str) -> list[Receipt]:
        """Return, and take in hand, the receipts that `peer` has not got and no other session has in hand."""
        directory = self._receipts / plain(peer)
        with self._lock:
            paths = [path for path in directory.glob("*") if path not in self._in_hand]
            self._in_hand.update(paths)
            return [_read_receipt(path) for path in sorted(paths, key=lambda each: each.stat().st_mtime_ns)]

    def paid(self, peer: str, receipt: Receipt) -> None:
        """Forget a receipt that `peer` has got."""
        path = self._receipt_path(peer, receipt)
        with self._lock:
            path.unlink(missing_ok=True)
            self._in_hand.discard(path)

    def unpaid(self, peer: str, receipt: Receipt) -> None:
        """Let go of a receipt that could not be handed over: another session may."""
        with self._lock:
            self._in_hand.discard(self._receipt_path(peer, receipt))

    def _receipt_path(self, peer: str, receipt: Receipt) -> Path:
        parts = (receipt.name, receipt.date + receipt.time, receipt.destination, receipt.originator)
        return self._receipts / plain(peer) / ".".join(plain(part) for part in parts)


def _read_receipt(path: Path) -> Receipt:
    ((kind, values),) = msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, object]]).items()
    return msgspec.convert(values, _KINDS[kind])


def _lock(file: BinaryIO, path: Path) -> None:
    """Be the only one who writes this file; raise RefusedError if another session is at it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Between open and lock another session may have made it final: then the path is gone, or another file's.
        if os.fstat(file.fileno()).st_ino == path.stat().st_ino:
            return
    except (BlockingIOError, FileNotFoundError):
        pass
    raise RefusedError(AnswerReason.ACCESS_METHOD, "this file is being received already", retry=True)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
