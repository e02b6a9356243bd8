"""Whether the receive daemon takes connections: asked at once when it is set, and each minute. It is told nothing."""

import asyncio
import contextlib
import socket
import time

import pytest

from seon.client import receive_daemon as module
from seon.client.receive_daemon import Reached, ReceiveDaemonWatch
from seon.config import ReceiveDaemon


async def resolve(_: str) -> tuple[str, ...]:
    return ("127.0.0.1",)


def play(scene, resolves=resolve) -> None:
    async def live() -> None:
        watch = ReceiveDaemonWatch(resolves)
        running = asyncio.create_task(watch.run())
        async with asyncio.timeout(10):
            await scene(watch)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(live())


async def asked(watch: ReceiveDaemonWatch) -> Reached:
    while watch.last.reached is None:
        await asyncio.sleep(0.005)
    return watch.last


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.settimeout(5)
        yield sock


def test_nothing_is_known_before_one_is_set() -> None:
    async def scene(watch) -> None:
        await asyncio.sleep(0.02)
        assert (watch.last, watch.shown) == (Reached(), "")

    play(scene)


def test_one_that_listens_is_reached_and_gets_no_octet(listener) -> None:
    async def scene(watch) -> None:
        before = time.time()
        watch.follow(ReceiveDaemon("station.example", listener.getsockname()[1]))
        found = await asked(watch)
        assert (found.reached, found.reason) == (True, "")
        assert before <= found.asked <= time.time()
        assert watch.shown == f"station.example:{listener.getsockname()[1]}"
        sock, _ = listener.accept()
        with sock:
            assert sock.recv(10) == b"", "it was closed in order, and nothing was said"

    play(scene)


def test_one_that_does_not_listen_is_told_with_the_reason(listener) -> None:
    port = listener.getsockname()[1]
    listener.close()

    async def scene(watch) -> None:
        watch.follow(ReceiveDaemon("127.0.0.1", port))
        found = await asked(watch)
        assert found.reached is False
        assert "refused" in found.reason

    play(scene)


@pytest.mark.parametrize("error", [ConnectionError("no such name"), TimeoutError()])
def test_a_name_that_is_not_known_is_told(error) -> None:
    async def unknown(_: str) -> tuple[str, ...]:
        raise error

    async def scene(watch) -> None:
        watch.follow(ReceiveDaemon("nowhere.example", 3305))
        found = await asked(watch)
        assert found.reached is False
        assert found.reason == (str(error) or "no answer within 5 s")

    play(scene, unknown)


def test_a_name_server_that_hangs_is_waited_for_as_long_as_it_is_said(monkeypatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.05)

    async def hangs(_: str) -> tuple[str, ...]:
        await asyncio.sleep(60)
        return ()

    async def scene(watch) -> None:
        watch.follow(ReceiveDaemon("slow.example", 3305))
        assert "no answer within" in (await asked(watch)).reason

    play(scene, hangs)


def test_it_is_asked_again_and_again(listener, monkeypatch) -> None:
    monkeypatch.setattr(module, "ASK_SECONDS", 0.02)

    async def scene(watch) -> None:
        watch.follow(ReceiveDaemon("127.0.0.1", listener.getsockname()[1]))
        assert (await asked(watch)).reached
        listener.close()
        while watch.last.reached:
            await asyncio.sleep(0.005)
        assert "refused" in watch.last.reason

    play(scene)


def test_another_one_is_asked_at_once_and_the_answer_for_the_old_one_counts_no_more(listener) -> None:
    waiting = asyncio.Event()

    async def slow(host: str) -> tuple[str, ...]:
        if host == "old.example":
            waiting.set()
            await asyncio.sleep(0.1)
        return ("127.0.0.1",)

    async def scene(watch) -> None:
        watch.follow(ReceiveDaemon("old.example", 1))
        await waiting.wait()
        watch.follow(ReceiveDaemon("new.example", listener.getsockname()[1]))
        assert watch.last == Reached()
        assert (await asked(watch)).reached, "what was found of the old one would be: refused"
        watch.follow(None)
        assert (watch.last, watch.shown) == (Reached(), "")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await asked(watch)
        assert watch.last.reached is None

    play(scene, slow)
