"""A chain leads to an anchor that is configured, and to nothing that stands above it."""

import datetime as dt
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certificates import Made, certified, make
from seon import pki
from seon.net.context import accepting, connecting
from seon.pki import PeerCertificate, PkiError, peer_certificate
from seon.pki.chains import MAX_PATHS, Anchors, ChainError, anchor_in_pem

NOW = time.time()


def shown(made: Made | x509.Certificate) -> PeerCertificate:
    certificate = made.certificate if isinstance(made, Made) else made
    return peer_certificate(certificate.public_bytes(Encoding.DER))


ROOT = make("root", ca=True)
CA = make("CA", issuer=ROOT, ca=True)
BETWEEN = make("between", issuer=CA, ca=True)
LEAF = make("leaf", issuer=CA)
FAR = make("far", issuer=BETWEEN)


def anchors(*made: Made) -> Anchors:
    return Anchors(anchor_in_pem(one.pem) for one in made)


def names(trust: Anchors, leaf: Made, *sent: Made, now: float = NOW) -> list[str]:
    """The names of a chain, its anchor last."""
    chain = trust.chain(shown(leaf), [shown(one) for one in sent], now)
    return [one.subject.removeprefix("CN=") for one in (*chain.below, chain.anchor)]


def why_not(trust: Anchors, leaf: Made, *sent: Made) -> ChainError:
    with pytest.raises(ChainError) as none:
        names(trust, leaf, *sent)
    return none.value


def test_what_an_anchor_has_issued_leads_to_it_and_not_to_its_root() -> None:
    assert names(anchors(CA), LEAF) == ["leaf", "CA"]
    assert names(anchors(CA), LEAF, CA, ROOT, BETWEEN) == ["leaf", "CA"], "whatever else is sent"
    assert names(anchors(ROOT, CA), LEAF, ROOT) == ["leaf", "CA"], "the shortest"


def test_what_stands_between_leads_to_it_if_it_is_sent() -> None:
    assert names(anchors(CA), FAR, BETWEEN) == ["far", "between", "CA"]
    assert names(anchors(CA), FAR, make("x"), BETWEEN, ROOT) == ["far", "between", "CA"]
    missing = why_not(anchors(CA), FAR)
    assert not missing.broken
    assert "its issuer is CN=between" in str(missing)


@pytest.mark.parametrize(
    "leaf",
    [make("of the root", issuer=ROOT), make("of a sibling", issuer=make("sibling", issuer=ROOT, ca=True)), make("own")],
    ids=["root", "sibling", "self-signed"],
)
def test_who_is_not_below_an_anchor_has_no_chain(leaf) -> None:
    """With the root as a listed CA's company, OpenSSL's ordinary way would let both in."""
    sibling = make("sibling", issuer=ROOT, ca=True)
    assert not why_not(anchors(CA), leaf, ROOT, CA, sibling).broken


def test_an_anchor_itself_is_nobodys_certificate() -> None:
    assert "an anchor itself" in str(why_not(anchors(CA), CA, ROOT))
    assert "an anchor itself" in str(why_not(anchors(ROOT), ROOT))


def test_whoever_takes_an_anchors_name_is_found_out_by_its_key() -> None:
    false = make("CA", ca=True)
    error = why_not(anchors(CA), make("leaf", issuer=false), false)
    assert error.broken
    assert str(error).startswith("towards anchor CN=CA: ")
    assert "signature" in str(error)


def test_two_anchors_of_one_name_lead_each_to_its_own() -> None:
    """A CA that was renewed with another key: certificates of both are in use, and nothing in them says which."""
    renewed = make("CA", issuer=ROOT, ca=True)
    for both in (anchors(CA, renewed), anchors(renewed, CA)):
        for one in (CA, renewed):
            chain = both.chain(shown(make("leaf", issuer=one)), [], NOW)
            assert chain.anchor == shown(one)


def test_of_an_anchor_and_its_renewal_with_the_same_key_the_one_that_is_valid_counts() -> None:
    old = make("CA", CA.key, issuer=ROOT, ca=True, days=-1)
    for both in (anchors(old, CA), anchors(CA, old)):
        assert both.chain(shown(LEAF), [], NOW).anchor == shown(CA)
    assert anchors(old).chain(shown(LEAF), [], NOW).anchor == shown(old), "its time is for the verdict"


def test_a_cross_signed_ca_leads_to_whichever_anchor_there_is() -> None:
    other = make("other", ca=True)
    crossed = Made(certified(BETWEEN.key.public_key(), "between", other,
                             extensions=[(x509.BasicConstraints(True, None), True)]), BETWEEN.key)  # fmt: skip
    for sent in ((BETWEEN, crossed), (crossed, BETWEEN)):
        assert names(anchors(CA), FAR, *sent)[-1] == "CA"
        assert names(anchors(other), FAR, *sent)[-1] == "other"


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"")
NO_CA = make("no CA", issuer=CA)
ENDS_HERE = make("ends here", issuer=CA, ca=False,
                 extensions=[(x509.KeyUsage(True, *[False] * 8), True)])  # fmt: skip


def narrow(**constraints: object) -> Made:
    key = pki.new_ecdsa_key()
    extensions = [(x509.BasicConstraints(True, constraints.pop("length", None)), True)]
    extensions += [(x509.NameConstraints(**constraints), True)] if constraints else []
    return Made(certified(key.public_key(), "narrow", CA, extensions=extensions), key)


SHORT = narrow(length=0)
BELOW_SHORT = make("below short", issuer=SHORT, ca=True)
SOMEWHERE = narrow(permitted_subtrees=[x509.DNSName("a.example")], excluded_subtrees=None)


@pytest.mark.parametrize(
    ("leaf", "sent", "words"),
    [
        (make("x", issuer=NO_CA), (NO_CA,), "invalid CA certificate (CA certificate 1 above the partner's)"),
        (make("x", issuer=ENDS_HERE), (ENDS_HERE,), "CA certificate 1"),
        (make("x", issuer=BELOW_SHORT), (BELOW_SHORT, SHORT), "path length constraint exceeded"),
        (
            make("x", issuer=SOMEWHERE, extensions=[(x509.SubjectAlternativeName([x509.DNSName("b.example")]), False)]),
            (SOMEWHERE,),
            "permitted subtree violation",
        ),
        (
            make("x", issuer=CA, extensions=[(UNKNOWN, True)]),
            (),
            "unhandled critical extension (the partner's certificate)",
        ),
    ],
)  # fmt: skip
def test_a_chain_that_breaks_what_its_cas_may_do_is_none_and_it_is_said_where(leaf, sent, words) -> None:
    error = why_not(anchors(CA), leaf, *sent)
    assert error.broken
    assert words in str(error)


def test_purposes_and_times_of_a_certificate_are_not_asked_here() -> None:
    mail_only = make("x", issuer=CA, extensions=[(x509.ExtendedKeyUsage([x509.OID_EMAIL_PROTECTION]), True)])
    expired = make("y", issuer=make("over", BETWEEN.key, issuer=CA, ca=True, days=-2), days=-1)
    assert names(anchors(CA), mail_only) == ["x", "CA"]
    assert names(anchors(CA), expired, make("over", BETWEEN.key, issuer=CA, ca=True, days=-2)) == ["y", "over", "CA"]


def test_a_key_that_would_take_too_long_is_not_used() -> None:
    huge = rsa.RSAPublicNumbers(65_537, (1 << 16_383) | 1).public_key()
    constraints = [(x509.BasicConstraints(True, None), True)]
    between = Made(certified(huge, "between", CA, extensions=constraints), BETWEEN.key)
    assert not why_not(anchors(CA), FAR, between).broken
    with pytest.raises(PkiError, match=r"CN=huge, SHA-256 [0-9a-f]{64}: its RSA key has 16384 bits"):
        anchor_in_pem(pki.pem_of(certified(huge, "huge", CA, extensions=constraints)))


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        ("nonsense", "it cannot be read"),
        ("\ud800", "it cannot be read"),
        (LEAF.pem, "CN=leaf, SHA-256 [0-9a-f]{64}: it is no CA's"),
        (
            make("double", extensions=[(x509.UnrecognizedExtension(x509.OID_EXTENDED_KEY_USAGE, b"\x05"), False)]).pem,
            "its extensions cannot be read",
        ),
    ],
)
def test_what_is_no_ca_is_no_anchor_and_it_is_said_why(pem, words) -> None:
    with pytest.raises(PkiError, match=words):
        anchor_in_pem(pem)


def test_anchors_are_known_by_their_fingerprints_and_count_once() -> None:
    trust = anchors(CA, ROOT, CA)
    assert len(trust) == 2
    assert CA.fingerprint in trust
    assert LEAF.fingerprint not in trust
    assert list(trust) == [shown(CA), shown(ROOT)]
    assert not Anchors()


def test_each_certificate_of_a_chain_is_told_with_its_issuer() -> None:
    chain = anchors(CA).chain(shown(FAR), [shown(BETWEEN)], NOW)
    assert list(chain.with_issuers()) == [(shown(FAR), shown(BETWEEN)), (shown(BETWEEN), shown(CA))]


def test_a_stranger_cannot_make_it_long(monkeypatch) -> None:
    """Ten certificates of one name make ten factorial paths, and each path to an anchor costs one signature."""
    alike = [make("CA", BETWEEN.key, ca=True) for _ in range(10)]
    tried = []
    monkeypatch.setattr("seon.pki.chains._verify", lambda anchor, path: tried.append(len(path)) or "no")
    began = time.process_time()
    assert why_not(anchors(CA, make("CA", ca=True)), make("leaf", issuer=alike[0]), *alike).broken
    assert len(tried) == MAX_PATHS
    tried.clear()
    between = [make("loop", BETWEEN.key, ca=True) for _ in range(10)]
    assert not why_not(anchors(CA), make("leaf", issuer=between[0]), *between).broken
    assert time.process_time() - began < 5
    assert tried == []


def test_a_failure_leaves_nothing_for_the_next_handshake_to_find(ours, shake) -> None:
    """OpenSSL keeps errors by thread, and TLS asks for the last one."""
    false = make("CA", ca=True)
    why_not(anchors(CA), make("leaf", issuer=false), false)
    from seon.net.context import partner_dialler, partner_listener

    listener = partner_listener(ours.pem, ours.key_pem, lambda _: True)
    shake(accepting(listener.context), connecting(partner_dialler(ours.pem, ours.key_pem, lambda _: True).context))


def test_time_is_an_argument() -> None:
    later = NOW + dt.timedelta(days=400).total_seconds()
    assert names(anchors(CA), LEAF, now=later) == ["leaf", "CA"]
