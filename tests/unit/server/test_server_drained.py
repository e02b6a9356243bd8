"""What a server tells its client of itself, and what a drained client means for it."""

import asyncio

from seon.link import messages as m


def test_the_client_is_told_how_the_server_is_whenever_that_changes(alone, tmp_path) -> None:
    alone(told, tmp_path)


def told(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            first = await proxy.next(stream, m.ServerState)
            assert (first.version, first.open, first.sessions) == (0, False, 0)
            assert first.reason == "the configuration has not come yet"
            await proxy.opened(stream)
            while not (state := await proxy.next(stream, m.ServerState)).open:
                pass
            assert (state.version, state.port, state.address) == (1, proxy.external, "127.0.0.1")
            assert state.reason == ""
            partner = await proxy.connect(proxy.external, proxy.partner.dials())
            opening = await proxy.next(stream, m.OpenSession)
            inside, _ = await proxy.session_link(m.Ticket(opening.ticket))
            assert (await proxy.next(stream, m.ServerState)).sessions == 1
            partner.close()
            inside.close()
            assert (await proxy.next(stream, m.ServerState)).sessions == 0

    assert Proxy(directory).play(scene) == 0


def test_why_the_external_port_cannot_be_opened_is_told(alone, tmp_path) -> None:
    alone(taken, tmp_path)


def taken(directory: str) -> None:
    import socket

    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        with socket.create_server(("127.0.0.1", proxy.external)):
            async with proxy.client() as stream:
                await proxy.deliver(stream, proxy.delivery())
                while "in use" not in (state := await proxy.next(stream, m.ServerState)).reason:
                    pass
                assert not state.open

    assert Proxy(directory).play(scene) == 0


def test_a_drained_client_closes_the_external_port_and_its_sessions_go_on(alone, tmp_path) -> None:
    alone(drained, tmp_path)


def drained(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream)
            _, partner, inside = await proxy.joined(stream)
            await stream.send(m.Draining(True))
            await proxy.until("SRV-CLOSED External port closed: the client is drained")
            assert not await proxy.reachable()
            assert not proxy.logged("SES-END")
            while (state := await proxy.next(stream, m.ServerState)).open:
                pass
            assert "drained" in state.reason
            await stream.send(m.Draining(False))
            while not await proxy.reachable():
                await asyncio.sleep(0.01)
            await stream.send(m.Draining(True))
            while await proxy.reachable():
                await asyncio.sleep(0.01)
            assert not proxy.logged("SES-END")
            partner.close()
            inside.close()
            await proxy.until("SES-END")
        async with proxy.client():  # its next link is not drained until it says so
            while not await proxy.reachable():
                await asyncio.sleep(0.01)

    assert Proxy(directory).play(scene) == 0
