"""TCP/IP: where servers listen is set in general and per server, and what each listens on now is said."""

import pytest
from live_states import server as server_live
from live_states import state, tell
from page_forms import Pages

from seon.backend.configuration.models import Settings
from seon.backend.journal.models import Entry
from seon.backend.proxies.models import ProxyServer

PAGE = "/panel/configuration/tcp-ip/"


def test_the_port_in_general_is_set_under_its_name_and_audited() -> None:
    pages = Pages()
    page = pages.open(PAGE)
    assert "TCP/IP port of OFTP server (TLS)" in page
    assert "1 to 65535. Default: 6619." in page
    assert "Saved." in pages.send(PAGE, "port", external_port="7619", external_address="[FD00::1]")
    stored = Settings.load()
    assert (stored.external_port, stored.external_address) == (7_619, "fd00::1")
    assert Entry.objects.filter(text__contains="anna (panel), settings.change: settings").exists()


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("external_port", "0", "Enter a whole number from 1 to 65535."),
        ("external_port", "9" * 5_000, "Enter a whole number from 1 to 65535."),
        ("external_port", "", "Enter a whole number from 1 to 65535."),
        ("external_address", "10.0.0.1:6619", "'10.0.0.1' alone"),
        ("external_address", "localhost", "literal IPv4 or IPv6"),
        ("external_address", "239.0.0.1", "multicast"),
        ("external_address", "10\0.0.1", "Null characters"),
        ("external_address", "1" * 100, "at most 45 characters"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_stored(field: str, value: str, told: str) -> None:
    pages = Pages()
    assert told in pages.send(PAGE, "port", **{field: value})
    assert pages.status == 200
    assert not Settings.objects.exists()


def test_networks_are_set_one_a_line() -> None:
    pages = Pages()
    assert "Saved." in pages.send(PAGE, "networks", load_balancers="10.0.0.1\r\n10.1.0.0/16")
    assert Settings.load().load_balancers == "10.0.0.1/32\n10.1.0.0/16"
    assert "is not an IP address or network" in pages.send(PAGE, "networks", exempt_networks="10.1.2")


def test_two_who_change_the_same_value_the_second_is_told() -> None:
    anna, bert = Pages(), Pages(name="bert")
    form = bert.forms(PAGE)["port"]
    anna.send(PAGE, "port", external_port="7000")
    assert "Somebody else has changed this meanwhile; it is now: 7000" in bert.post(
        PAGE, {**form, "external_port": "8000"}
    )
    assert Settings.load().external_port == 7_000


def test_a_server_has_a_port_of_its_own_and_says_where_it_listens(proxy_id: str) -> None:
    server = ProxyServer.objects.create(proxy_id=proxy_id, name="dmz-1")
    pages = Pages()
    own = f"{PAGE}servers/{server.pk}/"
    assert "In general: 6619." in pages.open(own)
    assert "Saved." in pages.send(own, "server", external_port="7619")
    server.refresh_from_db()
    assert server.external_port == 7_619
    assert "no client has told of it yet" in pages.open(PAGE)
    tell(state(servers=(server_live(proxy_id=proxy_id, external_address="", external_port=7_619),)))
    part = pages.open(PAGE, part="servers")
    assert "listens" in part
    assert "port 7619 of every address" in part
    assert "<html" not in part
    pages.send(own, "server", external_port="")
    server.refresh_from_db()
    assert server.external_port is None


@pytest.mark.parametrize("pk", ["0", "99", "9" * 30])
def test_a_server_that_is_not_there_is_not_found(pk: str) -> None:
    pages = Pages()
    pages.open(f"{PAGE}servers/{pk}/")
    assert pages.status == 404


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_who_may_not_configure_sees_the_values_and_changes_nothing(role: str, proxy_id: str) -> None:
    server = ProxyServer.objects.create(proxy_id=proxy_id, name="dmz-1")
    form = Pages().forms(PAGE)["port"]
    pages = Pages(role, "carl")
    page = pages.open(PAGE)
    assert "6619" in page
    assert not pages.forms(PAGE)
    assert "it takes the right to change settings" in pages.post(PAGE, {**form, "external_port": "7000"})
    assert not pages.forms(f"{PAGE}servers/{server.pk}/")
    assert not Settings.objects.exists()
