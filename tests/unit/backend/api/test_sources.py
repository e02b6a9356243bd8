"""A forwarded address counts from configured reverse proxies only, and only the part of it that they vouch for."""

import pytest
from django.test import RequestFactory

from seon.backend.api.sources import Source, source_of
from seon.backend.configuration.keys import set_setting
from seon.backend.errors import OperatorError

PROXY = "10.9.0.2"


def seen(peer: str, forwarded: str | None = None) -> Source:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return source_of(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer))


@pytest.mark.parametrize(
    ("peer", "address"),
    [("10.0.0.5", "10.0.0.5"), ("::1", "127.0.0.1"), ("::ffff:10.0.0.5", "10.0.0.5"), ("fe80::1%eth0", "fe80::1")],
)
def test_without_a_proxy_the_peer_calls(peer: str, address: str) -> None:
    assert seen(peer) == Source(address)
    assert seen(peer, "192.0.2.9") == Source(address), "anybody can write that header"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("10.0.0.5", "10.0.0.5"),
        ("::1", "127.0.0.1"),
        ("[::1]:4711", "127.0.0.1"),
        ("::ffff:10.0.0.5", "10.0.0.5"),
        ("10.0.0.5:4711", "10.0.0.5"),
        ("127.0.0.1, 10.0.0.5", "10.0.0.5"),
        ("127.0.0.1, 10.0.0.5, 10.9.0.7", "10.0.0.5"),
        ("10.9.0.8,10.9.0.7", "10.9.0.8"),
        ("10.0.0.5, somebody", PROXY),
        ("unknown", PROXY),
        (",", PROXY),
        (", ".join(["10.0.0.5"] + ["10.9.0.7"] * 30), "10.9.0.7"),
    ],
)
def test_behind_a_proxy_the_rightmost_address_that_is_no_proxy_calls(forwarded: str, address: str) -> None:
    set_setting("reverse_proxies", "10.9.0.0/24")
    assert seen(PROXY, forwarded) == Source(address, PROXY)


def test_another_peer_than_the_proxies_cannot_forward() -> None:
    set_setting("reverse_proxies", "10.9.0.0/24, ::1")
    assert seen("10.8.0.2", "10.0.0.5") == Source("10.8.0.2")
    assert seen("127.0.0.1", "10.0.0.5") == Source("10.0.0.5", "127.0.0.1"), "::1 is 127.0.0.1"
    assert seen(PROXY) == Source(PROXY)


@pytest.mark.parametrize("wrong", ["10.9.0.1/24", "10.9.0.0/33", "proxy.example", "/", "10.9"])
def test_what_is_no_network_is_refused(wrong: str) -> None:
    with pytest.raises(OperatorError, match="reverse_proxies"):
        set_setting("reverse_proxies", wrong)
