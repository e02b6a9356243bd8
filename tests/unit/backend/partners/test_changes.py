"""The history of a partner: all that belongs to it, who did it by which act, and values before and after."""

from certificates import make
from seon.backend.acting.actors import owner
from seon.backend.partners.actions import add_codes, add_partner, change_partner, import_partners, remove_codes
from seon.backend.partners.changes import MOST, changes_of
from seon.backend.partners.identity_actions import add_names
from seon.backend.partners.models import Partner
from seon.backend.partners.records import Numbered, Record
from seon.backend.session_rules.actions import change_partner_rules, set_partner_rule
from seon.config import CertificateName


def acme() -> Partner:
    return Partner.objects.get(identifier="acme")


def test_each_change_of_it_and_of_what_belongs_to_it_is_there_with_its_act() -> None:
    add_partner(owner(), "acme", "Acme", ["O1"], [make("Pin").pem.encode()])
    add_partner(owner(), "other", "Other", ["O9"], [])
    change_partner(owner(), "acme", port=7_000, name="New")
    add_names(owner(), "acme", [CertificateName(issuer="CN=CA", subject="CN=Acme")])
    change_partner_rules(owner(), "acme", {"profile": "strict"})
    set_partner_rule(owner(), "acme", "FLD-X/case", "warn")
    set_partner_rule(owner(), "acme", "FLD-X/case", "refuse")
    add_codes(owner(), "acme", ["O2"])
    remove_codes(owner(), "acme", ["O1"])
    told = [(change.what, change.kind, change.who.partition(": ")[2]) for change in changes_of(acme())]
    assert told[:8] == [
        ("SSID code O1", "removed", "partner.remove_code"),
        ("SSID code O2", "added", "partner.add_code"),
        ("rule FLD-X/case", "changed", "partner.rule"),
        ("rule FLD-X/case", "added", "partner.rule"),
        ("session rules", "added", "partner.rules"),
        ("certificate name CN=Acme of CN=CA", "added", "partner.add_name"),
        ("partner", "changed", "partner.change"),
        *[told[7]],
    ]
    assert {what for what, _, act in told[7:]} >= {"partner", "SSID code O1"}
    values = {value.field: (value.old, value.new) for value in changes_of(acme())[6].values}
    assert values == {"port": ("6619", "7000"), "name": ("Acme", "New")}
    severity = changes_of(acme())[2].values
    assert [(value.old, value.new) for value in severity] == [("warn", "refuse")]
    assert not any("O9" in what or "PEM" in what for what, _, _ in told)


def test_an_import_is_told_and_what_is_long_or_odd_is_cut_and_shown() -> None:
    import_partners(owner(), [Numbered(2, Record(id="acme", codes=("O3",)))])
    change_partner(owner(), "acme", notes="\x1b[2J" + "x" * 5_000)
    newest, *rest = changes_of(acme())
    assert "\x1b" not in newest.values[0].new
    assert len(newest.values[0].new) < 400
    assert {change.who.partition(": ")[2] for change in rest} == {"partner.import"}


def test_only_the_newest_are_told() -> None:
    add_partner(owner(), "acme", "Acme", [], [])
    for port in range(1, MOST + 20):
        change_partner(owner(), "acme", port=port)
    assert len(changes_of(acme())) == MOST
