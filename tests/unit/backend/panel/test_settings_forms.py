"""Settings in general and of one server: a form changes what was changed, and no more."""

import pytest

from seon.backend.acting.actors import owner
from seon.backend.configuration.models import Settings
from seon.backend.panel.act_forms import SEEN
from seon.backend.panel.settings_forms import ServerForm, SettingsForm
from seon.backend.proxies.models import ProxyServer
from seon.backend.session_rules.models import rules_of


class Some(SettingsForm):
    labels = {"sessions": "Sessions", "level_5_only": "Level 5", "profile": "Profile"}


class Own(ServerForm):
    labels = {"sessions": "Sessions", "outgoing_address": "Address"}


def test_settings_and_demands_are_changed_together() -> None:
    seen = Some().seen_now()
    form = Some({"sessions": "7", "level_5_only": "on", "profile": "strict", SEEN: seen})
    assert form.do(owner()), form.errors
    rules = rules_of(Settings.load())
    assert (Settings.load().sessions, rules.level_5_only, rules.profile) == (7, True, "strict")


def test_a_demand_in_general_offers_what_can_hold_and_not_as_in_general() -> None:
    assert [value for value, _ in Some().fields["profile"].choices] == ["default", "strict"]


@pytest.mark.parametrize("value", ["lenient", "", "strict\0"])
def test_a_choice_that_is_none_is_refused_at_its_field(value: str) -> None:
    form = Some({"sessions": "7", "profile": value, SEEN: Some().seen_now()})
    assert not form.do(owner())
    assert list(form.errors) == ["profile"]
    assert not Settings.objects.exists()


def test_what_a_server_has_of_its_own_is_set_and_taken_back(proxy_id: str) -> None:
    server = ProxyServer.objects.create(proxy_id=proxy_id)
    for text, number, address in (("7", 7, "10.0.0.1"), ("", None, "")):
        form = Own({"sessions": text, "outgoing_address": address, SEEN: Own(about=server).seen_now()}, about=server)
        assert form.do(owner()), form.errors
        server.refresh_from_db()
        assert (server.sessions, server.outgoing_address) == (number, address)
