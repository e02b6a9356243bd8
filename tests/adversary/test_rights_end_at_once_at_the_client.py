"""A partner removed or disabled before any step that the client takes towards a session with it: no session.

The whole client runs in a process of its own; its session processes are real, courier and server are the test's.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from adversary.steps import Steps
from ports import free_port
from seon.config import ClientConfiguration, ClientPartner, Limits, ProxyConfiguration, ServerConfiguration
from seon.daemon import children
from seon.daemon.message_stream import MessageStream
from unit.client.inside import Inside, Station, listener, opening

PARTNER = ClientPartner("P1", "One")
LOSSES = {"removed": (), "disabled": (msgspec.structs.replace(PARTNER, enabled=False),)}
ROUNDS = 60
"""More steps than a session takes to come about."""
ENDED_SECONDS = 5.0


class Scene:
    """A client whose partner loses its right, again and again, each time one step later."""

    def __init__(self, inside: Inside, steps: Steps, loss: str, **fields: object) -> None:
        self.inside, self.steps, self.fields = inside, steps, fields
        self.forks = self.forks_before = 0
        self._loss = LOSSES[loss]
        self._version = 1
        self._log_read = 0
        self._fork = children.fork
        children.fork = self._counted_fork

    def _counted_fork(self, *arguments, **more):
        self.forks += 1
        return self._fork(*arguments, **more)

    def _configure(self, partners: tuple[ClientPartner, ...]) -> None:
        self._version += 1
        server = msgspec.Raw(msgspec.json.encode(ServerConfiguration()))
        limits = Limits(sessions_per_minute=10_000, drain_seconds=1, connect_seconds=2)
        licenses = tuple(self.inside.licenses)
        ours = ClientConfiguration(partners=partners, limits=limits, licenses=licenses, **self.fields)
        self.inside.client._configured(ProxyConfiguration(self._version, server, ours))
        assert self.inside.client._in_force.configuration is ours

    def lose(self) -> None:
        """The partner loses its right, now."""
        self.forks_before = self.forks
        self._configure(self._loss)

    async def begin(self, step: int) -> None:
        """Give the right back, and take it again before this step."""
        self._configure((PARTNER,))
        await self.inside.client._ports.settled()
        self.forks = self.forks_before = 0
        self._log_read = len(self.inside.log.path.read_text())
        self.steps.at(step, self.lose)

    def events(self) -> str:
        """Return what was logged in this round."""
        return self.inside.log.path.read_text()[self._log_read :]

    async def check_no_session(self) -> None:
        """Nothing was forked after the loss; what was forked before it has ended in time."""
        until = time.monotonic() + ENDED_SECONDS
        while self.inside.client._table or processes_here():
            assert time.monotonic() < until, self.events()
            await asyncio.sleep(0.005)
        events = self.events()
        assert self.forks == self.forks_before, events
        if "SES-START" in events:
            assert "ended by administrator" in events, events
        elif self.forks:
            assert "SES-FAILED" in events, events


Begin = Callable[[Scene, int], Awaitable[None]]
"""Begins a session in the round with this number."""


def processes_here() -> str:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text()


async def lose_at_each_step(scene: Scene, begin: Begin) -> int:
    """Let the partner lose its right one step later each time, until a session runs before; return that step."""
    for step in range(1, ROUNDS):
        await scene.begin(step)
        await begin(scene, step)
        until = time.monotonic() + ENDED_SECONDS
        while not scene.steps.done and "SES-START" not in scene.events():
            assert time.monotonic() < until, scene.events()
            await asyncio.sleep(0.001)
        if undisturbed := not scene.steps.done:
            scene.steps.over()
            scene.lose()
        await scene.check_no_session()
        if undisturbed:
            return step
    raise AssertionError("there was never a session")


# --- a partner has come in --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
def test_a_partner_that_loses_its_right_before_any_step_after_open_session_has_no_session(
    alone, tmp_path, loss
) -> None:
    alone(comes_in, tmp_path, loss)


def comes_in(directory: str, loss: str) -> None:
    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        async with Station(b"").serving() as daemon:
            joining, reading = asyncio.create_task(_join(inside)), asyncio.create_task(_read(control))

            async def begin(_scene: Scene, step: int) -> None:
                await control.send(opening("P1", f"session-{step}"))

            await inside.configure()
            assert await lose_at_each_step(Scene(inside, steps, loss, receive_daemon=daemon), begin) > 1
            await _over(joining, reading)

    steps = Steps()
    assert Inside(directory).play(scene, steps.task) == 0


async def _join(inside: Inside) -> None:
    held = []
    while True:
        with contextlib.suppress(OSError):
            held.append(await inside.join())


async def _read(control: MessageStream) -> None:
    while True:
        await control.receive()


async def _over(*jobs: "asyncio.Task[None]") -> None:
    for job in jobs:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)


# --- the send daemon wants out ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
def test_a_partner_that_loses_its_right_before_any_step_after_the_send_daemon_called_has_no_session(
    alone, tmp_path, loss
) -> None:
    alone(goes_out, tmp_path, loss)


def goes_out(directory: str, loss: str) -> None:
    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        port, writers = free_port(), []
        joining, reading = asyncio.create_task(_join(inside)), asyncio.create_task(_read(control))

        async def begin(_scene: Scene, _step: int) -> None:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writers.append(writer)

        await inside.configure()
        assert await lose_at_each_step(Scene(inside, steps, loss, listeners=(listener(port),)), begin) > 2
        await _over(joining, reading)
        for writer in writers:
            writer.close()

    steps = Steps()
    assert Inside(directory).play(scene, steps.task) == 0
