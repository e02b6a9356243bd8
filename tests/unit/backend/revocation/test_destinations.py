import ipaddress
import socket

import pytest

from seon.backend.revocation.destinations import DownloadError, permitted, redirected, resolve, target_of


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
     "::ffff:10.0.0.1", "2002:a00:1::", "64:ff9b::a00:1", "fec0::1"],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused_in_every_writing(address: str) -> None:
    assert not permitted(ipaddress.ip_address(address), [])


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_is_permitted(address: str) -> None:
    assert permitted(ipaddress.ip_address(address), [])


def test_a_network_can_be_permitted_and_nothing_beside_it() -> None:
    networks = [ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd00::/8")]
    assert permitted(ipaddress.ip_address("10.1.2.3"), networks)
    assert permitted(ipaddress.ip_address("::ffff:10.1.2.3"), networks)
    assert permitted(ipaddress.ip_address("fd00::1"), networks)
    assert not permitted(ipaddress.ip_address("10.2.2.3"), networks)
    everything = [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")]
    assert not permitted(ipaddress.ip_address("224.0.0.1"), everything)
    assert not permitted(ipaddress.ip_address("0.0.0.0"), everything)


def test_a_name_is_resolved_once_and_its_address_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"mixed": ["10.0.0.1", "8.8.8.8"], "inside": ["10.0.0.1"]}
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, port, **_: [(2, 1, 6, "", (one, port)) for one in answers[host]]
    )
    assert resolve("mixed", 80, []) == [("8.8.8.8", 80)]
    with pytest.raises(DownloadError, match=r"inside \(10.0.0.1\) is not a public address"):
        resolve("inside", 80, [])
    assert resolve("inside", 80, [ipaddress.ip_network("10.0.0.0/8")]) == [("10.0.0.1", 80)]
    assert resolve("inside", 80, None) == [("10.0.0.1", 80)]


def test_a_name_that_is_not_known_is_said() -> None:
    for name in ("no-such-host.invalid", "a" * 70 + ".invalid"):
        with pytest.raises(DownloadError, match="is not known"):
            resolve(name, 80, [])


def test_an_address_is_taken_apart() -> None:
    target = target_of("http://[2001:db8::1]/a%20b c?x=1&y= 2")
    assert (target.host, target.port, target.path) == ("2001:db8::1", 80, "/a%20b%20c?x=1&y=%202")
    assert target.url == "http://[2001:db8::1]:80/a%20b%20c?x=1&y=%202"
    assert (target_of("https://a").port, target_of("https://a").path) == (443, "/")


@pytest.mark.parametrize(
    "url", ["ftp://a/", "http://", "http://a/" + "x" * 2_000, "http://u:p@a/", "http://a/\r\nHost:"]
)
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(DownloadError):
        target_of(url)


def test_a_redirect_may_be_relative() -> None:
    assert redirected("http://a/b/c", "d") == "http://a/b/d"
    assert redirected("http://a/b/c", "https://e/f") == "https://e/f"
    with pytest.raises(DownloadError, match="no address"):
        redirected("http://a/", "http://[")
