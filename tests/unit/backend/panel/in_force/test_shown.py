"""It is said on which hosts the newest configuration is in force, by the names that administrators gave them."""

import pytest

from seon.backend.live import lists
from seon.backend.live.lists import HostInForce
from seon.backend.panel.in_force.shown import in_force_now
from seon.backend.proxies.models import ProxyServer


def test_no_host_was_ever_heard_of() -> None:
    assert in_force_now().state == "nobody"


def test_hosts_are_told_apart_and_named(monkeypatch: pytest.MonkeyPatch, proxy_id: str) -> None:
    ProxyServer.objects.create(proxy_id=proxy_id, name="dmz-1")
    hosts = [
        HostInForce("client", "main", 7, True, ""),
        HostInForce("server", proxy_id, 6, False, "on its way"),
        HostInForce("client", "old", 3, False, "the client is not heard of"),
    ]
    monkeypatch.setattr(lists, "in_force", lambda: hosts)
    now = in_force_now()
    assert now.state == "coming"
    assert [host.name for host in (*now.there, *now.coming, *now.silent)] == ["main", "dmz-1", "old"]
    assert now.silent[0].reason == "the client is not heard of"
    monkeypatch.setattr(lists, "in_force", lambda: hosts[:1])
    assert in_force_now().state == "there"
    assert in_force_now().mark != now.mark
    monkeypatch.setattr(lists, "in_force", lambda: hosts[2:])
    assert in_force_now().state == "silent"
