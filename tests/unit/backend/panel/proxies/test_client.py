"""The pages of one client: its configuration, its listening ports, and its removal."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from live_states import ADDRESS, listener, state, tell
from panel_clients import logged_in, seen, sent

from seon.backend.acting.actors import owner
from seon.backend.journal.models import Entry
from seon.backend.partners.actions import add_partner
from seon.backend.proxies.actions import add_client, add_listener, change_client
from seon.backend.proxies.models import Listener, ProxyClient, UnknownCaller
from seon.backend.trust.models import Token
from seon.backend.trust.token_actions import new_token

ADD = reverse("panel:proxies-client-add")


@pytest.fixture
def page() -> str:
    add_partner(owner(), "acme", "Acme", ["O0013ACME"], [])
    add_partner(owner(), "bolt", "Bolt", ["O0013BOLT"], [])
    row = add_client(owner(), "inside1", ADDRESS)
    add_listener(owner(), "inside1", 3_306, "acme")
    return reverse("panel:proxies-client", args=[row.pk])


def port_page() -> str:
    row = Listener.objects.get()
    return reverse("panel:proxies-listener", args=[row.client_id, row.pk])


def filled(panel: Client, page: str, name: str, /, **values: str) -> dict[str, Any]:
    """Return what a form of a page would send: what stands in it, and these values."""
    form = panel.get(page, secure=True).context_data["forms"][name]
    there = {form.add_prefix(key): form.get_initial_for_field(field, key) for key, field in form.fields.items()}
    there = {key: value or "" for key, value in there.items()}
    return {
        "do": name,
        "seen": form.seen_now(),
        **there,
        **{form.add_prefix(key): text for key, text in values.items()},
    }


def errors(panel: Client, page: str, name: str, data: dict[str, Any]) -> dict[str, str]:
    found = panel.post(page, data, secure=True).context_data["forms"][name].errors
    return {key: " ".join(texts) for key, texts in found.items()}


def test_a_client_is_made_of_an_unknown_caller_in_one_step() -> None:
    UnknownCaller.objects.create(address="10.0.0.9", told_at=timezone.now())
    panel = logged_in("administrator")
    where = f"{ADD}?address=10.0.0.9"
    assert 'value="10.0.0.9"' in seen(panel, where)
    told = sent(panel, where, filled(panel, where, "add", name="inside2", receive_daemon_host="sta.example"))
    assert "Client inside2" in told
    assert "Client added." in told
    row = ProxyClient.objects.get()
    assert (row.name, row.address, row.receive_daemon_host) == ("inside2", "10.0.0.9", "sta.example")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [("address", "10.0.0.0/8", "10.0.0.0/8"), ("address", "", "required"), ("name", "a/b", "none of them '/'"),
     ("name", "inside1", "already exists"), ("address", ADDRESS, "already exists"), ("address", "::", "::"),
     ("receive_daemon_host", "a b", "a b"), ("receive_daemon_port", "65536", "from 1 to 65535")],
)  # fmt: skip
def test_a_client_that_cannot_be_is_refused_at_its_field(page: str, field: str, value: str, told: str) -> None:
    panel = logged_in("administrator")
    given = {"name": "inside2", "address": "10.0.0.9", field: value}
    assert told in errors(panel, ADD, "add", filled(panel, ADD, "add", **given))[field]
    assert ProxyClient.objects.count() == 1


def test_the_page_of_a_client_says_what_it_does_and_what_is_stored_of_it(page: str) -> None:
    tell(state(listeners=(listener(open=False, reason="Address already in use"),)))
    told = seen(logged_in("auditor"), page)
    for words in ("Client inside1", "Proxy client configuration", "Runs", "Address already in use", "acme",
                  "Look at port 3306"):  # fmt: skip
        assert words in told
    assert 'value="remove"' not in told
    assert "Add a listening port" not in told
    assert "Runs" in seen(logged_in("auditor"), f"{page}?part=now")


def test_a_client_is_changed_and_what_somebody_else_changed_is_not_lost(page: str) -> None:
    panel = logged_in("administrator")
    late = filled(panel, page, "client", receive_daemon_port="4305")
    assert "Saved." in sent(panel, page, filled(panel, page, "client", address="10.0.0.6"))
    assert "client.change" in Entry.objects.filter(code="AUD-CHANGE").latest("pk").text
    assert "it is now: 10.0.0.6" in sent(panel, page, late)
    row = ProxyClient.objects.get()
    assert (row.address, row.receive_daemon_port) == ("10.0.0.6", None)


def test_a_listening_port_is_added_changed_and_removed(page: str) -> None:
    panel = logged_in("administrator")
    told = sent(panel, page, filled(panel, page, "listener", port="3307", partner="bolt", address="10.0.0.5"))
    assert "Listening port added." in told
    assert "Change or remove port 3307" in told
    Listener.objects.filter(port=3_306).delete()
    told = sent(panel, port_page(), filled(panel, port_page(), "listener", port="3308", partner="acme"))
    assert "Saved." in told
    row = Listener.objects.get()
    assert (row.address, row.port, row.partner.identifier) == ("10.0.0.5", 3_308, "acme")
    assert "port: 3307 to 3308" in Entry.objects.filter(code="AUD-CHANGE").latest("pk").text
    where = port_page()
    assert "The client closes the port" in sent(panel, where, {"do": "remove"})
    assert "It has none" in sent(panel, where, {"do": "remove", "seon_sure": "1"})
    assert not Listener.objects.exists()
    seen(panel, where, 404)


@pytest.mark.parametrize(
    ("values", "field", "told"),
    [({"port": "0"}, "port", "from 1 to 65535"), ({"partner": "nobody"}, "partner", "not one of the available"),
     ({"partner": ""}, "partner", "required"), ({"address": "host.example"}, "address", "host.example"),
     ({"port": "3306", "address": "127.0.0.1"}, "__all__", "already exists")],
)  # fmt: skip
def test_a_listening_port_that_cannot_be_is_refused_at_its_field(
    page: str, values: dict[str, str], field: str, told: str
) -> None:
    panel = logged_in("administrator")
    data = filled(panel, page, "listener", **{"port": "3307", "partner": "bolt", **values})
    assert told in errors(panel, page, "listener", data)[field]
    assert Listener.objects.count() == 1


def test_a_client_is_removed_unless_a_token_in_force_is_for_it_alone(page: str) -> None:
    new_token(owner(), "main", client="inside1")
    panel = logged_in("administrator")
    assert "Its 1 listening ports are removed with it" in sent(panel, page, {"do": "remove"})
    told = sent(panel, page, {"do": "remove", "seon_sure": "1"})
    assert "has tokens of its own (main)" in told
    assert "Tokens for it alone: main" in told
    Token.objects.update(withdrawn_at=timezone.now())
    assert "Client inside1 removed" in sent(panel, page, {"do": "remove", "seon_sure": "1"})
    assert not ProxyClient.objects.exists()


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_who_may_not_configure_changes_nothing(page: str, role: str) -> None:
    panel = logged_in(role)
    where = port_page()
    for path, data in (
        (ADD, filled(panel, ADD, "add", name="inside2", address="10.0.0.9")),
        (page, filled(panel, page, "client", address="10.0.0.6")),
        (page, filled(panel, page, "listener", port="3307", partner="bolt")),
        (page, {"do": "remove", "seon_sure": "1"}),
        (where, filled(panel, where, "listener", port="3308")),
        (where, {"do": "remove", "seon_sure": "1"}),
    ):
        sent(panel, path, data)
    assert list(ProxyClient.objects.values_list("name", "address")) == [("inside1", ADDRESS)]
    assert list(Listener.objects.values_list("port", flat=True)) == [3_306]


def test_a_port_of_another_client_is_not_found_under_this_one(page: str) -> None:
    other = add_client(owner(), "inside2", "10.0.0.9")
    seen(logged_in("auditor"), reverse("panel:proxies-listener", args=[other.pk, Listener.objects.get().pk]), 404)
    for path in ("clients/9/", f"clients/{10**40}/", f"clients/{other.pk}/ports/{10**40}/"):
        seen(logged_in("auditor"), f"/panel/proxies/{path}", 404)


def test_the_address_in_the_link_is_shown_as_text(page: str) -> None:
    evil = '"><img src=x>'
    answer = logged_in("administrator").get(ADD, {"address": evil}, secure=True).content.decode()
    assert "<img" not in answer
    change_client(owner(), "inside1", name=evil)
    assert "<img" not in logged_in("auditor").get(page, secure=True).content.decode()
