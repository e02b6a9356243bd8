"""The server as a whole: a client and a partner are played, session processes are real."""

import asyncio
import contextlib
import dataclasses
import socket
import ssl
import time
from pathlib import Path

import pytest

from seon.config import Limits, ServerPartner
from seon.link import messages as m
from seon.link.codec import encode as encode_message
from seon.link.identity import issue_license, new_link_ca
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import CONTROL, accepting, connecting, partner_listener
from seon.net.listen import open_listener
from seon.net.stream import AsyncTls
from seon.oftp2.codec import encode
from seon.oftp2.commands import StartSessionReady
from seon.oftp2.framing import frame
from seon.server import server

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
            assert proxy.logged("refused inside: no receive daemon")
            assert proxy.server._sessions.table._counts.running() == 0

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


def test_a_newer_link_of_the_same_client_takes_the_place_of_the_old(alone, tmp_path) -> None:
    alone(replaced, tmp_path)


def replaced(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as old:
            await proxy.opened(old)
            async with proxy.client() as new:
                with pytest.raises((EndOfStream, OSError)):
                    await proxy.next(old, m.Bye)
                await proxy.next(new, m.ConfigurationWanted)
                assert await proxy.reachable()
                assert len(proxy.server._links) == 1
                assert not proxy.logged("SRV-CLOSED")

    assert Proxy(directory).play(scene) == 0


def test_a_client_of_another_version_is_refused_and_that_is_logged(alone, tmp_path) -> None:
    alone(other_version, tmp_path)


def other_version(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        tls = await proxy.connect(proxy.listener.getsockname()[1], connecting(proxy.dialler.context, CONTROL))
        await tls.write(encode_message(m.ClientHello(m.PROTOCOL + 1, m.PROTOCOL + 1, "build 99", 0.0, "client one")))
        await proxy.until("LNK-REFUSED")
        assert proxy.logged("build 99")
        tls.close()

    assert Proxy(directory).play(scene) == 0


def test_a_license_that_ends_closes_the_port_and_a_renewed_one_opens_it(alone, tmp_path) -> None:
    alone(license_ends, tmp_path)


def license_ends(directory: str) -> None:

    from proxy import Proxy

    server.LICENSE_CHECK_SECONDS = 0.2

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream)
            proxy.license.write_text("gone")
            proxy.server._license = dataclasses.replace(proxy.server._license, not_after=time.time() - 1)
            await proxy.until("LIC-END")
            await proxy.until("the license has ended")
            assert not await proxy.reachable()
            proxy.issue(20)
            await proxy.until("A renewed license was taken over")
            while not await proxy.reachable():
                await asyncio.sleep(0.01)

    assert Proxy(directory).play(scene) == 0


def test_a_license_of_another_ca_is_not_taken_over_at_run_time(alone, tmp_path) -> None:
    alone(other_ca, tmp_path)


def other_ca(directory: str) -> None:
    from proxy import Proxy

    server.LICENSE_CHECK_SECONDS = 0.05

    async def scene(proxy: Proxy) -> None:
        key, certificate = new_link_ca()
        proxy.license.write_text(issue_license(key, certificate, proxy.ephemeral.proxy_id, 300))
        await asyncio.sleep(0.4)
        assert not proxy.logged("renewed")

    assert Proxy(directory).play(scene) == 0


def test_a_license_that_ends_soon_is_warned_of_once(alone, tmp_path) -> None:
    alone(ends_soon, tmp_path)


def ends_soon(directory: str) -> None:
    from proxy import Proxy

    server.LICENSE_CHECK_SECONDS = 0.05

    async def scene(proxy: Proxy) -> None:
        await proxy.until("LIC-SOON")
        await asyncio.sleep(0.3)
        assert proxy.log.path.read_text().count("LIC-SOON") == 1

    assert Proxy(directory, license_days=10).play(scene) == 0


def test_the_end_says_bye_and_closes_everything(alone, tmp_path) -> None:
    alone(bye, tmp_path)


def bye(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream)
            proxy.server._stop(0, "signal SIGTERM")
            assert (await proxy.next(stream, m.Bye)).reason == "signal SIGTERM"

    proxy = Proxy(directory)
    assert proxy.play(scene) == 0
    assert proxy.logged("SRV-END")


def test_two_links_lose_no_events_whichever_ends(alone, tmp_path) -> None:
    alone(two_links, tmp_path)


def two_links(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client("two") as two:
            async with proxy.client("one") as one:
                await proxy.next(one, m.ConfigurationWanted)
                for number in range(200):
                    proxy.server.report("LIC-SOON", days=number, until="then")
                first = await proxy.next_unacknowledged(two)
            await proxy.until("the client closed the connection")
            async with proxy.client("three") as three:
                await proxy.next(three, m.ConfigurationWanted)
                await two.send(m.EventsTaken(len(first.events)))
                proxy.taken += first.events
                await proxy.next_unacknowledged(two)  # and never acknowledged
                await two.tls.end()
                while not said(proxy) >= set(range(200)):
                    await proxy.next(three, m.Events)
        days = [event.fields["days"] for event in proxy.taken if event.code == "LIC-SOON"]
        assert days == sorted(days), "in order, and none twice: what one had not taken the other got"
        assert len({event.id for event in proxy.taken}) == len(proxy.taken)

    assert Proxy(directory, license_days=300).play(scene) == 0


def said(proxy) -> set[int]:
    return {event.fields["days"] for event in proxy.taken if event.code == "LIC-SOON"}


def test_events_there_was_no_room_for_are_counted_once_there_is_room(alone, tmp_path) -> None:
    alone(no_room, tmp_path)


def no_room(directory: str) -> None:
    from proxy import Proxy

    from seon.daemon import outbox

    async def scene(proxy: Proxy) -> None:
        outbox.CAPACITY = 10
        for number in range(30):
            proxy.server.report("LIC-SOON", days=number, until="then")
        async with proxy.client() as stream:
            while "SRV-LOST" not in [event.code for event in proxy.taken]:
                await proxy.next(stream, m.Events)
        lost = sum(event.fields["count"] for event in proxy.taken if event.code == "SRV-LOST")
        assert lost >= 20
        assert len(said(proxy)) == 10

    assert Proxy(directory, license_days=300).play(scene) == 0


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
            assert proxy.server._links == {}

    assert Proxy(directory).play(scene) == 0
