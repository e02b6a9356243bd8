from datetime import timedelta

import pytest
from django.utils import timezone

from seon.backend.acting.actors import owner
from seon.backend.errors import OperatorError
from seon.backend.partners.actions import add_partner
from seon.backend.proxies import models
from seon.backend.proxies.actions import (
    add_client,
    add_listener,
    change_client,
    change_server,
    known_server,
    remove_client,
    remove_listener,
)
from seon.backend.proxies.models import Listener, ProxyClient, ProxyServer
from seon.backend.trust.models import Token
from seon.backend.trust.token_actions import change_token, new_token, withdraw_token
from seon.link.identity import proxy_id_of
from seon.pki import new_ed25519_key


@pytest.fixture(autouse=True)
def partner() -> None:
    add_partner(owner(), "P1", "One", [], [])


def test_a_client_is_made_once_and_then_known_by_name_or_address() -> None:
    for port, client in enumerate(("main/::1", "main/127.0.0.1", "main", "127.0.0.1", "::1"), 4_305):
        assert add_listener(owner(), client, port, "P1").client.name == "main"
    assert list(ProxyClient.objects.values_list("address", flat=True)) == ["127.0.0.1"]
    assert Listener.objects.count() == 5


@pytest.mark.parametrize(
    ("client", "partner_id", "address", "told"),
    [
        ("main/127.0.0.1", "P2", "127.0.0.1", "there are: P1"),
        ("nobody", "P1", "127.0.0.1", "client add NAME ADDRESS"),
        ("main/here", "P1", "127.0.0.1", "IPv4 or IPv6"),
        ("main/127.0.0.1", "P1", "everywhere", "^Listening port 4305: address: .*IPv4 or IPv6"),
        ("main/10.0.0.1:80", "P1", "127.0.0.1", "^The client main: .*port '80'"),
        ("main/10.1.2", "P1", "127.0.0.1", "^The client main: .*four numbers"),
        ("main/fe80::1%eth0", "P1", "127.0.0.1", "^The client main: .*zone"),
        ("main/0.0.0.0", "P1", "127.0.0.1", "^The client main: .*every address"),
        ("main/", "P1", "127.0.0.1", "^The client main: nothing is entered"),
        ("main/127.0.0.1", "P1", "127.0.0.1:4305", "^Listening port 4305: address: .*port '4305'"),
        ("main/127.0.0.1", "P1", "256.1.1.1", "^Listening port 4305: address: .*0 to 255"),
        ("main/127.0.0.1", "P1", "ff02::1", "^Listening port 4305: address: .*multicast"),
    ],
)
def test_a_wrong_value_is_refused_and_leaves_no_client(client: str, partner_id: str, address: str, told: str) -> None:
    with pytest.raises(OperatorError, match=told):
        add_listener(owner(), client, 4_305, partner_id, address)
    assert not ProxyClient.objects.exists()


def test_a_port_leads_to_one_partner() -> None:
    add_listener(owner(), "main/127.0.0.1", 4_305, "P1")
    with pytest.raises(OperatorError, match="4305"):
        add_listener(owner(), "main", 4_305, "P1")


def test_a_client_has_no_more_ports_than_a_configuration_can_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "MOST_LISTENERS", 1)
    add_partner(owner(), "many", "Many", [], [])
    add_client(owner(), "of-many", "192.0.2.77")
    add_listener(owner(), "of-many", 4_305, "many")
    with pytest.raises(OperatorError, match="has 1 listening ports already, there cannot be more"):
        add_listener(owner(), "of-many", 4_306, "many")


def test_a_name_does_not_move_to_another_address() -> None:
    add_listener(owner(), "main/127.0.0.1", 4_305, "P1")
    with pytest.raises(OperatorError, match=r"has the address 127\.0\.0\.1"):
        add_listener(owner(), "main/10.0.0.1", 4_306, "P1")


def test_an_address_is_one_in_each_of_its_spellings() -> None:
    assert add_listener(owner(), "main/::ffff:10.0.0.1", 4_305, "P1", "[FD00::1]").address == "fd00::1"
    assert ProxyClient.objects.get().address == "10.0.0.1"
    assert str(Listener.objects.get()) == "[fd00::1]:4305 to P1"
    with pytest.raises(OperatorError, match="4305"):
        add_listener(owner(), "main", 4_305, "P1", "fd00:0::1")


@pytest.mark.parametrize("client", ["main/127.0.0.1", "main/10.1.2", "/127.0.0.1", "10.1.2", "main"])
def test_what_cannot_be_removed_makes_no_client(client: str) -> None:
    with pytest.raises(OperatorError, match="client"):
        remove_listener(owner(), client, 4_305)
    assert not ProxyClient.objects.exists()


@pytest.mark.parametrize("client", ["main", "::1", "main/[::1]"])
def test_a_port_is_removed_by_its_clients_name_or_address(client: str) -> None:
    add_listener(owner(), "main/127.0.0.1", 4_305, "P1")
    remove_listener(owner(), client, 4_305)
    assert not Listener.objects.exists()


def test_a_client_is_removed_though_tokens_of_it_have_ended_and_none_of_them_comes_back_for_every_client() -> None:
    add_client(owner(), "main", "10.0.0.5")
    for name in ("withdrawn", "expired", "counting"):
        new_token(owner(), name, client="main", expires_at=timezone.now() + timedelta(days=1))
    withdraw_token(owner(), "withdrawn")
    Token.objects.filter(name="expired").update(expires_at=timezone.now() - timedelta(days=1))
    withdrawn_at = Token.objects.get(name="withdrawn").withdrawn_at
    with pytest.raises(OperatorError, match=r"tokens of its own \(counting\)"):
        remove_client(owner(), "main")
    assert Token.objects.filter(client__name="main").count() == 3, "nothing was changed"
    change_token(owner(), "counting", client="")
    remove_client(owner(), "main")
    assert not ProxyClient.objects.exists()
    assert Token.objects.get(name="withdrawn").withdrawn_at == withdrawn_at
    with pytest.raises(OperatorError, match="no token 'expired' in force; there are: counting"):
        change_token(owner(), "expired", expires_at=None)


def test_a_name_that_reads_as_name_and_address_is_refused_whether_a_client_is_added_or_changed() -> None:
    with pytest.raises(OperatorError, match=r"name cannot be 'a/b'.*none of them '/'"):
        add_client(owner(), "a/b", "10.0.0.5")
    add_client(owner(), "main", "10.0.0.5")
    with pytest.raises(OperatorError, match=r"name cannot be 'a/b'.*none of them '/'"):
        change_client(owner(), "main", name="a/b")
    assert change_client(owner(), "main", name="a-b").name == "a-b"


def test_a_proxy_id_is_that_server_though_another_one_is_named_like_it(proxy_id: str) -> None:
    mine = ProxyServer.objects.create(proxy_id=proxy_id)
    other = ProxyServer.objects.create(proxy_id=proxy_id_of(new_ed25519_key().public_key()), name=proxy_id)
    assert known_server(proxy_id) == mine
    change_server(owner(), proxy_id, name="west")
    change_server(owner(), other.proxy_id, name="west")
    with pytest.raises(OperatorError, match="Two servers are named 'west': give the Proxy ID"):
        known_server("west")
    with pytest.raises(OperatorError, match="No license"):
        known_server("")
