"""Where the server says that lists are: only what has the form of it is passed on."""

import pytest

from certificates import make
from seon.api_messages import CrlSource
from seon.client.points_found import is_well_formed

ISSUER = make("CA", ca=True).shown.der


@pytest.mark.parametrize("url", ["http://crl.example/a.crl", "HTTPS://crl.example:8443/a?b=%20c"])
def test_web_addresses_with_a_certificate_are_well_formed(url) -> None:
    assert is_well_formed(CrlSource(url, ISSUER))
    assert not is_well_formed(CrlSource(url, b"x" * 100))


@pytest.mark.parametrize(
    "url", ["ldap://crl.example/a", "file:///etc/passwd", "http://", "http://a b", "http://a\n", "http://\u00e9", "x"]
)
def test_what_is_no_web_address_is_not(url) -> None:
    assert not is_well_formed(CrlSource(url, ISSUER))
