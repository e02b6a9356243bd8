"""A Seonapi of the test's own: real https with a CA of its own, and answers that the test chooses."""

import asyncio
import contextlib
import datetime as dt
import gc
import hashlib
import inspect
import ipaddress
import os
import socket
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from seon import pki
from seon.client.courier.api import Api
from seon.client.courier.courier import Courier
from seon.client.courier.spool import Spool
from seon.client.courier.token import Token
from seon.client.courier.troubles import Patience
from unit.client.courier.played import BEGIN, ENROLLED, Main, Versions

SECRET = "s3cret_s3cret-s3cret_s3cret"


@dataclass
class Request:
    """What came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Odd = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""An answer that is none: does to the connection what it likes, which is closed then."""
Answer = Callable[[Request], Awaitable[tuple[int, bytes] | Odd] | tuple[int, bytes] | Odd]


def http(body: bytes, length: int | None = None, status: int = 200) -> bytes:
    """Return an answer that announces a body of `length` octets."""
    return b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n" % (status, len(body) if length is None else length) + body


class Odds:
    """Ways to answer badly. Each is an `Odd`; `answers["..."] = lambda _: Odds.silence`."""

    @staticmethod
    async def tls_garbage(writer: asyncio.StreamWriter) -> None:
        """Half an answer, and then octets that are no TLS record, on the connection that ran until now."""
        writer.write(http(b"{", 1_000))
        await writer.drain()
        os.write(writer.get_extra_info("socket").fileno(), b"\x17\x03\x03\x00\x40" + b"garbage!" * 8)
        await writer.wait_closed()

    @staticmethod
    async def tls_garbage_at_once(writer: asyncio.StreamWriter) -> None:
        os.write(writer.get_extra_info("socket").fileno(), b"HTTP/1.1 200 OK, in the clear\r\n\r\n")
        await writer.wait_closed()

    @staticmethod
    async def closes(writer: asyncio.StreamWriter) -> None:
        """No answer at all."""

    @staticmethod
    async def closes_in_the_middle(writer: asyncio.StreamWriter) -> None:
        writer.write(http(b'{"certificate":', 1_000))
        await writer.drain()

    @staticmethod
    async def breaks_off(writer: asyncio.StreamWriter) -> None:
        """The connection is reset."""
        writer.transport.abort()

    @staticmethod
    async def no_http(writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        await writer.drain()

    @staticmethod
    async def bad_length(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n")
        await writer.drain()

    @staticmethod
    async def bad_chunks(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        await writer.drain()

    @staticmethod
    async def bad_gzip(writer: asyncio.StreamWriter) -> None:
        """Compressed, though nobody asked for it, and not even that."""
        header = b"\r\nConnection: close\r\nContent-Encoding: gzip\r\n\r\n"
        writer.write(http(b"nonsense").replace(b"\r\n\r\n", header, 1))
        await writer.drain()

    @staticmethod
    async def silence(writer: asyncio.StreamWriter) -> None:
        await writer.wait_closed()

    @staticmethod
    async def drops(writer: asyncio.StreamWriter) -> None:
        """An octet now and then, for ever."""
        writer.write(http(b"", 1_000_000))
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)


ODDS: dict[str, Odd] = {
    name: getattr(Odds, name) for name in vars(Odds) if not name.startswith("_") and name not in ("silence", "drops")
}
"""Those that come at once."""


@dataclass
class Seonapi:
    """Answers by path below /api/proxy/v1/; `ca` is answered by itself."""

    ca_pem: bytes
    context: ssl.SSLContext
    file: Path
    """Key and certificate, PEM."""
    answers: dict[str, Answer] = field(default_factory=dict)
    seen: list[Request] = field(default_factory=list)
    port: int = 0
    below: str = ""
    headers: Sequence[tuple[str, str]] = ()
    """Of each answer, besides the usual ones."""
    odds: ClassVar[dict[str, Odd]] = ODDS
    endless: ClassVar[dict[str, Odd]] = {"silence": Odds.silence, "drops": Odds.drops}

    @property
    def token(self) -> Token:
        return Token(hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.ca_pem.decode())).hexdigest(), SECRET)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def append_authority(self) -> None:
        """Show the CA in each handshake, too."""
        self.file.write_bytes(self.file.read_bytes() + self.ca_pem)
        self.context.load_cert_chain(self.file)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["Seonapi"]:
        """Serve on a free port of loopback."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            while not callable(answer := await self._answer(await _read(reader))):
                status, body = answer
                more = "".join(f"\r\n{name}: {value}" for name, value in self.headers).encode()
                writer.write(http(body, status=status).replace(b"\r\n\r\n", more + b"\r\n\r\n", 1))
                await writer.drain()
            await answer(writer)
        writer.close()

    async def _answer(self, request: Request) -> tuple[int, bytes] | Odd:
        self.seen.append(request)
        path = request.path.partition("?")[0].removeprefix(f"{self.below}/api/proxy/v1/")
        if path == "ca" and "ca" not in self.answers:
            return 200, self.ca_pem
        answer = self.answers[path](request) if path in self.answers else (404, b'{"error":"no such path"}')
        return await answer if inspect.isawaitable(answer) else answer


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    method, path, _ = first.split(" ")
    return Request(method, path, headers, await reader.readexactly(int(headers.get("content-length", 0))))


def _make(directory: Path) -> Seonapi:
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    ca_key, key = pki.new_ecdsa_key(), pki.new_ecdsa_key()
    ca = pki.new_authority(ca_key, "API CA", tomorrow)
    names = pki.AlternativeNames(addresses=[ipaddress.ip_address("127.0.0.1")])
    leaf = pki.issue(ca_key, ca, key.public_key(), pki.Leaf(common_name="Seonapi", until=tomorrow, names=names))
    path = directory / "api.pem"
    path.write_bytes(pki.pem_of_key(key) + pki.pem_of(leaf).encode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return Seonapi(pki.pem_of(ca).encode(), context, path)


@pytest.fixture
def seonapi(tmp_path_factory: pytest.TempPathFactory) -> Seonapi:
    return _make(tmp_path_factory.mktemp("api"))


@pytest.fixture
def other_seonapi(tmp_path_factory: pytest.TempPathFactory) -> Seonapi:
    return _make(tmp_path_factory.mktemp("other-api"))


FAST = Patience(pauses=(0.01,))


@pytest.fixture
def play(seonapi: Seonapi, tmp_path: Path) -> Callable[..., None]:
    """Play a scene with a courier in this process: a coroutine function of (its main, its spool)."""
    seonapi.answers["enrol"] = lambda _: (200, msgspec.json.encode(ENROLLED))
    seonapi.answers["configuration"] = Versions()

    def run(scene: Callable[[Main, Spool], Awaitable[None]], patience: Patience = FAST) -> None:
        async def live() -> None:
            ours, theirs = socket.socketpair()
            for sock in (ours, theirs):
                sock.setblocking(False)
            async with asyncio.timeout(20), contextlib.AsyncExitStack() as stack:
                stack.enter_context(theirs)
                stack.enter_context(ours)
                await stack.enter_async_context(seonapi.serving())
                spool = Spool(tmp_path / "spool")
                courier = Courier(theirs, Api(seonapi.url, seonapi.token), spool, patience)
                main = Main(ours, asyncio.create_task(courier.live(BEGIN)))
                await scene(main, spool)
                ours.close()
                await main.courier
                spool.close()  # the scene's own use of it

        asyncio.run(live())
        with warnings.catch_warnings():  # httpx leaves a connection open that it was about to make when the main went
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()

    return run
