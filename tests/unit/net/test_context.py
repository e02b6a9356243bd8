"""TLS contexts: what is offered, what is refused, and that a process can give up its keys."""

import contextlib
import gc
import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.bindings.openssl.binding import Binding
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

from certificates import Made
from seon.net.channel import Channel, TlsError
from seon.net.context import (
    CONTROL,
    SESSION,
    Judge,
    accepting,
    connecting,
    forget_all_keys,
    link_dialler,
    link_listener,
    partner_dialler,
    partner_listener,
    peer_certificate,
    refused_authority,
    refused_certificate,
)
from seon.pki import fingerprint

lib, ffi = Binding().lib, Binding().ffi
KEYS = {
    "RSA": lambda: rsa.generate_private_key(65_537, 2_048),
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "brainpool": lambda: ec.generate_private_key(ec.BrainpoolP384R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}


@pytest.fixture(scope="module", params=list(KEYS))
def any_key(request, certificate):
    return certificate("any key", KEYS[request.param]())


@pytest.fixture
def gate(ours, partner):
    return partner_listener(ours.pem, ours.key_pem, lambda shown: shown.fingerprint == partner.fingerprint)


@pytest.fixture
def dialler(ours, partner):
    return partner_dialler(partner.pem, partner.key_pem, lambda shown: shown.fingerprint == ours.fingerprint)


def plain_client(made=None, version: int | None = None) -> SSL.Context:
    """Return a stranger's context: whatever it likes, and no check of us."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    if made:
        context.use_certificate(made.certificate)
        context.use_privatekey(made.key)
    if version:
        context.set_cipher_list(b"ALL:@SECLEVEL=0")
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
    return context


# --- partners -----------------------------------------------------------------------------------------------------


def test_a_partner_with_its_certificate_gets_in_and_is_known(gate, dialler, shake, partner, ours) -> None:
    one, two = accepting(gate.context), connecting(dialler.context)
    shake(one, two)
    assert peer_certificate(one).fingerprint == partner.fingerprint
    assert peer_certificate(two).fingerprint == ours.fingerprint
    assert one.get_protocol_version_name() == "TLSv1.3"


def test_without_a_client_certificate_there_is_no_handshake(gate, shake) -> None:
    with pytest.raises(SSL.Error, match="peer did not return a certificate"):
        shake(accepting(gate.context), connecting(plain_client()))


def test_a_refused_certificate_can_be_named_afterwards(gate, shake, certificate) -> None:
    stranger = certificate("stranger")
    one = accepting(gate.context)
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        shake(one, connecting(plain_client(stranger)))
    assert refused_certificate(one).fingerprint == stranger.fingerprint


def test_what_lies_above_a_certificate_proves_nothing(gate, shake, certificate, partner) -> None:
    """A certificate issued with a pinned one, and shown together with it, is another certificate."""
    context = plain_client(certificate("child", issuer=partner))
    context.add_extra_chain_cert(partner.certificate)
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        shake(accepting(gate.context), connecting(context))


def test_a_certificate_that_cannot_be_read_is_refused_and_nothing_else_happens(gate, certificate) -> None:
    """OpenSSL takes version 8 for a certificate, cryptography does not: that must not be an exception of the port."""
    stranger = certificate("stranger")
    octets = stranger.certificate.public_bytes(Encoding.DER).replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07")
    bio = lib.BIO_new_mem_buf(octets, len(octets))
    context = plain_client()
    assert lib.SSL_CTX_use_certificate(context._context, lib.d2i_X509_bio(bio, ffi.NULL)) == 1
    context.use_privatekey(stranger.key)
    with pytest.raises(TlsError, match="verify failed"):
        greet(Channel(accepting(gate.context)), connecting(context))


def greet(server: Channel, client: SSL.Connection) -> None:
    """Bring a client's handshake to the point where the server has judged its certificate."""
    for _ in range(3):
        with contextlib.suppress(SSL.WantReadError):
            client.do_handshake()
        server.connection.bio_write(client.bio_read(65_536))
        server.handshake()
        client.bio_write(server.connection.bio_read(65_536))


@pytest.mark.parametrize("version", [SSL.TLS1_VERSION, SSL.TLS1_1_VERSION])
def test_tls_below_1_2_is_refused(gate, shake, partner, version) -> None:
    with pytest.raises(SSL.Error, match=r"protocol version|no protocols|unsupported protocol"):
        shake(accepting(gate.context), connecting(plain_client(partner, version)))


def test_tls_1_2_needs_forward_secrecy(gate, shake, partner) -> None:
    context = plain_client(partner, SSL.TLS1_2_VERSION)
    context.set_cipher_list(b"AES256-GCM-SHA384:AES128-SHA:@SECLEVEL=0")
    with pytest.raises(SSL.Error, match="no shared cipher"):
        shake(accepting(gate.context), connecting(context))
    context = plain_client(partner, SSL.TLS1_2_VERSION)
    shake(accepting(gate.context), connecting(context))


def standard_client(partner, tmp_path, version: ssl.TLSVersion) -> ssl.SSLContext:
    """Return a context of Python's own ssl module: an independent judge of what the server does."""
    path = tmp_path / "partner.pem"
    path.write_text(partner.pem + partner.key_pem.decode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    context.load_cert_chain(path)
    return context


def meet(server: SSL.Connection, context: ssl.SSLContext, session: ssl.SSLSession | None) -> ssl.SSLObject:
    """Complete a handshake, and carry some content, behind which a session ticket would come."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, session=session)
    for _ in range(4):
        with contextlib.suppress(ssl.SSLWantReadError):
            client.do_handshake()
        if octets := outgoing.read():
            server.bio_write(octets)
        with contextlib.suppress(SSL.WantReadError):
            server.do_handshake()
        with contextlib.suppress(SSL.WantReadError):
            incoming.write(server.bio_read(65_536))
    server.send(b"content")
    incoming.write(server.bio_read(65_536))
    assert client.read(100) == b"content"
    return client


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_session_is_resumed(gate, partner, ours, tmp_path, version) -> None:
    """Each connection shows its certificate anew: a withdrawn one must not come back by a session of before."""
    client = standard_client(partner, tmp_path, version)
    first = meet(accepting(gate.context), client, None)
    again = accepting(gate.context)
    assert not meet(again, client, first.session).session_reused
    assert peer_certificate(again).fingerprint == partner.fingerprint


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_proof_that_no_session_is_resumed_can_fail(partner, ours, tmp_path, version) -> None:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_certificate(ours.certificate)
    context.use_privatekey(ours.key)
    client = standard_client(partner, tmp_path, version)
    connections = [SSL.Connection(context, None) for _ in range(2)]
    for connection in connections:
        connection.set_accept_state()
    first = meet(connections[0], client, None)
    assert meet(connections[1], client, first.session).session_reused


# --- keys and certificates ------------------------------------------------------------------------------------------


def test_certificate_and_key_must_belong_together(ours, partner) -> None:
    with pytest.raises(TlsError, match=r"cannot be used|does not belong"):
        partner_listener(ours.pem, partner.key_pem, lambda _: True)


@pytest.mark.parametrize("chain", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_chain_that_cannot_be_read_is_said_to_be_so(chain, ours) -> None:
    with pytest.raises(TlsError, match="chain cannot be read"):
        partner_listener(chain, ours.key_pem, lambda _: True)


def test_a_key_that_cannot_be_read_is_said_to_be_so(ours) -> None:
    with pytest.raises(TlsError, match="private key cannot be read"):
        partner_listener(ours.pem, b"nonsense", lambda _: True)


def test_a_failed_key_leaves_no_error_behind(ours, partner, gate, dialler, shake) -> None:
    for key in (b"nonsense", partner.key_pem):
        with pytest.raises(TlsError):
            partner_listener(ours.pem, key, lambda _: True)
    assert lib.ERR_peek_error() == 0
    shake(accepting(gate.context), connecting(dialler.context))


def test_the_whole_chain_is_sent(certificate, partner, shake) -> None:
    ca = certificate("CA", ca=True)
    leaf = certificate("leaf", issuer=ca)
    seen = []
    gate = partner_listener(leaf.pem + ca.pem, leaf.key_pem, lambda _: True)
    two = connecting(partner_dialler(partner.pem, partner.key_pem, lambda c: seen.append(c) or True).context)
    shake(accepting(gate.context), two)
    chain = two.get_peer_cert_chain(as_cryptography=True)
    assert chain == [leaf.certificate, ca.certificate]
    assert [shown.fingerprint for shown in seen] == [leaf.fingerprint], "only the peer's own is judged, and once"


def test_an_unsupported_kind_of_key_is_refused_with_what_would_do(certificate) -> None:
    other = certificate(key=ed448.Ed448PrivateKey.generate(), issuer=certificate())
    with pytest.raises(TlsError, match="use RSA, EC or Ed25519"):
        partner_listener(other.pem, other.key_pem, lambda _: True)


# --- giving up keys ---------------------------------------------------------------------------------------------------


def write_both(directory: Path, ours: Made, partner: Made) -> None:
    for name, made in (("ours", ours), ("partner", partner)):
        made.write(directory / f"{name}.pem", directory / f"{name}.key")


def read_both(directory: Path) -> dict[str, tuple[str, bytes, Judge]]:
    """Return by name what a context is made of."""
    return {
        name: ((directory / f"{name}.pem").read_text(), (directory / f"{name}.key").read_bytes(), lambda _: True)
        for name in ("ours", "partner")
    }


def test_a_connection_goes_on_after_the_keys_are_given_up_and_no_other_begins(
    alone, any_key, partner, tmp_path
) -> None:
    write_both(tmp_path, any_key, partner)
    alone(give_up_keys, tmp_path)


def give_up_keys(directory: str) -> None:
    """In a Python of its own: no context of another test may lose its key."""
    arguments = read_both(Path(directory))
    gate, dialler = partner_listener(*arguments["ours"]), partner_dialler(*arguments["partner"])
    one, two = accepting(gate.context), connecting(dialler.context)
    handshake(one, two)
    forget_all_keys()
    for source, sink in ((one, two), (two, one)):
        for _ in range(3):
            source.send(b"goes on")
            sink.bio_write(source.bio_read(1000))
            assert sink.recv(100) == b"goes on"
    fresh = partner_dialler(*arguments["partner"])
    expect_failure(accepting(gate.context), connecting(fresh.context))
    fresh = partner_listener(*arguments["ours"])
    expect_failure(accepting(fresh.context), connecting(dialler.context))


def test_the_key_of_a_context_that_only_a_connection_holds_is_given_up_too(alone, ours, partner, tmp_path) -> None:
    """A new configuration replaces the context during a handshake: its key must not live on in the session."""
    write_both(tmp_path, ours, partner)
    alone(give_up_orphan, tmp_path)


def give_up_orphan(directory: str) -> None:
    arguments = read_both(Path(directory))
    connection = accepting(partner_listener(*arguments["ours"]).context)
    gc.collect()
    context = connection.get_context()
    forget_all_keys()
    expect_failure(accepting(context), connecting(partner_dialler(*arguments["partner"]).context))


def handshake(one: SSL.Connection, two: SSL.Connection) -> None:
    for _ in range(6):
        for source, sink in ((two, one), (one, two)):
            with contextlib.suppress(SSL.WantReadError):
                source.do_handshake()
            with contextlib.suppress(SSL.WantReadError):
                sink.bio_write(source.bio_read(65_536))


def expect_failure(one: SSL.Connection, two: SSL.Connection) -> None:
    try:
        handshake(one, two)
    except SSL.Error:
        return
    raise SystemExit("the handshake worked without a key")


# --- links ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def link(link_pki):
    listener = link_listener(link_pki.server_chain, link_pki.identity_pem, link_pki.ca_pem)
    return listener, link_dialler(link_pki.client_chain, link_pki.client_pem, link_pki.ca_pem)


@pytest.mark.parametrize("kind", [CONTROL, SESSION])
def test_a_link_says_what_it_is_for(link, shake, kind) -> None:
    one, two = accepting(link[0].context), connecting(link[1].context, kind)
    shake(one, two)
    assert one.get_alpn_proto_negotiated() == two.get_alpn_proto_negotiated() == kind


@pytest.mark.parametrize("offered", [[b"h2"], [CONTROL, SESSION]])
def test_a_link_of_no_one_known_kind_has_none(link, shake, offered) -> None:
    one, two = accepting(link[0].context), connecting(link[1].context)
    two.set_alpn_protos(offered)
    shake(one, two)
    assert one.get_alpn_proto_negotiated() == b""


def test_a_link_is_tls_1_3_only(link, shake, link_pki) -> None:
    context = link_dialler(link_pki.client_chain, link_pki.client_pem, link_pki.ca_pem).context
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    with pytest.raises(SSL.Error, match=r"unsupported protocol|protocol version"):
        shake(accepting(link[0].context), connecting(context, CONTROL))


def test_a_client_of_another_link_ca_is_refused(link, shake, other_link_pki, link_pki) -> None:
    dialler = link_dialler(other_link_pki.client_chain, other_link_pki.client_pem, link_pki.ca_pem)
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        shake(accepting(link[0].context), connecting(dialler.context, CONTROL))


def test_a_server_of_another_link_ca_is_refused(link, shake, other_link_pki, link_pki) -> None:
    listener = link_listener(other_link_pki.server_chain, other_link_pki.identity_pem, link_pki.ca_pem)
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        shake(accepting(listener.context), connecting(link[1].context, CONTROL))


def test_two_of_different_link_cas_can_name_each_others_and_are_refused(link, shake, other_link_pki) -> None:
    dialler = link_dialler(other_link_pki.client_chain, other_link_pki.client_pem, other_link_pki.ca_pem)
    one = accepting(link[0].context)
    two = connecting(dialler.context, CONTROL, authority=dialler.authority)
    with pytest.raises(SSL.Error):
        shake(one, two)
    assert refused_authority(one) == fingerprint(other_link_pki.ca), "said in the first message"
    assert fingerprint(refused_authority(two)) == link[0].authority, "shown with the certificate"


def test_a_client_that_does_not_mind_a_foreign_server_is_named_by_what_it_shows(
    link, shake, other_link_pki, link_pki
) -> None:
    chain = other_link_pki.client_chain + other_link_pki.ca_pem
    dialler = link_dialler(chain, other_link_pki.client_pem, link_pki.ca_pem)
    one = accepting(link[0].context)
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        shake(one, connecting(dialler.context, CONTROL, authority=link[0].authority))
    assert refused_authority(one) == other_link_pki.ca


def test_saying_the_right_link_ca_makes_no_stranger_one_of_us(link, shake, other_link_pki, link_pki) -> None:
    """The CA's certificate is no secret: what is shown beside a certificate proves nothing."""
    dialler = link_dialler(other_link_pki.client_chain + link_pki.ca_pem, other_link_pki.client_pem, link_pki.ca_pem)
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        shake(accepting(link[0].context), connecting(dialler.context, CONTROL, authority=link[0].authority))


def test_a_link_of_one_installation_names_no_other(link, shake) -> None:
    one, two = accepting(link[0].context), connecting(link[1].context, CONTROL, authority=link[1].authority)
    shake(one, two)
    assert one.get_alpn_proto_negotiated() == CONTROL
    assert (refused_authority(one), refused_authority(two)) == (link[1].authority, None)


@pytest.mark.parametrize("said", [b"", b"F" * 64, b"0" * 63, b"0" * 65, b"0" * 63 + b"\n", b"\xff" * 64])
def test_what_is_no_fingerprint_is_not_kept(link, shake, said) -> None:
    one, two = accepting(link[0].context), connecting(link[1].context)
    two.set_alpn_protos([CONTROL, b"seon-ca/" + said])
    shake(one, two)
    assert one.get_alpn_proto_negotiated() == CONTROL
    assert refused_authority(one) is None


def test_a_servers_certificate_is_none_for_a_client_and_the_other_way_round(link, shake, link_pki) -> None:
    dialler = link_dialler(link_pki.server_chain, link_pki.identity_pem, link_pki.ca_pem)
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        shake(accepting(link[0].context), connecting(dialler.context, CONTROL))
    listener = link_listener(link_pki.client_chain, link_pki.client_pem, link_pki.ca_pem)
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        shake(accepting(listener.context), connecting(link[1].context, CONTROL))


def test_the_name_dialled_is_in_the_clients_hello(gate, dialler, shake) -> None:
    one = accepting(gate.context)
    shake(one, connecting(dialler.context, server_name="station.example"))
    assert one.get_servername() == b"station.example"


def test_a_pinned_certificate_that_comes_with_its_cas_is_admitted(gate, shake, certificate, partner) -> None:
    """Partners send their chain. Nothing of it is computed, so its length is no reason to refuse."""
    above = certificate("root", ca=True)
    context = plain_client(partner)
    for number in range(4):
        context.add_extra_chain_cert(above.certificate)
        above = certificate(f"CA {number}", issuer=above, ca=True)
    one = accepting(gate.context)
    shake(one, connecting(context))
    assert peer_certificate(one).fingerprint == partner.fingerprint


def test_a_leaf_under_four_cas_is_admitted_by_its_pin(ours, shake, certificate) -> None:
    chain = [certificate("root", ca=True)]
    for number in range(3):
        chain.append(certificate(f"CA {number}", issuer=chain[-1], ca=True))
    leaf = certificate("leaf", issuer=chain[-1])
    context = plain_client(leaf)
    for above in reversed(chain):
        context.add_extra_chain_cert(above.certificate)
    gate = partner_listener(ours.pem, ours.key_pem, lambda shown: shown.fingerprint == leaf.fingerprint)
    one = accepting(gate.context)
    shake(one, connecting(context))
    assert peer_certificate(one).fingerprint == leaf.fingerprint
