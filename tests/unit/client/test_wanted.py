"""Which ports the client has open is a value, made of its configuration and of whether there is a link."""

import asyncio
import socket

import pytest

from seon.client.client import EXIT_LINK
from seon.client.wanted import CONNECTIONS, wanted_ports
from seon.config import ClientConfiguration, OutgoingListener
from seon.link import messages as m


def wanted(*listeners: OutgoingListener, linked: bool = True) -> list[tuple[str, int, str]]:
    ports = wanted_ports(ClientConfiguration(listeners=listeners), linked=linked)
    return [(port.address, port.number, port.owner) for port in ports]


ONE, TWO = OutgoingListener(3305, "P1"), OutgoingListener(3306, "P2", "192.0.2.1")


@pytest.mark.parametrize(
    ("listeners", "linked", "ports"),
    [
        ((), True, []),
        ((ONE,), True, [("127.0.0.1", 3305, "P1")]),
        ((ONE, TWO), True, [("127.0.0.1", 3305, "P1"), ("192.0.2.1", 3306, "P2")]),
        ((ONE, TWO), False, []),
        ((), False, []),
    ],
)
def test_each_partner_has_its_port_while_there_is_a_link(listeners, linked, ports) -> None:
    assert wanted(*listeners, linked=linked) == ports


def test_a_port_that_is_given_to_another_partner_is_another_port() -> None:
    """Else who connects would be let out to the partner that had it before."""
    before, after = (
        wanted_ports(ClientConfiguration(listeners=(OutgoingListener(3305, partner),)), linked=True)
        for partner in ("P1", "P2")
    )
    assert before != after
    assert before[0].slots == CONNECTIONS


def test_a_configuration_that_says_the_same_of_a_port_leaves_it_open() -> None:
    one, two = (wanted_ports(ClientConfiguration(listeners=(ONE,)), linked=True) for _ in range(2))
    assert one == two


# --- the same with a whole client -------------------------------------------------------------------------------------


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


async def reachable(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


def test_the_ports_follow_the_configuration_and_the_link(alone, tmp_path) -> None:
    alone(followed, tmp_path)


def followed(directory: str) -> None:
    from inside import Inside, listener

    ports = free_ports(3)

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        await inside.configure(1, listeners=(listener(ports[0]), listener(ports[1])))
        await inside.until(f"Listening port 127.0.0.1:{ports[1]} for partner P1 open")
        await inside.configure(2, listeners=(listener(ports[0]), listener(ports[2])))
        await inside.until(f"Listening port 127.0.0.1:{ports[2]} for partner P1 open")
        await inside.until(f"Listening port 127.0.0.1:{ports[1]} for partner P1 closed: the configuration has changed")
        assert inside.log.path.read_text().count("CLI-LISTEN") == 3, "the port that stays is not opened anew"
        await control.send(m.Bye("the server is ending"))
        await inside.until(f"Listening port 127.0.0.1:{ports[2]} for partner P1 closed: there is no server")
        await inside.until(f"Listening port 127.0.0.1:{ports[0]} for partner P1 closed: there is no server")
        assert [await reachable(port) for port in ports] == [False] * 3

    assert Inside(directory).play(scene) == EXIT_LINK


def test_a_taken_port_is_said_once_and_opened_when_it_is_free(alone, tmp_path) -> None:
    alone(taken, tmp_path)


def taken(directory: str) -> None:
    from inside import Inside, listener

    from seon.daemon import ports as module

    module.RETRY_SECONDS = 0.02
    (port,) = free_ports(1)

    async def scene(inside: Inside) -> None:
        await inside.controls.get()
        with socket.create_server(("127.0.0.1", port)):
            await inside.configure(listeners=(listener(port),))
            await asyncio.sleep(0.2)
            assert inside.log.path.read_text().count("CLI-PORT") == 1
            assert inside.logged("in use")
        await inside.until("CLI-LISTEN")

    assert Inside(directory).play(scene) == 0
