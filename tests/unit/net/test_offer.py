"""What TLS offers and accepts: listed here once more, so that a release of OpenSSL cannot change it unseen."""

from pathlib import Path

import pytest
from cryptography.hazmat.bindings.openssl.binding import Binding
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from OpenSSL import SSL

from seon.net import client_hello
from seon.net.context import accepting, connecting, partner_dialler, partner_listener, peer_certificate
from seon.net.offer import OLD_CIPHERS, new_context

lib = Binding().lib
VECTORS = Path(__file__).parents[2] / "vectors" / "certificates"
BRAINPOOL = (VECTORS / "brainpoolP256r1.pem").read_text(), (VECTORS / "brainpoolP256r1.key").read_bytes()
VERSIONS = [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION]


def anyone(_: object) -> bool:
    return True


def client(made, version: int | None = None, *, ciphers: bytes = b"", groups: bytes = b"", signatures: bytes = b""):
    """Return a station's connection that offers what it likes, with a certificate of pyOpenSSL's, or of ours."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.use_certificate(made.certificate)
    context.use_privatekey(made.key)
    if version:
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
    if ciphers:
        context.set_cipher_list(ciphers)
    if groups:
        assert lib.SSL_CTX_set1_curves_list(context._context, groups) == 1
    if signatures:
        assert lib.SSL_CTX_set1_sigalgs_list(context._context, signatures) == 1
    return connecting(context)


def hello_of(connection: SSL.Connection) -> bytes:
    with pytest.raises(SSL.WantReadError):
        connection.do_handshake()
    return connection.bio_read(65_536)


def extension(hello: bytes, kind: int) -> bytes:
    """Return what an extension of a ClientHello holds, found by hand."""
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at]
    at += 2 + int.from_bytes(hello[at : at + 2], "big")
    at += 1 + hello[at] + 2
    while at < len(hello):
        this, size = (int.from_bytes(hello[i : i + 2], "big") for i in (at, at + 2))
        if this == kind:
            return hello[at + 4 : at + 4 + size]
        at += 4 + size
    raise AssertionError(f"no extension {kind}")


def numbers(octets: bytes) -> list[str]:
    return [octets[at : at + 2].hex() for at in range(0, len(octets), 2)]


# --- what a ClientHello of ours says --------------------------------------------------------------------------------


def test_the_groups_are_these_the_post_quantum_one_first_and_brainpool_last() -> None:
    words = client_hello.in_words(hello_of(connecting(new_context(SSL.TLS_CLIENT_METHOD))))
    assert "groups X25519MLKEM768 x25519 secp256r1 secp384r1 secp521r1 x448 " in words
    groups = numbers(extension(hello_of(connecting(new_context(SSL.TLS_CLIENT_METHOD))), 10)[2:])
    assert groups == ["11ec", "001d", "0017", "0018", "0019", "001e", "001a", "001b", "001c", "001f", "0020", "0021"]


def test_a_station_without_the_post_quantum_group_needs_no_second_hello() -> None:
    shares, found = extension(hello_of(connecting(new_context(SSL.TLS_CLIENT_METHOD))), 51)[2:], []
    while shares:
        found.append(shares[:2].hex())
        shares = shares[4 + int.from_bytes(shares[2:4], "big") :]
    assert found == ["11ec", "001d"]


def test_no_signature_with_sha_1_or_sha_224_or_dsa_is_accepted() -> None:
    offered = numbers(extension(hello_of(connecting(new_context(SSL.TLS_CLIENT_METHOD))), 13)[2:])
    hashes = {"02": "SHA-1", "03": "SHA-224", "01": "MD5"}
    assert not [one for one in offered if one[:2] in hashes or (one[:2] in {"04", "05", "06"} and one[2:] == "02")]
    assert {"081a", "081b", "081c"} <= set(offered), "brainpool in TLS 1.3 (RFC 8734)"


@pytest.mark.parametrize("old_tls", [False, True])
def test_the_cipher_suites_are_these(old_tls) -> None:
    suites = new_context(SSL.TLS_CLIENT_METHOD, old_tls=old_tls)
    names = SSL.Connection(suites, None).get_cipher_list()
    assert names[:3] == ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"]
    assert all(name.startswith("ECDHE-") for name in names[3:]), "forward secrecy"
    weak = [name for name in names[3:] if "GCM" not in name and "CHACHA20" not in name]
    assert sorted(weak) == (sorted(OLD_CIPHERS.split(":")[2:]) if old_tls else [])
    assert names[len(names) - len(weak) :] == weak, "the weak ones come last"


# --- brainpool --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_brainpool_certificates_work_on_both_sides(shake, version) -> None:
    gate, dialler = partner_listener(*BRAINPOOL, anyone), partner_dialler(*BRAINPOOL, anyone)
    dialler.context.set_max_proto_version(version)
    one, two = accepting(gate.context), connecting(dialler.context)
    shake(one, two)
    for end in (one, two):
        assert peer_certificate(end).key.text == "EC brainpoolP256r1"
    assert one.get_protocol_version_name() == ("TLSv1.2" if version == VERSIONS[0] else "TLSv1.3")


@pytest.mark.parametrize(
    ("version", "group"), [(VERSIONS[0], "brainpoolP256r1"), (VERSIONS[1], "brainpoolP384r1tls13")]
)
def test_a_station_that_knows_brainpool_only_gets_in(shake, partner, version, group) -> None:
    gate = partner_listener(*BRAINPOOL, anyone)
    groups = f"{group}:brainpoolP256r1" if version == VERSIONS[0] else group
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.use_certificate_file(str(VECTORS / "brainpoolP256r1.pem"))
    context.use_privatekey_file(str(VECTORS / "brainpoolP256r1.key"))
    context.set_max_proto_version(version)
    assert lib.SSL_CTX_set1_curves_list(context._context, groups.encode()) == 1
    one = accepting(gate.context)
    shake(one, connecting(context))
    assert one.get_group_name() == group


@pytest.mark.parametrize("curve", [ec.BrainpoolP384R1, ec.BrainpoolP512R1, ec.SECP521R1])
@pytest.mark.parametrize("version", VERSIONS)
def test_larger_curves_work_too(shake, certificate, curve, version) -> None:
    made = certificate("large", ec.generate_private_key(curve()))
    gate = partner_listener(made.pem, made.key_pem, anyone)
    dialler = partner_dialler(made.pem, made.key_pem, anyone)
    dialler.context.set_max_proto_version(version)
    shake(accepting(gate.context), connecting(dialler.context))


@pytest.mark.parametrize("curve", [ec.SECP224R1, ec.SECP256K1])
def test_curves_that_are_refused_at_import_do_not_work(shake, certificate, ours, curve) -> None:
    made = certificate("curve", ec.generate_private_key(curve()))
    gate = partner_listener(ours.pem, ours.key_pem, anyone)
    with pytest.raises(SSL.Error):
        shake(accepting(gate.context), client(made))


# --- old stations -----------------------------------------------------------------------------------------------------

OLD = [name.encode() for name in OLD_CIPHERS.split(":")[2:]]


@pytest.fixture(scope="module")
def rsa_ours(certificate):
    return certificate("proxy", rsa.generate_private_key(65_537, 2_048))


@pytest.mark.parametrize("suite", OLD, ids=bytes.decode)
def test_an_old_station_gets_in_at_the_old_context_only(shake, ours, rsa_ours, partner, suite) -> None:
    own = rsa_ours if b"RSA" in suite else ours
    gate = partner_listener(own.pem, own.key_pem, anyone, old_tls=True)
    one = accepting(gate.context)
    shake(one, client(partner, VERSIONS[0], ciphers=suite))
    assert (one.get_cipher_name(), one.get_protocol_version_name()) == (suite.decode(), "TLSv1.2")
    gate = partner_listener(own.pem, own.key_pem, anyone)
    with pytest.raises(SSL.Error, match="no shared cipher"):
        shake(accepting(gate.context), client(partner, VERSIONS[0], ciphers=suite))


def test_a_new_station_loses_nothing_at_the_old_context(shake, ours, partner) -> None:
    one = accepting(partner_listener(ours.pem, ours.key_pem, anyone, old_tls=True).context)
    shake(one, client(partner))
    assert (one.get_protocol_version_name(), one.get_group_name()) == ("TLSv1.3", "X25519MLKEM768")
    one = accepting(partner_listener(ours.pem, ours.key_pem, anyone, old_tls=True).context)
    shake(one, client(partner, VERSIONS[0], ciphers=OLD[0] + b":ECDHE+AESGCM"))
    assert "GCM" in one.get_cipher_name(), "the server's order counts"


@pytest.mark.parametrize("suite", [b"AES256-GCM-SHA384", b"AES128-SHA", b"DHE-RSA-AES256-GCM-SHA384"])
def test_without_forward_secrecy_by_elliptic_curves_no_old_station_gets_in(shake, rsa_ours, partner, suite) -> None:
    gate = partner_listener(rsa_ours.pem, rsa_ours.key_pem, anyone, old_tls=True)
    with pytest.raises(SSL.Error, match="no shared cipher"):
        shake(accepting(gate.context), client(partner, VERSIONS[0], ciphers=suite + b":@SECLEVEL=0"))


def old_station(made) -> SSL.Connection:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_certificate(made.certificate)
    context.use_privatekey(made.key)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(b"ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES256-SHA")
    return accepting(context)


def test_an_old_station_is_dialled_with_what_it_needs_only_where_that_is_allowed(shake, partner, rsa_ours) -> None:
    old = partner_dialler(partner.pem, partner.key_pem, anyone, old_tls=True)
    station = old_station(rsa_ours)
    shake(station, connecting(old.context))
    assert station.get_cipher_name() == "ECDHE-RSA-AES256-SHA384"
    with pytest.raises(SSL.Error):
        shake(old_station(rsa_ours), connecting(partner_dialler(partner.pem, partner.key_pem, anyone).context))


def test_an_old_station_gets_a_small_hello(partner) -> None:
    """Some end at one that does not fit into a packet, or that offers more than TLS 1.2."""
    old = connecting(partner_dialler(partner.pem, partner.key_pem, anyone, old_tls=True).context)
    hello = hello_of(old)
    assert len(hello) < 512
    assert "versions TLS 1.2, " in client_hello.in_words(hello)


# --- post-quantum -----------------------------------------------------------------------------------------------------


def test_a_station_that_can_is_asked_for_the_post_quantum_group_though_it_sent_another_share(shake, ours, partner):
    one = accepting(partner_listener(ours.pem, ours.key_pem, anyone).context)
    shake(one, client(partner, groups=b"*X25519:X25519MLKEM768"))
    assert one.get_group_name() == "X25519MLKEM768"
