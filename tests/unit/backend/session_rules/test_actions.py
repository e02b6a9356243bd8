import pytest

from seon.backend.acting.actors import owner
from seon.backend.errors import OperatorError
from seon.backend.partners.models import Partner
from seon.backend.session_rules.actions import change_partner_rules, set_partner_rule
from seon.backend.session_rules.models import RuleSeverity, rules_of


@pytest.fixture(autouse=True)
def partner() -> Partner:
    return Partner.objects.create(identifier="P1", name="One")


def test_several_are_changed_at_once_or_none(partner: Partner) -> None:
    change_partner_rules(owner(), "P1", {"level_5_only": True, "incoming_names": "A*, B*", "incoming_max_octets": None})
    stored = rules_of(Partner.objects.get())
    assert (stored.level_5_only, stored.incoming_names, stored.incoming_max_octets) == (True, "A*\nB*", None)
    with pytest.raises(OperatorError, match="incoming_max_octets"):
        change_partner_rules(owner(), "P1", {"level_5_only": False, "incoming_max_octets": "-1"})
    assert rules_of(Partner.objects.get()).level_5_only is True


def test_what_is_no_session_rule_is_refused_with_what_there_is() -> None:
    with pytest.raises(OperatorError, match="'enabled' is no session rule; there are: esid_names_rule"):
        change_partner_rules(owner(), "P1", {"enabled": "no"})
    assert Partner.objects.get().enabled


def test_a_rule_that_is_to_be_new_is_refused_if_it_is_there() -> None:
    set_partner_rule(owner(), "P1", "FLD-XPAD", "warn", new=True)
    with pytest.raises(OperatorError, match="FLD-XPAD already exists: warn"):
        set_partner_rule(owner(), "P1", "FLD-XPAD", "ignore", new=True)
    assert RuleSeverity.objects.get().severity == "warn"


def test_a_rule_of_another_version_can_be_taken_away_but_not_set(partner: Partner) -> None:
    RuleSeverity.objects.bulk_create([RuleSeverity(partner=partner, rule="FLD-OLD", severity="warn")])
    with pytest.raises(OperatorError, match="There is no rule 'FLD-OLD'"):
        set_partner_rule(owner(), "P1", "FLD-OLD", "ignore")
    set_partner_rule(owner(), "P1", "FLD-OLD", "")
    assert not RuleSeverity.objects.exists()
