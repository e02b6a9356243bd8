"""What a configuration trusts is compiled whole, or the configuration is refused and it is said why."""

import pytest

from certificates import make
from seon.admission.judgement import UnusableError
from seon.admission.trust import TrustSet, compiling, weights
from seon.config import AdmissionRules, Anchor, PartnerAdmission, ServerConfiguration, ServerPartner
from unit.admission.showing import BY_NAME, CA, OTHER_CA, PARTNERS, name_of, trust

ONE = ServerPartner("P1", "One", pins=("1" * 64, "2" * 64), odette_ids=("O1",))


def test_every_pin_id_and_name_leads_to_its_partner() -> None:
    made = trust([ONE, *PARTNERS])
    assert made.by_pin["1" * 64] is made.by_pin["2" * 64] is ONE
    assert made.by_odette_id["O1"] is ONE
    assert made.by_odette_id["O0013002"].id == "ID"
    assert made.by_name[name_of(BY_NAME).issuer, name_of(BY_NAME).subject] == (PARTNERS[2],)
    assert CA.fingerprint in made.anchors
    assert made.asserting == {CA.fingerprint}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"pins": ("2" * 64,)}, f"partners P1 and P2 have the same certificate, SHA-256 {'2' * 64}"),
        ({"odette_ids": ("O1",)}, "partners P1 and P2 have the same Odette ID, O1"),
    ],
)
@pytest.mark.parametrize("enabled", [True, False])
def test_what_two_partners_have_makes_a_configuration_unusable_and_names_both(fields, words, enabled) -> None:
    """Also if one of them is disabled: it would count again as soon as it is not."""
    with pytest.raises(UnusableError, match=f"^{words}$"):
        trust([ONE, ServerPartner("P2", "Two", enabled, **fields)])


def test_what_a_partner_has_twice_is_its_own() -> None:
    one = ServerPartner("P1", "One", pins=("1" * 64, "1" * 64), odette_ids=("O1", "O1"))
    assert trust([one]).by_pin == {"1" * 64: one}


def test_two_partners_may_have_one_name_below_two_anchors() -> None:
    both = [ServerPartner(f"P{n}", "x", names=(name_of(BY_NAME),), anchors=(f"{n}" * 64,)) for n in (1, 2)]
    assert list(trust(both).by_name.values()) == [tuple(both)]


def test_an_anchor_that_cannot_be_one_makes_a_configuration_unusable() -> None:
    leaf = make("leaf", issuer=CA)
    with pytest.raises(UnusableError, match=r"^anchor 2 cannot be used: CN=leaf, SHA-256 .*: it is no CA's"):
        trust(anchors=[CA, leaf])


def test_it_is_compiled_in_a_step_for_each_partner_and_anchor() -> None:
    """So that a main can do something else in between."""
    configuration = ServerConfiguration(partners=PARTNERS, anchors=(Anchor(CA.pem), Anchor(OTHER_CA.pem)))
    assert len(list(compiling(configuration))) == 5


@pytest.mark.parametrize(
    ("made", "takes"),
    [
        (TrustSet(), False),
        (trust(), True),
        (trust(anchors=()), False),
        (trust(PARTNERS[:1]), False),
        (trust(PARTNERS[:2]), True),
        (trust(PARTNERS[:2], asserting=()), False),
        (trust(PARTNERS[2:], asserting=()), True),
    ],
)
def test_without_any_other_way_in_pins_alone_decide_in_the_handshake(made, takes) -> None:
    assert made.takes_unpinned is takes


def test_a_partners_own_word_counts_more_than_the_general_one() -> None:
    general = AdmissionRules(usage="refuse", revocation="hard")
    said = weights(general, PartnerAdmission(usage="ignore", weak_key="warn"))
    assert said == {"usage": "ignore", "unreadable": "warn", "weak_key": "warn", "weak_signature": "refuse",
                    "revocation": "hard"}  # fmt: skip
