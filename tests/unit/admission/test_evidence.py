"""Evidence is what was shown and what it proves; it is collected once, and seen again by another trust."""

import pytest

from certificates import make
from seon.admission.evidence import again
from seon.admission.revocation import State
from unit.admission.showing import (
    BETWEEN,
    BY_ID,
    BY_NAME,
    CA,
    DAY,
    NO_LISTS,
    NOW,
    OTHER_CA,
    PARTNERS,
    PINNED,
    STRANGER,
    evidence,
    point,
    revoking,
    shown,
    trust,
)

FAR = make("far", issuer=BETWEEN, extensions=[point("http://crl.example/between.crl")])


def test_a_pin_needs_no_chain_and_has_none() -> None:
    """A pinned certificate with CA:TRUE would otherwise let in whatever it issues."""
    found = evidence(PINNED, CA, by=trust())
    assert (found.pinned, found.chain, found.revocation) == (True, None, ())
    pinned_below = trust([*PARTNERS[1:], PARTNERS[0].__class__("X", "x", pins=(BY_ID.fingerprint,))])
    assert evidence(BY_ID, by=pinned_below).chain is None


def test_a_chain_is_told_with_what_is_known_of_each_certificate_below_its_anchor() -> None:
    found = evidence(FAR, BETWEEN, by=trust(), lists=revoking(BETWEEN))
    assert not found.pinned
    assert found.chain.anchor == shown(CA)
    assert [one.subject for one in found.chain.below] == ["CN=far", "CN=between"]
    assert [one.state for one in found.revocation] == [State.NOT_YET_KNOWN, State.REVOKED]
    assert (found.at, found.source) == (NOW, "192.0.2.1:5")


@pytest.mark.parametrize(
    ("made", "words", "broken"),
    [
        (STRANGER, "no anchor has issued it", False),
        (make("x", issuer=make("CA", ca=True)), "towards anchor CN=CA", True),
        (CA, "an anchor itself", True),
    ],
)
def test_without_a_chain_it_is_said_why(made, words, broken) -> None:
    found = evidence(made, by=trust())
    assert found.chain is None
    assert words in found.no_chain
    assert found.chain_broken is broken


def test_a_list_older_than_the_configuration_allows_is_stale() -> None:
    for days, state in ((1, State.STALE), (3, State.GOOD)):
        found = evidence(BY_ID, by=trust(crl_days=days), lists=revoking(age=2 * DAY))
        assert [one.state for one in found.revocation] == [state]


def test_seen_again_a_chain_is_kept_while_its_anchor_is_one(monkeypatch) -> None:
    before = evidence(FAR, BETWEEN, by=trust())
    newer = trust(anchors=[CA, OTHER_CA])
    monkeypatch.setattr("seon.pki.chains.Anchors.chain", None)
    after = again(before, newer, revoking(FAR, by=BETWEEN, url=""), NOW)
    assert after.chain == before.chain
    assert [one.state for one in after.revocation] == [State.REVOKED, State.NOT_YET_KNOWN]


def test_seen_again_a_chain_is_sought_anew_when_its_anchor_is_gone() -> None:
    before = evidence(FAR, BETWEEN, by=trust())
    assert again(before, trust(anchors=[OTHER_CA], asserting=()), NO_LISTS, NOW).chain is None
    renewed = make("CA", CA.key, ca=True)
    found = again(before, trust(anchors=[renewed], asserting=()), NO_LISTS, NOW + DAY)
    assert found.chain.anchor == shown(renewed)
    assert found.at == before.at, "it was shown then"


def test_seen_again_a_certificate_may_have_become_a_pin_or_be_none_any_more() -> None:
    unpinned = trust(PARTNERS[1:])
    before = evidence(PINNED, by=trust())
    assert not again(before, unpinned, NO_LISTS, NOW).pinned
    assert again(evidence(PINNED, by=unpinned), trust(), NO_LISTS, NOW).pinned
    assert evidence(BY_NAME, by=trust()).chain.below == (shown(BY_NAME),)
