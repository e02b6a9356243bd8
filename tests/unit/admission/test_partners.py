"""Whose certificate it is: by a pin, or below an anchor by Odette ID or names. A chain alone makes nobody known."""

import msgspec
import pytest

from certificates import Made, make
from seon.admission.codes import Refused, Verdict
from seon.admission.partners import Known, dialled, is_from_elsewhere, whose
from seon.config import ServerPartner
from unit.admission.showing import (
    BETWEEN,
    BY_ID,
    BY_NAME,
    CA,
    OTHER_CA,
    PARTNERS,
    PINNED,
    STRANGER,
    evidence,
    hosts,
    name_of,
    named,
    trust,
    uris,
)

PIN, ID, NAME = PARTNERS
BARE = ServerPartner("BARE", "Known by its host alone", host="oftp.example.com")


def changed(partner: ServerPartner, **fields: object) -> ServerPartner:
    return msgspec.structs.replace(partner, **fields)


def found(made: Made, *sent: Made, by=None) -> Known | Refused:
    by = by or trust()
    return whose(evidence(made, *sent, by=by), by)


def reached(made: Made, partner: ServerPartner, *sent: Made, by=None) -> Known | Refused:
    by = by or trust([*PARTNERS, BARE])
    return dialled(evidence(made, *sent, by=by, source=""), by, partner)


@pytest.mark.parametrize(
    ("made", "sent", "partner", "because"),
    [
        (PINNED, (), "PIN", "the certificate is one of partner PIN"),
        (BY_ID, (), "ID", "Odette ID O0013001 is one of partner ID, below anchor CN=CA"),
        (BY_NAME, (), "NAME", "issuer and subject are those of partner NAME, below anchor CN=CA"),
        (
            make("by uri", issuer=CA, extensions=[uris("https://x", "OFTP://O0013002")]),
            (),
            "ID",
            "Odette ID O0013002 is one of partner ID, below anchor CN=CA",
        ),
        (
            make(named("renewed", "O0013002"), issuer=BETWEEN),
            (BETWEEN,),
            "ID",
            "Odette ID O0013002 is one of partner ID, below anchor CN=CA",
        ),
    ],
)
def test_a_partner_is_known_by_its_own_and_it_is_said_by_what(made, sent, partner, because) -> None:
    known = found(made, *sent)
    assert (known.partner.id, known.because) == (partner, because)


ANCHORED_ELSEWHERE = changed(ID, anchors=(OTHER_CA.fingerprint,))
TWO_NAMES = [changed(NAME, id="A", anchors=(CA.fingerprint,)), changed(NAME, id="B", anchors=(OTHER_CA.fingerprint,))]


@pytest.mark.parametrize(
    ("made", "by", "verdict", "words"),
    [
        (STRANGER, trust(anchors=()), Verdict.UNKNOWN, "no partner has this certificate"),
        (STRANGER, trust(), Verdict.UNKNOWN, "no partner has this certificate, and no anchor has issued it"),
        (make("x", issuer=make("CA", ca=True)), trust(), Verdict.CHAIN, "towards anchor CN=CA"),
        (make("x", issuer=PINNED), trust(), Verdict.UNKNOWN, "no partner has this certificate"),
        (make("x", issuer=CA), trust(), Verdict.IDENTITY, "no partner has its issuer and subject, and it has"),
        (make(named("x", "O9"), issuer=CA), trust(), Verdict.IDENTITY, "no partner has its Odette ID O9"),
        (BY_ID, trust(asserting=()), Verdict.IDENTITY, "asserts no Odette IDs, so that O0013001 does not count"),
        (make("by name", issuer=BETWEEN), trust(anchors=[CA, BETWEEN]), Verdict.IDENTITY, "no partner has its issuer"),
        (
            make(named("by name", "O0013001"), issuer=CA),
            trust([*PARTNERS, changed(NAME, id="N2", names=(name_of(make(named("by name", "O0013001"), issuer=CA)),))]),
            Verdict.AMBIGUOUS,
            "the certificate is one of the partners ID, N2 alike",
        ),
        (
            make(named("x", "O0013001"), issuer=CA, extensions=[uris("oftp://O7")]),
            trust([*PARTNERS, changed(PIN, id="P7", pins=("7" * 64,), odette_ids=("O7",))]),
            Verdict.AMBIGUOUS,
            "ID, P7 alike",
        ),
        (BY_NAME, trust([changed(NAME, id="A"), changed(NAME, id="B")]), Verdict.AMBIGUOUS, "A, B alike"),
        (BY_ID, trust([ANCHORED_ELSEWHERE]), Verdict.ANCHOR, "that anchor may not admit this partner"),
        (BY_NAME, trust(TWO_NAMES[1:]), Verdict.ANCHOR, "that anchor may not admit this partner"),
        (BY_ID, trust([changed(ID, pins=("7" * 64,))]), Verdict.IDENTITY, "by its pinned certificates alone"),
    ],
)  # fmt: skip
def test_nobody_is_known_by_anything_else_and_it_is_said_why(made, by, verdict, words) -> None:
    refused = found(made, by=by)
    assert isinstance(refused, Refused)
    assert refused.verdict == verdict
    assert words in refused.reason


def test_one_name_below_two_anchors_is_the_partners_whose_anchor_it_is() -> None:
    below_the_other = make("by name", issuer=make("CA", OTHER_CA.key, ca=True))
    by = trust(TWO_NAMES, anchors=[CA, OTHER_CA])
    assert found(BY_NAME, by=by).partner.id == "A"
    assert isinstance(found(below_the_other, by=by), Refused)


def test_a_partners_two_odette_ids_in_one_certificate_are_one_partner() -> None:
    both = make(named("x", "O0013001"), issuer=CA, extensions=[uris("oftp://O0013002", "oftp://O99")])
    assert found(both).partner is ID


@pytest.mark.parametrize(
    ("made", "partner"),
    [
        (PINNED, PIN),
        (BY_ID, ID),
        (BY_NAME, NAME),
        (make("x", issuer=CA, extensions=[hosts("oftp.example.com")]), BARE),
        (make("x", issuer=CA, extensions=[hosts("*.example.com")]), BARE),
    ],
)
def test_who_is_dialled_is_known_by_its_own(made, partner) -> None:
    assert reached(made, partner).partner.id == partner.id


@pytest.mark.parametrize(
    ("made", "partner", "verdict", "words"),
    [
        (BY_ID, PIN, Verdict.IDENTITY, "the certificate is not that partner's"),
        (STRANGER, PIN, Verdict.IDENTITY, "the certificate is not that partner's"),
        (PINNED, ID, Verdict.IDENTITY, "the certificate is not that partner's, but PIN's"),
        (BY_NAME, ID, Verdict.IDENTITY, "the certificate is not that partner's, but NAME's"),
        (make("x", issuer=CA), ID, Verdict.IDENTITY, "the certificate is not that partner's: the certificate is below"),
        (STRANGER, ID, Verdict.UNKNOWN, "no anchor has issued it"),
        (make("x", issuer=CA), BARE, Verdict.IDENTITY, "does not have the name of its host oftp.example.com"),
        (PINNED, BARE, Verdict.IDENTITY, "but PIN's"),
        (make("x", extensions=[hosts("oftp.example.com")]), BARE, Verdict.UNKNOWN, "no anchor has issued it"),
        (
            make(named("x", "O0013001"), issuer=CA, extensions=[hosts("oftp.example.com")]),
            BARE,
            Verdict.IDENTITY,
            "but ID's",
        ),
        (
            make("x", issuer=CA, extensions=[hosts("oftp.example.com")]),
            changed(BARE, anchors=(OTHER_CA.fingerprint,)),
            Verdict.ANCHOR,
            "that anchor may not admit this partner",
        ),
        (CA, BARE, Verdict.CHAIN, "an anchor itself"),
    ],
)
def test_whoever_else_answers_is_refused_as_not_the_one_that_was_dialled(made, partner, verdict, words) -> None:
    refused = reached(made, partner)
    assert isinstance(refused, Refused)
    assert (refused.verdict, refused.partner) == (verdict, partner)
    assert words in refused.reason


@pytest.mark.parametrize(
    ("networks", "source", "elsewhere"),
    [
        ((), "192.0.2.7:40718", False),
        (("192.0.2.0/24",), "192.0.2.7:40718", False),
        (("192.0.2.0/24",), "192.0.2.7", False),
        (("192.0.2.0/24",), "[::ffff:192.0.2.7]:40718", False),
        (("192.0.2.0/24", "2001:db8::/48"), "[2001:db8::7]:40718", False),
        (("192.0.2.0/24",), "198.51.100.7:40718", True),
        (("192.0.2.0/24",), "[2001:db8::7]:40718", True),
        (("nonsense",), "192.0.2.7:40718", True),
        (("192.0.2.0/24",), "nonsense", True),
        (("192.0.2.0/24",), "", True),
    ],
)
def test_a_partner_with_networks_comes_from_them_or_from_elsewhere(networks, source, elsewhere) -> None:
    assert is_from_elsewhere(ServerPartner("P1", "One", networks=networks), source) is elsewhere
