"""The forms of settings and partners, and the page of sessions, by Django's test client; looks: tests/browser."""

import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

import certificates
from seon.api_messages import RefusedCertificate
from seon.backend.acting.actors import owner
from seon.backend.anchors.actions import add_anchor
from seon.backend.anchors.models import Anchor
from seon.backend.configuration.models import Settings
from seon.backend.configuration.rules import SETTABLE
from seon.backend.journal.models import Entry
from seon.backend.partners.actions import add_partner
from seon.backend.partners.models import Partner
from seon.backend.proxies.models import ProxyClient
from seon.backend.refused.models import RefusedCertificate as Refused
from seon.backend.refused.recording import remember
from seon.backend.session_rules.models import RuleSeverity, SessionRules, rules_of

SETTINGS = "/panel/configuration/settings/1/change/"
CLIENT = "/panel/proxies/proxyclient/add/"


class Panel:
    """A browser's part: pages are opened, forms are filled in and sent as they came but for what was changed."""

    def __init__(self, user: User) -> None:
        self._client = Client()
        self._client.force_login(user)

    def open(self, path: str) -> str:
        answer = self._client.get(path, secure=True, follow=True)
        assert answer.status_code == 200
        return str(answer.content.decode())

    def send(self, path: str, changes: dict[str, str]) -> str:
        fields = {**Fields(self.open(path)).values, **changes}
        answer = self._client.post(path, fields, secure=True, follow=True)
        assert answer.status_code == 200
        return unescape(str(answer.content.decode()))


class Fields(HTMLParser):
    """The fields of a page's forms with what they hold, as a browser sends them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._open = ""
        """The select box or text area that we are in."""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag in ("select", "textarea"):
            self._open = name
            self.values[name] = ""
        elif tag == "option" and "selected" in given:
            self.values[self._open] = given.get("value", "")
        elif tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.values[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "textarea"):
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open and self.lasttag == "textarea":
            self.values[self._open] += data


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])


@pytest.fixture
def panel() -> Panel:
    return Panel(User.objects.create_superuser("anna"))


def test_a_rule_is_chosen_by_its_meaning_and_stored_with_history(panel: Panel) -> None:
    page = unescape(panel.open("/panel/configuration/settings/"))
    assert all(f'<option value="{name}"' in page for name in SETTABLE)
    assert "FLD-XPAD: leading or embedded space (warn)" in page
    assert 'value="SEQ-TURN"' not in page
    told = panel.send(SETTINGS, {
        "level_5_only": "on", "incoming_names": "A*\r\nB*\r\n", "incoming_max_octets": "1000",
        "rules-TOTAL_FORMS": "1", "rules-0-rule": "FLD-XPAD", "rules-0-severity": "ignore",
    })  # fmt: skip
    assert "was changed successfully" in told
    rules = rules_of(Settings.load())
    assert (rules.level_5_only, rules.incoming_names, rules.incoming_max_octets) == (True, "A*\nB*", 1_000)
    row = RuleSeverity.objects.get()
    assert (row.rule, row.severity) == ("FLD-XPAD", "ignore")
    assert row.history.get().history_user.get_username() == "anna"
    assert Entry.objects.filter(text__startswith="anna (panel), settings.rule: rule FLD-XPAD: ignore: added").exists()
    panel.send(SETTINGS, {"rules-0-DELETE": "on"})
    assert not RuleSeverity.objects.exists()


@pytest.mark.parametrize("rule", ["SEQ-TURN", "FLD-NEW"])
def test_a_rule_that_cannot_be_set_is_refused_beside_its_field(panel: Panel, rule: str) -> None:
    panel.open("/panel/configuration/settings/")
    told = panel.send(SETTINGS, {"rules-TOTAL_FORMS": "1", "rules-0-rule": rule, "rules-0-severity": "ignore"})
    assert "Select a valid choice" in told
    assert not RuleSeverity.objects.exists()


def test_a_pattern_that_is_wrong_is_named_beside_its_field(panel: Panel) -> None:
    panel.open("/panel/configuration/settings/")
    assert "'[B]' is not possible here; allowed: patterns" in panel.send(SETTINGS, {"incoming_names": "A*\r\n[B]"})
    assert rules_of(Settings.load()).incoming_names == ""


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("external_address", "10.0.0.1:6619", "'10.0.0.1' alone"),
        ("external_address", "localhost", "literal IPv4 or IPv6"),
        ("external_address", "239.0.0.1", "multicast"),
        ("outgoing_address", "10.1.2", "four numbers"),
        ("outgoing_address", "0.0.0.0", "every address"),
        ("outgoing_address", "fe80::1%eth0", "zone"),
        ("receive_daemon_host", "sta.example:3305", "port '3305'"),
        ("receive_daemon_host", "256.1.1.1", "0 to 255"),
    ],
)
def test_a_host_or_address_that_is_none_is_refused_beside_its_field(
    panel: Panel, field: str, value: str, told: str
) -> None:
    panel.open("/panel/configuration/settings/")
    page = panel.send(SETTINGS, {field: value})
    assert told in page
    assert f'value="{value}"' in page
    assert getattr(Settings.load(), field) == ""


def test_hosts_and_addresses_are_stored_in_their_one_form(panel: Panel) -> None:
    panel.open("/panel/configuration/settings/")
    told = panel.send(SETTINGS, {"external_address": "[FD00::1]", "receive_daemon_host": " sta.example. "})
    assert "was changed successfully" in told
    stored = Settings.load()
    assert (stored.external_address, stored.receive_daemon_host) == ("fd00::1", "sta.example")


def test_a_partner_s_host_is_checked_when_it_is_entered(panel: Panel) -> None:
    partner = Partner.objects.create(identifier="P1", name="One")
    page = f"/panel/partners/partner/{partner.pk}/change/"
    assert "port '6619'" in panel.send(page, {"host": "p1.example:6619"})
    Partner.objects.update(host="p1.example:6619")
    assert "was changed successfully" in panel.send(page, {"enabled": "", "name": "Other"})
    partner.refresh_from_db()
    assert (partner.name, partner.host) == ("Other", "p1.example:6619")
    assert "four numbers" in panel.send(page, {"host": "10.1.2"})


@pytest.mark.parametrize(
    ("client", "listener", "told"),
    [
        ("10.1.2", "127.0.0.1", "four numbers"),
        ("10.0.0.1:80", "127.0.0.1", "'10.0.0.1' alone"),
        ("10.0.0.1", "fe80::1%eth0", "zone"),
        ("10.0.0.1", "127.0.0.1:4305", "'127.0.0.1' alone"),
    ],
)
def test_addresses_of_clients_and_listening_ports_are_checked(
    panel: Panel, client: str, listener: str, told: str
) -> None:
    partner = Partner.objects.create(identifier="P1", name="One")
    row = {"partner": str(partner.pk), "port": "4305", "address": listener}
    rows = {f"listeners-0-{name}": value for name, value in row.items()}
    page = panel.send(CLIENT, {"name": "main", "address": client, "listeners-TOTAL_FORMS": "1", **rows})
    assert told in page
    assert not ProxyClient.objects.exists()


def test_one_listening_port_in_two_spellings_is_refused(panel: Panel) -> None:
    partner = Partner.objects.create(identifier="P1", name="One")
    rows = {}
    for number, address in enumerate(("127.0.0.1", "::ffff:127.0.0.1")):
        row = {"partner": str(partner.pk), "port": "4305", "address": address}
        rows |= {f"listeners-{number}-{name}": value for name, value in row.items()}
    page = panel.send(CLIENT, {"name": "main", "address": "::1", "listeners-TOTAL_FORMS": "2", **rows})
    assert "duplicate" in page
    assert not ProxyClient.objects.exists()


def test_a_partner_has_all_of_it_of_its_own_or_as_in_general(panel: Panel) -> None:
    partner = Partner.objects.create(identifier="P1", name="One")
    page = f"/panel/partners/partner/{partner.pk}/change/"
    assert len(re.findall(r"<option value=\"\"[^>]*selected[^>]*>\s*as in general", panel.open(page))) == 9
    panel.send(page, {})
    assert not SessionRules.objects.exists()
    told = panel.send(page, {
        "profile": "strict", "level_5_only": "False", "secure_authentication": "True", "trace": "on",
        "incoming_max_octets": "0", "outgoing_destinations": "*",
        "rules-TOTAL_FORMS": "1", "rules-0-rule": "FLD-X/case", "rules-0-severity": "refuse",
    })  # fmt: skip
    assert "was changed successfully" in told
    rules = SessionRules.objects.get(partner=partner)
    assert (rules.profile, rules.level_5_only, rules.secure_authentication) == ("strict", False, True)
    assert (rules.incoming_max_octets, rules.outgoing_destinations) == (0, "*")
    partner.refresh_from_db()
    assert partner.trace is True
    assert [str(rule) for rule in RuleSeverity.objects.all()] == ["FLD-X/case: refuse, partner P1"]
    panel.send(page, {"profile": "", "level_5_only": "", "incoming_max_octets": ""})
    rules.refresh_from_db()
    assert (rules.profile, rules.level_5_only, rules.incoming_max_octets) == ("", None, None)


# --- what only the moment of storing shows ----------------------------------------------------------------------------


def test_a_form_that_is_sent_twice_is_told_and_stores_nothing_twice(panel: Panel) -> None:
    """Two clicks, or two windows: the row that is new in both is there already for the second."""
    panel.open("/panel/configuration/settings/")
    new = {"rules-TOTAL_FORMS": "1", "rules-INITIAL_FORMS": "0", "rules-0-rule": "FLD-XPAD"}
    assert "was changed successfully" in panel.send(SETTINGS, {**new, "rules-0-severity": "ignore"})
    told = panel.send(SETTINGS, {**new, "rules-0-id": "", "rules-0-severity": "warn", "sessions": "7"})
    assert "already exists" in told
    assert RuleSeverity.objects.get().severity == "ignore"
    assert Settings.load().sessions != 7, "all of a form or nothing"


def test_a_certificate_that_another_partner_has_is_told(panel: Panel, certificate_of: Callable[..., Any]) -> None:
    pem = certificate_of("P1").pem.encode()
    for name in ("one", "two"):
        add_partner(owner(), name, name, [f"O0013{name.upper()}"], [pem] if name == "one" else [])
    two = Partner.objects.get(identifier="two")
    told = panel.send(f"/panel/partners/partner/{two.pk}/change/", {
        "certificates-TOTAL_FORMS": "1", "certificates-0-pem": pem.decode(), "certificates-0-partner": str(two.pk),
    })  # fmt: skip
    assert "is a certificate of partner one already; a provider that serves several" in told
    assert not two.certificates.exists()


def test_a_rule_of_another_version_does_not_hinder_a_change_of_its_partner(panel: Panel) -> None:
    partner = add_partner(owner(), "one", "one", ["O0013ONE"], [])
    RuleSeverity.objects.bulk_create([RuleSeverity(partner=partner, rule="FLD-OLD", severity="warn")])
    path = f"/panel/partners/partner/{partner.pk}/change/"
    page = panel.open(path)
    assert "FLD-OLD: of another version" in page
    assert "was changed successfully" in panel.send(path, {"port": "7000"})
    assert (Partner.objects.get().port, RuleSeverity.objects.get().rule) == (7_000, "FLD-OLD")
    assert "Select a valid choice" in panel.send(path, {
        "rules-TOTAL_FORMS": "2", "rules-1-rule": "FLD-OLD", "rules-1-severity": "warn",
        "rules-1-partner": str(partner.pk),
    })  # fmt: skip
    assert "was changed successfully" in panel.send(path, {"rules-0-DELETE": "on"})
    assert not RuleSeverity.objects.exists()


# --- who may come in --------------------------------------------------------------------------------------------------


def test_by_what_a_partner_is_admitted_is_set_in_its_form(panel: Panel, certificate_of: Callable[..., Any]) -> None:
    ca = certificate_of("Some CA", ca=True)
    add_anchor(owner(), ca.pem.encode())
    partner = add_partner(owner(), "one", "one", ["O0013ONE"], [])
    path = f"/panel/partners/partner/{partner.pk}/change/"
    told = panel.send(path, {
        "anchors": "Some CA", "odette_ids": "O0013A", "sessions": "3", "old_tls": "on", "admission_usage": "refuse",
        "names-TOTAL_FORMS": "1", "names-0-issuer": "cn = CA", "names-0-subject": "CN=One",
        "names-0-partner": str(partner.pk),
    })  # fmt: skip
    assert "was changed successfully" in told
    row = Partner.objects.get()
    assert (row.anchors, row.odette_ids, row.sessions, row.old_tls) == (ca.fingerprint, "O0013A", 3, True)
    assert row.admission_usage == "refuse"
    assert [(name.issuer, name.subject) for name in row.names.all()] == [("CN=CA", "CN=One")]
    assert "There is no trust anchor 'No CA'" in panel.send(path, {"anchors": "No CA"})
    assert "was changed successfully" in panel.send(path, {"names-0-DELETE": "on"})
    assert not row.names.exists()


def test_the_general_rules_of_admission_are_set_in_the_form_of_settings(panel: Panel) -> None:
    told = panel.send(
        SETTINGS, {"admission_revocation": "hard", "admission_ca_names": "on", "load_balancers": "10.0.0.1"}
    )
    assert "was changed successfully" in told
    row = Settings.load()
    assert (row.admission_revocation, row.admission_ca_names, row.load_balancers) == ("hard", True, "10.0.0.1/32")


def test_trust_anchors_are_added_changed_and_removed_in_the_panel(
    panel: Panel, certificate_of: Callable[..., Any]
) -> None:
    ca, leaf = certificate_of("Some CA", ca=True), certificate_of("Leaf")
    add = "/panel/anchors/anchor/add/"
    assert "CN=Leaf is no CA" in panel.send(add, {"name": "x", "pem": leaf.pem})
    assert "was added successfully" in panel.send(add, {"name": "x", "pem": ca.pem, "asserts_odette_ids": "on"})
    anchor = Anchor.objects.get()
    assert (anchor.name, anchor.fingerprint, anchor.asserts_odette_ids) == ("x", ca.fingerprint, True)
    page = f"/panel/anchors/anchor/{anchor.pk}/"
    assert "was changed successfully" in panel.send(f"{page}change/", {"name": "y", "asserts_odette_ids": "on"})
    add_partner(owner(), "one", "one", [], [], odette_ids=["O0013A"])
    assert Anchor.objects.get().asserts_odette_ids
    told = panel.send(f"{page}delete/", {"post": "yes"})
    assert Anchor.objects.get().name == "y"
    assert "Partners come in by the trust anchor y" in told


def test_refused_certificates_are_shown_escaped_and_can_be_forgotten(panel: Panel) -> None:
    made = certificates.make("<script>alert(1)</script>")
    der = made.certificate.public_bytes(certificates.Encoding.DER)
    remember(RefusedCertificate(der, "192.0.2.1:5", "UNKNOWN", "<b>no</b>", 0.0))
    lists = "/panel/refused/refusedcertificate/"
    for page in (lists, f"{lists}{Refused.objects.get().pk}/change/"):
        text = panel.open(page)
        assert made.fingerprint in text
        assert "<script>alert(1)" not in text
        assert "<b>no" not in text
    fields = {"action": "forget", "_selected_action": [Refused.objects.get().pk], "index": "0"}
    panel._client.post(lists, fields, secure=True, follow=True)
    assert not Refused.objects.exists()
