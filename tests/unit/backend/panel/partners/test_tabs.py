"""The page of one partner: each form by its act, what is wrong at its field, and nobody's change lost."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from panel.partners.visiting import Visitor, acts, errors_in, forms_in

from certificates import make
from seon.backend.acting.actors import owner
from seon.backend.anchors.actions import add_anchor
from seon.backend.journal.models import Entry, File, FileState, Session, Way
from seon.backend.panel.partners.tabs import TABS
from seon.backend.partners.actions import add_partner, change_partner
from seon.backend.partners.models import Partner
from seon.backend.session_rules.models import RuleSeverity, SessionRules

ACME = "partners/id-acme/"
CERTIFICATES, CODES, VERIFICATION, LIMITS = (
    f"{ACME}{tab}/" for tab in ("certificates", "codes", "verification", "limits")
)
TAB_PATHS = [ACME, *(f"{ACME}{name.removeprefix('partner-')}/" for name, _ in TABS if name != "partner")]
PIN = make("Acme", days=400)


@pytest.fixture(autouse=True)
def partners(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])
    add_partner(owner(), "acme", "Acme <i>AG</i> {{ 7*7 }}", ["O1", "O2"], [PIN.pem.encode()], networks=["10.0.0.0/8"])


def acme() -> Partner:
    return Partner.objects.get(identifier="acme")


@pytest.mark.parametrize("path", TAB_PATHS)
def test_each_tab_is_there_for_who_may_read_and_escapes_what_it_shows(path: str) -> None:
    source = Visitor("auditor").source(path)
    assert "Acme &lt;i&gt;AG&lt;/i&gt; {{ 7*7 }}" in source
    assert "<i>AG" not in source
    assert 'aria-current="page"' in source
    assert 'value="remove' not in source, "no button that who may only read cannot use"


@pytest.mark.parametrize("address", ["nobody", "..", "a%00b", "x" * 300, "%2e%2e", "99999999999999999999"])
def test_an_address_of_no_partner_is_not_found(address: str) -> None:
    auditor = Visitor("auditor")
    assert {auditor.status(f"partners/id-{address}/{tab}") for tab in ("", "history/")} == {404}


@pytest.mark.parametrize("identifier", ["add", "try", "..", "-", "A_b.c"])
def test_a_partner_of_any_id_has_a_page(identifier: str) -> None:
    add_partner(owner(), identifier, "Odd", [], [])
    visitor = Visitor("auditor")
    assert f'href="/panel/partners/id-{identifier}/"' in visitor.open("partners/")
    assert f"Partner {identifier}" in visitor.open(f"partners/id-{identifier}/")


# --- general ----------------------------------------------------------------------------------------------------------


def test_general_values_are_changed_by_their_act_alone() -> None:
    page = Visitor().fill(ACME, "general", {"name": "Other", "host": " acme.example ", "port": "7000", "notes": "call"})
    assert "Saved." in page
    now = acme()
    assert (now.name, now.host, now.port, now.notes) == ("Other", "acme.example", 7_000, "call")
    assert acts()[-1] == "partner.change"


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"host": "p1.example:6619"}, "host", "port '6619'"),
        ({"host": "10.1.2"}, "host", "four numbers"),
        ({"port": "0"}, "port", "greater than or equal to 1"),
        ({"port": "9" * 30}, "port", "65535"),
        ({"port": "six"}, "port", "whole number"),
        ({"name": ""}, "name", "required"),
        ({"name": "a\0"}, "name", "Null characters"),
        ({"notes": "x" * 10_001}, "notes", "10000"),
    ],
)
def test_a_wrong_general_value_is_told_at_its_field(changes: dict[str, str], field: str, told: str) -> None:
    assert told in errors_in(Visitor().fill(ACME, "general", changes)).get(field, "")
    assert acme().port == 6_619


def test_what_an_older_version_allowed_does_not_hinder_another_change() -> None:
    Partner.objects.update(host="p1.example:6619")
    assert "Saved." in Visitor().fill(ACME, "general", {"name": "Other"})
    assert (acme().name, acme().host) == ("Other", "p1.example:6619")


def test_who_is_second_is_told_what_stands_there_now() -> None:
    visitor = Visitor()
    form = forms_in(visitor.source(ACME))["general"]
    change_partner(owner(), "acme", host="first.example")
    told = visitor.send(ACME, {**form, "host": "second.example"})
    assert "it is now: first.example" in errors_in(told)["host"]
    assert acme().host == "first.example"
    assert "Saved." in visitor.send(ACME, {**forms_in(told)["general"], "host": "second.example"})
    assert acme().host == "second.example"


def test_a_partner_is_disabled_and_removed_only_when_somebody_is_sure() -> None:
    visitor = Visitor()
    assert "running sessions end within 5 seconds" in visitor.send(ACME, {"do": "disable"})
    assert acme().enabled
    visitor.send(ACME, {"do": "disable", "seon_sure": "1"})
    assert not acme().enabled
    visitor.send(ACME, {"do": "enable"})
    assert acme().enabled
    question = visitor.send(ACME, {"do": "remove"})
    assert "With it goes: 1 certificate, 2 SSID codes." in question
    assert "The partner acme is removed." in visitor.send(ACME, {"do": "remove", "seon_sure": "1"})
    assert not Partner.objects.exists()


# --- certificates -----------------------------------------------------------------------------------------------------


def test_its_certificates_are_shown_readably() -> None:
    page = Visitor("auditor").open(CERTIFICATES)
    for text in ("CN=Acme", PIN.fingerprint, "EC secp256r1", "sha256", "399 days left", "itself (self-signed)"):
        assert text in page
    assert "its issuer is no trust anchor here" in Visitor().open(f"{CERTIFICATES}?part=revocation")


def test_certificates_are_dropped_added_and_removed() -> None:
    visitor, one, two = Visitor(), make("One"), make("Two")
    files = [SimpleUploadedFile("1.pem", one.pem.encode()), SimpleUploadedFile("2.pem", two.pem.encode())]
    assert "Saved." in visitor.send(CERTIFICATES, {"do": "pin", "pin-dropped": files})
    assert {row.fingerprint for row in acme().certificates.all()} == {PIN.fingerprint, one.fingerprint, two.fingerprint}
    row = acme().certificates.get(fingerprint=one.fingerprint)
    assert "Sessions with it end" in visitor.send(CERTIFICATES, {"do": "remove_certificate", "row": row.pk})
    visitor.send(CERTIFICATES, {"do": "remove_certificate", "row": row.pk, "seon_sure": "1"})
    assert acme().certificates.count() == 2
    assert acts()[-1] == "partner.remove_certificate"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "Drop or choose a file"),
        ({"pin-pasted": "nonsense"}, "No certificate can be read there"),
        ({"pin-pasted": make("CA", ca=True).pem}, "tick “Take it all the same”"),
        ({"pin-pasted": make("Old", days=-1).pem}, "tick “Take it all the same”"),
        ({"pin-pasted": PIN.pem}, "is a certificate of acme already"),
    ],
    ids=["nothing", "nonsense", "CA", "ended", "twice"],
)
def test_a_certificate_that_must_not_be_pinned_is_told_at_its_field(given: dict[str, str], told: str) -> None:
    assert told in errors_in(Visitor().fill(CERTIFICATES, "pin", given)).get("pin-dropped", "")
    assert acme().certificates.count() == 1


def test_a_certificate_of_another_partner_is_told_with_its_owner() -> None:
    add_partner(owner(), "two", "Two", [], [])
    told = Visitor().fill("partners/id-two/certificates/", "pin", {"pin-pasted": PIN.pem})
    assert "is a certificate of partner acme already; a provider that serves several" in unescape(told)


def test_odette_ids_anchors_and_names_are_set() -> None:
    ca, visitor = make("Some CA", ca=True), Visitor()
    add_anchor(owner(), ca.pem.encode())
    told = visitor.fill(CERTIFICATES, "known_by", {"odette_ids": "O0013A\r\nO0013B", "anchors": [ca.fingerprint]})
    assert "Saved." in told
    assert (acme().odette_ids, acme().anchors) == ("O0013A\nO0013B", ca.fingerprint)
    assert "valid choice" in errors_in(visitor.fill(CERTIFICATES, "known_by", {"anchors": ["f" * 64]}))["anchors"]
    visitor.fill(CERTIFICATES, "name", {"name-subject": "cn = One", "name-issuer": "CN=CA"})
    visitor.fill(CERTIFICATES, "name", {"name-pasted": PIN.pem})
    assert [row.subject for row in acme().names.all()] == ["CN=Acme", "CN=One"]
    for given, field, text in (
        ({"name-subject": "CN=One"}, "name-issuer", "belong together"),
        ({"name-subject": "nonsense", "name-issuer": "CN=CA"}, "name-subject", "is no distinguished name"),
        ({"name-subject": "CN=One", "name-issuer": "CN=CA"}, "name-dropped", "is a name of partner acme already"),
    ):
        assert text in unescape(errors_in(visitor.fill(CERTIFICATES, "name", given)).get(field, "")), field
    visitor.send(CERTIFICATES, {"do": "remove_name", "row": acme().names.get(subject="CN=One").pk})
    assert [row.subject for row in acme().names.all()] == ["CN=Acme"]


def test_an_anchor_that_was_removed_is_told_and_can_be_left_out() -> None:
    Partner.objects.update(anchors="e" * 64)
    visitor = Visitor()
    assert "removed: eeeeeeee" in visitor.open(CERTIFICATES)
    assert "Saved." in visitor.fill(CERTIFICATES, "known_by", {"odette_ids": "O0013A"})
    assert "Saved." in visitor.fill(CERTIFICATES, "known_by", {"anchors": None})
    assert acme().anchors == ""


def test_a_certificate_is_tried_on_the_page() -> None:
    page = unescape(
        Visitor("auditor").send(CERTIFICATES, {"do": "try", "try-pasted": PIN.pem, "try-source": "10.1.1.1"})
    )
    assert "It would come in" in page
    assert "by partner acme" in page


# --- codes and files, verification, limits ----------------------------------------------------------------------------


def test_codes_are_added_and_removed_and_the_last_one_only_when_somebody_is_sure() -> None:
    visitor = Visitor()
    add_partner(owner(), "other", "Other", ["O9"], [])
    assert "Saved." in visitor.send(CODES, {"do": "codes", "codes": "O3, O4"})
    assert (
        "is a code of partner other already"
        in errors_in(visitor.send(CODES, {"do": "codes", "codes": "O5, O9"}))["codes"]
    )
    assert [row.code for row in acme().codes.all()] == ["O1", "O2", "O3", "O4"]
    for row in acme().codes.all()[:3]:
        visitor.send(CODES, {"do": "remove_code", "row": row.pk})
    last = {"do": "remove_code", "row": acme().codes.get().pk}
    assert "may show every code" in visitor.send(CODES, last)
    assert acme().codes.count() == 1
    visitor.send(CODES, {**last, "seon_sure": "1"})
    assert not acme().codes.exists()


def test_rules_for_files_are_of_the_partner_or_as_in_general() -> None:
    visitor = Visitor()
    visitor.fill(CODES, "incoming", {})
    assert not SessionRules.objects.filter(partner=acme()).exists()
    visitor.fill(CODES, "incoming", {"incoming_max_octets": "0", "incoming_names": "INV*\r\nORD*"})
    visitor.fill(CODES, "outgoing", {"outgoing_destinations": "*"})
    rules = SessionRules.objects.get(partner=acme())
    assert (rules.incoming_max_octets, rules.incoming_names) == (0, "INV*\nORD*")
    assert rules.outgoing_destinations == "*"
    assert acts()[-2:] == ["partner.rules", "partner.rules"]
    visitor.fill(CODES, "incoming", {"incoming_max_octets": ""})
    rules.refresh_from_db()
    assert rules.incoming_max_octets is None
    for given, field in (
        ({"incoming_names": "ä"}, "incoming_names"),
        ({"incoming_max_octets": "9" * 40}, "incoming_max_octets"),
    ):
        assert errors_in(visitor.fill(CODES, "incoming", given)).get(field), field


def test_demands_weights_and_traces_are_of_the_partner_or_as_in_general() -> None:
    visitor = Visitor()
    assert visitor.source(VERIFICATION).count("as in general</option>") == 9
    visitor.fill(
        VERIFICATION, "demands", {"profile": "strict", "level_5_only": "False", "secure_authentication": "True"}
    )
    visitor.fill(VERIFICATION, "weights", {"admission_usage": "refuse"})
    visitor.fill(VERIFICATION, "trace", {"trace": "on"})
    rules = SessionRules.objects.get(partner=acme())
    assert (rules.profile, rules.level_5_only, rules.secure_authentication) == ("strict", False, True)
    assert (acme().admission_usage, acme().trace) == ("refuse", True)
    assert acts()[-3:] == ["partner.rules", "partner.admission", "partner.rules"]
    assert "valid choice" in errors_in(visitor.fill(VERIFICATION, "demands", {"profile": "lax"}))["profile"]
    visitor.fill(VERIFICATION, "demands", {"profile": "", "level_5_only": ""})
    rules.refresh_from_db()
    assert (rules.profile, rules.level_5_only) == ("", None)


def test_a_rule_is_set_and_is_as_in_general_again() -> None:
    visitor = Visitor()
    visitor.fill(VERIFICATION, "severity", {"rule": "FLD-X/case", "severity": "refuse"})
    assert [str(row) for row in acme().rules.all()] == ["FLD-X/case: refuse, partner acme"]
    assert "lower case or underscore" in visitor.open(VERIFICATION)
    assert (
        "valid choice" in errors_in(visitor.fill(VERIFICATION, "severity", {"rule": "NO", "severity": "warn"}))["rule"]
    )
    visitor.send(VERIFICATION, {"do": "remove_rule", "row": acme().rules.get().pk})
    assert not acme().rules.exists()


def test_a_rule_of_another_version_is_shown_and_can_be_taken_away() -> None:
    RuleSeverity.objects.bulk_create([RuleSeverity(partner=acme(), rule="FLD-OLD", severity="warn")])
    visitor = Visitor()
    assert "a rule of another version" in visitor.open(VERIFICATION)
    assert "Saved." in visitor.fill(ACME, "general", {"port": "7000"})
    visitor.send(VERIFICATION, {"do": "remove_rule", "row": acme().rules.get().pk})
    assert not RuleSeverity.objects.exists()


def test_networks_and_limits_are_set() -> None:
    visitor = Visitor()
    visitor.fill(LIMITS, "networks", {"networks": "10.0.0.0/8\r\n192.0.2.7"})
    assert acme().networks == "10.0.0.0/8\n192.0.2.7/32"
    assert "10.0.0.1/8" in unescape(errors_in(visitor.fill(LIMITS, "networks", {"networks": "10.0.0.1/8"}))["networks"])
    visitor.fill(LIMITS, "networks", {"networks": ""})
    assert acme().networks == ""
    visitor.fill(LIMITS, "limits", {"sessions": "3", "old_tls": "on"})
    assert (acme().sessions, acme().old_tls) == (3, True)
    assert "for incoming ones it needs networks" in visitor.open(LIMITS)
    assert errors_in(visitor.fill(LIMITS, "limits", {"sessions": "0"}))["sessions"]
    visitor.fill(LIMITS, "limits", {"sessions": "", "old_tls": None})
    assert (acme().sessions, acme().old_tls) == (None, False)


@pytest.mark.parametrize(
    ("path", "button"),
    [
        (CERTIFICATES, "remove_certificate"),
        (CERTIFICATES, "remove_name"),
        (CODES, "remove_code"),
        (VERIFICATION, "remove_rule"),
    ],
)
@pytest.mark.parametrize("row", ["", "0", "-1", "9" * 30, "x", "\0", "²"])
def test_a_row_that_is_not_the_partner_s_is_not_found(path: str, button: str, row: str) -> None:
    answer = Visitor().client.post(f"/panel/{path}", {"do": button, "row": row, "seon_sure": "1"}, secure=True)
    assert answer.status_code == 404


# --- what others may do, and what was ---------------------------------------------------------------------------------


def sent() -> list[tuple[str, dict[str, Any]]]:
    visitor = Visitor()
    found = [(path, form) for path in TAB_PATHS for form in forms_in(visitor.source(path)).values()]
    pin, code = acme().certificates.get().pk, acme().codes.all()[0].pk
    return [
        *((path, form) for path, form in found if form["do"] != "try"),
        (ACME, {"do": "remove"}), (CERTIFICATES, {"do": "remove_certificate", "row": pin}),
        (CODES, {"do": "remove_code", "row": code}),
    ]  # fmt: skip


def test_an_operator_switches_partners_and_changes_nothing_else_of_them() -> None:
    everything, operator = sent(), Visitor("operator")
    before = (acme().history.count(), acme().certificates.count(), acme().codes.count())
    for path, form in everything:
        given = {**form, "codes": "O7", "pin-pasted": make("x").pem, "rule": "FLD-X/case", "severity": "warn",
                 "name-subject": "CN=x", "name-issuer": "CN=y", "seon_sure": "1"}  # fmt: skip
        given = given if form["do"] != "name" else {**given, "name-pasted": ""}
        assert operator.is_denied(path, given), form["do"]
    assert (acme().history.count(), acme().certificates.count(), acme().codes.count()) == before
    denied = {entry.fields["act"] for entry in Entry.objects.filter(code="AUD-DENIED")}
    assert {"partner.change", "partner.add_certificate", "partner.rules", "partner.remove"} <= denied
    assert 'name="do" value="general"' not in operator.source(ACME)
    operator.send(ACME, {"do": "disable", "seon_sure": "1"})
    assert not acme().enabled


def test_the_history_says_who_changed_what_from_what_to_what() -> None:
    visitor = Visitor()
    visitor.fill(ACME, "general", {"port": "7000", "name": "<b>New</b>"})
    visitor.send(CODES, {"do": "codes", "codes": "O3"})
    page = visitor.source(f"{ACME}history/")
    assert "port: 6619 → 7000" in page
    assert "→ &lt;b&gt;New&lt;/b&gt;" in page
    assert "the-administrator (panel): partner.change" in page
    assert "SSID code O3 added" in page
    assert "(command line): partner.add" in page


def test_sessions_and_files_of_the_partner_stand_on_its_page_and_no_others() -> None:
    now = timezone.now()
    for partner, reason in (("acme", "<b>bye</b>"), ("other", "not ours")):
        Session.objects.create(
            session=partner * 4, partner=partner, direction="incoming", source="192.0.2.7:4711", started_at=now,
            ended_at=now + timedelta(seconds=9), result="broken", reason=reason,
        )  # fmt: skip
        File.objects.create(
            session=partner * 4, partner=partner, direction=Way.FROM_PARTNER, name=f"{partner}-x-init={{{{ 7 }}}}",
            at=now, state=FileState.DELIVERED, octets=1_000, offer_key=1,
        )  # fmt: skip
    auditor = Visitor("auditor")
    page = auditor.source(f"{ACME}sessions/")
    assert "192.0.2.7:4711" in page
    assert "&lt;b&gt;bye&lt;/b&gt;" in page
    assert "not ours" not in page
    page = auditor.open(f"{ACME}files/")
    assert "acme-x-init={{ 7 }}" in page
    assert "other-x" not in page
    assert "1 in, 0 out" in auditor.open(ACME)
    assert "1 in, 0 out" in auditor.open("partners/")
