"""Messages of the link over an awaited TLS connection: both mains speak through this."""

import asyncio
import time
from typing import Generic, TypeVar

import msgspec

from seon.link.codec import HEADER, Decoder, encode
from seon.net.stream import AsyncTls

M = TypeVar("M")


class MessageStream(Generic[M]):
    """Sends messages and decodes what the other end may send. `heard` is when it was last heard (monotonic)."""

    def __init__(self, tls: AsyncTls, decoder: Decoder[M]) -> None:
        self.tls = tls
        self.heard = time.monotonic()
        self._decoder = decoder

    def speak(self, decoder: Decoder[M]) -> None:
        """Decode what comes from here on otherwise: after Hello both ends know which protocol they speak."""
        self._decoder = decoder

    async def send(self, message: msgspec.Struct) -> None:
        """Send a message whole. Raises TlsError, OSError, LinkError."""
        await self.tls.write(encode(message))

    async def receive(self) -> M:
        """Return the next message. Raises EndOfStream, TlsError, OSError, LinkError."""
        length = self._decoder.length(await self.tls.read_exactly(HEADER))
        octets = await self.tls.read_exactly(length)
        self.heard = time.monotonic()
        return self._decoder.decode(octets)

    async def receive_within(self, seconds: float) -> M:
        """Return the next message, or raise TimeoutError."""
        async with asyncio.timeout(seconds):
            return await self.receive()
