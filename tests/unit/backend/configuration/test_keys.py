import pytest

from seon.backend.configuration.keys import all_settings, chosen, set_setting, split_host_port
from seon.backend.configuration.models import Settings, SettingsRule
from seon.backend.errors import OperatorError


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [
        ("external_port", "7000", 7_000),
        ("external_address", "::1", "::1"),
        ("external_address", "", ""),
        ("outgoing_address", "10.0.0.1", "10.0.0.1"),
        ("profile", "strict", "strict"),
        ("idle_seconds", "86370", 86_370),
        ("level_5_only", "yes", True),
        ("incoming_names", "A*,B*", "A*\nB*"),
    ],
)
def test_a_setting_is_stored(key: str, value: str, stored: object) -> None:
    set_setting(key, value)
    assert getattr(Settings.load(), key) == stored


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("external_port", "0", "1 to 65535"),
        ("external_port", "-1", "1 to 65535"),
        ("external_port", "http", "1 to 65535"),
        ("external_port", "", "1 to 65535"),
        ("profile", "lax", "default, strict"),
        ("external_address", "localhost", "literal IPv4 or IPv6"),
        ("idle_seconds", "86371", "1 to 86370"),
        ("handshakes", "10001", "1 to 10000"),
        ("receive_daemon", "host", "HOST:PORT"),
        ("receive_daemon", "host name:3305", "host name or an IP"),
        ("colour", "blue", "there are: external_address"),
        ("id", "2", "There is no setting"),
        ("history", "2", "There is no setting"),
        ("rules", "2", "There is no setting"),
        ("rules.FLD-NEW", "warn", "There is no rule 'FLD-NEW'"),
        ("rules.SEQ-TURN", "warn", "always refused"),
        ("rules.FLD-XPAD", "tolerate", r"allowed: refuse, warn, ignore, or empty \(as the profile says\)"),
        ("incoming_names", "[a]", "patterns"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(key: str, value: str, allowed: str) -> None:
    with pytest.raises(OperatorError, match=allowed):
        set_setting(key, value)
    assert Settings.load().external_port == 6_619
    assert not SettingsRule.objects.exists()


def test_the_receive_daemon_is_one_setting() -> None:
    set_setting("receive_daemon", "[fd00::1]:3306")
    settings = Settings.load()
    assert (settings.receive_daemon_host, settings.receive_daemon_port) == ("fd00::1", 3_306)
    set_setting("receive_daemon", "")
    assert Settings.load().receive_daemon_host == ""


def test_a_rule_is_a_setting_that_is_there_once_it_is_set() -> None:
    assert not [row for row in all_settings() if row.key.startswith("rules.")]
    set_setting("rules.FLD-XPAD", "ignore")
    set_setting("rules.FLD-XPAD", "refuse")
    set_setting("rules.FLD-X/case", "warn")
    found = {row.key: row.value for row in all_settings() if row.key.startswith("rules.")}
    assert found == {"rules.FLD-XPAD": "refuse", "rules.FLD-X/case": "warn"}
    set_setting("rules.FLD-XPAD", "")
    assert [row.rule for row in SettingsRule.objects.all()] == ["FLD-X/case"]
    shown = chosen(all_settings(), "rules.FLD-XPAD")
    assert (shown.value, shown.meaning) == ("", "leading or embedded space")
    with pytest.raises(OperatorError, match="see: seonapi rules"):
        chosen(all_settings(), "rules.SEQ-TURN")


def test_a_rule_of_another_version_is_shown_and_does_not_hinder() -> None:
    settings, _ = Settings.objects.get_or_create(pk=1)
    SettingsRule.objects.bulk_create([SettingsRule(settings=settings, rule="FLD-OLD", severity="warn")])
    assert chosen(all_settings(), "rules.FLD-OLD").meaning == "a rule of another version"


def test_every_setting_shows_what_may_stand_there_and_what_it_means() -> None:
    shown = all_settings()
    assert len({row.key for row in shown}) == len(shown) >= 17
    assert all(row.allowed and row.meaning for row in shown)


@pytest.mark.parametrize("text", ["", ":1", "a:", "a:0", "a:65536", "a:٣", "::1:80", "[]:80", "a:-1", "a"])
def test_what_is_no_host_and_port_is_refused(text: str) -> None:
    with pytest.raises(OperatorError, match="HOST:PORT"):
        split_host_port(text)
