import pytest
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from seon.backend.configuration.models import Settings
from seon.backend.configuration.values import Shown, read_value, shown, told
from seon.backend.errors import OperatorError
from seon.backend.partners.models import Partner
from seon.backend.session_rules.models import SessionRules


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "yes"), (False, "no"), (0, "0"), (["A", "B C"], "A, B C"), ([], ""), ("x", "x")],
)
def test_a_value_is_shown_as_it_can_be_set(value: object, text: str) -> None:
    assert Shown("key", value, "", "").text == text  # type: ignore[arg-type]  # one of each kind


@pytest.mark.parametrize(
    ("row", "name", "text", "value"),
    [
        (SessionRules, "level_5_only", "yes", True),
        (SessionRules, "level_5_only", " OFF ", False),
        (SessionRules, "incoming_max_octets", "0", 0),
        (SessionRules, "incoming_names", "A*, B", "A*\nB"),
        (Settings, "external_address", "", ""),
        (SessionRules, "level_5_only", "no", False),
        (SessionRules, "level_5_only", "", None),
        (SessionRules, "incoming_max_octets", "", None),
        (SessionRules, "incoming_max_octets", "7", 7),
        (SessionRules, "incoming_names", "", ""),
        (SessionRules, "profile", "", ""),
        (Partner, "trace", "on", True),
    ],
)
def test_a_text_is_read(row: "type[Settings | Partner | SessionRules]", name: str, text: str, value: object) -> None:
    read = read_value(row(), row._meta.get_field(name), text)  # type: ignore[arg-type]  # a field, no relation
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("row", "name", "text", "allowed"),
    [
        (
            Settings,
            "load_balancers",
            "lb.example",
            "^load_balancers: 'lb.example' is not possible here; allowed: [^;]*$",
        ),
        (SessionRules, "incoming_max_octets", "1000000000000001", "allowed: 0 to 1000000000000000, or empty$"),
        (SessionRules, "incoming_names", "[a]", "allowed: patterns of up to 64 .*, or empty$"),
        (
            Settings,
            "external_address",
            "host",
            "^external_address: .*; allowed: a literal IPv4 or IPv6 address, without port, or empty$",
        ),
        (Partner, "trace", "", "allowed: yes, no$"),
        (Partner, "trace", "maybe", "allowed: yes, no$"),
        (SessionRules, "level_5_only", "general", "allowed: yes, no, or empty$"),
        (SessionRules, "profile", "lax", "allowed: default, strict, or empty$"),
        (SessionRules, "incoming_max_octets", "-1", "allowed: 0 to 1000000000000000, or empty$"),
        (Partner, "host", "http://x", "^host: .*; allowed: a host name or an IP address, without port, or empty$"),
        (Partner, "name", "", "allowed: up to 120 characters$"),
        (SessionRules, "outgoing_originators", "O:1", "allowed: codes of up to 25 .*, or empty$"),
    ],
)
def test_another_text_is_answered_with_what_is_allowed(
    row: "type[Settings | Partner | SessionRules]", name: str, text: str, allowed: str
) -> None:
    with pytest.raises(OperatorError, match=allowed):
        read_value(row(), row._meta.get_field(name), text)  # type: ignore[arg-type]  # a field, no relation


def test_a_list_is_shown_as_one() -> None:
    field = SessionRules._meta.get_field("incoming_names")
    found = shown(SessionRules(incoming_names="A*\nB"), field)  # type: ignore[arg-type]  # a field, no relation
    assert (found.key, found.value) == ("incoming_names", ["A*", "B"])


def test_what_does_not_validate_is_told_in_one_line_with_its_fields() -> None:
    assert told(ValidationError({"host": ["a", "b"], NON_FIELD_ERRORS: ["c"]})) == "host: a b; c"
