"""What a stranger shows in a partner's handshake: judged before it costs anything, bounded, and named when refused."""

import contextlib
import time
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from OpenSSL import SSL

from seon.net.channel import TlsError
from seon.net.context import (
    MAX_CHAIN,
    MAX_NAMES,
    accepting,
    connecting,
    partner_dialler,
    partner_listener,
    peer_certificate,
    refused_certificate,
    sent_chain,
)
from seon.pki import PeerCertificate

VECTORS = Path(__file__).parents[2] / "vectors" / "certificates"
VERSIONS = [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION]


@cache
def large_key(p: int, q: int) -> rsa.RSAPrivateKey:
    """Return an RSA key of p + q bits at once: of two Mersenne primes, so that nothing has to be searched for."""
    p, q, e = 2**p - 1, 2**q - 1, 65_537
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(e, p * q))
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


@pytest.fixture(scope="module")
def small(certificate):
    """As large as may be, nearly."""
    return certificate("small enough", large_key(4_253, 3_217))


@pytest.fixture(scope="module")
def large(certificate):
    return certificate("too large", large_key(9_941, 4_423))


class Asked:
    """A judge that keeps whom it was asked about."""

    def __init__(self, *, answer: bool = True) -> None:
        self.certificates: list[PeerCertificate] = []
        self._answer = answer

    def __call__(self, certificate: PeerCertificate) -> bool:
        self.certificates.append(certificate)
        return self._answer


def station(made, version: int | None = None, above=()) -> SSL.Connection:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    if isinstance(made, str):
        context.use_certificate_file(str(VECTORS / made))
        context.use_privatekey_file(str(VECTORS / "rsa.key"))
    else:
        context.use_certificate(made.certificate)
        context.use_privatekey(made.key)
    for one in above:
        context.add_extra_chain_cert(one.certificate)
    if version:
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
    return connecting(context)


@pytest.fixture
def gate(ours):
    def make(judge) -> SSL.Connection:
        return accepting(partner_listener(ours.pem, ours.key_pem, judge).context)

    return make


# --- the peer's own certificate -------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_a_certificate_is_judged_before_any_signature_of_its_key_has_come(gate, shake, partner, version) -> None:
    """What the peer sends is fed message by message: when the judge was asked, its signature was still outstanding."""
    asked = Asked()
    one, two = gate(asked), station(partner, version)
    for near, far in ((two, one), (one, two)):
        with contextlib.suppress(SSL.WantReadError):
            near.do_handshake()
        far.bio_write(near.bio_read(65_536))
    with contextlib.suppress(SSL.WantReadError):
        two.do_handshake()
    flight, asked_after = two.bio_read(65_536), None
    while flight:
        size = 5 + int.from_bytes(flight[3:5], "big")
        record, flight = flight[:size], flight[size:]
        one.bio_write(record)
        with contextlib.suppress(SSL.WantReadError):
            one.do_handshake()
        if asked.certificates and asked_after is None:
            asked_after = flight
    assert asked_after, "records with CertificateVerify and Finished were left"
    assert [shown.fingerprint for shown in asked.certificates] == [partner.fingerprint], "once"
    assert peer_certificate(one).fingerprint == partner.fingerprint


@pytest.mark.parametrize("version", VERSIONS)
def test_a_key_that_is_too_large_is_refused_without_being_computed_with(gate, shake, large, version) -> None:
    asked = Asked()
    one = gate(asked)
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        shake(one, station(large, version))
    assert asked.certificates == [], "nobody need be asked"
    assert refused_certificate(one).key.text == "RSA 14364"
    assert peer_certificate(one) is None


@pytest.mark.parametrize("version", VERSIONS)
def test_the_largest_key_that_is_taken_costs_little(gate, small, version) -> None:
    """All that the server computes in such a handshake, by the clock of this process's CPU."""
    one, two, spent = gate(Asked()), station(small, version), 0.0
    for _ in range(4):
        with contextlib.suppress(SSL.WantReadError):
            two.do_handshake()
        with contextlib.suppress(SSL.WantReadError):
            one.bio_write(two.bio_read(65_536))
        began = time.process_time()
        with contextlib.suppress(SSL.WantReadError):
            one.do_handshake()
        spent += time.process_time() - began
        with contextlib.suppress(SSL.WantReadError):
            two.bio_write(one.bio_read(65_536))
    assert peer_certificate(one).key.bits == 7_470
    assert spent < 0.05


@pytest.mark.parametrize(
    "name", ["printable-ampersand", "printable-underscore", "critical-false", "t61-umlauts", "empty-rdn"]
)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_certificate_that_only_openssl_can_read_is_admitted_or_named(gate, shake, name, version) -> None:
    asked = Asked()
    one = gate(asked)
    shake(one, station(f"{name}.pem", version))
    (shown,) = asked.certificates
    assert peer_certificate(one).fingerprint == shown.fingerprint
    assert refused_certificate(one) is None
    one = gate(Asked(answer=False))
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        shake(one, station(f"{name}.pem", version))
    assert refused_certificate(one) == shown


def test_whoever_shows_no_certificate_has_none(gate, shake) -> None:
    one = gate(Asked())
    with pytest.raises(SSL.Error, match="did not return a certificate"):
        shake(one, connecting(SSL.Context(SSL.TLS_CLIENT_METHOD)))
    assert (peer_certificate(one), refused_certificate(one)) == (None, None)


# --- what is sent beside it -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chain(certificate):
    """Return a leaf with so many CAs above it, the nearest first."""

    def make(count: int):
        above = [certificate("root", ca=True)]
        for number in range(count - 1):
            above.append(certificate(f"CA {number}", issuer=above[-1], ca=True))
        return certificate("leaf", issuer=above[-1]), above[::-1]

    return make


@pytest.mark.parametrize("version", VERSIONS)
def test_the_chain_that_was_sent_is_kept_in_its_order_on_both_sides(shake, chain, ours, version) -> None:
    leaf, above = chain(3)
    pem = leaf.pem + "".join(one.pem for one in above)
    dialler = partner_dialler(pem, leaf.key_pem, Asked())
    dialler.context.set_max_proto_version(version)
    one, two = accepting(partner_listener(pem, leaf.key_pem, Asked()).context), connecting(dialler.context)
    shake(one, two)
    for end in (one, two):
        assert [shown.fingerprint for shown in sent_chain(end)] == [made.fingerprint for made in above]


def test_whoever_sends_its_own_certificate_alone_has_no_chain(gate, shake, partner) -> None:
    one = gate(Asked())
    shake(one, station(partner))
    assert sent_chain(one) == ()


def test_a_chain_of_ten_is_taken_and_of_eleven_is_not(gate, shake, chain) -> None:
    leaf, above = chain(MAX_CHAIN + 1)
    one = gate(Asked())
    shake(one, station(leaf, above=above[:MAX_CHAIN]))
    assert len(sent_chain(one)) == MAX_CHAIN
    one = gate(Asked())
    shake(one, station(leaf, above=above))
    with pytest.raises(TlsError, match=r"sent 11 certificates beside its own \(at most 10\)"):
        sent_chain(one)


def test_a_key_in_the_chain_that_is_too_large_is_refused(gate, shake, certificate, partner, large, small) -> None:
    one = gate(Asked())
    shake(one, station(partner, above=[small]))
    assert sent_chain(one)[0].key.bits == 7_470
    one = gate(Asked())
    shake(one, station(partner, above=[small, large]))
    with pytest.raises(TlsError, match=r"RSA 14364 \(at most 8192\): CN=too large"):
        sent_chain(one)


def test_only_the_own_certificate_is_judged_whatever_is_above_it(gate, shake, partner, large) -> None:
    asked = Asked()
    shake(gate(asked), station(partner, above=[large, large]))
    assert [shown.fingerprint for shown in asked.certificates] == [partner.fingerprint]


# --- the anchors' names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_callers_are_told_no_anchors_unless_it_is_switched_on(shake, ours, partner, certificate, version) -> None:
    anchors = [certificate(name, ca=True) for name in ("Anchor A", "Anchor B")]
    for named in ([], anchors):
        gate = partner_listener(ours.pem, ours.key_pem, Asked(), ca_names=[one.shown for one in named])
        two = station(partner, version)
        shake(accepting(gate.context), two)
        assert [name.CN for name in two.get_client_ca_list()] == [one.shown.subject[3:] for one in named]


def test_two_anchors_of_one_name_are_named_once(shake, ours, partner, certificate) -> None:
    renewed = [certificate("Anchor", ca=True).shown for _ in range(2)]
    two = station(partner)
    shake(accepting(partner_listener(ours.pem, ours.key_pem, Asked(), ca_names=renewed).context), two)
    assert len(two.get_client_ca_list()) == 1


def test_names_that_no_handshake_could_carry_are_refused_when_the_context_is_made(ours, certificate) -> None:
    shown = certificate("Anchor " + "x" * 50, ca=True).shown
    count = MAX_NAMES // len(shown.subject_der) + 1
    many = [type(shown)(**{**fields_of(shown), "subject_der": shown.subject_der[:-4] + number.to_bytes(4, "big")})
            for number in range(count)]  # fmt: skip
    with pytest.raises(TlsError, match=f"the names of {count} anchors have"):
        partner_listener(ours.pem, ours.key_pem, Asked(), ca_names=many)


def fields_of(shown: PeerCertificate) -> dict[str, object]:
    return {name: getattr(shown, name) for name in type(shown).__dataclass_fields__}
