"""The internal port: who may link, and what everybody else is told and leaves behind."""

import asyncio
import contextlib
from functools import partial

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from OpenSSL import SSL

from seon.daemon.detail import UNHEARD
from seon.events import Event, describe
from seon.link import messages as m
from seon.link.codec import HEADER, Decoder, encode
from seon.link.identity import issue_client_certificate, new_link_request, proxy_id_of
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import CONTROL, SESSION, connecting, link_dialler, link_listener
from seon.pki import fingerprint, pem_of, pem_of_key
from seon.server import internal as module
from seon.server.door import HELD_MOST
from seon.server.internal import InternalPort
from unit.details import Lines

ANSWERS: Decoder[m.SessionAnswer] = Decoder(m.SessionAnswer)


class Links:
    """Notes the links that come; refuses session links of partner P2."""

    def __init__(self) -> None:
        self.controls, self.sessions = [], []

    async def control(self, tls, peer, caller) -> None:
        self.controls.append((peer.key, caller))
        with contextlib.suppress(EndOfStream, OSError):
            await tls.read_exactly(1)
        tls.close()

    def protocol(self, key: str) -> int:
        return m.PROTOCOL

    def barred(self, mark: str) -> str:
        return ""

    def session(self, opening, tls, peer, source: str) -> str | None:
        if isinstance(opening, m.Dial) and opening.partner == "P2":
            return "partner P2 is not known"
        tls.take_over()
        self.sessions.append((opening, tls, peer.key))
        return None


@pytest.fixture
def play(reported, link_pki, tasks, troubles, serving):
    def run(scene, detail=UNHEARD) -> None:
        keyed = link_listener(link_pki.server_chain, link_pki.identity_pem, link_pki.ca_pem)

        async def live() -> None:
            links = Links()
            internal = InternalPort(link_pki.proxy_id, reported, links, tasks, detail)
            async with asyncio.timeout(10), serving(0, partial(internal.serve, keyed)) as port:
                await scene(port, links)
            await tasks.end()
            for _, tls, _ in links.sessions:
                tls.close()
            assert troubles == []

        asyncio.run(live())

    return run


@pytest.fixture
def dialler(link_pki):
    return link_dialler(link_pki.client_chain, link_pki.client_pem, link_pki.ca_pem)


def test_a_control_link_is_handed_over_with_the_clients_fingerprint(play, called, dialler, until, link_pki) -> None:
    async def scene(port, links) -> None:
        async with called(port, connecting(dialler.context, CONTROL)) as tls:
            await tls.handshake()
            await until(lambda: links.controls)
            key, caller = links.controls[0]
            assert len(key) == 64
            assert caller.source.startswith("127.0.0.1:")
            assert caller.target == f"127.0.0.1:{port}"

    play(scene)


def test_a_session_link_gives_one_message_and_stays_open(play, called, dialler, until) -> None:
    async def scene(port, links) -> None:
        async with called(port, connecting(dialler.context, SESSION)) as tls:
            await tls.handshake()
            await tls.write(encode(m.Ticket(bytes(16))) + b"octets of what follows")
            await until(lambda: links.sessions)
            opening, theirs, _ = links.sessions[0]
            assert opening == m.Ticket(bytes(16))
            assert await theirs.read_exactly(22) == b"octets of what follows"
            await theirs.write(b"still open")
            assert await tls.read_exactly(10) == b"still open"

    play(scene)


def test_a_session_link_that_is_not_taken_is_told_why(play, called, dialler) -> None:
    async def scene(port, links) -> None:
        async with called(port, connecting(dialler.context, SESSION)) as tls:
            await tls.handshake()
            await tls.write(encode(m.Dial("session-1", "P2")))
            length = ANSWERS.length(await tls.read_exactly(HEADER))
            answer = ANSWERS.decode(await tls.read_exactly(length))
            assert answer == m.NotJoined("partner P2 is not known")
            with pytest.raises(EndOfStream):
                await tls.read_exactly(1)

    play(scene)


@pytest.mark.parametrize("octets", [encode(m.Heartbeat()), b"\xff\xff\xff\xff", b"\0\0\0\2{}"])
def test_a_session_link_that_begins_with_something_else_is_refused(
    play, called, dialler, until, reported, octets
) -> None:
    async def scene(port, links) -> None:
        async with called(port, connecting(dialler.context, SESSION)) as tls:
            await tls.handshake()
            await tls.write(octets)
            await until(lambda: "LNK-REFUSED" in reported.codes)
        assert links.sessions == []

    play(scene)
    assert "message" in reported.of("LNK-REFUSED")["reason"]


def test_a_link_without_a_known_purpose_is_refused(play, called, dialler, until, reported) -> None:
    async def scene(port, links) -> None:
        async with called(port, connecting(dialler.context)) as tls:
            await tls.handshake()
            await until(lambda: "LNK-REFUSED" in reported.codes)
        assert (links.controls, links.sessions) == ([], [])

    play(scene)
    assert "ALPN" in reported.of("LNK-REFUSED")["reason"]


def test_a_client_for_another_server_of_the_same_installation_is_refused(
    play, called, until, reported, link_pki
) -> None:
    key, csr = new_link_request()
    other = proxy_id_of(Ed25519PrivateKey.generate().public_key())
    chain = pem_of(issue_client_certificate(link_pki.ca_key, link_pki.ca, csr, [other]))
    stranger = link_dialler(chain, pem_of_key(key), link_pki.ca_pem)

    async def scene(port, links) -> None:
        async with called(port, connecting(stranger.context, CONTROL)) as tls:
            await tls.handshake()
            await until(lambda: "LNK-REFUSED" in reported.codes)
        assert links.controls == []

    play(scene)
    assert "not for this server" in reported.of("LNK-REFUSED")["reason"]


def test_a_stranger_is_refused_with_its_address(play, called, until, reported, other_link_pki, link_pki) -> None:
    stranger = link_dialler(other_link_pki.client_chain, other_link_pki.client_pem, link_pki.ca_pem)

    async def scene(port, links) -> None:
        async with called(port, connecting(stranger.context, CONTROL)) as tls:
            with pytest.raises((TlsError, EndOfStream)):  # noqa: PT012  # TLS 1.3: told at the first read
                await tls.handshake()
                await tls.read_exactly(1)
            await until(lambda: "LNK-REFUSED" in reported.codes)
        assert links.controls == []

    play(scene)
    assert reported.of("LNK-REFUSED")["source"].startswith("127.0.0.1:")
    assert reported.of("LNK-REFUSED")["target"].startswith("127.0.0.1:")


@pytest.mark.parametrize("trusts", ["its own CA", "ours"])
def test_a_client_of_another_seonapi_is_named_as_that_with_both_fingerprints(
    play, called, until, reported, other_link_pki, link_pki, trusts
) -> None:
    """An honest client refuses the server first, so the server never sees its certificate; a hostile one does not."""
    anchor = other_link_pki.ca_pem if trusts == "its own CA" else link_pki.ca_pem
    chain = other_link_pki.client_chain + other_link_pki.ca_pem
    stranger = link_dialler(chain, other_link_pki.client_pem, anchor)

    async def scene(port, links) -> None:
        async with called(port, connecting(stranger.context, CONTROL, authority=stranger.authority)) as tls:
            with contextlib.suppress(TlsError, EndOfStream):
                await tls.handshake()
            await until(lambda: "LNK-REFUSED" in reported.codes)
        assert links.controls == []

    play(scene)
    text = describe(Event(id="i", code="LNK-REFUSED", time=0, hop="dmz", fields=reported.of("LNK-REFUSED")))
    assert f"the client is of another Seonapi: its link CA is {fingerprint(other_link_pki.ca)}" in text
    assert f"that of this server's license is {fingerprint(link_pki.ca)}; check" in text
    assert text.endswith("license this server there")


def test_a_stranger_without_a_certificate_is_not_let_in_whatever_ca_it_names(
    play, called, until, reported, other_link_pki
) -> None:
    async def scene(port, links) -> None:
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        async with called(port, connecting(context, CONTROL, authority="0" * 64)) as tls:
            with contextlib.suppress(TlsError, EndOfStream):
                await tls.handshake()
            await until(lambda: "LNK-REFUSED" in reported.codes)
        assert links.controls == []

    play(scene)
    assert "0" * 64 in reported.of("LNK-REFUSED")["reason"]


def test_a_silent_caller_is_closed_at_the_deadline(play, until, reported, monkeypatch) -> None:
    monkeypatch.setattr(module, "HANDSHAKE_SECONDS", 0.2)

    async def scene(port, links) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b""
        writer.close()
        await until(lambda: "LNK-REFUSED" in reported.codes)

    play(scene)
    assert reported.of("LNK-REFUSED")["reason"] == "no handshake in time"


def test_a_session_link_that_says_nothing_is_closed_at_the_deadline(
    play, called, dialler, reported, monkeypatch, until
) -> None:
    monkeypatch.setattr(module, "HANDSHAKE_SECONDS", 0.3)

    async def scene(port, links) -> None:
        async with called(port, connecting(dialler.context, SESSION)) as tls:
            await tls.handshake()
            await until(lambda: "LNK-REFUSED" in reported.codes)

    play(scene)


def test_when_all_places_are_taken_who_holds_most_gives_way(play, reported, until, monkeypatch) -> None:
    monkeypatch.setattr(module, "PLACES", 2)

    async def scene(port, links) -> None:
        pairs = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        assert await pairs[0][0].read() == b"", "the oldest"
        await until(lambda: "LNK-REFUSED" in reported.codes)
        assert reported.of("LNK-REFUSED")["reason"] == HELD_MOST
        for _, writer in pairs:
            writer.close()

    play(scene)


def test_a_control_link_takes_no_place_from_those_that_come(play, called, dialler, until, monkeypatch) -> None:
    """It lasts: as many as there are places would else close the port for everybody."""
    monkeypatch.setattr(module, "PLACES", 2)

    async def scene(port, links) -> None:
        async with contextlib.AsyncExitStack() as stack:
            for count in range(1, 5):
                tls = await stack.enter_async_context(called(port, connecting(dialler.context, CONTROL)))
                await tls.handshake()
                await until(lambda: len(links.controls) == count)  # noqa: B023  # awaited here and now

    play(scene)


def test_who_says_nothing_at_all_is_closed_before_the_deadline_of_the_handshake(play, monkeypatch) -> None:
    monkeypatch.setattr(module, "HELLO_SECONDS", 0.1)

    async def scene(port, links) -> None:
        async with asyncio.timeout(3):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await reader.read() == b""
            writer.close()

    play(scene)


def test_at_debug_and_trace_a_links_handshake_is_said(play, called, dialler, until) -> None:
    lines = Lines()

    async def scene(port, links) -> None:
        async with called(port, connecting(dialler.context, CONTROL)) as tls:
            await tls.handshake()
            await until(lambda: links.controls)

    play(scene, lines)
    (done,) = lines.said
    assert "link TLS done, the certificate is one of a client: TLSv1.3 TLS_" in done
    (hello,) = [step for step in lines.handshakes if step.startswith("ClientHello: ")]
    assert hello.endswith("protocols (ALPN) seon-control/1")
