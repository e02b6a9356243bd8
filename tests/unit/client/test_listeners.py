"""The ports for the send daemon follow the configuration."""

import asyncio
import socket

import pytest
from seon.client.listeners import Listeners

from ports import free_ports, reachable
from seon.client import listeners as module
from seon.config import OutgoingListener


@pytest.fixture
def ports() -> list[int]:
    return free_ports(3)


@pytest.fixture
def play(reported, until):
    def run(scene) -> None:
        taken = []

        async def live() -> None:
            listeners = Listeners(reported, lambda sock, source, partner: taken.append((source, partner)))
            async with asyncio.timeout(10):
                await scene(listeners, taken)
                await listeners.follow(())

        asyncio.run(live())

    return run


def wanted(port: int, partner: str = "P1", address: str = "127.0.0.1") -> OutgoingListener:
    return OutgoingListener(port, partner, address)


def test_a_connection_is_handed_over_with_its_source_and_partner(play, ports, until, reported) -> None:
    async def scene(listeners, taken) -> None:
        await listeners.follow((wanted(ports[0]), wanted(ports[1], "P2")))
        await until(lambda: reported.codes.count("CLI-LISTEN") == 2)
        await reachable(ports[1])
        await until(lambda: taken)
        ((source, partner),) = taken
        assert partner == "P2"
        assert source.startswith("127.0.0.1:")

    play(scene)


def test_ports_that_stay_are_not_touched(play, ports, until, reported) -> None:
    async def scene(listeners, taken) -> None:
        await listeners.follow((wanted(ports[0]), wanted(ports[1])))
        await until(lambda: reported.codes.count("CLI-LISTEN") == 2)
        await listeners.follow((wanted(ports[0]), wanted(ports[2])))
        await until(lambda: reported.codes.count("CLI-LISTEN") == 3)
        assert [await reachable(port) for port in ports] == [True, False, True]

    play(scene)


def test_a_port_given_to_another_partner_is_opened_anew(play, ports, until, reported) -> None:
    async def scene(listeners, taken) -> None:
        await listeners.follow((wanted(ports[0], "P1"),))
        await until(lambda: "CLI-LISTEN" in reported.codes)
        await listeners.follow((wanted(ports[0], "P2"),))
        await until(lambda: reported.codes.count("CLI-LISTEN") == 2)
        await reachable(ports[0])
        await until(lambda: taken)
        assert taken[-1][1] == "P2"

    play(scene)


def test_of_two_calls_at_once_the_last_ones_word_counts(play, ports, until, reported) -> None:
    async def scene(listeners, taken) -> None:
        await listeners.follow(tuple(wanted(port) for port in ports))
        await until(lambda: reported.codes.count("CLI-LISTEN") == 3)
        await asyncio.gather(
            listeners.follow(()),
            listeners.follow((wanted(ports[0]), wanted(ports[2]))),
            listeners.follow((wanted(ports[1]),)),
        )
        await asyncio.sleep(0.05)
        assert [await reachable(port) for port in ports] == [False, True, False]

    play(scene)


def test_a_taken_port_is_said_once_and_opened_when_it_is_free(play, ports, until, reported, monkeypatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.02)

    async def scene(listeners, taken) -> None:
        with socket.create_server(("127.0.0.1", ports[0])):
            await listeners.follow((wanted(ports[0]),))
            await asyncio.sleep(0.15)
            assert reported.codes == ["CLI-PORT"]
        await until(lambda: "CLI-LISTEN" in reported.codes)

    play(scene)
    assert "in use" in reported.of("CLI-PORT")["reason"]


def test_an_address_that_is_none_is_said_and_can_be_corrected(play, ports, until, reported) -> None:
    async def scene(listeners, taken) -> None:
        await listeners.follow((wanted(ports[0], address="nowhere"),))
        await until(lambda: "CLI-PORT" in reported.codes)
        await listeners.follow((wanted(ports[0]),))
        await until(lambda: "CLI-LISTEN" in reported.codes)

    play(scene)
