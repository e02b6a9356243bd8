import socket
import threading
from pathlib import Path

import pytest

from seon.backend import own_names
from seon.backend.errors import OperatorError
from seon.backend.own_names import own_hosts

FIB_TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.0.0.0/24 2 0 2
        |-- 10.0.0.0
           /24 link UNICAST
        |-- 10.0.0.5
           /32 host LOCAL
        |-- 10.0.0.255
           /32 link BROADCAST
     +-- 127.0.0.0/8 2 0 2
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 169.254.7.7
           /32 host LOCAL
Local:
        |-- 10.0.0.5
           /32 host LOCAL
"""
IF_INET6 = """\
00000000000000000000000000000001 01 80 10 80       lo
fe800000000000000042acfffe110002 02 40 20 80     eth0
20010db8000000000000000000000005 02 40 00 80     eth0
"""


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host whose kernel and resolver say what is written here."""
    for name, text in (("IPV4", FIB_TRIE), ("IPV6", IF_INET6)):
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(own_names, name, tmp_path / name)
    monkeypatch.setattr(socket, "gethostname", lambda: "seonapi")
    monkeypatch.setattr(socket, "getfqdn", lambda: "seonapi.example")
    return tmp_path


def test_a_host_has_its_names_and_addresses_but_no_link_local_ones(kernel: Path) -> None:
    assert own_hosts() == ["seonapi", "seonapi.example", "10.0.0.5", "2001:db8::5"]


def test_a_host_without_ipv6_has_the_rest(kernel: Path) -> None:
    (kernel / "IPV6").unlink()
    assert own_hosts() == ["seonapi", "seonapi.example", "10.0.0.5"]


@pytest.mark.parametrize("name", ["localhost", "localhost.localdomain", "host name", "büro", ""])
def test_a_name_that_nobody_else_can_dial_is_left_out(kernel: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(socket, "getfqdn", lambda: name)
    assert own_hosts()[:2] == ["seonapi", "10.0.0.5"]


def test_a_resolver_that_does_not_answer_holds_nobody_up(kernel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    monkeypatch.setattr(own_names, "RESOLVER_SECONDS", 0.05)
    monkeypatch.setattr(socket, "getfqdn", lambda: str(never.wait(30)))
    assert own_hosts()[:2] == ["seonapi", "10.0.0.5"]
    never.set()


def test_a_host_with_very_many_addresses_asks_which_count(kernel: Path) -> None:
    lines = (f"        |-- 10.1.0.{number}\n           /32 host LOCAL\n" for number in range(101))
    (kernel / "IPV4").write_text("".join(lines))
    with pytest.raises(OperatorError, match="102 addresses: name those that clients use, with --host"):
        own_hosts()


def test_this_very_host_is_known_by_its_name() -> None:
    assert socket.gethostname() in own_hosts()
