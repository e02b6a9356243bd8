"""Every rule stands on the page with what it is worth, and only what was changed is changed."""

import pytest

from seon.backend.acting.actors import owner
from seon.backend.configuration.actions import set_rule, set_rules
from seon.backend.configuration.models import Settings
from seon.backend.configuration.rules import HARD, SETTABLE
from seon.backend.counting.models import RuleCount
from seon.backend.errors import OperatorError
from seon.backend.panel.act_forms import SEEN
from seon.backend.panel.verification.rules import GROUPS, Row, RulesForm, groups
from seon.backend.partners.actions import add_partner
from seon.backend.session_rules.actions import set_partner_rule
from seon.backend.session_rules.models import RuleSeverity
from seon.oftp2.rules import RULES


def rows() -> dict[str, Row]:
    """Return the rows that can be set, by their rules."""
    return {row.key: row for group in groups(RulesForm()) for row in group.rows if row.field}


def sent(**severities: str) -> RulesForm:
    return RulesForm({**severities, SEEN: RulesForm().seen_now()})


def stored() -> dict[str, str]:
    return dict(RuleSeverity.objects.values_list("rule", "severity"))


def test_every_rule_has_a_row_in_a_group_with_a_title() -> None:
    shown = [row for group in groups(RulesForm()) for row in group.rows]
    assert {row.key for row in shown} == set(RULES) | set(SETTABLE)
    assert {row.key for row in shown if not row.field} >= set(HARD)
    assert len({row.anchor for row in shown}) == len(shown)
    assert {key.partition("-")[0] for key in RULES} == set(GROUPS)


def test_only_what_was_sent_is_changed() -> None:
    set_rule(owner(), "FLD-XPAD", "ignore")
    form = sent(**{"FLD-X/case": "refuse", "STH-FLG": ""})
    assert form.do(owner()), form.errors
    assert stored() == {"FLD-XPAD": "ignore", "FLD-X/case": "refuse"}
    assert sent(**{"FLD-XPAD": ""}).do(owner())
    assert stored() == {"FLD-X/case": "refuse"}
    nothing = sent()
    assert nothing.do(owner())
    assert nothing.told == "Nothing was changed."


def test_what_an_id_does_to_its_forms_is_said() -> None:
    form = sent(**{"CMD-LEN": "refuse"})
    assert form.do(owner()), form.errors
    assert "CMD-LEN/tail" in str(form.told)


@pytest.mark.parametrize(("rule", "severity"), [("FLD-XPAD", "decline"), ("FLD-XPAD", "x"), ("FLD-XPAD", "a\0")])
def test_a_severity_that_cannot_be_is_refused_at_its_rule(rule: str, severity: str) -> None:
    form = sent(**{rule: severity})
    assert not form.do(owner())
    assert list(form.errors) == [rule]
    row = next(row for group in groups(form) for row in group.rows if row.field == rule)
    assert row.errors
    assert not stored()


def test_a_rule_that_is_always_refused_cannot_be_sent() -> None:
    assert sent(**{"SEQ-TURN": "ignore"}).do(owner())
    assert not stored()


def test_what_somebody_else_has_changed_is_told_for_rules_that_were_sent_only() -> None:
    first, second = (RulesForm().seen_now() for _ in range(2))
    assert RulesForm({"FLD-XPAD": "ignore", SEEN: first}).do(owner())
    assert RulesForm({"FLD-TIMEC": "ignore", SEEN: second}).do(owner())
    late = RulesForm({"FLD-XPAD": "refuse", SEEN: second})
    assert not late.do(owner())
    assert "it is now: ignore" in late.errors["FLD-XPAD"][0]
    assert stored() == {"FLD-XPAD": "ignore", "FLD-TIMEC": "ignore"}


def test_all_rules_of_one_act_or_none() -> None:
    with pytest.raises(OperatorError):
        set_rules(owner(), {"FLD-XPAD": "ignore", "SEQ-TURN": "ignore"})
    assert not stored()


def test_a_row_says_how_often_it_was_broken_and_which_partners_differ() -> None:
    from datetime import UTC

    from django.utils import timezone

    today = timezone.now().astimezone(UTC).date()
    RuleCount.objects.create(day=today, rule="FLD-XPAD", hop="inside", number=12)
    add_partner(owner(), "acme", "acme", ["O0013ACME"], [])
    set_partner_rule(owner(), "acme", "FLD-XPAD", "ignore")
    row = rows()["FLD-XPAD"]
    assert (row.broken, row.partners, row.by_profile, row.stored) == (12, 1, "warn", "")
    assert rows()["STH-FLG"].other_profile == "default warn, strict refuse"


def test_a_rule_of_another_version_can_only_be_taken_away() -> None:
    settings = Settings.load()
    settings.save()
    RuleSeverity.objects.bulk_create([RuleSeverity(settings=settings, rule="FLD-OLD", severity="warn")])
    assert [value for value, _ in rows()["FLD-OLD"].choices] == ["warn", ""]
    assert not sent(**{"FLD-OLD": "ignore"}).do(owner())
    assert sent(**{"FLD-OLD": ""}).do(owner())
    assert not stored()
