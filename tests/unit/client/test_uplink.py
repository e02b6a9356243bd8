"""The way up to the server."""

import asyncio
import datetime as dt
import time

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from seon.api_messages import Enrolled
from seon.client import uplink as module
from seon.client.control import NotEstablishedError
from seon.client.courier import messages as c
from seon.client.rights import Rights
from seon.client.uplink import LINK_ERRORS, Uplink
from seon.daemon.detail import UNHEARD, Detail
from seon.daemon.message_stream import MessageStream
from seon.events import MAX_VALUE
from seon.link import messages as m
from seon.link.codec import Decoder
from seon.link.identity import IdentityError, issue_client_certificate, serial_of
from seon.link.sealing import EphemeralKey
from seon.net.context import accepting, link_listener
from seon.net.dial import DialError
from seon.net.stream import AsyncTls
from seon.pki import Leaf, Purpose, certificate_in_pem, fingerprint, issue, pem_of
from unit.details import Lines

DECODER: Decoder[m.FromClient] = Decoder(m.FromClient)


class Courier:
    """Enrols under a link CA, and resolves every name to what it was made with."""

    def __init__(self, pki, addresses=("127.0.0.1",), proxy_ids=None) -> None:
        self._pki, self._addresses = pki, addresses
        self._proxy_ids = proxy_ids or (pki.proxy_id,)
        self.requests = []
        self.licenses: tuple[str, ...] = ()
        """Serials of those in force; `play` puts the server's there if there is none."""

    async def enrol(self, csr: str) -> Enrolled:
        self.requests.append(csr)
        certificate = issue_client_certificate(self._pki.ca_key, self._pki.ca, csr, [self._pki.proxy_id])
        pem = certificate.public_bytes(Encoding.PEM).decode()
        until = int(time.time()) + 600
        return Enrolled(pem, self._pki.ca_pem, self._proxy_ids, until, "b", 3, 3, self.licenses)

    async def resolve(self, host: str) -> tuple[str, ...]:
        return self._addresses


def play(pki, scene, *, protocol: int = m.PROTOCOL, courier=None, chain: str = "", detail: Detail = UNHEARD) -> None:
    """Run a scene against a server with this PKI that says Hello; the scene gets an uplink to it."""
    key = EphemeralKey(pki.identity)
    chain, courier = chain or pki.server_chain, courier or Courier(pki)
    courier.licenses = courier.licenses or (serial_of(certificate_in_pem(chain)),)
    listener = link_listener(chain, pki.identity_pem, pki.ca_pem)

    async def serve(sock) -> None:
        tls = AsyncTls(sock, accepting(listener.context))
        try:
            await tls.handshake()
            stream = MessageStream(tls, DECODER)
            hello = m.ServerHello(
                protocol,
                protocol,
                3,
                3,
                "b",
                time.time(),
                key.proxy_id,
                0,
                key.mlkem_key,
                key.x25519_key,
                key.signature,
            )
            await stream.send(hello)
            await stream.receive()
            await stream.receive()
        except Exception:
            return
        finally:
            tls.close()

    async def live() -> None:
        import socket

        with socket.create_server(("127.0.0.1", 0)) as server:
            server.setblocking(False)
            jobs = []

            async def accept() -> None:
                while True:
                    sock, _ = await asyncio.get_running_loop().sock_accept(server)
                    sock.setblocking(False)
                    jobs.append(asyncio.create_task(serve(sock)))

            accepting_ = asyncio.create_task(accept())
            begin = c.Begin("dmz", server.getsockname()[1], False)
            uplink = Uplink(courier, begin, "client one", Rights(), detail)
            async with asyncio.timeout(10):
                await scene(uplink)
            accepting_.cancel()
            await asyncio.gather(accepting_, *jobs, return_exceptions=True)

    asyncio.run(live())


def test_a_link_is_dialled_with_a_key_that_was_certified_for_it(link_pki) -> None:
    async def scene(uplink) -> None:
        await uplink.enrol()
        control, link = await uplink.dial()
        assert control.hello.proxy_id == link_pki.proxy_id
        assert link.where.address == "127.0.0.1"
        assert link.where.proxy_ids == (link_pki.proxy_id,)
        await control.bye("done")

    play(link_pki, scene)


def test_a_server_that_was_not_named_at_enrolment_is_not_linked_to(link_pki) -> None:
    async def scene(uplink) -> None:
        await uplink.enrol()
        with pytest.raises(IdentityError, match="not one this client may serve"):
            await uplink.dial()

    play(link_pki, scene, courier=Courier(link_pki, proxy_ids=("0" * 64 + "px",)))


def test_a_server_of_another_installation_is_not_linked_to(link_pki, other_link_pki) -> None:
    async def scene(uplink) -> None:
        await uplink.enrol()
        with pytest.raises(LINK_ERRORS) as error:
            await uplink.dial()
        theirs, ours = fingerprint(other_link_pki.ca), fingerprint(link_pki.ca)
        assert f"of another Seonapi: its link CA is {theirs}, this client's is {ours}; check -S" in str(error.value)
        assert len(str(error.value)) <= MAX_VALUE, "the whole of it is shown"

    play(other_link_pki, scene, courier=Courier(link_pki))


def test_a_server_of_another_version_is_said_to_be_so(link_pki) -> None:
    async def scene(uplink) -> None:
        await uplink.enrol()
        with pytest.raises(NotEstablishedError, match="upgrade the host of the client"):
            await uplink.dial()

    play(link_pki, scene, protocol=m.PROTOCOL + 1)


def test_every_address_of_the_server_is_tried(link_pki) -> None:
    async def scene(uplink) -> None:
        await uplink.enrol()
        control, link = await uplink.dial()
        assert link.where.address == "127.0.0.1"
        await control.bye("done")

    play(link_pki, scene, courier=Courier(link_pki, ("127.0.0.77", "127.0.0.1")))


def test_a_server_without_an_address_is_an_error(link_pki) -> None:
    async def scene(uplink) -> None:
        await uplink.enrol()
        with pytest.raises(DialError, match=r"dmz:\d+: name: unknown"):
            await uplink.dial()

    play(link_pki, scene, courier=Courier(link_pki, ()))


def test_a_server_whose_license_was_withdrawn_is_not_linked_to(link_pki) -> None:
    courier = Courier(link_pki)
    courier.licenses = ("0DDBA11",)

    async def scene(uplink) -> None:
        await uplink.enrol()
        issue_another = f"was withdrawn.*seonapi license issue {link_pki.proxy_id}"
        with pytest.raises(IdentityError, match=issue_another):
            await uplink.dial()

    play(link_pki, scene, courier=courier)


def test_the_certificate_is_renewed_with_a_new_key(link_pki, monkeypatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.05)
    courier = Courier(link_pki)

    async def scene(uplink) -> None:
        await uplink.enrol()
        uplink._enrolled = Enrolled("", "", (), 0, "b", 3, 3)
        renewing = asyncio.create_task(uplink.renew_forever(uplink.enrol))
        await uplink.renewed.wait()
        renewing.cancel()
        assert len(set(courier.requests)) == 2
        control, _ = await uplink.dial()
        await control.bye("done")

    play(link_pki, scene, courier=courier)


def test_a_certificate_is_renewed_when_the_host_slept_through_its_time(link_pki, monkeypatch) -> None:
    """The clock that does not jump stands still meanwhile; the other one goes on."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)
    real, slept = time.time, 0.0
    monkeypatch.setattr(module.time, "time", lambda: real() + slept)
    courier = Courier(link_pki)

    async def scene(uplink) -> None:
        nonlocal slept
        await uplink.enrol()
        uplink._enrolled = Enrolled("", "", (), int(real()) + 3_600, "b", 3, 3)
        renewing = asyncio.create_task(uplink.renew_forever(uplink.enrol))
        await asyncio.sleep(0.2)
        assert not uplink.renewed.is_set(), "a third of its life has not passed"
        slept = 1_300
        await uplink.renewed.wait()
        renewing.cancel()

    play(link_pki, scene, courier=courier)


def test_a_certificate_without_end_is_renewed_all_the_same(link_pki, monkeypatch) -> None:
    """By a wrong clock it ends in a hundred years: it is renewed after a third of the longest life."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(module, "LONGEST_LIFE", 0.3)

    async def scene(uplink) -> None:
        await uplink.enrol()
        uplink._enrolled = Enrolled("", "", (), int(time.time()) + 100 * 365 * 86_400, "b", 3, 3)
        renewing = asyncio.create_task(uplink.renew_forever(uplink.enrol))
        await uplink.renewed.wait()
        renewing.cancel()

    play(link_pki, scene)


def test_a_servers_license_that_has_ended_is_said_to_be_the_license(link_pki) -> None:
    key = link_pki.identity.public_key()
    leaf = Leaf(common_name="ended", since=past(days=3), until=past(days=1), purposes=[Purpose.SERVER])
    ended = pem_of(issue(link_pki.ca_key, link_pki.ca, key, leaf))

    async def scene(uplink) -> None:
        await uplink.enrol()
        with pytest.raises(IdentityError, match=r"it has expired .*; that certificate is the server's license: .* -V"):
            await uplink.dial()

    play(link_pki, scene, chain=ended)


def past(days: int) -> dt.datetime:
    return dt.datetime.now(dt.UTC) - dt.timedelta(days=days)


def test_at_debug_each_step_of_the_dialling_is_said_and_at_trace_the_handshake(link_pki) -> None:
    lines = Lines()

    async def scene(uplink) -> None:
        await uplink.enrol()
        control, _ = await uplink.dial()
        await control.bye("done")

    play(link_pki, scene, detail=lines)
    resolved, connected, tls, hello = lines.said
    assert resolved == "Link: dmz resolved: 127.0.0.1"
    assert connected.startswith("Link: connected to dmz:")
    assert tls.startswith(f"Link: TLS done, the certificate is that of server {link_pki.proxy_id}: TLSv1.3 TLS_")
    assert hello.startswith("Link: Hello of the server received, ")
    assert "write client hello" in lines.handshakes
