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
from django.utils import timezone

import certificates
from seon.api_messages import RefusedCertificate
from seon.backend.acting.actors import owner
from seon.backend.anchors.actions import add_anchor
from seon.backend.anchors.models import Anchor
from seon.backend.configuration.models import TracedSession
from seon.backend.journal.models import Session
from seon.backend.partners.actions import add_partner
from seon.backend.partners.models import Partner
from seon.backend.refused.models import RefusedCertificate as Refused
from seon.backend.refused.recording import remember
from seon.backend.session_rules.models import RuleSeverity, SessionRules

SETTINGS, SESSIONS = "/panel/configuration/settings/1/change/", "/panel/journal/session/"
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

    def act(self, action: str, *sessions: Session) -> str:
        fields = {"action": action, "_selected_action": [session.pk for session in sessions], "index": "0"}
        return str(self._client.post(SESSIONS, fields, secure=True, follow=True).content.decode())


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


def test_a_partner_s_host_is_checked_when_it_is_entered(panel: Panel) -> None:
    partner = Partner.objects.create(identifier="P1", name="One")
    page = f"/panel/partners/partner/{partner.pk}/change/"
    assert "port '6619'" in panel.send(page, {"host": "p1.example:6619"})
    Partner.objects.update(host="p1.example:6619")
    assert "was changed successfully" in panel.send(page, {"enabled": "", "name": "Other"})
    partner.refresh_from_db()
    assert (partner.name, partner.host) == ("Other", "p1.example:6619")
    assert "four numbers" in panel.send(page, {"host": "10.1.2"})


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


def test_running_sessions_are_traced_from_their_page(panel: Panel) -> None:
    now = timezone.now()
    running = Session.objects.create(session="0123456789abcdef", started_at=now)
    ended = Session.objects.create(session="fedcba9876543210", started_at=now, ended_at=now)
    assert "Traces switched on for 1 running sessions" in panel.act("trace", running, ended)
    assert [traced.session for traced in TracedSession.objects.all()] == [running.session]
    assert "Traces switched off for 1 running sessions" in panel.act("trace_no_longer", running)
    assert not TracedSession.objects.exists()


def test_who_may_only_look_cannot_trace() -> None:
    from django.contrib.auth.models import Permission

    user = User.objects.create(username="bert", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="read", content_type__app_label="acting"))
    running = Session.objects.create(session="0123456789abcdef", started_at=timezone.now())
    looking = Panel(user)
    assert "trace_no_longer" not in looking.open(SESSIONS)
    looking.act("trace", running)
    assert not TracedSession.objects.exists()


# --- what only the moment of storing shows ----------------------------------------------------------------------------


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
