"""A server's surroundings: deliveries with sealed keys, free ports, links."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

import ports
from seon.api_messages import SealedKey, SealedKeyWanted
from seon.config import FORMAT, Limits, OwnCertificate, ServerConfiguration, ServerPartner
from seon.daemon.tasks import Tasks
from seon.link.messages import Delivery
from seon.link.sealing import EphemeralKey, seal
from seon.net.listen import Handler, accept_forever, open_listener
from seon.net.stream import AsyncTls


@pytest.fixture
def ephemeral(link_pki) -> EphemeralKey:
    return EphemeralKey(link_pki.identity)


@pytest.fixture
def sealed(ephemeral, ours) -> SealedKey:
    wanted = SealedKeyWanted(
        ephemeral.proxy_id, ephemeral.mlkem_key, ephemeral.x25519_key, ephemeral.signature, ours.fingerprint
    )
    return seal(wanted, ours.key_pem)


@pytest.fixture
def free_port() -> int:
    return ports.free_port()


@pytest.fixture
def configuration(ours, partner, free_port) -> ServerConfiguration:
    known = ServerPartner("P1", "One", pins=(partner.fingerprint,))
    own = OwnCertificate(ours.fingerprint, ours.pem)
    limits = Limits(handshake_seconds=1)
    return ServerConfiguration("127.0.0.1", free_port, own_certificate=own, partners=(known,), limits=limits)


@pytest.fixture
def delivery(configuration, sealed) -> Delivery:
    return Delivery(7, FORMAT, msgspec.Raw(msgspec.json.encode(configuration)), sealed)


@pytest.fixture
def delivering(delivery, configuration) -> Callable[..., Delivery]:
    """Return the delivery of a configuration with other fields."""

    def other(**fields) -> Delivery:
        changed = msgspec.structs.replace(configuration, **fields)
        return msgspec.structs.replace(delivery, configuration=msgspec.Raw(msgspec.json.encode(changed)))

    return other


@contextlib.asynccontextmanager
async def _called(port: int, connection) -> AsyncIterator[AsyncTls]:
    sock = socket.socket()
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    tls = AsyncTls(sock, connection)
    try:
        yield tls
    finally:
        tls.close()


@pytest.fixture
def called() -> Callable[..., Any]:
    """Connect to a port on loopback, without the handshake; closed in the end."""
    return _called


@contextlib.asynccontextmanager
async def _serving(port: int, handler: Handler) -> AsyncIterator[int]:
    with open_listener("127.0.0.1", port) as listener:
        serving = asyncio.create_task(accept_forever(listener, None, handler))
        try:
            yield listener.getsockname()[1]
            assert not serving.done(), "the port is closed"
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


@pytest.fixture
def serving() -> Callable[..., Any]:
    """Serve a port of loopback with a handler, as `daemon.ports` does; closed in the end, and never before."""
    return _serving


@pytest.fixture
def troubles() -> list[tuple[str, BaseException]]:
    """What `tasks` has heard of: which task failed, and of what."""
    return []


@pytest.fixture
def tasks(troubles) -> Tasks:
    return Tasks(lambda name, error: troubles.append((name, error)))
