"""Rules and what a policy makes of them."""

import pytest

from seon.oftp2.errors import LocalError
from seon.oftp2.rules import RULES, Policy, Severity

ORDER = [Severity.IGNORE, Severity.WARN, Severity.REFUSE]


def test_strict_is_never_softer_than_default() -> None:
    for rule in RULES.values():
        assert ORDER.index(rule.strict) >= ORDER.index(rule.default), rule.key


def test_a_softer_form_belongs_to_a_rule_and_is_softer() -> None:
    for rule in RULES.values():
        if rule.key != rule.id:
            assert ORDER.index(rule.default) <= ORDER.index(RULES[rule.id].default)


def test_hard_rules_refuse() -> None:
    assert {(rule.default, rule.strict) for rule in RULES.values() if rule.hard} == {(Severity.REFUSE,) * 2}


def test_an_override_of_an_id_reaches_all_its_forms_but_softens_no_hard_one() -> None:
    policy = Policy("strict", {"FLD-X": Severity.IGNORE})
    assert policy.severity("FLD-X/case") is Severity.IGNORE
    assert policy.severity("FLD-X") is Severity.REFUSE


def test_an_override_of_a_form_goes_before_one_of_its_id() -> None:
    policy = Policy("default", {"DAT-SIZE": Severity.REFUSE, "DAT-SIZE/one": Severity.WARN})
    assert (policy.severity("DAT-SIZE"), policy.severity("DAT-SIZE/one")) == (Severity.REFUSE, Severity.WARN)


def test_a_policy_can_be_stricter_than_its_profile() -> None:
    assert Policy("default", {"FLD-RSV": Severity.REFUSE}).severity("FLD-RSV") is Severity.REFUSE


@pytest.mark.parametrize(
    ("name", "severity"), [("FLD-Y", Severity.WARN), ("STH-VER", Severity.WARN), ("CMD-ID", Severity.IGNORE)]
)
def test_an_override_that_cannot_hold_is_refused(name: str, severity: Severity) -> None:
    with pytest.raises(LocalError, match=name):
        Policy("default", {name: severity})
