import pytest

from seon.backend.acting.actors import owner
from seon.backend.home import Home
from seon.backend.hosts.actions import add_hosts
from seon.backend.serving import unnamed


@pytest.mark.parametrize("host", ["10.0.0.5", "2001:db8::5"])
def test_an_address_that_the_certificate_lacks_is_named_with_what_to_type(home: Home, host: str) -> None:
    assert unnamed(home, host).endswith(f"type: seonapi host add {host}")
    add_hosts(owner(), [host])
    assert unnamed(home, host) == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "127.0.0.1", "127.0.0.9", "::1"])
def test_nothing_is_said_of_every_address_and_of_loopback(home: Home, host: str) -> None:
    assert unnamed(home, host) == ""
