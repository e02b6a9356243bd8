import pytest

from seon.backend.acting.actors import owner
from seon.backend.configuration.actions import change_settings, set_rule
from seon.backend.configuration.models import Settings
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.journal.models import Entry
from seon.backend.session_rules.models import RuleSeverity, SessionRules, rules_of


def test_settings_and_general_demands_are_changed_together_or_not_at_all() -> None:
    change_settings(owner(), {"external_port": 7_000, "receive_daemon": "sta.example:3306", "profile": "strict"})
    stored = Settings.load()
    assert (stored.external_port, stored.receive_daemon_host, stored.receive_daemon_port) == (
        7_000, "sta.example", 3_306
    )  # fmt: skip
    assert rules_of(stored).profile == "strict"
    with pytest.raises(OperatorError, match="profile"):
        change_settings(owner(), {"external_port": 7_001, "profile": "lax"})
    assert Settings.load().external_port == 7_000


def test_empty_in_general_is_the_products_default_and_is_filled_in() -> None:
    change_settings(owner(), {"incoming_max_octets": "5", "esid_names_rule": "no", "profile": "strict"})
    change_settings(owner(), {"incoming_max_octets": "", "esid_names_rule": "", "profile": ""})
    stored = SessionRules.objects.get()
    assert (stored.incoming_max_octets, stored.esid_names_rule, stored.profile) == (0, True, "default")


def test_what_is_as_it_was_changes_nothing_and_is_audited_so() -> None:
    change_settings(owner(), {"external_port": 7_000})
    before = read_version()
    change_settings(owner(), {"external_port": "7000"})
    assert read_version() == before
    assert Entry.objects.filter(code="AUD-CHANGE").latest("pk").text.endswith("nothing: as it was before")


def test_a_rule_is_set_by_an_act_of_its_own_which_says_what_it_does() -> None:
    with pytest.raises(OperatorError, match=r"rules\.FLD-XPAD is not set together"):
        change_settings(owner(), {"rules.FLD-XPAD": "warn"})
    assert "DAT-SIZE/one" in set_rule(owner(), "DAT-SIZE", "warn").text
    assert RuleSeverity.objects.get().severity == "warn"
