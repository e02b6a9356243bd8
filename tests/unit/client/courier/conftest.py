"""A Seonapi of the test's own: real https with a CA of its own, and answers that the test chooses."""

import asyncio
import contextlib
import datetime as dt
import hashlib
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from seon import pki
from seon.client.courier.token import Token

SECRET = "s3cret_s3cret-s3cret_s3cret"


@dataclass
class Request:
    """What came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Request], Awaitable[tuple[int, bytes]] | tuple[int, bytes]]


@dataclass
class Seonapi:
    """Answers by path below /api/proxy/v1/; `ca` is answered by itself."""

    ca_pem: bytes
    context: ssl.SSLContext
    answers: dict[str, Answer] = field(default_factory=dict)
    seen: list[Request] = field(default_factory=list)
    port: int = 0

    @property
    def token(self) -> Token:
        return Token(hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.ca_pem.decode())).hexdigest(), SECRET)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

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
            while True:
                status, body = await self._answer(await _read(reader))
                writer.write(b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)
                await writer.drain()
        writer.close()

    async def _answer(self, request: Request) -> tuple[int, bytes]:
        self.seen.append(request)
        path = request.path.partition("?")[0].removeprefix("/api/proxy/v1/")
        if path == "ca" and "ca" not in self.answers:
            return 200, self.ca_pem
        answer = self.answers[path](request) if path in self.answers else (404, b'{"error":"no such path"}')
        return answer if isinstance(answer, tuple) else await answer


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
    return Seonapi(pki.pem_of(ca).encode(), context)


@pytest.fixture
def seonapi(tmp_path_factory: pytest.TempPathFactory) -> Seonapi:
    return _make(tmp_path_factory.mktemp("api"))


@pytest.fixture
def other_seonapi(tmp_path_factory: pytest.TempPathFactory) -> Seonapi:
    return _make(tmp_path_factory.mktemp("other-api"))
