"""Local files as files to send: what SFID says of them, how they are read, and which receipt answers them."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from seon.oftp2.commands import EndToEndResponse, NegativeEndResponse, StartFile
from seon.oftp2.records import BLOCK, RecordLayout, Source, extent
from seon.oftp2.sending import OutgoingFile
from seon.override import override

Key = tuple[str, str, str, str, str]
"""What a receipt names its file by: name, date, time, destination and originator of the file."""


@dataclass(frozen=True, slots=True)
class Addressing:
    """What files sent together have in common. `record_length`: octets, for F and V."""

    destination: str
    originator: str
    format: str = "U"
    record_length: int = 0
    signed_receipts: int = 0
    """The cipher suite (SFIDCIPH) of the signed receipts that are asked for; 0: none are."""


def describe(path: Path, name: str, moment: str, addressing: Addressing) -> StartFile:
    """Return the SFID of a local file; `moment` is CCYYMMDDHHMMSScccc. Raises OSError."""
    size_k = -(-path.stat().st_size // BLOCK)
    return StartFile(
        name=name,
        date=moment[:8],
        time=moment[8:],
        user="",
        destination=addressing.destination,
        originator=addressing.originator,
        format=addressing.format,
        record_length=addressing.record_length if addressing.format in {"F", "V"} else 0,
        size_k=size_k,
        original_size_k=size_k,
        cipher=addressing.signed_receipts,
        signed_receipt=bool(addressing.signed_receipts),
    )


class FileSource(Source):
    """A local file as a Source that tells how far it has been read, in octets. Raises OSError."""

    def __init__(self, path: Path, told: Callable[[int], None]) -> None:
        self.file = path.open("rb")
        self._told = told
        self._at = 0

    @override
    def read(self, size: int, /) -> bytes:
        octets = self.file.read(size)
        self._at += len(octets)
        self._told(self._at)
        return octets

    @override
    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._at = self.file.seek(offset, whence)
        return self._at

    def close(self) -> None:
        """Give the file up."""
        self.file.close()


class Offer:
    """One attempt to send one local file. `resume`: an earlier one was interrupted, so a restart is offered.

    The restart position offered is the whole file: the Listener answers with what it has (RFC 5024 section 5.3.4).
    Raises OSError.
    """

    def __init__(
        self, path: Path, start: StartFile, *, resume: bool = False, told: Callable[[int], None] = lambda _at: None
    ) -> None:
        self.path = path
        self.resumed = resume
        self.source = FileSource(path, told)
        layout = RecordLayout(start.format, start.record_length)
        units = extent(self.source, layout).units if resume else 0
        self.source.seek(0)
        self.file = OutgoingFile(replace(start, restart=units), self.source)

    def close(self) -> None:
        """End the attempt."""
        self.source.close()


def key_of(start: StartFile) -> Key:
    """Return what the receipt of a file will name, `start` being the SFID as it was sent."""
    return start.name, start.date, start.time, start.destination, start.originator


def key_answered(receipt: EndToEndResponse | NegativeEndResponse) -> Key:
    """Return the key of the file that a receipt is for: on its way back originator and destination are swapped."""
    return receipt.name, receipt.date, receipt.time, receipt.originator, receipt.destination
