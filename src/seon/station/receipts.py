"""Signed receipts of a station: made for files that came, and believed or not for files that were sent."""

import threading
from collections import OrderedDict
from dataclasses import replace
from enum import Enum
from pathlib import Path

from seon.oftp2.commands import EndToEndResponse, NegativeEndResponse, StartFile
from seon.oftp2.errors import LocalError
from seon.oftp2.records import Source
from seon.oftp2.sending import layout_of
from seon.oftp2.signed_receipts import DIGESTS, file_hash, signed_octets
from seon.station.cms import CmsError
from seon.station.keys import OwnKey, PeerKey
from seon.station.naming import plain
from seon.station.outgoing import Key, Offer, key_answered, key_of

Receipt = EndToEndResponse | NegativeEndResponse
MOST_REMEMBERED = 10_000
"""Files sent whose signed receipts are awaited; beyond it the oldest are forgotten."""


class Proof(Enum):
    """What the signature of a receipt is worth."""

    NONE = ""
    """There is none, and none was asked for."""
    VALID = "valid"
    """It is the other side's, for this receipt, and for the file that was sent as far as that is remembered."""
    UNCHECKED = "not checked"
    """There is one, but no certificate to check it with."""
    MISSING = "missing"
    WRONG = "wrong"

    @property
    def good(self) -> bool:
        """Whether all is as it was asked for."""
        return self in {Proof.NONE, Proof.VALID, Proof.UNCHECKED}


def signed_receipt(receipt: Receipt, start: StartFile, content: Source, own: OwnKey) -> Receipt:
    """Return `receipt` signed, as `start` asked for it; `content` is the whole file. Moves its position.

    Raises CmsError or LocalError where that cipher suite cannot be signed with, and OSError.
    """
    hashed = replace(receipt, hash=file_hash(content, layout_of(start), start.cipher))
    return replace(hashed, signature=own.sign(signed_octets(hashed), DIGESTS[start.cipher]))


class ReceiptBook:
    """What the receipts of files that were sent must say. Sessions share it, at a time or one after the other.

    `peer`: whose signatures to believe. `directory`: where signed receipts are kept, as evidence.
    """

    def __init__(self, peer: PeerKey | None = None, directory: Path | None = None) -> None:
        self._peer = peer
        self._directory = directory
        self._lock = threading.Lock()
        self._asked: OrderedDict[Key, bytes | None] = OrderedDict()
        """Hash of each file whose receipt is to be signed; None where it could not be read again."""
        if directory:
            directory.mkdir(parents=True, exist_ok=True)

    def sent(self, offer: Offer) -> None:
        """The other side has this file."""
        start = offer.file.start
        if not start.signed_receipt:
            return
        try:
            digest = file_hash(offer.source.file, layout_of(start), start.cipher)
        except (OSError, LocalError):
            digest = None
        with self._lock:
            self._asked[key_of(start)] = digest
            while len(self._asked) > MOST_REMEMBERED:
                self._asked.popitem(last=False)

    def check(self, receipt: Receipt) -> tuple[Proof, str]:
        """Return what the signature of a receipt is worth, and what is wrong with it in words."""
        key = key_answered(receipt)
        with self._lock:
            asked, digest = key in self._asked, self._asked.get(key)
        if not receipt.signature:
            return (Proof.MISSING, "a signed receipt was asked for") if asked else (Proof.NONE, "")
        if self._peer is None:
            return Proof.UNCHECKED, ""
        try:
            if self._peer.verified(receipt.signature) != signed_octets(receipt):
                return Proof.WRONG, "the signature is for another receipt"
        except (CmsError, LocalError) as error:
            return Proof.WRONG, str(error)
        if digest is not None and digest != receipt.hash:
            return Proof.WRONG, "the receipt is for other content than was sent"
        return Proof.VALID, ""

    def keep(self, receipt: Receipt) -> Path | None:
        """Write a signature, with what is signed inside, to a file of its own. Raises OSError."""
        if not (self._directory and receipt.signature):
            return None
        parts = (receipt.name, receipt.date + receipt.time, receipt.originator)
        path = self._directory / ".".join((*map(plain, parts), "p7m"))
        path.write_bytes(receipt.signature)
        return path
