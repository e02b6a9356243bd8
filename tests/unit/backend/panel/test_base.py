"""Who sees and changes what in the panel, page by page, with the roles that every installation has."""

import json
import re
from html import unescape

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core import serializers
from django.test import Client
from django.utils import timezone
from seon.backend.panel.look import _PAGES

from certificates import make
from seon.backend.acting.actors import owner
from seon.backend.acting.roles import make_roles
from seon.backend.configuration.models import Settings, TracedSession
from seon.backend.https import new_api_ca
from seon.backend.journal.models import Entry, Session
from seon.backend.partners.models import Partner
from seon.backend.proxies.actions import add_listener
from seon.backend.proxies.models import Listener, ProxyClient
from seon.backend.trust.models import Token
from seon.backend.trust.token_actions import change_token, new_token, withdraw_token
from seon.pki import pem_of

LISTS = [f"/panel/{name.replace('_', '/')}/" for group in _PAGES.values() for _, _, name in group]
SETTINGS, CLIENTS = "/panel/configuration/settings/1/change/", "/panel/proxies/proxyclient/"
NOISE = {"sessions.Session", "admin.LogEntry", "auth.User", "journal.Entry"}
"""Rows that a login or a refusal writes."""


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])


@pytest.fixture(autouse=True)
def rows() -> None:
    """A row on most pages."""
    Settings(pk=1).save()
    Partner.objects.create(identifier="P1", name="One")
    add_listener(owner(), "main/127.0.0.1", 4_305, "P1")
    new_token(owner(), "t1")
    Session.objects.create(session="0123456789abcdef", started_at=timezone.now())


def logged_in(role: str) -> Client:
    make_roles()
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def everything() -> str:
    kept = [model for model in apps.get_models() if model._meta.managed and model._meta.label not in NOISE]
    return json.dumps([json.loads(serializers.serialize("json", model._base_manager.order_by("pk"))) for model in kept])


def changes() -> list[str]:
    return [entry.fields["act"] for entry in Entry.objects.filter(code="AUD-CHANGE").order_by("pk")]


def pages(client: Client) -> list[str]:
    """All pages: the lists, and what stands behind each first row."""
    found = list(LISTS)
    for path in LISTS:
        page = client.get(path, secure=True, follow=True).content.decode()
        found += list(dict.fromkeys(re.findall(rf'href="({re.escape(path)}\d+/change/)', page)))[:1]
    return found


def test_an_auditor_sees_every_page_and_no_secret_and_changes_nothing() -> None:
    auditor = logged_in("auditor")
    before, seen = everything(), pages(auditor)
    assert len(seen) > len(LISTS) + 4
    for path in seen:
        answer = auditor.get(path, secure=True, follow=True)
        page = answer.content.decode()
        assert answer.status_code == 200, path
        assert 'name="_save"' not in page, path
        assert "PRIVATE KEY" not in page
        assert "scrypt$" not in page
    assert everything() == before, "looking stores nothing"
    for path in [*(path for path in seen if path.endswith("/change/")), *(f"{path}add/" for path in LISTS)]:
        answer = auditor.post(path, {"name": "x", "external_port": "7000"}, secure=True)
        assert answer.status_code in {403, 404}, path
    for path in (path for path in seen if path.endswith("/change/")):
        answer = auditor.post(path.replace("/change/", "/delete/"), {"post": "yes"}, secure=True)
        assert answer.status_code == 403, path
    for path, action in ((LISTS[5], "withdraw"), (LISTS[6], "withdraw"), ("/panel/journal/session/", "trace")):
        auditor.post(path, {"action": action, "_selected_action": ["1"], "index": "0"}, secure=True)
    assert everything() == before


def test_who_has_no_right_at_all_sees_no_page() -> None:
    user = User.objects.create_user("nobody", is_staff=True)
    client = Client()
    client.force_login(user)
    for path in LISTS:
        answer = client.get(path, secure=True, follow=True)
        assert answer.status_code == 403, path


def test_an_operator_switches_partners_off_and_on_and_changes_nothing_else_of_them() -> None:
    operator = logged_in("operator")
    partner = Partner.objects.get()
    lists, page = "/panel/partners/partner/", f"/panel/partners/partner/{partner.pk}/change/"
    for action, enabled in (("disable", False), ("enable", True)):
        form = {"action": action, "_selected_action": [str(partner.pk)], "index": "0"}
        operator.post(lists, form, secure=True)
        partner.refresh_from_db()
        assert partner.enabled is enabled
        assert changes()[-1] == f"partner.{action}"
    shown = operator.get(page, secure=True).content.decode()
    assert 'name="_save"' not in shown
    assert operator.post(page, {"name": "Other", "enabled": ""}, secure=True).status_code == 403
    remove = {"action": "delete_selected", "_selected_action": [str(partner.pk)], "post": "yes", "index": "0"}
    operator.post(lists, remove, secure=True)
    partner.refresh_from_db()
    assert (partner.name, partner.enabled) == ("One", True)


def test_a_partner_s_form_is_stored_by_acts_each_thing_by_its_own() -> None:
    administrator = logged_in("administrator")
    partner = Partner.objects.get()
    page = f"/panel/partners/partner/{partner.pk}/change/"
    given = {
        "name": "Other", "host": "", "port": "6619", "networks": "10.0.0.0/8\r\n192.0.2.7", "notes": "call first",
        "profile": "strict", "level_5_only": "", "secure_authentication": "", "esid_names_rule": "",
        "codes-TOTAL_FORMS": "1", "codes-INITIAL_FORMS": "0", "codes-0-code": "O0013P1",
        "certificates-TOTAL_FORMS": "0", "certificates-INITIAL_FORMS": "0",
        "names-TOTAL_FORMS": "0", "names-INITIAL_FORMS": "0",
        "rules-TOTAL_FORMS": "0", "rules-INITIAL_FORMS": "0",
    }  # fmt: skip
    answer = administrator.post(page, given, secure=True, follow=True)
    assert "was changed successfully" in unescape(answer.content.decode())
    now = Partner.objects.get()
    assert (now.name, now.enabled, now.notes) == ("Other", False, "call first")
    assert now.networks.split() == ["10.0.0.0/8", "192.0.2.7/32"]
    assert [code.code for code in now.codes.all()] == ["O0013P1"]
    assert changes()[-5:] == [
        "partner.change", "partner.disable", "partner.add_network", "partner.rules", "partner.add_code"
    ]  # fmt: skip
    swapped = {
        **given, "networks": "192.0.2.7", "codes-TOTAL_FORMS": "2", "codes-INITIAL_FORMS": "1",
        "codes-0-id": str(now.codes.get().pk), "codes-0-partner": str(now.pk), "codes-0-DELETE": "on",
        "codes-1-code": "O0013P2", "codes-1-partner": str(now.pk),
    }  # fmt: skip
    administrator.post(page, swapped, secure=True, follow=True)
    now.refresh_from_db()
    assert now.networks == "192.0.2.7/32"
    assert [code.code for code in now.codes.all()] == ["O0013P2"], "the last one goes when another has come"


def test_a_certificate_that_must_not_be_pinned_is_refused_above_the_partner_s_form_with_what_to_do() -> None:
    administrator = logged_in("administrator")
    partner = Partner.objects.get()
    old, authority = make("old", days=-1).certificate, new_api_ca()[1]
    for certificate, told in ((authority, "is the certificate of a CA"), (old, "with it the partner is not admitted")):
        given = {
            "name": "Other", "enabled": "on", "host": "", "port": "6619", "networks": "192.0.2.0/24", "notes": "call",
            "profile": "", "level_5_only": "", "secure_authentication": "", "esid_names_rule": "",
            "codes-TOTAL_FORMS": "0", "codes-INITIAL_FORMS": "0", "rules-TOTAL_FORMS": "0", "rules-INITIAL_FORMS": "0",
            "certificates-TOTAL_FORMS": "1", "certificates-INITIAL_FORMS": "0",
        "names-TOTAL_FORMS": "0", "names-INITIAL_FORMS": "0",
            "certificates-0-pem": pem_of(certificate),
        }  # fmt: skip
        answer = administrator.post(f"/panel/partners/partner/{partner.pk}/change/", given, secure=True, follow=True)
        page = unescape(answer.content.decode())
        assert told in page
        assert "192.0.2.0/24" in page, "what was entered is kept"
        partner.refresh_from_db()
        assert (partner.name, partner.networks, partner.certificates.count()) == ("One", "", 0)


def test_an_operator_traces_sessions_and_changes_no_settings_and_no_partner() -> None:
    operator = logged_in("operator")
    form = {"action": "trace", "_selected_action": [str(Session.objects.get().pk)], "index": "0"}
    operator.post("/panel/journal/session/", form, secure=True)
    assert TracedSession.objects.get().session == "0123456789abcdef"
    assert changes()[-1] == "session.trace"
    partner = f"/panel/partners/partner/{Partner.objects.get().pk}/change/"
    for path in (SETTINGS, partner, f"{CLIENTS}{ProxyClient.objects.get().pk}/change/"):
        assert operator.post(path, {"name": "Other"}, secure=True).status_code == 403
    assert Partner.objects.get().name == "One"


def test_clients_and_their_ports_are_changed_by_acts() -> None:
    administrator = logged_in("administrator")
    client, partner = ProxyClient.objects.get(), Partner.objects.get()
    listener = Listener.objects.get()
    given = {
        "name": "inside", "address": "10.0.0.5", "receive_daemon_host": "", "receive_daemon_port": "",
        "listeners-TOTAL_FORMS": "2", "listeners-INITIAL_FORMS": "1",
        "listeners-0-id": str(listener.pk), "listeners-0-client": str(client.pk), "listeners-0-port": "4306",
        "listeners-0-partner": str(partner.pk), "listeners-0-address": "127.0.0.1",
        "listeners-1-port": "4307", "listeners-1-client": str(client.pk), "listeners-1-partner": str(partner.pk),
        "listeners-1-address": "127.0.0.1",
    }  # fmt: skip
    answer = administrator.post(f"{CLIENTS}{client.pk}/change/", given, secure=True, follow=True)
    assert "was changed successfully" in unescape(answer.content.decode())
    now = ProxyClient.objects.get()
    assert (now.name, now.address) == ("inside", "10.0.0.5")
    assert sorted(now.listeners.values_list("port", flat=True)) == [4_306, 4_307]
    assert set(changes()[-4:]) == {"client.change", "listener.add", "listener.remove"}


def test_what_an_act_refuses_stands_above_the_form_and_nothing_of_it_is_stored() -> None:
    administrator = logged_in("administrator")
    given = {
        "identifier": "P2", "name": "Two", "enabled": "on", "host": "", "port": "6619", "networks": "192.0.2.0/24",
        "notes": "", "profile": "", "level_5_only": "", "secure_authentication": "", "esid_names_rule": "",
        "codes-TOTAL_FORMS": "0", "codes-INITIAL_FORMS": "0", "rules-TOTAL_FORMS": "0", "rules-INITIAL_FORMS": "0",
        "certificates-TOTAL_FORMS": "1", "certificates-INITIAL_FORMS": "0",
        "names-TOTAL_FORMS": "0", "names-INITIAL_FORMS": "0",
        "certificates-0-pem": pem_of(new_api_ca()[1]),
    }  # fmt: skip
    page = unescape(administrator.post("/panel/partners/partner/add/", given, secure=True).content.decode())
    assert "is the certificate of a CA" in page
    assert "192.0.2.0/24" in page, "what was entered is kept"
    assert Partner.objects.count() == 1


def test_a_client_is_removed_unless_a_token_in_force_is_for_it_alone() -> None:
    administrator = logged_in("administrator")
    client, token = ProxyClient.objects.get(), Token.objects.get()
    change_token(owner(), token.name, client=client.name)

    def removed() -> str:
        path = f"{CLIENTS}{client.pk}/delete/"
        return unescape(administrator.post(path, {"post": "yes"}, secure=True, follow=True).content.decode())

    assert "has tokens of its own (" in removed()
    assert ProxyClient.objects.exists()
    withdraw_token(owner(), token.name)
    removed()
    assert not ProxyClient.objects.exists()
    assert changes()[-1] == "client.remove"


def test_a_token_is_withdrawn_by_its_act() -> None:
    administrator = logged_in("administrator")
    form = {"action": "withdraw", "_selected_action": [str(Token.objects.get().pk)], "index": "0"}
    administrator.post("/panel/trust/token/", form, secure=True)
    assert Token.objects.get().withdrawn_at is not None
    assert changes()[-1] == "token.withdraw"


def test_a_list_s_address_asks_for_nothing_but_its_filters_so_that_nobody_guesses_a_hash() -> None:
    auditor = logged_in("auditor")
    user = User.objects.get(username="auditor")
    user.set_password("correct horse battery")
    user.save()
    auditor.force_login(user)
    for asked in (
        "trust/token/?digest__startswith=" + Token.objects.get().digest[:5],
        "auth/user/?password__startswith=scrypt",
        "auth/user/?groups__user__password__startswith=scrypt",
        "auth/group/?user__password__startswith=scrypt",
        "trust/owncertificate/?key__sealed__startswith=x",
    ):
        assert auditor.get(f"/panel/{asked}", secure=True).status_code == 400, asked
    operators = Group.objects.get(name="operator").pk
    for path, there in ((f"auth/user/?groups__id__exact={operators}", False), ("auth/user/?is_active__exact=1", True)):
        answer = auditor.get(f"/panel/{path}", secure=True)
        assert answer.status_code == 200
        assert (f"/panel/auth/user/{user.pk}/change/" in answer.content.decode()) is there, path
    for path in ("trust/license/?withdrawn_at__isnull=True", "journal/entry/?severity__exact=40&q=x"):
        assert auditor.get(f"/panel/{path}", secure=True).status_code == 200, path
