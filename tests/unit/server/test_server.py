"""The server as a whole: a client and a partner are played, session processes are real."""

import asyncio
import ssl
from pathlib import Path

import pytest

from seon.config import Limits, ServerPartner
from seon.link import messages as m
from seon.net.channel import EndOfStream
from seon.oftp2.codec import encode
from seon.oftp2.commands import StartSessionReady
from seon.oftp2.framing import frame

SSRM = frame(encode(StartSessionReady(), 5))


def test_the_external_port_is_open_only_while_a_client_is_linked(alone, tmp_path) -> None:
    alone(port_follows_client, tmp_path)


def port_follows_client(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        assert not await proxy.reachable()
        async with proxy.client() as stream:
            await proxy.until("LNK-UP")
            assert not await proxy.reachable(), "linked, but without a configuration"
            await proxy.opened(stream)
            assert await proxy.reachable()
        await proxy.until("SRV-CLOSED")
        assert not await proxy.reachable()
        async with proxy.client():
            while not await proxy.reachable():
                await asyncio.sleep(0.01)

    assert Proxy(directory).play(scene) == 0


def test_a_partner_is_joined_with_the_inside_and_octets_flow(alone, tmp_path) -> None:
    alone(joined, tmp_path)


def joined(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream)
            partner = await proxy.connect(proxy.external, proxy.partner.dials())
            opening = await proxy.next(stream, m.OpenSession)
            assert opening.partner == "P1"
            assert opening.fingerprint == proxy.partner.fingerprint
            inside, answer = await proxy.session_link(m.Ticket(opening.ticket))
            assert isinstance(answer, m.Joined)
            assert "TLSv1.3" in answer.tls
            await inside.write(SSRM)
            assert await partner.read_exactly(len(SSRM)) == SSRM
            again, answer = await proxy.session_link(m.Ticket(opening.ticket))
            assert answer == m.NotJoined("the ticket is not good")
            again.close()
            partner.close()
            inside.close()
            await proxy.until("SES-END")

    assert Proxy(directory).play(scene) == 0


def test_a_partner_nobody_comes_for_is_let_go(alone, tmp_path) -> None:
    alone(refused_inside, tmp_path)


def refused_inside(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream)
            partner = await proxy.connect(proxy.external, proxy.partner.dials())
            opening = await proxy.next(stream, m.OpenSession)
            await stream.send(m.SessionRefused(opening.session, "no receive daemon"))
            with pytest.raises(EndOfStream) as end:
                await partner.read_exactly(1)
            assert end.value.clean
            await proxy.until("refused inside: no receive daemon")
            assert proxy.logged(f"SES-FAILED [{opening.session}]")

    assert Proxy(directory).play(scene) == 0


def test_limits_hold_while_sessions_are_being_brought_about(alone, tmp_path) -> None:
    alone(limited, tmp_path)


def limited(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream, limits=Limits(sessions_per_partner=1, drain_seconds=1))
            one = await proxy.connect(proxy.external, proxy.partner.dials())
            await proxy.next(stream, m.OpenSession)
            two = await proxy.connect(proxy.external, proxy.partner.dials())
            await proxy.until("the limit of 1 session of partner P1 at once")
            one.close()
            two.close()

    assert Proxy(directory).play(scene) == 0


def test_a_dial_that_cannot_be_is_answered_with_the_reason(alone, tmp_path) -> None:
    alone(dials, tmp_path)


def dials(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        _, answer = await proxy.session_link(m.Dial("session-0", "P1"))
        assert answer == m.NotJoined("this client has no control link")
        async with proxy.client() as stream:
            pins = (proxy.partner.fingerprint,)
            partners = (ServerPartner("P1", "One", pins=pins), ServerPartner("P2", "Two", host="127.0.0.1", port=1),
                        ServerPartner("P3", "Three", enabled=False))  # fmt: skip
            await proxy.opened(stream, partners=partners)
            for partner, reason in (
                ("P1", "has no address to dial"),
                ("P2", "127.0.0.1:1: connect: refused (nothing listens on that port)"),
                ("P3", "not known or disabled"),
                ("P9", "not known or disabled"),
            ):
                tls, answer = await proxy.session_link(m.Dial(f"session-{partner.lower()}", partner))
                assert isinstance(answer, m.NotJoined)
                assert reason in answer.reason
                tls.close()
            await proxy.until("SES-FAILED")

    assert Proxy(directory).play(scene) == 0


def test_whoever_answers_under_a_partners_address_must_be_that_partner(alone, tmp_path) -> None:
    alone(dialled_other, tmp_path)


def dialled_other(directory: str) -> None:

    from proxy import Proxy

    from certificates import make

    other = make("somebody else")
    path = Path(directory, "other.pem")
    path.write_text(other.pem + other.key_pem.decode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    heard = []

    async def serve(reader, writer) -> None:
        heard.append(await reader.read())
        writer.close()

    async def scene(proxy: Proxy) -> None:
        station = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        port = station.sockets[0].getsockname()[1]
        partner = ServerPartner("P1", "One", pins=(proxy.partner.fingerprint,), host="127.0.0.1", port=port)
        async with proxy.client() as stream:
            await proxy.opened(stream, partners=(partner,))
            tls, answer = await proxy.session_link(m.Dial("session-1", "P1"))
            assert "the certificate is not that partner's" in answer.reason
            tls.close()
        await proxy.until("ADM-DIAL")
        assert heard == [b""], "it got no octet of OFTP2"
        station.close()

    assert Proxy(directory).play(scene) == 0


@pytest.mark.parametrize(("partner_does", "reason"), [
    ("refuses", "TLS: it refused our certificate (alert: "),
    ("is silent", "SSRM: none within "),
    ("speaks", ""),
])  # fmt: skip
def test_a_dialled_partner_is_joined_when_it_has_spoken(alone, tmp_path, partner_does, reason) -> None:
    """With TLS 1.3 the handshake is done before the partner judges our certificate: only its first word tells."""
    alone(joined_when_it_has_spoken, tmp_path, partner_does, reason)


def joined_when_it_has_spoken(directory: str, partner_does: str, reason: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        keyed = partner_listener(proxy.partner.pem, proxy.partner.key_pem, lambda _: partner_does != "refuses")

        async def answer(listener: socket.socket) -> None:
            sock, _ = await asyncio.get_running_loop().sock_accept(listener)
            tls = AsyncTls(sock, accepting(keyed.context))
            with contextlib.suppress(TlsError, EndOfStream, OSError):
                await tls.handshake()
                if partner_does == "speaks":
                    await tls.write(SSRM)
                await tls.read_exactly(1)
            await tls.end()

        with open_listener("127.0.0.1", 0) as listener:
            answering = asyncio.create_task(answer(listener))
            port = listener.getsockname()[1]
            partner = ServerPartner("P1", "One", pins=(proxy.partner.fingerprint,), host="127.0.0.1", port=port)
            async with proxy.client() as stream:
                await proxy.opened(stream, partners=(partner,))
                tls, joined = await proxy.session_link(m.Dial("session-1", "P1"))
                if reason:
                    assert joined.reason.startswith(f"127.0.0.1:{port}: {reason}")
                else:
                    assert await tls.read_exactly(len(SSRM)) == SSRM
                tls.close()
            await answering

    assert Proxy(directory).play(scene) == 0


def test_a_configuration_that_cannot_be_used_leaves_the_one_before(alone, tmp_path) -> None:
    alone(kept_configuration, tmp_path)


def kept_configuration(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream)
            await proxy.deliver(stream, proxy.delivery(2, external_address="nowhere"))
            await proxy.until("CFG-BAD")
            assert proxy.server.configuration_version() == 1
            assert await proxy.reachable()

    assert Proxy(directory).play(scene) == 0


def test_an_outgoing_address_that_is_not_here_ends_the_server_after_it_was_told(alone, tmp_path) -> None:
    """Mission A4."""
    alone(outgoing_address, tmp_path)


def outgoing_address(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.deliver(stream, proxy.delivery(outgoing_address="192.0.2.1"))
            codes = []
            while "SRV-OUTGOING" not in codes:
                message = await proxy.next(stream, m.Events)
                codes += [event.code for event in message.events]
            assert (await proxy.next(stream, m.Bye)).reason

    assert Proxy(directory).play(scene) == 2


def test_the_end_says_bye_and_closes_everything(alone, tmp_path) -> None:
    alone(bye, tmp_path)


def bye(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream)
            proxy.stop()
            assert (await proxy.next(stream, m.Bye)).reason == "signal SIGTERM"

    proxy = Proxy(directory)
    assert proxy.play(scene) == 0
    assert proxy.logged("SRV-END")


def test_whatever_goes_wrong_with_a_link_without_a_client_the_port_is_closed(alone, tmp_path) -> None:
    alone(link_fails, tmp_path)


def link_fails(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        def fail(*_: object) -> None:
            raise RuntimeError("nobody thought of this")

        async with proxy.client() as stream:
            await proxy.opened(stream)
            proxy.server.session_refused = fail
            await stream.send(m.SessionRefused("session-1", "why"))
            await proxy.until("SRV-CLOSED")
            assert not await proxy.reachable()
            await proxy.until("SRV-FAULT Internal error while serving the control link from 127.0.0.1")
            assert "nobody thought of this" not in proxy.fault(), (
                "an event shows nothing of what a stranger may have sent"
            )

    assert Proxy(directory).play(scene) == 0
