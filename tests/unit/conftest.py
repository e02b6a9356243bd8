"""What the tests of net, link, daemon, server and client share: certificates, handshakes, recorded events."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from OpenSSL import SSL

import certificates
from certificates import LinkPki, Made, make_link_pki
from seon.events import CATALOGUE
from seon.net.context import CONTROL, accepting, connecting, link_dialler, link_listener
from seon.net.stream import AsyncTls


@pytest.fixture(scope="session")
def certificate() -> Callable[..., Made]:
    return certificates.make


@pytest.fixture(scope="session")
def ours() -> Made:
    """The certificate of the external port."""
    return certificates.make("proxy")


@pytest.fixture(scope="session")
def partner() -> Made:
    """A partner's certificate."""
    return certificates.make("partner")


@pytest.fixture(scope="session")
def link_pki() -> LinkPki:
    return make_link_pki()


@pytest.fixture(scope="session")
def other_link_pki() -> LinkPki:
    return make_link_pki()


def carry(source: SSL.Connection, sink: SSL.Connection) -> int:
    """Carry what one connection has for the socket to the other; return the octets."""
    carried = 0
    while True:
        try:
            octets = source.bio_read(65_536)
        except SSL.WantReadError:
            return carried
        carried += len(octets)
        sink.bio_write(octets)


def shake_hands(one: SSL.Connection, two: SSL.Connection) -> None:
    """Complete the handshake of two connections over memory BIOs. Raises SSL.Error."""
    for _ in range(10):
        done = 0
        for source, sink in ((one, two), (two, one)):
            try:
                source.do_handshake()
                done += 1
            except SSL.WantReadError:
                pass
            finally:
                carry(source, sink)
        if done == 2:
            return
    raise AssertionError("the handshake does not come to an end")


@pytest.fixture(scope="session")
def shake() -> Callable[[SSL.Connection, SSL.Connection], None]:
    return shake_hands


@pytest.fixture(scope="session")
def carry_octets() -> Callable[[SSL.Connection, SSL.Connection], int]:
    return carry


@dataclass
class Reported:
    """Takes reports, and checks that each has the fields which its code's text shows."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, code: str, session: str = "", /, **fields: Any) -> None:
        missing = set(CATALOGUE[code].fields) - set(fields)
        assert not missing, f"{code} without {missing}"
        self.events.append((code, {**fields, "session": session} if session else fields))

    @property
    def codes(self) -> list[str]:
        return [code for code, _ in self.events]

    def of(self, code: str) -> dict[str, Any]:
        """Return the fields of the last event of this code."""
        found = [fields for this, fields in self.events if this == code]
        assert found, f"no {code} among {self.events}"
        return found[-1]


@pytest.fixture
def reported() -> Reported:
    return Reported()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A TCP connection on loopback, both ends blocking with a time limit."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = socket.create_connection(listener.getsockname(), 5)
        two = listener.accept()[0]
    two.settimeout(5)
    yield one, two
    one.close()
    two.close()


@pytest.fixture(scope="session")
def until() -> Callable[..., Coroutine[Any, Any, None]]:
    async def wait(condition: Callable[[], Any], seconds: float = 5) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.005)

    return wait


@pytest.fixture
def over_link(pair: tuple[socket.socket, socket.socket], link_pki: LinkPki) -> Callable[..., None]:
    """Play a scene over an established link: a coroutine function of (server's end, client's end), both AsyncTls."""

    def play(scene: Callable[[AsyncTls, AsyncTls], Coroutine[Any, Any, None]], seconds: float = 15) -> None:
        async def live() -> None:
            for sock in pair:
                sock.setblocking(False)
            listener = link_listener(link_pki.server_chain, link_pki.identity_pem, link_pki.ca_pem)
            dialler = link_dialler(link_pki.client_chain, link_pki.client_pem, link_pki.ca_pem)
            one = AsyncTls(pair[0], accepting(listener.context))
            two = AsyncTls(pair[1], connecting(dialler.context, CONTROL))
            async with asyncio.timeout(seconds):
                await asyncio.gather(one.handshake(), two.handshake())
                await scene(one, two)

        asyncio.run(live())

    return play


@pytest.fixture(scope="session")
def zygote() -> Iterator[subprocess.Popen[str]]:
    """A Python with one thread that forks for each call (see zygote.py)."""
    command = [sys.executable, "-W", "error", str(Path(__file__).with_name("zygote.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def alone(zygote: subprocess.Popen[str], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Run a function of the test's module in a process of its own, which has one thread; return what it printed.

    Forks of a session process need that, and so do tests of signals, descriptors and memory.
    """
    output = tmp_path_factory.mktemp("alone") / "output"

    def run(function: Callable[..., None], *arguments: object, status: int = 0) -> str:
        assert zygote.stdin
        assert zygote.stdout
        request = [function.__code__.co_filename, function.__name__, [str(a) for a in arguments], str(output)]
        zygote.stdin.write(json.dumps(request) + "\n")
        zygote.stdin.flush()
        ended = int(zygote.stdout.readline())
        text = output.read_text()
        assert ended == status, text
        return text

    return run
