"""The external port under changes that come faster than it can follow: never open without a client, never closed with
one once things have settled, and never in its own way.

The whole server runs in a process of its own; links and their TLS are real, and the port is looked at from outside.
"""

import asyncio
import random
import re
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest

import ports
from functional.harness import _free_ports
from seon.config import Limits, OwnCertificate, ServerPartner
from seon.daemon.message_stream import MessageStream
from seon.daemon.ports import Port
from seon.link import messages as m
from seon.server.wanted import EXTERNAL, Terms
from unit.server.proxy import Proxy

CANDIDATES = 4
CLIENTS = ("client one", "client two")
SETTLED_SECONDS = 5.0
SEED = 5_024


@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_the_external_port_follows_a_hundred_changes_in_random_order(alone, tmp_path, seed) -> None:
    alone(changes, tmp_path, 100, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_the_external_port_follows_a_thousand_changes_in_random_order(alone, tmp_path, seed) -> None:
    alone(changes, tmp_path, 1_000, seed)


def changes(directory: str, count: str, seed: str) -> None:
    async def scene(proxy: Proxy) -> None:
        chaos = Chaos(proxy, random.Random(int(seed)))
        try:
            for _ in range(int(count)):
                await chaos.change()
                if chaos.choice.random() < 0.2:
                    await chaos.check_settled()
            await chaos.check_settled()
        finally:
            await chaos.over()
        check_events(proxy.log.path.read_text())
        assert not chaos.opened_alone

    assert Proxy(directory).play(scene, seconds=30 + int(count) / 4) == 0


class Chaos:
    """Changes something, and knows which port is to be open then."""

    def __init__(self, proxy: Proxy, choice: random.Random) -> None:
        self.proxy, self.choice = proxy, choice
        self.candidates = _free_ports(CANDIDATES)
        self.links: dict[str, tuple[AsyncExitStack, MessageStream, asyncio.Task[None]]] = {}
        self.configured = {"external_port": self.candidates[0]}
        self.in_force: dict[str, object] | None = None
        self.version = 0
        self.opened_alone: list[object] = []
        """Ports that were opened without a client."""
        self._opened, proxy.server.opened = proxy.server.opened, self._note_opened

    def _note_opened(self, port: Port[Terms]) -> None:
        if port.owner == EXTERNAL and not len(self.proxy.server._links):
            self.opened_alone.append(port)
        self._opened(port)

    @property
    def wanted(self) -> set[int]:
        """The ports that are to be open."""
        if not self.links or not self.in_force or self.in_force.get("own_certificate", self) is None:
            return set()
        return {self.in_force["external_port"]}

    async def change(self) -> None:
        """Change one thing, and wait for nothing that follows from it."""
        what: Callable[[], object] = self.choice.choice(
            [self._link_comes, self._link_goes, self._other_port, self._other_port, self._limits, self._partners,
             self._certificate]
        )  # fmt: skip
        await what()

    async def _link_comes(self) -> None:
        name = self.choice.choice(CLIENTS)
        stack = AsyncExitStack()
        stream = await stack.enter_async_context(self.proxy.client(name, another=name != CLIENTS[0]))
        old = self.links.pop(name, None)
        self.links[name] = (stack, stream, asyncio.create_task(_read(self.proxy, stream)))
        if old:
            await self._close(*old)

    async def _link_goes(self) -> None:
        if self.links:
            await self._close(*self.links.pop(self.choice.choice(list(self.links))))

    async def _close(self, stack: AsyncExitStack, _: MessageStream, reading: "asyncio.Task[None]") -> None:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await stack.aclose()

    async def _other_port(self) -> None:
        await self._deliver(external_port=self.choice.choice(self.candidates))

    async def _limits(self) -> None:
        await self._deliver(limits=Limits(handshakes=self.choice.randint(1, 5), drain_seconds=1))

    async def _partners(self) -> None:
        await self._deliver(partners=self.choice.choice([(), (ServerPartner("P1", "One"),)]))

    async def _certificate(self) -> None:
        ours = self.proxy.ours
        own = OwnCertificate(ours.fingerprint, ours.pem)
        await self._deliver(own_certificate=self.choice.choice([None, own, own]))

    async def _deliver(self, **fields: object) -> None:
        """Send a configuration over some link, and do not wait until it is in force."""
        self.configured = {**self.configured, **fields}
        if not self.links:
            return
        self.version += 1
        _, stream, _ = self.links[self.choice.choice(list(self.links))]
        await self.proxy.deliver(stream, self.proxy.delivery(self.version, **self.configured))

    async def check_settled(self) -> None:
        """Let the newest configuration come over every link, last of all; then what is to be open is, and stays so."""
        for _, stream, _ in self.links.values():
            self.version += 1
            await self.proxy.deliver(stream, self.proxy.delivery(self.version, **self.configured))
            await self.proxy.until(f"Configuration {self.version} in force")
            self.in_force = self.configured
        until = time.monotonic() + SETTLED_SECONDS
        while (found := await self._open()) != self.wanted:
            assert time.monotonic() < until, f"{found} is open, and not {self.wanted}\n{self._log()}"
            await asyncio.sleep(0.01)
        await self.proxy.server._ports.settled()
        assert await self._open() == self.wanted, self._log()

    async def _open(self) -> set[int]:
        return {port for port in self.candidates if await _reachable(port)}

    def _log(self) -> str:
        return self.proxy.log.path.read_text()[-3_000:]

    async def over(self) -> None:
        for link in self.links.values():
            await self._close(*link)


async def _reachable(port: int) -> bool:
    try:
        return await ports.reachable(port)
    except ConnectionResetError:  # it has closed in this moment
        return False


async def _read(proxy: Proxy, stream: MessageStream) -> None:
    """Take what the server says to a client; nothing of it matters here."""
    while True:
        await proxy.next(stream, m.OpenSession)


def check_events(log: str) -> None:
    """By its own events it was never open twice, and never in its own way."""
    assert "SRV-PORT" not in log
    assert "SRV-FAULT" not in log
    codes = re.findall(r" (SRV-OPEN|SRV-CLOSED) ", log)
    assert len(codes) > 5
    assert all(one != two for one, two in pairwise(codes))
