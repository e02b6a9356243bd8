"""A client has a page: name, address, listening ports with the partner behind each."""

import pytest
from page_forms import Pages

from seon.backend.acting.actors import owner
from seon.backend.journal.models import Entry
from seon.backend.panel.proxy.clients import number_sent
from seon.backend.partners.actions import add_partner
from seon.backend.proxies.actions import add_client
from seon.backend.proxies.models import Listener, ProxyClient
from seon.backend.trust.models import Token
from seon.backend.trust.token_actions import new_token

PAGE = "/panel/configuration/proxy/clients/"


@pytest.fixture
def client() -> ProxyClient:
    for name in ("acme", "other"):
        add_partner(owner(), name, name, [f"O0013{name.upper()}"], [])
    return add_client(owner(), "main", "10.0.0.7")


def test_a_listening_port_is_added_changed_and_removed(client: ProxyClient) -> None:
    pages, page = Pages(), f"{PAGE}{client.pk}/"
    assert "was added" in pages.send(page, "add_port", port="3306", partner="acme", address="::ffff:127.0.0.1")
    port = Listener.objects.get()
    assert (port.port, port.address, port.partner.identifier) == (3_306, "127.0.0.1", "acme")
    assert "already exists" in pages.send(page, "add_port", port="3306", partner="other")
    changed = f"{page}ports/{port.pk}/"
    assert "Saved." in pages.send(changed, "change", port="3307", partner="other")
    port.refresh_from_db()
    assert (port.port, port.address, port.partner.identifier) == (3_307, "127.0.0.1", "other")
    form = pages.forms(page)["remove_port"]
    assert "Remove listening port 127.0.0.1:3307?" in pages.post(page, form)
    assert Listener.objects.exists()
    assert "was removed" in pages.post(page, {**form, "seon_sure": "1"})
    assert not Listener.objects.exists()
    assert Entry.objects.filter(text__startswith="anna (panel), listener.change: ").exists()


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("port", "0", "greater than or equal to 1"),
        ("port", "99999999999999999999", "less than or equal to 65535"),
        ("partner", "nobody", "There is no partner with this id"),
        ("partner", "ac\0me", "Null characters"),
        ("address", "127.0.0.1:3306", "'127.0.0.1' alone"),
        ("address", "fe80::1%eth0", "zone"),
    ],
)
def test_what_is_wrong_with_a_port_is_said_at_its_field(client: ProxyClient, field: str, value: str, told: str) -> None:
    good = {"port": "3306", "partner": "acme", "address": "127.0.0.1"}
    assert told in Pages().send(f"{PAGE}{client.pk}/", "add_port", **{**good, field: value})
    assert not Listener.objects.exists()


def test_a_client_is_changed_with_a_receive_daemon_of_its_own(client: ProxyClient) -> None:
    pages, page = Pages(), f"{PAGE}{client.pk}/"
    own = {"name": "<b>new", "address": "::1", "receive_daemon_host": "sta", "receive_daemon_port": "3305"}
    told = pages.send(page, "change", **own)
    assert "Saved." in told
    client.refresh_from_db()
    assert (client.name, client.address, client.receive_daemon_port) == ("<b>new", "127.0.0.1", 3_305)
    assert "<b>new" not in pages.open(page)
    pages.send(page, "change", receive_daemon_host="", receive_daemon_port="")
    client.refresh_from_db()
    assert (client.receive_daemon_host, client.receive_daemon_port) == ("", None)


def test_a_client_is_removed_unless_a_token_is_for_it_alone(client: ProxyClient) -> None:
    pages, page = Pages(), f"{PAGE}{client.pk}/"
    new_token(owner(), "t", client="main")
    form = pages.forms(page)["remove"]
    assert "Remove client main?" in pages.post(page, form)
    assert "has tokens of its own (t)" in pages.post(page, {**form, "seon_sure": "1"})
    Token.objects.all().delete()
    assert "The client was removed." in pages.post(page, {**form, "seon_sure": "1"})
    assert not ProxyClient.objects.exists()


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_who_may_not_configure_only_looks(client: ProxyClient, role: str) -> None:
    pages, page = Pages(role), f"{PAGE}{client.pk}/"
    assert "10.0.0.7" in pages.open(page)
    assert not pages.forms(page)
    pages.post(page, {"do": "remove", "seon_sure": "1"})
    assert ProxyClient.objects.exists()


@pytest.mark.parametrize("path", ["0/", "99999999999999999999/", "1/ports/1/", "1/ports/99999999999999999999/"])
def test_what_is_not_there_is_not_found(path: str) -> None:
    pages = Pages()
    pages.open(PAGE + path)
    assert pages.status == 404


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("-7", 0), ("", 0), ("x", 0), ("٧", 0), ("9" * 5_000, 0)])
def test_a_number_of_a_row_is_taken_from_what_was_sent(text: str, number: int) -> None:
    assert number_sent(text) == number


def test_a_port_that_is_gone_is_told(client: ProxyClient) -> None:
    assert "not there any more" in Pages().post(f"{PAGE}{client.pk}/", {"do": "remove_port", "port": "x"})
