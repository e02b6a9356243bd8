"""Listening: literal addresses, slots, pauses, and a port that stays open whatever one connection brings."""

import asyncio
import contextlib
import errno
import itertools
import socket

import pytest

from seon.addresses import AddressError
from seon.net import listen
from seon.net.listen import accept_forever, open_listener


def port_of(sock: socket.socket) -> int:
    return sock.getsockname()[1]


def test_a_literal_address_is_listened_on_and_no_other() -> None:
    with open_listener("127.0.0.1", 0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
        assert not listener.getblocking()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port_of(listener)), 1)


def test_an_ipv4_mapped_address_is_the_ipv4_address() -> None:
    with open_listener("::ffff:127.0.0.1", 0) as listener:
        assert listener.family == socket.AF_INET


def test_no_address_is_every_address_of_both_kinds() -> None:
    with open_listener("", 0) as listener:
        for address in ("127.0.0.1", "::1"):
            with contextlib.suppress(OSError) if not socket.has_ipv6 else contextlib.nullcontext():
                socket.create_connection((address, port_of(listener)), 1).close()


def test_a_host_without_ipv6_listens_on_ipv4(monkeypatch) -> None:
    real = socket.socket

    def without(family: int = socket.AF_INET, *arguments: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "no IPv6 here")
        return real(family, *arguments)

    monkeypatch.setattr(listen.socket, "socket", without)
    with open_listener("", 0) as listener:
        assert listener.getsockname()[0] == "0.0.0.0"


def test_a_taken_port_is_an_error() -> None:
    with open_listener("127.0.0.1", 0) as listener, pytest.raises(OSError, match="in use"):
        open_listener("127.0.0.1", port_of(listener))


@pytest.mark.parametrize("address", ["localhost", "300.1.1.1"])
def test_a_name_is_no_address(address) -> None:
    with pytest.raises(AddressError):
        open_listener(address, 0)


def play(scene, *, slots: int | None = 10, handler) -> None:
    async def run() -> None:
        with open_listener("127.0.0.1", 0) as listener:
            bound = asyncio.Semaphore(slots) if slots else None
            task = asyncio.create_task(accept_forever(listener, bound, handler))
            async with asyncio.timeout(10):
                await scene(listener, port_of(listener))
            assert not task.done(), "the port is closed"
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    asyncio.run(run())


def test_a_handler_gets_the_peers_address_in_its_one_spelling(until) -> None:
    seen = []

    async def handler(sock: socket.socket, source: str, port: int) -> None:
        seen.append((source, port, sock.getpeername()[1]))

    async def scene(listener: socket.socket, port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)):
            await until(lambda: seen)
        assert seen[0][0] == "127.0.0.1"
        assert seen[0][1] == seen[0][2]

    play(scene, handler=handler)


def test_no_more_connections_are_served_than_there_are_slots(until) -> None:
    serving, go = [], asyncio.Event()

    async def handler(sock: socket.socket, source: str, port: int) -> None:
        serving.append(port)
        await go.wait()

    async def scene(listener: socket.socket, port: int) -> None:
        callers = [socket.create_connection(("127.0.0.1", port)) for _ in range(5)]
        await until(lambda: len(serving) == 2)
        await asyncio.sleep(0.05)
        assert len(serving) == 2
        go.set()
        await until(lambda: len(serving) == 5)
        for caller in callers:
            caller.close()

    play(scene, slots=2, handler=handler)


def test_without_slots_all_that_come_are_accepted(until) -> None:
    serving, go = [], asyncio.Event()

    async def handler(sock: socket.socket, source: str, port: int) -> None:
        serving.append(port)
        await go.wait()

    async def scene(listener: socket.socket, port: int) -> None:
        callers = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
        await until(lambda: len(serving) == 100)
        go.set()
        for caller in callers:
            caller.close()

    play(scene, slots=None, handler=handler)


@pytest.mark.parametrize("slots", [None, 1])
def test_a_connection_that_the_handler_does_not_want_is_closed_at_once(slots) -> None:
    wanted = []

    def handler(sock: socket.socket, source: str, port: int) -> None:
        wanted.append(port)

    async def scene(listener: socket.socket, port: int) -> None:
        for _ in range(3):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await reader.read() == b""
            writer.close()
        assert len(wanted) == 3

    play(scene, slots=slots, handler=handler)


def test_a_flood_leaves_the_loop_to_others_after_each_batch() -> None:
    """All of the backlog is ready at once; between two batches everything else has its turn."""
    accepted = []

    def handler(sock: socket.socket, source: str, port: int) -> None:
        accepted.append(port)

    async def scene(listener: socket.socket, port: int) -> None:
        callers = [socket.create_connection(("127.0.0.1", port)) for _ in range(3 * listen.BATCH)]
        seen = []
        while len(accepted) < len(callers):
            seen.append(len(accepted))
            await asyncio.sleep(0)
        seen.append(len(accepted))
        assert max(after - before for before, after in itertools.pairwise(seen)) <= listen.BATCH
        for caller in callers:
            caller.close()

    play(scene, slots=None, handler=handler)


def test_a_connection_is_closed_when_its_handler_is_done(until) -> None:
    async def handler(sock: socket.socket, source: str, port: int) -> None:
        pass

    async def scene(listener: socket.socket, port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as caller:
            caller.setblocking(False)
            assert await asyncio.get_running_loop().sock_recv(caller, 1) == b""

    play(scene, handler=handler)


@pytest.mark.parametrize("slots", [None, 1])
def test_a_handler_that_fails_at_once_closes_its_connection_and_not_the_port(until, slots) -> None:
    troubles = []

    def handler(sock: socket.socket, source: str, port: int) -> None:
        raise ValueError("nobody thought of this")

    async def scene(listener: socket.socket, port: int) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: troubles.append(context))
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await reader.read() == b""
            writer.close()
        assert len(troubles) == 2

    play(scene, slots=slots, handler=handler)


def test_a_handler_that_fails_closes_its_connection_and_not_the_port(until) -> None:
    """Whatever one stranger brings about: the port stays open for all the others, and the trouble is told."""
    served, troubles = [], []

    async def handler(sock: socket.socket, source: str, port: int) -> None:
        served.append(port)
        if len(served) == 1:
            raise ValueError("nobody thought of this")

    async def scene(listener: socket.socket, port: int) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: troubles.append(context))
        for count in (1, 2):
            with socket.create_connection(("127.0.0.1", port)):
                await until(lambda: len(served) == count)  # noqa: B023  # awaited here and now
        await until(lambda: troubles)
        assert "nobody thought of this" in str(troubles[0]["exception"])

    play(scene, slots=1, handler=handler)


def test_a_failed_accept_is_tried_again_after_a_pause(until, monkeypatch) -> None:
    monkeypatch.setattr(listen, "PAUSE_SECONDS", 0.02)
    tries, served = [], []

    async def handler(sock: socket.socket, source: str, port: int) -> None:
        served.append(port)

    async def scene(listener: socket.socket, port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)):
            await until(lambda: served)

    real = listen._accept

    async def failing(listener: socket.socket) -> tuple[socket.socket, tuple[str, int]]:
        tries.append(listener)
        if len(tries) <= 2:
            raise OSError(errno.EMFILE, "too many open files")
        return await real(listener)

    monkeypatch.setattr(listen, "_accept", failing)
    play(scene, slots=1, handler=handler)
    assert len(tries) >= 3


def test_a_connection_that_comes_in_the_turn_in_which_the_port_closes_is_no_error() -> None:
    troubles = []

    async def handler(sock: socket.socket, source: str, port: int) -> None:
        raise AssertionError("nobody is served any more")

    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: troubles.append(context))
        with open_listener("127.0.0.1", 0) as listener:
            task = asyncio.create_task(accept_forever(listener, asyncio.Semaphore(1), handler))
            for _ in range(5):
                await asyncio.sleep(0)
            with socket.create_connection(("127.0.0.1", port_of(listener))):
                loop.call_soon(task.cancel)  # in the next turn, before what the selector finds in it
                await asyncio.wait([task])

    asyncio.run(run())
    assert troubles == []


def test_to_end_listening_ends_what_is_being_served(until) -> None:
    ended = []

    async def handler(sock: socket.socket, source: str, port: int) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append(source)
            raise

    async def run() -> None:
        with open_listener("127.0.0.1", 0) as listener:
            task = asyncio.create_task(accept_forever(listener, asyncio.Semaphore(5), handler))
            with socket.create_connection(("127.0.0.1", port_of(listener))) as caller:
                await asyncio.sleep(0.05)
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
                caller.settimeout(2)
                assert caller.recv(1) == b""

    asyncio.run(run())
    assert ended == ["127.0.0.1"]
