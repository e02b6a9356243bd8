"""A partner removed, disabled, or its certificate withdrawn, before any step that the server takes: no session.

The whole server runs in a process of its own; partner, client and TLS are real, and so are the session processes. The
test stops before each step between accept and fork, and before the first ones after it, until a session comes about
without that.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from adversary.steps import Steps, at_once
from seon.config import Limits, ServerPartner
from seon.daemon import children, slices
from seon.daemon.message_stream import MessageStream
from seon.link import messages as m
from seon.link.codec import HEADER, encode
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import SESSION, accepting, connecting, partner_listener
from seon.net.stream import AsyncTls
from seon.oftp2 import codec
from seon.oftp2.commands import StartSessionReady
from seon.oftp2.framing import frame
from unit.server.proxy import ANSWERS, Proxy

SSRM = frame(codec.encode(StartSessionReady(), 5))
ESID_99 = b"F99"
LOSSES = ("removed", "disabled", "pin withdrawn")
STEPS = 200
"""More than a session takes to come about."""
LEAST = 8
ENDED_SECONDS = 5.0
BROKEN = (OSError, TlsError, EndOfStream)


class Scene:
    """A proxy whose partner loses its right, again and again, each time one step later."""

    def __init__(self, proxy: Proxy, steps: Steps, loss: str, port: int = 6619) -> None:
        self.proxy, self.steps = proxy, steps
        self.forks = self.forks_before = 0
        """Processes that were begun in this round, and those begun before the partner lost its right."""
        self._version = 1
        known = ServerPartner("P1", "One", pins=(proxy.partner.fingerprint,), host="127.0.0.1", port=port)
        without = {
            "removed": (),
            "disabled": (msgspec.structs.replace(known, enabled=False),),
            "pin withdrawn": (msgspec.structs.replace(known, pins=("1" * 64,)),),
        }
        limits = Limits(sessions_per_minute=10_000, drain_seconds=1)
        self.right = proxy.delivery(partners=(known,), limits=limits)
        self._loss = proxy.delivery(partners=without[loss], limits=limits)
        self._log_read = 0
        slices.SLICE_SECONDS = 60.0  # a slice that is over on a slow machine would let the loop in between
        self._fork = children.fork
        children.fork = self._counted_fork
        slices.SLICE_SECONDS = 60  # a configuration comes in force within one step here, on a busy host too

    def _counted_fork(self, *arguments, **more):
        self.forks += 1
        return self._fork(*arguments, **more)

    def _deliver(self, delivery: m.Delivery) -> None:
        self._version += 1
        at_once(self.proxy.server.deliver(msgspec.structs.replace(delivery, version=self._version)))
        assert self.proxy.server.configuration_version() == self._version

    def lose(self) -> None:
        """The partner loses its right, now."""
        self.forks_before = self.forks
        self._deliver(self._loss)

    def begin(self, step: int) -> None:
        """Give the right back, and take it again before this step."""
        self._deliver(self.right)
        self.forks = self.forks_before = 0
        self._log_read = len(self.log())
        self.steps.at(step, self.lose)

    def log(self) -> str:
        return self.proxy.log.path.read_text()

    def events(self) -> str:
        """Return what was logged in this round."""
        return self.log()[self._log_read :]

    async def check_no_session(self, heard: bytes) -> None:
        """Nothing was forked after the loss; what was forked before it has ended in time."""
        self.steps.over()
        began = time.monotonic()
        while self.proxy.server._table or processes_here():
            assert time.monotonic() < began + ENDED_SECONDS, self.events()
            await asyncio.sleep(0.005)
        events = self.events()
        assert self.forks == self.forks_before, events
        if not self.forks:
            assert "SES-START" not in events
            assert "SES-FAILED" in events or "ADM-REFUSED" in events, events
            assert heard == b"", "nothing of OFTP2 was said"
        elif "SES-START" in events:
            assert "ended by administrator" in events, events
        assert heard[4:7] in (b"", ESID_99), heard


Begin = Callable[[Scene, int], Awaitable[AsyncTls | None]]
"""Begins a session in the round with this number; returns the connection of its first end."""


def processes_here() -> str:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text()


async def heard_of(tls: AsyncTls) -> bytes:
    """Return all that comes until the connection ends."""
    heard = b""
    try:
        while True:
            heard += await tls.read_exactly(1)
    except BROKEN:
        return heard
    finally:
        tls.close()


async def until_ready(tls: AsyncTls) -> bool:
    """Whether SSRM comes before the end."""
    try:
        return await tls.read_exactly(len(SSRM)) == SSRM
    except BROKEN:
        return False


async def _lose_at_each_step(scene: Scene, begin: Begin) -> None:
    """Let the partner lose its right one step later each time, until there is a session before it does."""
    forked = 0
    for step in range(1, STEPS):
        scene.begin(step)
        tls = await begin(scene, step)
        ready = tls is not None and await until_ready(tls) and not scene.steps.done
        if ready:
            scene.lose()
        await scene.check_no_session(await heard_of(tls) if tls else b"")
        forked += bool(scene.forks)
        if ready:
            break
    assert ready, "in the end there is a session, and the loss ends it"
    assert step - forked >= LEAST, "so many steps lead to the fork at least"


async def _over(*jobs: "asyncio.Task[None]") -> None:
    for job in jobs:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)


# --- a partner comes in -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
def test_a_partner_that_loses_its_right_before_any_step_of_its_coming_in_has_no_session(alone, tmp_path, loss) -> None:
    alone(comes_in, tmp_path, loss)


def comes_in(directory: str, loss: str) -> None:
    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream)
            serving = asyncio.create_task(_be_inside(proxy, stream))
            await _lose_at_each_step(Scene(proxy, steps, loss), _call)
            await _over(serving)

    steps = Steps()
    assert Proxy(directory).play(scene, steps.task) == 0


async def _call(scene: Scene, _step: int) -> AsyncTls | None:
    """Call as the partner; return the connection if it came about."""
    sock = socket.socket()
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", scene.proxy.external))
    tls = AsyncTls(sock, scene.proxy.partner.dials())
    try:
        await tls.handshake()
    except BROKEN:
        tls.close()
        return None
    return tls


async def _be_inside(proxy: Proxy, stream: MessageStream) -> None:
    """Be the inside: come for every partner, and say SSRM for the receive daemon."""
    held = []
    while True:
        opening = await proxy.next(stream, m.OpenSession)
        if tls := await _link(proxy, m.Ticket(opening.ticket)):
            held.append(asyncio.create_task(_say_ready(tls)))


async def _say_ready(tls: AsyncTls) -> None:
    with contextlib.suppress(*BROKEN):
        await tls.write(SSRM)
    await heard_of(tls)


async def _link(proxy: Proxy, opening: m.SessionOpening) -> AsyncTls | None:
    """Dial a session link; return it if it is joined."""
    sock = socket.socket()
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", proxy.internal))
    tls = AsyncTls(sock, connecting(proxy.dialler.context, SESSION))
    with contextlib.suppress(*BROKEN):
        await tls.handshake()
        await tls.write(encode(opening))
        answer = ANSWERS.decode(await tls.read_exactly(ANSWERS.length(await tls.read_exactly(HEADER))))
        if isinstance(answer, m.Joined):
            return tls
    tls.close()
    return None


# --- a partner is dialled ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["removed", "disabled"])
def test_a_partner_that_loses_its_right_before_any_step_of_its_being_dialled_has_no_session(
    alone, tmp_path, loss
) -> None:
    alone(is_dialled, tmp_path, loss)


def is_dialled(directory: str, loss: str) -> None:
    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream)
            with socket.create_server(("127.0.0.1", 0)) as listener:
                listener.setblocking(False)
                jobs = [asyncio.create_task(_be_partner(proxy, listener)), asyncio.create_task(_nothing(proxy, stream))]
                await _lose_at_each_step(Scene(proxy, steps, loss, listener.getsockname()[1]), _dial)
                await _over(*jobs)

    steps = Steps()
    assert Proxy(directory).play(scene, steps.task) == 0


async def _be_partner(proxy: Proxy, listener: socket.socket) -> None:
    """Be a partner's station: say SSRM to whoever dials."""
    keyed = partner_listener(proxy.partner.pem, proxy.partner.key_pem, lambda _: True)
    held = []
    while True:
        sock, _ = await asyncio.get_running_loop().sock_accept(listener)
        sock.setblocking(False)
        held.append(asyncio.create_task(_answer(AsyncTls(sock, accepting(keyed.context)))))


async def _answer(tls: AsyncTls) -> None:
    with contextlib.suppress(*BROKEN):
        await tls.handshake()
        await tls.write(SSRM)
    await heard_of(tls)


async def _nothing(proxy: Proxy, stream: MessageStream) -> None:
    """Take events, and wait for nobody."""
    await proxy.next(stream, m.OpenSession)


async def _dial(scene: Scene, step: int) -> AsyncTls | None:
    """Dial the partner from inside; return the session link if it is joined."""
    return await _link(scene.proxy, m.Dial(f"session-{step}", "P1"))
