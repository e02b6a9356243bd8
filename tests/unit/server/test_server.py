"""The server as a whole: a client and a partner are played, session processes are real."""

import asyncio
import contextlib
import os
import socket
import ssl
from pathlib import Path

import pytest

from seon.config import PartnerRules, ServerPartner
from seon.link import messages as m
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import accepting, partner_listener
from seon.net.listen import open_listener
from seon.net.stream import AsyncTls
from seon.oftp2.codec import encode
from seon.oftp2.commands import StartSessionReady
from seon.oftp2.framing import frame
from seon.pki import new_ed25519_key
from seon.server import server
from seon.server.server import EXIT_FATAL

SSRM = frame(encode(StartSessionReady(), 5))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


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
            await proxy.until("LNK-REFUSED")
            again.close()
            partner.close()
            inside.close()
            await proxy.until("SES-END")

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


# --- a configuration that cannot be used ------------------------------------------------------------------------------


def test_a_configuration_that_cannot_be_followed_is_refused_whole_and_named(alone, tmp_path) -> None:
    alone(refused_whole, tmp_path)


def refused_whole(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        pins = (proxy.partner.fingerprint,)
        one = ServerPartner("P1", "One", pins=pins)
        odd = ServerPartner("P2", "Two", rules=PartnerRules(rules={"FLD-NEW": "warn"}))
        hard = ServerPartner("P2", "Two", rules=PartnerRules(rules={"STH-VER": "ignore"}))
        async with proxy.client() as stream:
            await proxy.opened(stream)
            session, partner, inside = await proxy.joined(stream)
            for version, partners, reason in (
                (2, (odd,), "partner P2: there is no rule 'FLD-NEW'"),
                (3, (hard,), "partner P2: rule STH-VER cannot be softened"),
                (4, (one, ServerPartner("P2", "Two", pins=pins)), "partners P1 and P2 have the same certificate"),
                (5, (one, ServerPartner("P1", "Again")), "there are two partners P1"),
            ):
                await proxy.deliver(stream, proxy.delivery(version, partners=partners))
                await proxy.until(f"CFG-BAD Configuration {version} not taken, the one before stays: {reason}")
            assert proxy.server.configuration_version() == 1
            assert not proxy.logged("SRV-CLOSED")
            assert not proxy.logged("SES-END"), "P1 is in none of the first two, and its session goes on"
            another, *ends = await proxy.joined(stream)
            assert another != session
            for end in (partner, inside, *ends):
                end.close()

    assert Proxy(directory).play(scene) == 0


# --- ports and the end ------------------------------------------------------------------------------------------------


def test_a_changed_port_is_opened_and_the_old_one_closed_and_one_that_stays_is_not_touched(alone, tmp_path) -> None:
    alone(changed_port, tmp_path)


def changed_port(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream)
            await proxy.deliver(stream, proxy.delivery(2))
            await proxy.until("Configuration 2 in force")
            old, proxy.external = proxy.external, free_port()
            await proxy.deliver(stream, proxy.delivery(3))
            while not await proxy.reachable():
                await asyncio.sleep(0.01)
            proxy.external = old
            assert not await proxy.reachable()
            await proxy.deliver(stream, proxy.delivery(4, own_certificate=None))
            await proxy.until("CFG-EMPTY")
            await proxy.until("External port closed: the configuration has not got a certificate")
        text = proxy.log.path.read_text()
        assert (text.count("SRV-OPEN"), text.count("SRV-CLOSED")) == (2, 2)
        assert text.count("External port closed: its settings have changed") == 1

    assert Proxy(directory).play(scene) == 0


def test_a_server_that_serves_says_so_to_who_has_started_it(alone, tmp_path) -> None:
    alone(says_that_it_serves, tmp_path)


def says_that_it_serves(directory: str) -> None:
    from proxy import Proxy

    said: list[str] = []

    async def scene(proxy: Proxy) -> None:
        await proxy.reachable()

    proxy = Proxy(directory)
    proxy.life.ready = said.append
    assert proxy.play(scene) == 0
    where = f"127.0.0.1:{proxy.internal}"
    assert said == [f"The server runs (process {os.getpid()}), and waits for a client on port {where}"]


def test_a_server_that_ends_shows_that_to_the_last(alone, tmp_path) -> None:
    alone(shows_its_end, tmp_path)


def shows_its_end(directory: str) -> None:
    from proxy import Proxy

    states: list[str] = []

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream)

    proxy = Proxy(directory)
    proxy.life.show = states.append
    assert proxy.play(scene) == 0
    assert "1 client connected" in states
    assert states[-1] == "ending: signal SIGTERM"


def test_an_orderly_stop_speaks_of_no_error(alone, tmp_path) -> None:
    """With everything that can be under way: a link, a session, a partner that waits, one in its handshake."""
    alone(orderly, tmp_path)


def orderly(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream, proxy.client("two", another=True) as idle:
            await proxy.opened(stream)
            waiting = await proxy.connect(proxy.external, proxy.partner.dials())
            opening = await proxy.next(stream, m.OpenSession)
            _, silent = await asyncio.open_connection("127.0.0.1", proxy.external)
            _, silent_inside = await asyncio.open_connection("127.0.0.1", proxy.internal)
            inside, _ = await proxy.session_link(m.Ticket(opening.ticket))
            await proxy.until("SES-START")
            proxy.stop()
            await asyncio.gather(proxy.next(stream, m.Bye), proxy.next(idle, m.Bye))
            await proxy.ended
            for end in (waiting, inside, silent, silent_inside):
                end.close()

    proxy = Proxy(directory)
    assert proxy.play(scene) == 0
    text = proxy.log.path.read_text()
    assert "SRV-END Server ended: signal SIGTERM" in text
    assert "ended by administrator: the server is ending" in text
    assert text.count("LNK-DOWN Link ended: the server is ending") == 2
    for word in ("internal error", "Internal error", "Traceback", "SRV-FAULT", "SES-KILLED"):
        assert word not in text


def test_a_vital_task_that_fails_ends_the_server_and_is_told(alone, tmp_path) -> None:
    """Without whoever opens and closes ports there is no server worth the name; the service manager starts it anew."""
    alone(vital, tmp_path)


def vital(directory: str) -> None:
    from proxy import Proxy

    server.PORTS_SECONDS = 0.2  # nobody closes them any more

    async def scene(proxy: Proxy) -> None:
        def fail(*_: object) -> None:
            raise RuntimeError("nobody thought of this")

        async with proxy.client() as stream:
            proxy.server.opened = fail
            await proxy.deliver(stream, proxy.delivery())
            codes: list[str] = []
            while "SRV-FAULT" not in codes:
                codes += [event.code for event in (await proxy.next(stream, m.Events)).events]
            assert "keeping the ports" in (await proxy.next(stream, m.Bye)).reason

    proxy = Proxy(directory)
    assert proxy.play(scene) == EXIT_FATAL
    assert "SRV-FAULT Internal error while keeping the ports: RuntimeError (test_server.py:" in proxy.fault()
    assert proxy.logged("RuntimeError: nobody thought of this"), "its trace is in the log of this host"


def test_a_client_whose_token_was_withdrawn_loses_link_and_sessions_and_gets_no_new_one(alone, tmp_path) -> None:
    alone(withdrawn, tmp_path)


def withdrawn(directory: str) -> None:
    from proxy import Proxy

    stolen, ours = "5" * 32, "0" * 32

    async def scene(proxy: Proxy) -> None:
        async with proxy.client("stolen", mark=stolen) as thief:
            await proxy.opened(thief, standing=proxy.standing(stolen, ours))
            _, partner, inside = await proxy.joined(thief)
            thiefs = proxy.dialler
            async with proxy.client("honest", mark=ours) as honest:
                await proxy.deliver(honest, proxy.delivery(version=2, standing=proxy.standing(ours)))
                async with asyncio.timeout(5):
                    await proxy.until("LNK-DOWN")
                    await proxy.until("SES-END")
                assert "security token was withdrawn" in proxy.line("LNK-DOWN")
                assert "the client of this session may not be linked any more" in proxy.line("SES-END")
                ours_dialler, proxy.dialler = proxy.dialler, thiefs
                for link in (m.Dial("c" * 24, "P1"), m.Ticket(bytes(16))):
                    with pytest.raises((EndOfStream, OSError, TlsError)):
                        await proxy.session_link(link)
                with pytest.raises((EndOfStream, OSError, TlsError)):
                    async with proxy.client("stolen"):
                        pass
                await proxy.until("LNK-REFUSED")
                assert "security token was withdrawn" in proxy.line("LNK-REFUSED")
                proxy.dialler = ours_dialler
                assert await proxy.reachable(), "the honest client is served"
            partner.close()
            inside.close()

    assert Proxy(directory).play(scene) == 0


def test_a_withdrawn_client_keeps_no_session_by_dropping_its_link_first(alone, tmp_path) -> None:
    alone(dropped_first, tmp_path)


def dropped_first(directory: str) -> None:
    from proxy import Proxy

    stolen, ours = "5" * 32, "0" * 32

    async def scene(proxy: Proxy) -> None:
        async with proxy.client("stolen", mark=stolen) as thief:
            await proxy.opened(thief, standing=proxy.standing(stolen, ours))
            _, partner, inside = await proxy.joined(thief)
        await proxy.until("LNK-DOWN")
        async with proxy.client("honest", mark=ours) as honest:
            await proxy.deliver(honest, proxy.delivery(version=2, standing=proxy.standing(ours)))
            async with asyncio.timeout(5):
                await proxy.until("SES-END")
        assert "the client of this session may not be linked any more" in proxy.line("SES-END")
        partner.close()
        inside.close()

    assert Proxy(directory).play(scene) == 0


def test_a_withdrawn_license_is_told_by_its_own_serial_and_once(alone, tmp_path) -> None:
    alone(license_withdrawn, tmp_path)


def license_withdrawn(directory: str) -> None:
    from proxy import Proxy

    async def says_so(proxy: Proxy, stream) -> None:
        await stream.send(m.LicenseWithdrawn())
        with pytest.raises((EndOfStream, OSError)):
            await proxy.next(stream, m.Bye)

    async def scene(proxy: Proxy) -> None:
        withdrawn = proxy.server._license.serial
        async with proxy.client() as stream:
            proxy.issue(60)
            await proxy.server._license._look(proxy.server.report)
            assert proxy.server._license.serial != withdrawn, "another one is in place, and the link stands"
            await says_so(proxy, stream)
        assert f"license with serial {withdrawn} was withdrawn" in proxy.line("LIC-WITHDRAWN")
        for _ in range(3):
            async with proxy.client() as stream:
                await says_so(proxy, stream)
        assert f"license with serial {proxy.server._license.serial} was withdrawn" in proxy.line("LIC-WITHDRAWN")
        assert proxy.log.path.read_text().count("LIC-WITHDRAWN") == 2

    assert Proxy(directory).play(scene) == 0


def test_no_client_makes_its_own_list_of_clients(alone, tmp_path) -> None:
    alone(forged, tmp_path)


def forged(directory: str) -> None:
    from proxy import Proxy

    stolen, ours = "5" * 32, "0" * 32

    async def scene(proxy: Proxy) -> None:
        async with proxy.client("honest", mark=ours) as honest:
            await proxy.opened(honest, standing=proxy.standing(ours, stolen))
            async with proxy.client("stolen", mark=stolen) as thief:
                own = proxy.standing(stolen, by=new_ed25519_key())
                await proxy.deliver(thief, proxy.delivery(version=9, standing=own))
                await proxy.until("CFG-BAD")
                assert "not signed by Seonapi" in proxy.line("CFG-BAD")
                await proxy.deliver(honest, proxy.delivery(version=2, standing=proxy.standing(ours)))
                await proxy.until("LNK-DOWN")
            assert proxy.server.configuration_version() == 2

    assert Proxy(directory).play(scene) == 0
