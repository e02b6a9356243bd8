"""The verdict: admitted, because; or a code and a reason, by the weights that the configuration gives."""

import dataclasses

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from certificates import Made, certified, make
from seon.admission.codes import Admitted, Doubt, Refused, Verdict
from seon.admission.evidence import collect
from seon.admission.revocation import RevocationLists
from seon.admission.verdict import Rules, judge
from seon.config import PartnerAdmission, ServerPartner
from seon.pki import PeerCertificate
from unit.admission.showing import (
    BETWEEN,
    BY_ID,
    BY_NAME,
    CA,
    DAY,
    NO_LISTS,
    NOW,
    PARTNERS,
    PINNED,
    STRANGER,
    hosts,
    named,
    point,
    revoking,
    shown,
    trust,
    verdict,
)

PIN, ID, NAME = PARTNERS
BARE = ServerPartner("BARE", "Known by its host alone", host="oftp.example.com")
BELOW = make(named("below", "O0013001"), issuer=BETWEEN, extensions=[point("http://crl.example/between.crl")])


def pinned(made: Made, **fields: object) -> list[ServerPartner]:
    return [ServerPartner("P1", "One", pins=(made.fingerprint,), **fields)]


def judged(certificate: PeerCertificate, *sent: Made, by, lists: RevocationLists = NO_LISTS) -> Admitted | Refused:
    """The verdict on a certificate that cannot be made here."""
    found = collect(certificate, [shown(one) for one in sent], "192.0.2.1:5", by, lists, NOW)
    return judge(found, Rules(by), NOW)


def having(made: Made, **fields: object) -> PeerCertificate:
    """A certificate of which something else is said than is true."""
    return dataclasses.replace(shown(made), **fields)


@pytest.mark.parametrize(("made", "partner"), [(PINNED, PIN), (BY_ID, ID), (BY_NAME, NAME)])
def test_a_partner_is_admitted_and_it_is_said_why(made, partner) -> None:
    admitted = verdict(made, by=trust(), lists=revoking())
    assert isinstance(admitted, Admitted)
    assert (admitted.partner, admitted.doubts) == (partner, ())
    assert partner.id in admitted.because


def test_a_stranger_is_refused_with_the_word_of_who_looked_for_its_partner() -> None:
    refused = verdict(STRANGER, by=trust())
    assert (refused.verdict, refused.partner) == (Verdict.UNKNOWN, None)


@pytest.mark.parametrize("made", [PINNED, BY_ID], ids=["pin", "anchor"])
def test_a_certificate_counts_in_its_time_only(made) -> None:
    begins, ends = shown(made).not_before, shown(made).not_after
    for now, code in (
        (begins - 1, Verdict.NOT_YET_VALID),
        (begins, None),
        (ends - 0.001, None),
        (ends, Verdict.EXPIRED),
    ):
        said = verdict(made, by=trust(revocation="ignore"), now=now)
        assert getattr(said, "verdict", None) == code


@pytest.mark.parametrize(
    ("by", "sent", "words"),
    [
        (trust(anchors=[make("CA", CA.key, ca=True, days=-1)], asserting=()), (), "the anchor CN=CA has expired"),
        (trust(), (make("over", BETWEEN.key, issuer=CA, ca=True, days=-1),), "the CA certificate CN=over has expired"),
    ],
)
def test_who_is_below_a_ca_that_has_expired_is_refused(by, sent, words) -> None:
    made = make("by name", issuer=sent[0]) if sent else BY_NAME
    partner = msgspec.structs.replace(NAME, names=())
    by = dataclasses.replace(by, by_name={(shown(made).issuer_text, shown(made).subject_text): (partner,)})
    refused = verdict(made, *sent, by=by)
    assert (refused.verdict, refused.reason) == (Verdict.CHAIN, words)


RSA_1024 = make("small", rsa.generate_private_key(65_537, 1_024))
P224 = make("P-224", ec.generate_private_key(ec.SECP224R1()))
DSA = Made(certified(dsa.generate_private_key(1_024).public_key(), "dsa", CA), CA.key)
FOR_SERVERS = make("x", extensions=[(x509.ExtendedKeyUsage([x509.OID_SERVER_AUTH]), False)])
FOR_MAIL = make("x", extensions=[(x509.ExtendedKeyUsage([x509.OID_EMAIL_PROTECTION]), True)])
ENCRYPTING = make("x", extensions=[(x509.KeyUsage(False, False, True, *[False] * 6), True)])
UNREADABLE = make("x", extensions=[(x509.UnrecognizedExtension(x509.OID_KEY_USAGE, b"\x05"), False)])

WEIGHED = [
    ("usage", Verdict.USAGE, FOR_SERVERS, "its extended key usage is serverAuth, without clientAuth (admission_usage)"),
    ("usage", Verdict.USAGE, FOR_MAIL, "its extended key usage is 1.3.6.1.5.5.7.3.4, without clientAuth"),
    ("usage", Verdict.USAGE, ENCRYPTING, "its key usage does not allow digital signatures (admission_usage)"),
    (
        "unreadable",
        Verdict.UNREADABLE,
        UNREADABLE,
        "the certificate's extensions cannot be read (admission_unreadable)",
    ),
    ("weak_key", Verdict.WEAK_KEY, RSA_1024, "the certificate has an RSA key of 1024 bits; 2048 are the least"),
    ("weak_key", Verdict.WEAK_KEY, P224, "has a key on the curve secp224r1 with 224 bits; 256 are the least"),
    ("weak_key", Verdict.WEAK_KEY, DSA, "has a key of the kind DSA"),
]


@pytest.mark.parametrize(("rule", "code", "made", "words"), WEIGHED)
def test_a_rule_refuses_warns_or_is_silent_as_its_weight_says_in_general_and_for_a_partner(
    rule, code, made, words
) -> None:
    """Also of what is pinned: a pin says whose it is, not how good it is."""
    for general, own in (("refuse", None), ("ignore", "refuse")):
        refused = verdict(made, by=trust(pinned(made, admission=PartnerAdmission(**{rule: own})), **{rule: general}))
        assert refused.verdict == code
        assert words in refused.reason
        assert refused.partner.id == "P1"
    for general, own in (("warn", None), ("refuse", "warn")):
        admitted = verdict(made, by=trust(pinned(made, admission=PartnerAdmission(**{rule: own})), **{rule: general}))
        assert [doubt.verdict for doubt in admitted.doubts] == [code]
        assert words in admitted.doubts[0].reason
    ignored = verdict(made, by=trust(pinned(made), **{rule: "ignore"}))
    assert ignored.doubts == ()


def test_which_purposes_serve_depends_on_who_calls_and_any_purpose_serves_both() -> None:
    both = make("x", extensions=[(x509.ExtendedKeyUsage([x509.OID_SERVER_AUTH, x509.OID_CLIENT_AUTH]), False)])
    anything = make("x", extensions=[(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), False)])
    for made in (both, anything, STRANGER):
        (partner,) = pinned(made)
        by = trust([partner], usage="refuse")
        assert isinstance(verdict(made, by=by), Admitted)
        assert isinstance(verdict(made, by=by, dialled=partner), Admitted)
    (partner,) = pinned(FOR_SERVERS)
    by = trust([partner], usage="refuse")
    assert isinstance(verdict(FOR_SERVERS, by=by, dialled=partner), Admitted)
    (partner,) = pinned(FOR_MAIL)
    refused = verdict(FOR_MAIL, by=trust([partner], usage="refuse"), dialled=partner)
    assert "without serverAuth" in refused.reason


def test_the_least_rsa_key_is_a_setting() -> None:
    by = trust(pinned(RSA_1024), rsa_bits=1_024)
    assert isinstance(verdict(RSA_1024, by=by), Admitted)


@pytest.mark.parametrize("weak", ["md2", "md4", "md5", "sha1"])
def test_weak_signatures_below_an_anchor_are_refused_also_a_cas(weak) -> None:
    refused = judged(having(BY_ID, signature_hash=weak), by=trust())
    assert refused == Refused(
        Verdict.WEAK_SIGNATURE, f"the certificate is signed with {weak.upper()} (admission_weak_signature)", ID
    )
    warned = judged(having(BY_ID, signature_hash=weak), by=trust(weak_signature="warn"), lists=revoking())
    assert [doubt.verdict for doubt in warned.doubts] == [Verdict.WEAK_SIGNATURE]
    between = dataclasses.replace(shown(BETWEEN), signature_hash=weak)
    found = collect(shown(BELOW), [between], "192.0.2.1:5", by := trust(), NO_LISTS, NOW)
    assert judge(found, Rules(by), NOW).reason.startswith("the CA certificate CN=between is signed with")


def test_a_pin_needs_no_signature_and_an_anchor_neither() -> None:
    assert isinstance(judged(having(PINNED, signature_hash="md5"), by=trust()), Admitted)
    assert isinstance(judged(having(BY_ID, signature_hash=""), by=trust(), lists=revoking()), Admitted)


def test_a_weak_key_of_a_ca_below_the_anchor_is_refused() -> None:
    between = Made(certified(RSA_1024.key.public_key(), "between", CA,
                             extensions=[(x509.BasicConstraints(True, None), True)]), RSA_1024.key)  # fmt: skip
    refused = verdict(make(named("x", "O0013001"), issuer=between), between, by=trust())
    assert refused.verdict == Verdict.WEAK_KEY
    assert refused.reason.startswith("the CA certificate CN=between has an RSA key of 1024 bits")


def test_who_is_revoked_is_refused_hard_and_soft_and_its_list_is_named() -> None:
    for policy in ("hard", "soft"):
        for made, sent, lists, words in (
            (
                BY_ID,
                (),
                revoking(BY_ID),
                "the certificate is revoked, http://crl.example/ca.crl (admission_revocation)",
            ),
            (
                BELOW,
                (BETWEEN,),
                revoking(BETWEEN),
                "the CA certificate CN=between is revoked, http://crl.example/ca.crl",
            ),
        ):
            refused = verdict(made, *sent, by=trust(revocation=policy), lists=lists)
            assert refused.verdict == Verdict.REVOKED
            assert words in refused.reason
    ignored = verdict(BY_ID, by=trust(revocation="ignore"), lists=revoking(BY_ID))
    assert ignored == Admitted(ID, "Odette ID O0013001 is one of partner ID, below anchor CN=CA")


@pytest.mark.parametrize(
    ("made", "lists", "code", "soft"),
    [
        (BY_ID, NO_LISTS, Verdict.REVOCATION_NOT_YET_KNOWN, True),
        (BY_ID, revoking(age=20 * DAY), Verdict.REVOCATION_STALE, True),
        (BY_NAME, NO_LISTS, Verdict.REVOCATION_NO_POINT, False),
    ],
)
def test_who_cannot_be_shown_to_be_good_is_refused_hard_and_told_soft(made, lists, code, soft) -> None:
    partner = ID if made is BY_ID else NAME
    refused = verdict(made, by=trust(revocation="hard"), lists=lists)
    assert (refused.verdict, refused.partner) == (code, partner)
    doubts = verdict(made, by=trust(), lists=lists).doubts
    assert [doubt.verdict for doubt in doubts] == ([code] if soft else [])
    own = msgspec.structs.replace(partner, admission=PartnerAdmission(revocation="hard"))
    assert verdict(made, by=trust([own]), lists=lists).verdict == code
    assert verdict(made, by=trust(revocation="ignore"), lists=lists).doubts == ()
    assert isinstance(verdict(made, by=trust(revocation="hard"), lists=revoking(url="")), Admitted)


def test_a_revoked_ca_counts_more_than_what_is_not_known_of_the_leaf() -> None:
    assert verdict(BELOW, BETWEEN, by=trust(revocation="hard"), lists=revoking(BETWEEN)).verdict == Verdict.REVOKED


def test_a_pin_is_not_asked_for_lists() -> None:
    """The company itself has said that it is the partner's; it takes the pin away."""
    assert isinstance(verdict(PINNED, by=trust(revocation="hard")), Admitted)


@pytest.mark.parametrize(
    ("made", "partner"), [(PINNED, PIN), (BY_ID, ID), (BY_NAME, NAME)], ids=["pin", "Odette ID", "name"]
)
def test_a_disabled_partner_is_refused_however_it_is_known(made, partner) -> None:
    off = msgspec.structs.replace(partner, enabled=False)
    refused = verdict(made, by=trust([off]))
    assert refused == Refused(Verdict.DISABLED, f"partner {partner.id} is disabled", off)
    assert verdict(made, by=trust([off]), dialled=off).verdict == Verdict.DISABLED


def test_a_partner_with_networks_comes_in_from_them_only_and_is_dialled_anywhere() -> None:
    many = tuple(f"198.51.100.{n}/32" for n in range(12))
    (partner,) = pinned(PINNED, networks=many)
    refused = verdict(PINNED, by=trust([partner]))
    assert (refused.verdict, refused.partner) == (Verdict.NETWORK, partner)
    assert refused.reason.startswith("only from 198.51.100.0/32, ")
    assert refused.reason.endswith("198.51.100.9/32 and 2 more")
    assert isinstance(verdict(PINNED, by=trust([partner]), source="198.51.100.11:5"), Admitted)
    assert isinstance(verdict(PINNED, by=trust([partner]), dialled=partner), Admitted)


def test_what_is_too_large_is_refused_whoevers_it_is() -> None:
    huge = rsa.RSAPublicNumbers(65_537, (1 << 16_383) | 1).public_key()
    made = Made(certified(huge, "huge", CA), CA.key)
    refused = verdict(made, by=trust(pinned(made)))
    assert refused == Refused(Verdict.TOO_LARGE, "its RSA key has 16384 bits; 8192 are the most")
    long = having(PINNED, der=b"0" * 65_537)
    assert judged(long, by=trust()).verdict == Verdict.TOO_LARGE


def test_a_dialled_partner_is_judged_by_the_same_rules() -> None:
    made = make("x", issuer=CA, extensions=[hosts("oftp.example.com"), point()])
    by = trust([*PARTNERS, BARE])
    admitted = verdict(made, by=by, dialled=BARE, lists=revoking())
    assert (admitted.partner, admitted.doubts) == (BARE, ())
    assert verdict(made, by=by, dialled=BARE, lists=revoking(made)).verdict == Verdict.REVOKED
    soft = verdict(made, by=by, dialled=BARE)
    assert soft.doubts == (
        Doubt(
            Verdict.REVOCATION_NOT_YET_KNOWN,
            "the certificate may be revoked: its CA's list is not here yet, "
            "http://crl.example/ca.crl (admission_revocation)",
        ),
    )
    assert verdict(STRANGER, by=by, dialled=BARE).verdict == Verdict.UNKNOWN
