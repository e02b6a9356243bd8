import pytest
from django.core.exceptions import ValidationError

from seon.backend.configuration.rules import HARD, SETTABLE, SEVERITIES, effect_of, rule_choices, validate_rule
from seon.oftp2.errors import LocalError
from seon.oftp2.rules import RULES, Policy, Severity


@pytest.mark.parametrize("name", SETTABLE)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_what_can_be_set_is_what_the_verifier_takes(name: str, severity: str) -> None:
    if severity not in SETTABLE[name].can_be.split(", "):
        with pytest.raises(ValidationError, match=name):
            effect_of(name, severity)
        with pytest.raises(LocalError):
            Policy(overrides={name: Severity(severity)})
        return
    effect, plain = effect_of(name, severity), Policy()
    policy = Policy(overrides={name: Severity(severity)})
    assert {policy.severity(key) for key in effect.sets} == {Severity(severity)}
    assert all(policy.severity(key) is plain.severity(key) for key in effect.stays)
    assert effect.keeps == ()
    assert sorted(effect.sets + effect.stays) == sorted(key for key, rule in RULES.items() if name in (key, rule.id))


@pytest.mark.parametrize("name", sorted({*RULES, "FLD-NEW", "", "fld-x", "FLD-X/new", "/case"} - set(SETTABLE)))
def test_what_the_verifier_does_not_take_cannot_be_set(name: str) -> None:
    with pytest.raises(LocalError):
        Policy(overrides={name: Severity.IGNORE})
    with pytest.raises(ValidationError):
        validate_rule(name)


def test_a_rule_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(ValidationError) as caught:
        validate_rule("FLD-NEW")
    assert "There is no rule 'FLD-NEW'; severities can be set for STH-FLG, CMD-LEN, " in str(caught.value)
    assert "SEQ-TURN" not in str(caught.value)


def test_a_hard_rule_is_answered_with_its_meaning_and_the_other_hard_ones() -> None:
    with pytest.raises(ValidationError) as caught:
        validate_rule("SEQ-TURN")
    assert "Rule SEQ-TURN (the other side has the floor) is always refused" in str(caught.value)
    assert all(name in str(caught.value) for name in HARD)
    assert "FLD-XPAD" not in str(caught.value)


def test_an_id_whose_rule_is_hard_and_whose_forms_are_not_stands_for_the_forms() -> None:
    assert "lower case" in SETTABLE["FLD-X"].meaning
    assert Policy(overrides={"FLD-X": Severity.IGNORE}).severity("FLD-X") is Severity.REFUSE


@pytest.mark.parametrize(
    ("name", "severity", "told"),
    [
        ("FLD-XPAD", "ignore", ""),
        ("DAT-SIZE/one", "warn", ""),
        ("DAT-SIZE", "warn", "set: DAT-SIZE, DAT-SIZE/one"),
        ("FLD-X", "ignore", "set: FLD-X/case; as before, since it cannot be set so: FLD-X"),
        ("POL-SIZE", "decline", "set: POL-SIZE; as before, since it cannot be set so: POL-SIZE/grown"),
    ],
)
def test_what_an_id_sets_is_said(name: str, severity: str, told: str) -> None:
    assert effect_of(name, severity).text == told


def test_a_form_with_a_setting_of_its_own_keeps_it_and_that_is_said() -> None:
    effect = effect_of("FLD-ENUM", "warn", {"FLD-ENUM/level", "FLD-X/case"})
    assert (effect.sets, effect.keeps, effect.stays) == (("FLD-ENUM/reason",), ("FLD-ENUM/level",), ("FLD-ENUM",))
    own = {"FLD-ENUM": Severity.WARN, "FLD-ENUM/level": Severity.REFUSE}
    assert Policy(overrides=own).severity("FLD-ENUM/level") is Severity.REFUSE
    assert "with a setting of its own as before: FLD-ENUM/level" in effect.text


def test_only_rules_of_offered_files_can_be_declined() -> None:
    declinable = {name for name, rule in SETTABLE.items() if "decline" in rule.can_be}
    assert declinable == {"POL-SIZE", "POL-NAME", "POL-DEST", "POL-ORIG", "ADM-ORIG", "ADM-DEST"}


def test_the_choices_say_what_a_rule_means_and_what_the_profiles_make_of_it() -> None:
    choices = dict(rule_choices())
    assert set(choices) == {"", *SETTABLE}
    assert choices["FLD-XPAD"] == "FLD-XPAD: leading or embedded space (warn)"
    assert choices["STH-FLG"] == "STH-FLG: flags of the stream header are not 0 (default warn, strict refuse)"
