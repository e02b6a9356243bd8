"""Messages to octets and back: 4 octets of length, then JSON. One reader for one union of messages each."""

from typing import Generic, TypeVar

import msgspec

from seon.decoding import MalformedError, decode
from seon.link.messages import PART_SIZE, LinkError

HEADER = 4
MAX_MESSAGE = 2 * PART_SIZE
"""Octets of one message: a part of 64 KiB grows by a third in base64, and nothing else comes near."""

M = TypeVar("M")
_encoder = msgspec.json.Encoder()


def encode(message: msgspec.Struct, limit: int = MAX_MESSAGE) -> bytes:
    """Return a message with its length before it. Raises LinkError if it is over the limit: our own mistake."""
    octets = _encoder.encode(message)
    if len(octets) > limit:
        raise LinkError(f"a message of {len(octets)} octets is over the limit of {limit}")
    return len(octets).to_bytes(HEADER, "big") + octets


class Decoder(Generic[M]):
    """Decode the messages that the other end may send; every other one ends the link."""

    def __init__(self, union: object, limit: int = MAX_MESSAGE) -> None:
        self._decoder: msgspec.json.Decoder[M] = msgspec.json.Decoder(union)
        self._limit = limit

    def length(self, header: bytes) -> int:
        """Return the octets that follow a header. Raises LinkError before anything of that size is waited for."""
        length = int.from_bytes(header, "big")
        if not 2 <= length <= self._limit:
            raise LinkError(f"a message of {length} octets was announced; 2 to {self._limit} are allowed")
        return length

    def decode(self, octets: bytes) -> M:
        """Return the message. Raises LinkError for one that is malformed, unknown, or not the other end's to send."""
        try:
            return decode(self._decoder, octets)
        except MalformedError as error:
            raise LinkError(f"a message that cannot be understood: {error}") from error
