"""The external port: verified before anything happens, refused with everything that is known."""

import asyncio
import contextlib
import dataclasses
import time
from functools import partial

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

from certificates import certified
from seon.admission.trust import TrustSet
from seon.config import Anchor, ServerPartner
from seon.daemon.detail import UNHEARD
from seon.events import may_come_from_dmz
from seon.link import messages as m
from seon.link.codec import HEADER, Decoder, encode
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import connecting, partner_dialler
from seon.pki import pem_of
from seon.process.events import EventMaker
from seon.process.outbox import Outbox
from seon.server import gate as module
from seon.server.gate import Gate
from unit.admission.showing import named, point, revoking
from unit.details import Lines
from unit.server.putting import put


@pytest.fixture
def in_force(delivery, ephemeral):
    return put(delivery, ephemeral)


@pytest.fixture
def play(reported, in_force, tasks, serving):
    """Run a scene with a gate that serves its port by what is in force: (gate, admitted partners)."""

    def run(scene, enter=None, terms=in_force, detail=UNHEARD) -> None:
        admitted, configuration = [], terms.configuration

        async def take(one) -> None:
            admitted.append(one)
            if enter:
                await enter(one)

        async def live() -> None:
            gate = Gate(reported, take, tasks, detail)
            serve = partial(gate.serve, terms)
            async with (
                asyncio.timeout(15),
                serving(configuration.external_port, serve),
            ):
                await scene(gate, admitted)
            await tasks.end()

        asyncio.run(live())

    return run


def dialler(made) -> SSL.Connection:
    return connecting(partner_dialler(made.pem, made.key_pem, lambda _: True).context)


async def refused(tls) -> str:
    """Return the alert a refused partner sees; TLS 1.3 tells it only at its first read."""
    try:
        await tls.handshake()
        await tls.read_exactly(1)
    except (TlsError, EndOfStream, ConnectionError) as error:
        return str(error)
    raise AssertionError("it was let in")


def test_a_partner_is_admitted_and_nothing_was_read_of_it(play, in_force, partner, called, until, reported) -> None:
    async def scene(gate, admitted) -> None:
        async with called(in_force.configuration.external_port, dialler(partner)) as tls:
            await tls.handshake()
            await until(lambda: admitted)
        (one,) = admitted
        assert one.partner.id == "P1"
        assert one.evidence.certificate == partner.shown
        assert one.caller.source.startswith("127.0.0.1:")

    play(scene)
    assert reported.codes == []


def test_a_stranger_is_refused_with_its_certificate_named(play, in_force, certificate, called, until, reported) -> None:
    stranger = certificate("stranger")

    async def scene(gate, admitted) -> None:
        async with called(in_force.configuration.external_port, dialler(stranger)) as tls:
            assert "alert" in await refused(tls)
        await until(lambda: "ADM-REFUSED" in reported.codes)
        assert admitted == []

    play(scene)
    fields = reported.of("ADM-REFUSED")
    assert fields["fingerprint"] == stranger.fingerprint
    assert fields["subject"] == "CN=stranger"
    assert (fields["verdict"], fields["reason"]) == ("UNKNOWN", "no partner has this certificate")
    assert fields["source"].startswith("127.0.0.1:")


def test_a_refused_certificate_is_kept_whole(play, in_force, certificate, called, until) -> None:
    stranger, kept = certificate("stranger"), []

    async def scene(gate, admitted) -> None:
        gate.keep_refused = lambda *what: kept.append(what)
        async with called(in_force.configuration.external_port, dialler(stranger)) as tls:
            await refused(tls)
        await until(lambda: kept)

    play(scene)
    ((der, caller, _, reason),) = kept
    assert x509.load_der_x509_certificate(der) == stranger.certificate
    assert caller.source.startswith("127.0.0.1:")
    assert reason == "no partner has this certificate"


@pytest.mark.parametrize("mine", [True, False])
def test_a_partner_with_networks_comes_in_from_them_only(
    play, in_force, delivering, ephemeral, partner, called, until, reported, mine
) -> None:
    (known,) = in_force.configuration.partners
    others = tuple(f"192.0.2.{number}/32" for number in range(12))
    known = msgspec.structs.replace(known, networks=(*others, "127.0.0.0/8") if mine else others)

    async def scene(gate, admitted) -> None:
        async with called(in_force.configuration.external_port, dialler(partner)) as tls:
            if mine:
                await tls.handshake()
                await until(lambda: len(admitted) == 1)
                return
            await refused(tls)
        await until(lambda: "ADM-NETWORK" in reported.codes)
        assert admitted == []

    play(scene, terms=put(delivering(partners=(known,)), ephemeral))
    if not mine:
        fields = reported.of("ADM-NETWORK")
        assert (fields["verdict"], fields["partner"]) == ("NETWORK", "P1")
        assert fields["fingerprint"] == partner.fingerprint
        assert fields["reason"].startswith("only from 192.0.2.0/32, 192.0.2.1/32, ")
        assert fields["reason"].endswith("192.0.2.9/32 and 2 more")


def test_without_a_certificate_there_is_no_way_in(play, in_force, called, until, reported) -> None:
    async def scene(gate, admitted) -> None:
        connection = connecting(SSL.Context(SSL.TLS_CLIENT_METHOD))
        async with called(in_force.configuration.external_port, connection) as tls:
            await refused(tls)
        await until(lambda: "ADM-REFUSED" in reported.codes)
        assert admitted == []

    play(scene)
    fields = reported.of("ADM-REFUSED")
    assert fields["verdict"] == "NO-CERTIFICATE"
    assert fields["reason"].startswith("no certificate was shown (")
    assert fields["fingerprint"] == "-"


def in_tls_12(*certificates: bytes) -> bytes:
    """The record in which a client of TLS 1.2 shows these for certificates, in the clear."""
    shown = b"".join(len(der).to_bytes(3, "big") + der for der in certificates)
    message = b"\x0b" + (len(shown) + 3).to_bytes(3, "big") + len(shown).to_bytes(3, "big") + shown
    return b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message


@pytest.mark.parametrize("cut", [0, 100, -1])
def test_what_is_shown_for_a_certificate_and_is_none_is_refused_as_malformed(
    play, in_force, partner, until, reported, cut
) -> None:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    hello = SSL.Connection(context, None)
    hello.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        hello.do_handshake()

    async def scene(gate, admitted) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", in_force.configuration.external_port)
        writer.write(hello.bio_read(65_536))
        await reader.read(65_536)
        writer.write(in_tls_12(partner.shown.der[:cut] if cut else b"nonsense"))
        await until(lambda: "ADM-REFUSED" in reported.codes)
        writer.close()
        assert admitted == []

    play(scene)
    fields = reported.of("ADM-REFUSED")
    assert fields["verdict"] == "MALFORMED"
    assert fields["reason"].startswith("the certificate cannot be read (")


@pytest.mark.parametrize(("octets", "reason"), [
    (b"GET / HTTP/1.1\r\n\r\n", "it speaks HTTP"),
    (b"SSH-2.0-OpenSSH_9.2p1\r\n", "it speaks SSH"),
    (b"\x10\x00\x00\x17IODETTE FTP READY \r", "it speaks OFTP2 without TLS"),
    (b"\0" * 100, "wrong version number"),
])  # fmt: skip
def test_what_is_no_tls_is_refused_and_named(play, in_force, until, reported, octets, reason) -> None:
    async def scene(gate, admitted) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", in_force.configuration.external_port)
        writer.write(octets)
        await reader.read()
        writer.close()
        await until(lambda: "ADM-TLS" in reported.codes)
        assert admitted == []

    play(scene)
    assert reported.of("ADM-TLS")["reason"] == reason


def test_a_silent_caller_is_closed_at_the_deadline(play, in_force, reported, until) -> None:
    async def scene(gate, admitted) -> None:
        began = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", in_force.configuration.external_port)
        assert await reader.read() == b""
        assert 0.5 < time.monotonic() - began < 4
        writer.close()
        silent = "it sent nothing (a plain OFTP2 station waits for SSRM)"
        await until(lambda: any(fields.get("reason") == silent for _, fields in reported.events))

    play(scene)


def test_a_caller_that_begins_and_does_not_go_on_is_closed_at_the_deadline(play, in_force, reported, until) -> None:
    async def scene(gate, admitted) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", in_force.configuration.external_port)
        writer.write(b"\x16\x03\x01\x02\x00\x01")
        assert await reader.read() == b""
        writer.close()
        await until(lambda: any(fields.get("reason") == "the handshake took too long" for _, fields in reported.events))

    play(scene)


def test_a_certificate_that_has_expired_meanwhile_is_refused(
    play, in_force, partner, called, reported, until, monkeypatch
) -> None:
    async def scene(gate, admitted) -> None:
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + 400 * 86_400)
        async with called(in_force.configuration.external_port, dialler(partner)) as tls:
            await refused(tls)
        await until(lambda: "ADM-REFUSED" in reported.codes)
        assert admitted == []

    play(scene)
    assert "has expired" in reported.of("ADM-REFUSED")["reason"]


def test_who_may_not_enter_any_more_after_the_handshake_is_refused(
    play, in_force, partner, called, reported, until
) -> None:
    """The handshake's own judge still knows the partner; what is in force does not."""

    async def scene(gate, admitted) -> None:
        async with called(in_force.configuration.external_port, dialler(partner)) as tls:
            await refused(tls)
        await until(lambda: "ADM-REFUSED" in reported.codes)
        assert admitted == []

    play(scene, terms=dataclasses.replace(in_force, trust=TrustSet()))
    assert reported.of("ADM-REFUSED")["fingerprint"] == partner.fingerprint


def test_a_port_that_closes_lets_go_of_partners_that_are_not_inside_yet(
    play, in_force, partner, called, until, troubles
) -> None:
    async def scene(gate, admitted) -> None:
        async with called(in_force.configuration.external_port, dialler(partner)) as tls:
            await tls.handshake()
            await until(lambda: admitted)
            gate.drop_entering()
            with pytest.raises((EndOfStream, ConnectionError)):
                await tls.read_exactly(1)

    play(scene, lambda _: asyncio.Event().wait())
    assert troubles == []


def test_trouble_with_one_partner_leaves_the_port_open_and_is_told(
    play, in_force, partner, called, until, troubles
) -> None:
    async def fail(_: object) -> None:
        raise RuntimeError("nobody thought of this")

    async def scene(gate, admitted) -> None:
        for count in (1, 2):
            async with called(in_force.configuration.external_port, dialler(partner)) as tls:
                with pytest.raises((TlsError, EndOfStream, ConnectionError)):  # noqa: PT012  # it is closed, always
                    await tls.handshake()
                    await tls.read_exactly(1)
                await until(lambda: len(admitted) == count)  # noqa: B023  # awaited here and now

    play(scene, fail)
    assert [type(error) for _, error in troubles] == [RuntimeError] * 2
    assert all(name.startswith("bringing 127.0.0.1:") for name, _ in troubles)


def test_what_is_slow_inside_takes_no_place_from_others(play, in_force, partner, called, until) -> None:
    """A partner holds its place until it is admitted, not until the inside has come for it."""
    inside = asyncio.Event()
    limits = msgspec.structs.replace(in_force.configuration.limits, handshakes=2)
    narrow = dataclasses.replace(in_force, configuration=msgspec.structs.replace(in_force.configuration, limits=limits))

    async def scene(gate, admitted) -> None:
        async with contextlib.AsyncExitStack() as stack:
            for count in range(1, 5):
                tls = await stack.enter_async_context(called(narrow.configuration.external_port, dialler(partner)))
                await tls.handshake()
                await until(lambda: len(admitted) == count)  # noqa: B023  # awaited here and now
            inside.set()

    play(scene, lambda _: inside.wait(), narrow)


def test_who_says_nothing_at_all_is_closed_before_the_deadline_of_the_handshake(play, in_force, monkeypatch) -> None:
    monkeypatch.setattr(module, "HELLO_SECONDS", 0.1)

    async def scene(gate, admitted) -> None:
        began = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", in_force.configuration.external_port)
        assert await reader.read() == b""
        assert time.monotonic() - began < in_force.configuration.limits.handshake_seconds
        writer.close()

    play(scene)


@pytest.mark.parametrize(("character", "shown"), [("\x01", "\\01"), ("\U0001f512", "\U0001f512")], ids=ascii)
def test_a_name_of_long_characters_cannot_make_a_message_too_long(
    play, in_force, certificate, called, until, reported, character, shown
) -> None:
    """Escaped, or four octets of JSON each: fifty refusals with 490 in subject and issuer fit into messages."""
    stranger = certificate(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, character * 490)]))

    async def scene(gate, admitted) -> None:
        async with called(in_force.configuration.external_port, dialler(stranger)) as tls:
            await refused(tls)
        await until(lambda: "ADM-REFUSED" in reported.codes)

    play(scene)
    fields = reported.of("ADM-REFUSED")
    assert fields["subject"] == f"O={shown * 490}"[:500], "so long it is when it comes"
    box, maker = Outbox(), EventMaker("dmz")
    for _ in range(m.EVENTS_PER_MESSAGE):
        event = maker.make("ADM-REFUSED", **fields)
        assert may_come_from_dmz(event)
        box.add(event)
    batch = box.batch(m.EVENTS_PER_MESSAGE, m.EVENTS_SIZE)
    sent = encode(m.Events(1, batch))
    decoder = Decoder(m.FromServer)
    assert decoder.length(sent[:HEADER]) == len(sent) - HEADER
    assert decoder.decode(sent[HEADER:]) == m.Events(1, batch)


def test_at_debug_each_step_up_to_the_admission_is_said_and_at_trace_the_handshake(
    play, in_force, partner, called, until
) -> None:
    lines = Lines()

    async def scene(gate, admitted) -> None:
        async with called(in_force.configuration.external_port, dialler(partner)) as tls:
            await tls.handshake()
            await until(lambda: admitted)
        source = admitted[0].caller.source
        handshake, certificate = lines.said
        assert handshake.startswith(f"{source} TLS handshake done: TLSv1.3 TLS_")
        assert certificate == f"{source} admitted: the certificate is one of partner P1"

    play(scene, detail=lines)
    assert lines.handshakes[-1].startswith(f"certificate shown: SHA-256 {partner.fingerprint}, ")


def test_a_stranger_gets_no_line_at_debug_but_its_handshake_at_trace(play, in_force, certificate, called) -> None:
    lines = Lines()

    async def scene(gate, admitted) -> None:
        async with called(in_force.configuration.external_port, dialler(certificate("stranger"))) as tls:
            await refused(tls)

    play(scene, detail=lines)
    assert lines.said == []
    assert [step for step in lines.handshakes if step.startswith("alert sent: ")]
    assert lines.handshakes[-1].startswith("handshake failed after ")


@pytest.fixture
def anchored(delivering, ephemeral, certificate):
    """A CA that asserts Odette IDs, and a configuration with it and one partner by its Odette ID."""
    ca = certificate("CA", ca=True)

    def made(**fields):
        partner = ServerPartner("ID", "By Odette ID", odette_ids=("O0013001",))
        anchors = (Anchor(ca.pem, asserts_odette_ids=True),)
        return put(delivering(partners=(partner,), anchors=anchors, **fields), ephemeral)

    return ca, made


def test_a_partner_comes_in_below_an_anchor_over_what_it_sends(
    play, anchored, certificate, called, until, reported
) -> None:
    ca, made = anchored
    between = certificate("between", issuer=ca, ca=True)
    leaf = certificate(named("leaf", "O0013001"), issuer=between)
    for version in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
        for sent in ((between,), ()):
            terms = made()
            context = partner_dialler(leaf.pem + "".join(one.pem for one in sent), leaf.key_pem, lambda _: True).context
            context.set_max_proto_version(version)
            connection = connecting(context)

            async def scene(gate, admitted) -> None:
                async with called(terms.configuration.external_port, connection) as tls:  # noqa: B023
                    if sent:  # noqa: B023
                        await tls.handshake()
                        await until(lambda: admitted)
                        assert admitted[0].partner.id == "ID"
                        assert [one.subject for one in admitted[0].evidence.chain.below][1:] == ["CN=between"]
                    else:
                        assert "alert" not in await refused(tls), "the chain is verified after the handshake"
                        await until(lambda: "ADM-REFUSED" in reported.codes)
                        assert admitted == []

            play(scene, terms=terms)
    assert [fields["verdict"] for code, fields in reported.events if code == "ADM-REFUSED"] == ["UNKNOWN"] * 2


def test_what_is_not_refused_in_a_certificate_is_told_once_when_its_partner_comes_in(
    play, anchored, certificate, called, until, reported
) -> None:
    ca, made = anchored
    leaf = certificate(named("leaf", "O0013001"), issuer=ca, extensions=[
        (x509.ExtendedKeyUsage([x509.OID_SERVER_AUTH]), False), point()])  # fmt: skip
    terms = made()

    async def scene(gate, admitted) -> None:
        async with called(terms.configuration.external_port, dialler(leaf)) as tls:
            await tls.handshake()
            await until(lambda: admitted)

    play(scene, terms=terms)
    assert reported.codes == ["ADM-WARNING"]
    fields = reported.of("ADM-WARNING")
    assert (fields["partner"], fields["fingerprint"]) == ("ID", leaf.fingerprint)
    usage, revocation = fields["reason"].split("; ")
    assert usage == "its extended key usage is serverAuth, without clientAuth (admission_usage)"
    assert revocation.startswith("the certificate may be revoked: its CA's list is not here yet, http://crl.example/")


def test_who_is_revoked_by_the_lists_of_this_moment_is_refused(
    reported, anchored, certificate, called, until, tasks, serving
) -> None:
    ca, made = anchored
    leaf = certificate(named("leaf", "O0013001"), issuer=ca, extensions=[point()])
    terms, lists = made(), [revoking(by=ca)]

    async def live() -> None:
        admitted = []

        async def enter(one) -> None:
            admitted.append(one)

        gate = Gate(reported, enter, tasks, lists=lambda: lists[-1])
        async with asyncio.timeout(15), serving(terms.configuration.external_port, partial(gate.serve, terms)):
            async with called(terms.configuration.external_port, dialler(leaf)) as tls:
                await tls.handshake()
                await until(lambda: admitted)
            lists.append(revoking(leaf, by=ca))
            async with called(terms.configuration.external_port, dialler(leaf)) as tls:
                await refused(tls)
            await until(lambda: "ADM-REFUSED" in reported.codes)
            assert len(admitted) == 1
        await tasks.end()

    asyncio.run(live())
    fields = reported.of("ADM-REFUSED")
    assert (fields["verdict"], fields["partner"]) == ("REVOKED", "ID")


def test_a_chain_that_is_too_costly_is_refused_before_any_of_it_is_computed(
    play, anchored, certificate, called, until, reported
) -> None:
    ca, made = anchored
    leaf, terms = certificate(named("leaf", "O0013001"), issuer=ca), made()
    huge = rsa.RSAPublicNumbers(65_537, (1 << 16_383) | 1).public_key()
    above = pem_of(certified(huge, "huge", ca, extensions=[(x509.BasicConstraints(True, None), True)]))

    async def scene(gate, admitted) -> None:
        context = partner_dialler(leaf.pem + above, leaf.key_pem, lambda _: True).context
        async with called(terms.configuration.external_port, connecting(context)) as tls:
            await refused(tls)
        await until(lambda: "ADM-REFUSED" in reported.codes)
        assert admitted == []

    play(scene, terms=terms)
    fields = reported.of("ADM-REFUSED")
    assert fields["verdict"] == "TOO-LARGE"
    assert "RSA 16384" in fields["reason"]
