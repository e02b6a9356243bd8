import pytest

from seon.backend.acting.actors import owner
from seon.backend.anchors.actions import add_anchor
from seon.backend.configuration.keys import all_settings, chosen, set_setting
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.journal.models import Entry
from seon.backend.partners.actions import add_partner
from seon.backend.partners.keys import partner_settings, set_partner_setting
from seon.backend.partners.models import Partner
from seon.backend.session_rules.models import RuleSeverity


@pytest.fixture(autouse=True)
def partner() -> Partner:
    return add_partner(owner(), "P1", "One", [], [])


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("name", "Partner one", "Partner one"),
        ("host", "p1.example", "p1.example"),
        ("enabled", "no", False),
        ("profile", "strict", "strict"),
        ("level_5_only", "yes", True),
        ("secure_authentication", "no", False),
        ("incoming_max_octets", "0", 0),
        ("outgoing_names", "A*, B*", ["A*", "B*"]),
        ("incoming_destinations", "*", ["*"]),
        ("trace", "yes", True),
        ("odette_ids", "O0013 A, O0013B", ["O0013 A", "O0013B"]),
        ("sessions", "3", 3),
        ("old_tls", "yes", True),
        ("admission_usage", "ignore", "ignore"),
        ("admission_unreadable", "refuse", "refuse"),
        ("admission_weak_key", "warn", "warn"),
        ("admission_weak_signature", "warn", "warn"),
        ("admission_revocation", "hard", "hard"),
        ("rules.FLD-XPAD", "refuse", "refuse"),
    ],
)
def test_what_is_set_is_shown_and_raises_the_version(key: str, text: str, value: object) -> None:
    before = read_version()
    set_partner_setting("P1", key, text)
    assert chosen(partner_settings("P1"), key).value == value
    assert read_version() > before


@pytest.mark.parametrize(
    ("key", "empty"),
    [("profile", ""), ("level_5_only", None), ("incoming_max_octets", None), ("incoming_names", []),
     ("rules.FLD-XPAD", ""), ("sessions", None), ("admission_usage", ""), ("odette_ids", []), ("old_tls", False)],
)  # fmt: skip
def test_empty_is_as_in_general(key: str, empty: object) -> None:
    assert chosen(partner_settings("P1"), key).value == empty
    values = {"profile": "strict", "level_5_only": "no", "incoming_max_octets": "5", "rules.FLD-XPAD": "warn",
              "sessions": "1", "admission_usage": "warn", "old_tls": "yes"}  # fmt: skip
    set_partner_setting("P1", key, values.get(key, "A*"))
    assert chosen(partner_settings("P1"), key).value != empty
    set_partner_setting("P1", key, "no" if key == "old_tls" else "")
    assert chosen(partner_settings("P1"), key).value == empty


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("identifier", "P2", "There is no setting 'identifier'; .*get ID` shows all"),
        ("codes", "O1", "There is no setting"),
        ("id", "2", "There is no setting"),
        ("port", "0", "1 to 65535"),
        ("sessions", "0", "1 to 10000, or empty"),
        ("admission_revocation", "refuse", "allowed: hard, soft, ignore, or empty"),
        ("odette_ids", "O" * 65, "up to 64 characters"),
        ("odette_ids", "Ö1", "allowed: Odette IDs"),
        ("anchors", "No such CA", "There is no trust anchor 'No such CA'; see: seonapi anchor list"),
        ("rules.FLD-NEW", "warn", "There is no rule"),
        ("rules.SEQ-TURN", "refuse", "always refused"),
        ("rules.FLD-XPAD", "lax", r"or empty \(as in general\)"),
    ],
)
def test_a_wrong_key_or_value_is_refused_in_words(key: str, value: str, told: str) -> None:
    with pytest.raises(OperatorError, match=told):
        set_partner_setting("P1", key, value)
    assert not RuleSeverity.objects.exists()


def test_a_partner_that_is_not_there_is_named() -> None:
    for ask in (lambda: partner_settings("P9"), lambda: set_partner_setting("P9", "trace", "yes")):
        with pytest.raises(OperatorError, match="There is no partner 'P9'"):
            ask()


def test_rules_of_one_partner_are_not_those_of_another_nor_the_general_ones() -> None:
    add_partner(owner(), "P2", "Two", [], [])
    set_partner_setting("P1", "rules.FLD-XPAD", "refuse")
    set_setting("rules.FLD-XPAD", "ignore")
    set_partner_setting("P2", "rules.FLD-XPAD", "warn")
    set_partner_setting("P2", "rules.FLD-XPAD", "")
    assert chosen(partner_settings("P1"), "rules.FLD-XPAD").value == "refuse"
    assert chosen(partner_settings("P2"), "rules.FLD-XPAD").value == ""
    assert chosen(all_settings(), "rules.FLD-XPAD").value == "ignore"


def test_a_change_of_a_rule_is_an_event_that_names_rule_and_partner() -> None:
    set_partner_setting("P1", "rules.FLD-XPAD", "refuse")
    Partner.objects.get().delete()
    texts = Entry.objects.order_by("pk").values_list("text", flat=True)
    told = [text.partition(": ")[2].partition("; ")[0] for text in texts]
    rule = "rule FLD-XPAD: refuse, partner P1"
    assert told == ["partner P1: added", f"{rule}: added", f"{rule}: removed", "partner P1: removed"]


def test_an_anchor_is_entered_by_name_and_kept_by_its_sha256(certificate_of) -> None:
    one, two = certificate_of("One", ca=True), certificate_of("Two", ca=True)
    for made in (one, two):
        add_anchor(owner(), made.pem.encode())
    set_partner_setting("P1", "anchors", f"One, {two.fingerprint[:8].upper()}, One")
    assert chosen(partner_settings("P1"), "anchors").value == [one.fingerprint, two.fingerprint]


@pytest.mark.parametrize("text", ["O0013A", "o0013a", "X, O0013A"])
def test_one_odette_id_is_one_partners(text: str) -> None:
    set_partner_setting("P1", "odette_ids", "O0013A, O0013B")
    add_partner(owner(), "P2", "Two", [], [])
    with pytest.raises(OperatorError, match="is an Odette ID of partner P1 already; a provider"):
        set_partner_setting("P2", "odette_ids", text)
    set_partner_setting("P2", "odette_ids", "O0013")
    set_partner_setting("P1", "odette_ids", "O0013B, O0013A")
