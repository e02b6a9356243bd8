"""The server with revocation lists: asked for, read in a child, in force; and where lists are is said to the inside."""

import asyncio
import hashlib
import time

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certificates import Made, make
from revocation_lists import by_hand, make_list, many, uris
from seon.api_messages import CrlSource
from seon.config import Anchor, CertificateName, RevocationList, ServerPartner
from seon.link import messages as m


def named(der: bytes, issuer: Made, url: str = "http://crl.example/a.crl") -> RevocationList:
    return RevocationList(hashlib.sha256(der).hexdigest(), issuer.pem, url)


def test_lists_that_the_first_configuration_names_are_asked_for_and_in_force_before_anybody_comes_in(
    alone, tmp_path
) -> None:
    alone(in_force, tmp_path)


def in_force(directory: str) -> None:
    from proxy import Proxy

    ca = make("CA", ca=True)
    large, broken = by_hand(ca, many(20_000)), b"\x30\x82" * 50_000
    lists = {hashlib.sha256(der).hexdigest(): der for der in (large, broken)}

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.deliver(stream, proxy.delivery(crls=tuple(named(der, ca) for der in lists.values())))
            wanted = await proxy.next(stream, m.BlobsWanted)
            assert set(wanted.names) == set(lists)
            dial = m.Dial("session-1", "P1")
            for name in wanted.names:
                await asyncio.sleep(0.1)
                assert not await proxy.reachable()
                assert (await proxy.session_link(dial))[1] == m.NotJoined("the revocation lists have not come yet")
                await proxy.send(stream, "blob", lists[name])
            await proxy.until("SRV-OPEN")
            assert proxy.logged("CRL-BAD")
            assert proxy.logged("CRL-TAKEN")
            assert len(proxy.server.lists().of_issuer(ca.shown)) == 1
            assert "20000 entries, made 20" in proxy.line("CRL-TAKEN")
            assert "no revocation list in DER" in proxy.line("CRL-BAD")
            assert any(line.startswith("Revocation list of CN=CA from") for line in proxy.server._state())
            _, partner, inside = await proxy.joined(stream)
            partner.close()
            inside.close()

    assert Proxy(directory).play(scene) == 0
    assert not Proxy(directory).fault()


def test_where_lists_of_anchors_are_is_said_to_the_client(alone, tmp_path) -> None:
    alone(said, tmp_path)


def said(directory: str) -> None:
    from proxy import Proxy

    url = "http://crl.example/root.crl"
    point = x509.CRLDistributionPoints([x509.DistributionPoint(uris(url), None, None, None)])
    root = make("Root", ca=True)
    ca = make("CA", issuer=root, ca=True, extensions=[(point, False)])

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream, anchors=(Anchor(ca.pem), Anchor(root.pem)))
            found = await proxy.next(stream, m.CrlsFound)
            der = root.certificate.public_bytes(Encoding.DER)
            assert found.sources == (CrlSource(url, der),)
        async with proxy.client() as stream:  # a new link hears of it, too
            assert (await proxy.next(stream, m.CrlsFound)).sources == found.sources

    assert Proxy(directory).play(scene) == 0


def test_lists_that_do_not_come_after_a_start_are_waited_for_for_a_while_and_then_named(alone, tmp_path) -> None:
    alone(late, tmp_path)


def late(directory: str) -> None:
    from proxy import Proxy

    from seon.server import first_lists

    first_lists.SECONDS, ca = 0.5, make("CA", ca=True)

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.deliver(stream, proxy.delivery(crls=(named(make_list(ca), ca),)))
            await proxy.until("CFG-NEW")
        await asyncio.sleep(0.7)  # time without a link does not count
        assert not proxy.logged("CRL-LATE")
        async with proxy.client() as stream:
            await proxy.until("CRL-LATE")
            assert "http://crl.example/a.crl" in proxy.line("CRL-LATE")
            await proxy.until("SRV-OPEN")
            _, partner, inside = await proxy.joined(stream)
            partner.close()
            inside.close()

    assert Proxy(directory).play(scene) == 0


def test_a_list_of_a_later_configuration_that_does_not_come_holds_up_nothing(alone, tmp_path) -> None:
    alone(does_not_come, tmp_path)


def does_not_come(directory: str) -> None:
    from proxy import Proxy

    ca = make("CA", ca=True)

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream)
            await proxy.deliver(stream, proxy.delivery(2, crls=(named(make_list(ca), ca),)))
            await proxy.next(stream, m.BlobsWanted)
            _, partner, inside = await proxy.joined(stream)
            assert any("has not come yet" in line for line in proxy.server._state())
            partner.close()
            inside.close()
            await asyncio.sleep(0)

    assert Proxy(directory).play(scene) == 0


def test_who_is_revoked_while_a_session_runs_loses_it_and_does_not_come_in_again(alone, tmp_path) -> None:
    alone(revoked, tmp_path)


def revoked(directory: str) -> None:
    from proxy import Partner, Proxy

    url = "http://crl.example/ca.crl"
    point = x509.CRLDistributionPoints([x509.DistributionPoint(uris(url), None, None, None)])
    ca = make("CA", ca=True)
    leaf = make("partner", issuer=ca, extensions=[(point, False)])
    name = CertificateName(ca.shown.subject_text or "", leaf.shown.subject_text or "")
    known = {"anchors": (Anchor(ca.pem),), "partners": (ServerPartner("P1", "One", names=(name,)),)}
    good, revoking = make_list(ca, [5], age_days=2), make_list(ca, [leaf.certificate.serial_number])

    async def scene(proxy: Proxy) -> None:
        proxy.partner = Partner(leaf.certificate, leaf.key)
        async with proxy.client() as stream:
            await proxy.opened(stream, **known)
            partner = await proxy.connect(proxy.external, proxy.partner.dials())
            heard = {}
            while len(heard) < 2:
                message = await proxy.next(stream, (m.CrlsFound, m.OpenSession))
                heard[type(message)] = message
            assert heard[m.CrlsFound].sources == (CrlSource(url, ca.shown.der),)
            inside, _ = await proxy.session_link(m.Ticket(heard[m.OpenSession].ticket))
            for version, der in ((2, good), (3, revoking)):
                await proxy.deliver(stream, proxy.delivery(version, crls=(named(der, ca, url),), **known))
                await proxy.next(stream, m.BlobsWanted)
                assert not proxy.logged("SES-END")
                began = time.monotonic()
                await proxy.send(stream, "blob", der)
            await proxy.until("SES-END")
            assert time.monotonic() - began < 15  # three times the promise
            other = await proxy.connect(proxy.external, proxy.partner.dials())
            await proxy.until("ADM-REFUSED")
            assert "REVOKED" in proxy.line("ADM-REFUSED")
            for tls in (partner, inside, other):
                tls.close()

    assert Proxy(directory).play(scene) == 0
