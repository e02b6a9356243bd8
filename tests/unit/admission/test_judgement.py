"""General rules and a partner's own: what is judged in the end."""

import pytest

from seon.admission.judgement import UnusableError, judge_all, judgement
from seon.config import ClientPartner, FileRules, PartnerFileRules, PartnerRules, ServerPartner, SessionRules
from seon.oftp2.demands import FileDemands
from seon.oftp2.errors import LocalError
from seon.oftp2.observer import Side
from seon.oftp2.rules import RULES, Policy, Severity

GENERAL = SessionRules(
    "strict",
    {"FLD-XPAD": "ignore", "FLD-X/case": "ignore", "CMD-LEN/tail": "warn"},
    level_5_only=True,
    secure_authentication=True,
    incoming=FileRules(1_000, ("A*",), ("DEST",), ("ORIG",)),
    outgoing=FileRules(2_000, ("B*",), ("DEST2",), ("ORIG2",)),
)


def files(rules: FileRules) -> FileDemands:
    return FileDemands(rules.max_octets, rules.names, rules.destinations, rules.originators)


def test_without_any_settings_it_is_the_default_profile_and_nothing_is_demanded() -> None:
    policy, demands, _ = judgement(SessionRules(), PartnerRules(), Side.INITIATOR)
    assert all(policy.severity(key) is rule.default for key, rule in RULES.items())
    assert (demands.level_5, demands.authentication) == (False, False)
    assert {demands.of_files(side) for side in Side} == {FileDemands()}


@pytest.mark.parametrize("side", Side)
def test_a_partner_without_rules_of_its_own_is_judged_by_the_general_ones(side: Side) -> None:
    policy, demands, _ = judgement(GENERAL, PartnerRules(), side)
    assert policy == Policy("strict", {name: Severity(value) for name, value in GENERAL.rules.items()})
    assert (demands.level_5, demands.authentication) == (True, True)
    assert demands.of_files(side) == files(GENERAL.incoming), "what the partner sends comes in"
    assert demands.of_files(side.other) == files(GENERAL.outgoing)


def test_what_a_partner_has_of_its_own_takes_the_place_of_the_general() -> None:
    own = PartnerRules("default", {"FLD-XPAD": "refuse"}, level_5_only=False, secure_authentication=False)
    policy, demands, _ = judgement(GENERAL, own, Side.INITIATOR)
    assert policy.profile == "default"
    assert policy.severity("FLD-XPAD") is Severity.REFUSE
    assert policy.severity("CMD-LEN/tail") is Severity.WARN, "other general rules stay"
    assert (demands.level_5, demands.authentication) == (False, False)


def test_a_partners_word_on_a_rule_is_its_word_on_all_forms_of_it() -> None:
    policy, _, _ = judgement(GENERAL, PartnerRules(rules={"FLD-X": "refuse"}), Side.INITIATOR)
    assert policy.severity("FLD-X/case") is Severity.REFUSE
    policy, _, _ = judgement(SessionRules(rules={"FLD-X": "refuse"}), PartnerRules(rules={"FLD-X/case": "warn"}),
                          Side.INITIATOR)  # fmt: skip
    assert policy.severity("FLD-X/case") is Severity.WARN


@pytest.mark.parametrize(
    ("own", "there"),
    [
        (PartnerFileRules(max_octets=0), FileDemands(0, ("A*",), ("DEST",), ("ORIG",))),
        (PartnerFileRules(names=()), FileDemands(1_000, (), ("DEST",), ("ORIG",))),
        (PartnerFileRules(destinations=("X",)), FileDemands(1_000, ("A*",), ("X",), ("ORIG",))),
        (PartnerFileRules(originators=()), FileDemands(1_000, ("A*",), ("DEST",), ())),
    ],
)
def test_one_demand_of_a_partner_leaves_the_others_as_they_are_in_general(own, there) -> None:
    """Else a pattern for one partner would silently lift the limit of size."""
    _, demands, _ = judgement(GENERAL, PartnerRules(incoming=own), Side.RESPONDER)
    assert demands.of_files(Side.RESPONDER) == there
    assert demands.of_files(Side.INITIATOR) == files(GENERAL.outgoing)


@pytest.mark.parametrize("rules", [{"FLD-NEW": "warn"}, {"FLD-XPAD/new": "warn"}, {"SEQ-TURN": "warn"}])
def test_what_this_program_does_not_know_or_cannot_soften_is_an_error_wherever_it_stands(rules) -> None:
    for general, own in ((SessionRules(rules=rules), PartnerRules()), (SessionRules(), PartnerRules(rules=rules))):
        with pytest.raises(LocalError):
            judgement(general, own, Side.INITIATOR)


@pytest.mark.parametrize(
    ("general", "own", "names"), [(True, None, True), (False, None, False), (True, False, False), (False, True, True)]
)
def test_whether_an_esid_names_the_rule_is_set_in_general_and_for_a_partner(general, own, names) -> None:
    rules = SessionRules(esid_names_rule=general), PartnerRules(esid_names_rule=own)
    assert judgement(*rules, Side.INITIATOR).names_rules is names


def test_a_form_that_cannot_take_a_partners_word_stays_as_it_is_in_general() -> None:
    general = SessionRules(rules={"POL-SIZE": "ignore"})
    policy, _, _ = judgement(general, PartnerRules(rules={"POL-SIZE": "decline"}), Side.INITIATOR)
    assert policy.severity("POL-SIZE") is Severity.DECLINE
    assert policy.severity("POL-SIZE/grown") is Severity.IGNORE


def test_a_partner_can_be_declined_files_that_are_refused_in_general() -> None:
    general = SessionRules(rules={"POL-NAME": "refuse", "POL-SIZE": "refuse"})
    policy, _, _ = judgement(general, PartnerRules(rules={"POL-SIZE": "decline"}), Side.INITIATOR)
    assert [policy.severity(key) for key in ("POL-NAME", "POL-SIZE", "POL-SIZE/grown")] == [
        Severity.REFUSE, Severity.DECLINE, Severity.REFUSE,
    ]  # fmt: skip


# --- all partners of a configuration --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [ServerPartner, ClientPartner])
def test_every_partner_is_judged_on_both_sides_of_the_protocol(kind) -> None:
    strict = PartnerRules("strict", incoming=PartnerFileRules(max_octets=7))
    partners = (kind("P1", "One"), kind("P2", "Two", rules=strict), kind("P3", "Three", enabled=False))
    made = judge_all(partners, GENERAL)
    assert made.partners == {partner.id: partner for partner in partners}, "disabled ones too"
    assert made.by_side == {
        (partner.id, side): judgement(GENERAL, partner.rules, side) for partner in partners for side in Side
    }


def test_partners_with_rules_of_their_own_are_told_apart() -> None:
    made = judge_all((ServerPartner("P1", "One"), ServerPartner("P2", "Two", rules=PartnerRules("strict")),
                      ServerPartner("P3", "Three")), SessionRules())  # fmt: skip
    profiles = [made.by_side[name, Side.INITIATOR].policy.profile for name in ("P1", "P2", "P3")]
    assert profiles == ["default", "strict", "default"]


def test_what_is_alike_is_built_once_so_that_thousands_of_partners_take_no_time() -> None:
    made = judge_all((ServerPartner(f"P{number}", "One") for number in range(5_000)), GENERAL)
    assert len({id(one.policy) for one in made.by_side.values()}) <= 2


@pytest.mark.parametrize(
    ("rules", "why"), [({"FLD-NEW": "warn"}, "no rule 'FLD-NEW'"), ({"SEQ-TURN": "ignore"}, "SEQ-TURN .*softened")]
)
def test_rules_that_cannot_be_followed_make_a_configuration_unusable_and_name_partner_and_rule(rules, why) -> None:
    good, bad = ServerPartner("P1", "One"), ServerPartner("P2", "Two", rules=PartnerRules(rules=rules))
    with pytest.raises(UnusableError, match=f"partner P2: .*{why}"):
        judge_all((good, bad), SessionRules())


def test_so_does_a_disabled_partner_with_such_rules() -> None:
    """Else it would be found out when somebody enables it."""
    bad = ServerPartner("P2", "Two", enabled=False, rules=PartnerRules(rules={"FLD-NEW": "warn"}))
    with pytest.raises(UnusableError, match="partner P2"):
        judge_all((bad,), SessionRules())


def test_a_general_rule_that_cannot_be_followed_is_found_if_there_is_any_partner() -> None:
    with pytest.raises(UnusableError, match="no rule 'FLD-NEW'"):
        judge_all((ServerPartner("P1", "One"),), SessionRules(rules={"FLD-NEW": "warn"}))


def test_two_partners_of_one_id_make_a_configuration_unusable() -> None:
    with pytest.raises(UnusableError, match="two partners P1"):
        judge_all((ServerPartner("P1", "One"), ServerPartner("P1", "Other")), SessionRules())


def test_a_configuration_without_partners_is_judged_by_nothing() -> None:
    made = judge_all((), GENERAL)
    assert made.partners == made.by_side == {}
