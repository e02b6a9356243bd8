import pytest

from seon.addresses import listening_address, read_host
from seon.backend.configuration.keys import all_settings, chosen, read_host_port, set_setting
from seon.backend.configuration.models import Settings
from seon.backend.errors import OperatorError
from seon.backend.session_rules.models import RuleSeverity, rules_of


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [
        ("external_port", "7000", 7_000),
        ("external_address", "::1", "::1"),
        ("external_address", " [2001:DB8::1] ", "2001:db8::1"),
        ("external_address", "0.0.0.0", "0.0.0.0"),
        ("external_address", "::ffff:10.0.0.1", "10.0.0.1"),
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
    settings = Settings.load()
    assert getattr(settings if hasattr(settings, key) else rules_of(settings), key) == stored


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
        ("receive_daemon", "host name:3305", "^receive_daemon: 'host name' is not a host name"),
        ("receive_daemon", "10.1.2:3305", "^receive_daemon: '10.1.2' is not an IP address"),
        ("receive_daemon", "https://sta.example:3305", "^receive_daemon: .*URL"),
        ("receive_daemon", "[fe80::1%eth0]:3305", "^receive_daemon: .*zone"),
        ("receive_daemon", "0.0.0.0:3305", "^receive_daemon: .*every address"),
        ("external_address", "10.0.0.1:6619", "^external_address: .*'10.0.0.1' alone.*port '6619'"),
        ("external_address", "256.1.1.1", "^external_address: .*0 to 255"),
        ("external_address", "239.1.1.1", "^external_address: .*multicast"),
        ("outgoing_address", "10.1.2", "^outgoing_address: .*four numbers"),
        ("outgoing_address", "fe80::1%eth0", "^outgoing_address: .*zone"),
        ("outgoing_address", "0.0.0.0", "^outgoing_address: .*every address"),
        ("colour", "blue", "`seonapi settings list` shows all"),
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
    stored = Settings.load()
    assert (stored.external_port, stored.external_address, stored.outgoing_address) == (6_619, "", "")
    assert stored.receive_daemon_host == ""
    assert not RuleSeverity.objects.exists()


def test_the_receive_daemon_is_one_setting() -> None:
    set_setting("receive_daemon", "[fd00::1]:3306")
    settings = Settings.load()
    assert (settings.receive_daemon_host, settings.receive_daemon_port) == ("fd00::1", 3_306)
    shown = chosen(all_settings(), "receive_daemon").text
    assert shown == "[fd00::1]:3306"
    set_setting("receive_daemon", shown)
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
    assert [row.rule for row in RuleSeverity.objects.all()] == ["FLD-X/case"]
    shown = chosen(all_settings(), "rules.FLD-XPAD")
    assert (shown.value, shown.meaning) == ("", "leading or embedded space")
    with pytest.raises(OperatorError, match="`seonapi rules` the rules"):
        chosen(all_settings(), "rules.SEQ-TURN")


def test_a_rule_of_another_version_is_shown_and_does_not_hinder() -> None:
    settings, _ = Settings.objects.get_or_create(pk=1)
    RuleSeverity.objects.bulk_create([RuleSeverity(settings=settings, rule="FLD-OLD", severity="warn")])
    assert chosen(all_settings(), "rules.FLD-OLD").meaning == "of another version"


def test_every_setting_shows_what_may_stand_there_and_what_it_means() -> None:
    shown = all_settings()
    assert len({row.key for row in shown}) == len(shown) >= 17
    assert all(row.allowed and row.meaning for row in shown)


@pytest.mark.parametrize("text", ["", ":1", "a:", "a:0", "a:65536", "a:٣", "::1:80", "[]:80", "a:-1", "a"])
def test_what_is_no_host_and_port_is_refused(text: str) -> None:
    for read in (read_host, listening_address):
        with pytest.raises(OperatorError, match=r"^--listen: .*HOST:PORT"):
            read_host_port("--listen", text, read)


def test_a_host_and_an_address_with_their_ports() -> None:
    assert read_host_port("key", " sta.example.:3305 ", read_host) == ("sta.example", 3_305)
    assert read_host_port("--listen", "[::]:8443", listening_address) == ("::", 8_443)
    with pytest.raises(OperatorError, match=r"^--listen: 'localhost' is not an IP address"):
        read_host_port("--listen", "localhost:8443", listening_address)
