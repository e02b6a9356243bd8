"""A session lasts no longer than the trust that let its partner in: for who came in, and for who was dialled."""

import asyncio
import contextlib
import socket

import pytest


async def station(listener: socket.socket, theirs):
    """Be the partner's station that is dialled, up to its first word; return its end of the connection."""
    from seon.net.context import accepting, partner_listener
    from seon.net.stream import AsyncTls

    sock, _ = await asyncio.get_running_loop().sock_accept(listener)
    tls = AsyncTls(sock, accepting(partner_listener(theirs.pem, theirs.key_pem, lambda _: True).context))
    await tls.handshake()
    await tls.write(b"\x10\x00\x00\x17IODETTE FTP READY \r")
    return tls


@pytest.mark.parametrize("change", ["anchor removed", "Odette ID withdrawn", "revoked"])
@pytest.mark.parametrize("direction", ["incoming", "outgoing"])
def test_a_session_of_a_partner_below_an_anchor_ends_within_5_s_of_the_change(
    alone, tmp_path, direction, change
) -> None:
    alone(trust_lost, tmp_path, direction, change)


def trust_lost(directory: str, direction: str, change: str) -> None:
    from proxy import Proxy

    from certificates import Made, make
    from seon.config import Anchor, ServerPartner
    from seon.link import messages as m
    from seon.net.channel import EndOfStream, TlsError
    from unit.admission.showing import named, point, revoking

    ca = make("CA", ca=True)
    between = make("between", issuer=ca, ca=True, extensions=[point()])
    leaf = make(named("partner", "O0013001"), issuer=between)

    class Chained(Made):
        @property
        def pem(self) -> str:
            return super().pem + between.pem

    theirs = Chained(leaf.certificate, leaf.key)

    async def scene(proxy: Proxy) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            known = {"host": "127.0.0.1", "port": listener.getsockname()[1]}
            partner = ServerPartner("P1", "One", odette_ids=("O0013001",), **known)
            trusted = (Anchor(ca.pem, asserts_odette_ids=True),)
            async with proxy.client() as stream:
                await proxy.opened(stream, partners=(partner,), anchors=trusted)
                if direction == "incoming":
                    proxy.partner = type("P", (Chained, type(proxy.partner)), {})(leaf.certificate, leaf.key)
                    session, far, _ = await proxy.joined(stream)
                else:
                    session, answered = "session-1", asyncio.create_task(station(listener, theirs))
                    _, answer = await proxy.session_link(m.Dial(session, "P1"))
                    assert isinstance(answer, m.Joined)
                    far = await answered
                await proxy.until("SES-START")
                await asyncio.sleep(0.2)
                assert not proxy.logged("SES-END")
                if change == "revoked":
                    proxy.server.lists = lambda: revoking(between, by=ca)
                    proxy.server.follow()
                else:
                    mine = {"odette_ids": ("O7",)} if change == "Odette ID withdrawn" else {}
                    partner = ServerPartner("P1", "One", **{"odette_ids": ("O0013001",), **mine, **known})
                    anchors = () if change == "anchor removed" else trusted
                    await proxy.deliver(stream, proxy.delivery(2, partners=(partner,), anchors=anchors))
                async with asyncio.timeout(5):
                    await proxy.until(f"SES-END [{session}]")
                assert "ended by administrator" in proxy.line(f"SES-END [{session}]")
                with contextlib.suppress(EndOfStream, TlsError, OSError):
                    await far.end()

    assert Proxy(directory).play(scene) == 0


def test_who_is_dialled_and_refused_since_its_list_is_missing_still_says_where_it_is(alone, tmp_path) -> None:
    """Else a hard policy could never be met."""
    alone(list_missing, tmp_path)


def list_missing(directory: str) -> None:
    from proxy import Proxy

    from certificates import make
    from seon.api_messages import CrlSource
    from seon.config import AdmissionRules, Anchor, ServerPartner
    from seon.link import messages as m
    from unit.admission.showing import URL, named, point

    ca = make("CA", ca=True)
    leaf = make(named("partner", "O0013001"), issuer=ca, extensions=[point()])

    async def scene(proxy: Proxy) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            where = {"host": "127.0.0.1", "port": listener.getsockname()[1]}
            partner = ServerPartner("P1", "One", odette_ids=("O0013001",), **where)
            trusted = (Anchor(ca.pem, asserts_odette_ids=True),)
            async with proxy.client() as stream:
                hard = AdmissionRules(revocation="hard")
                await proxy.opened(stream, partners=(partner,), anchors=trusted, admission=hard)
                answered = asyncio.create_task(station(listener, leaf))
                _, answer = await proxy.session_link(m.Dial("session-1", "P1"))
                assert isinstance(answer, m.NotJoined)
                assert (await proxy.next(stream, m.CrlsFound)).sources == (CrlSource(URL, ca.shown.der),)
                assert "REVOCATION-NOT-YET-KNOWN" in proxy.line("ADM-DIAL")
                (await answered).close()

    assert Proxy(directory).play(scene) == 0
