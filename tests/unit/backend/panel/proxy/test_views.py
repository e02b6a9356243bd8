"""Proxy: the receive daemon, tokens, outgoing addresses, clients, ignore rules, under the names that people know."""

import time

import pytest
from live_states import state, tell
from page_forms import Pages

from seon.backend.acting.actors import owner
from seon.backend.configuration.models import Settings
from seon.backend.proxies.models import ProxyClient, ProxyServer
from seon.backend.trust.token_actions import new_token

PAGE = "/panel/configuration/proxy/"


def test_everything_of_the_page_has_its_known_name() -> None:
    page = Pages().open(PAGE)
    for name in (
        "Hostname or IP address of host running Seon receive daemon",
        "Seon Proxy client security token",
        "IP address of outgoing proxy connections",
        "Proxy client configuration",
        "Log message ignore configuration",
    ):
        assert name in page


def test_the_receive_daemon_and_the_outgoing_address_are_set(proxy_id: str) -> None:
    server = ProxyServer.objects.create(proxy_id=proxy_id, name="dmz-1")
    pages = Pages()
    assert "Saved." in pages.send(PAGE, "daemon", receive_daemon_host=" sta.example. ", receive_daemon_port="6000")
    assert "Saved." in pages.send(PAGE, "outgoing", outgoing_address="10.0.0.9")
    stored = Settings.load()
    assert (stored.receive_daemon_host, stored.receive_daemon_port) == ("sta.example", 6_000)
    assert stored.outgoing_address == "10.0.0.9"
    pages.send(f"{PAGE}servers/{server.pk}/", "server", outgoing_address="10.0.0.8")
    assert "10.0.0.8" in pages.open(PAGE)


@pytest.mark.parametrize(
    ("do", "field", "value", "told"),
    [
        ("outgoing", "outgoing_address", "10.1.2", "four numbers"),
        ("outgoing", "outgoing_address", "0.0.0.0", "every address"),
        ("outgoing", "outgoing_address", "fe80::1%eth0", "zone"),
        ("daemon", "receive_daemon_host", "sta.example:3305", "port '3305'"),
        ("daemon", "receive_daemon_host", "256.1.1.1", "0 to 255"),
        ("daemon", "receive_daemon_port", "65536", "from 1 to 65535"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(do: str, field: str, value: str, told: str) -> None:
    page = Pages().send(PAGE, do, **{field: value})
    assert told in page
    assert f'value="{value}"' in page
    assert not Settings.objects.exists()


def test_it_is_said_whether_the_receive_daemon_is_reached() -> None:
    pages = Pages()
    assert "No client is heard of" in pages.open(PAGE, part="daemon")
    tell(state(receive_daemon="sta:3305", receive_daemon_reached=False, receive_daemon_asked=time.time(),
               receive_daemon_reason="<b>refused"))  # fmt: skip
    part = pages.open(PAGE, part="daemon")
    assert "not reached" in part
    assert "&lt;b&gt;refused" in part


def test_tokens_are_shown_without_their_secret() -> None:
    secret = new_token(owner(), "main-token")
    page = Pages().open(PAGE)
    assert "main-token" in page
    assert secret.rpartition(".")[2] not in page


def test_a_client_is_added_and_led_to() -> None:
    pages = Pages()
    page = pages.send(PAGE, "client", name="main", address="::ffff:10.0.0.7")
    assert "The client was added." in page
    assert "Add a listening port" in page
    assert ProxyClient.objects.get().address == "10.0.0.7"
    assert "already exists" in pages.send(PAGE, "client", name="main", address="10.0.0.8")
    assert "four numbers" in pages.send(PAGE, "client", name="other", address="10.1.2")
    assert "none of them '/'" in pages.send(PAGE, "client", name="a/b", address="10.0.0.8")
    assert ProxyClient.objects.count() == 1


def test_the_operator_may_ignore_messages_and_nothing_else_here() -> None:
    assert set(Pages("operator").forms(PAGE)) == {"ignore"}
    assert not Pages("auditor", "carl").forms(PAGE)
