"""Where the server says that lists are: only what is well-formed, and no more than allowed, is passed on."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certificates import make
from seon.api_messages import CrlSource
from seon.client.points_found import A_MINUTE, PointsFound

ISSUER = make("CA", ca=True).certificate.public_bytes(Encoding.DER)


class Scene:
    """With what was passed on, and said."""

    def __init__(self) -> None:
        self.passed: list[CrlSource] = []
        self.said: list[str] = []
        self.points = PointsFound(self.passed.extend, self.said.append)


def test_addresses_with_their_cas_are_passed_on() -> None:
    scene = Scene()
    sources = (CrlSource("http://crl.example/a.crl", ISSUER), CrlSource("HTTPS://crl.example:8443/a?b=%20c", ISSUER))
    scene.points.take(sources)
    assert scene.passed == list(sources)
    assert scene.said == []


@pytest.mark.parametrize(
    "url",
    [
        "ldap://crl.example/a",
        "file:///etc/passwd",
        "http://",
        "http://a b",
        "http://a\n",
        "http://\u00e9",
        "gopher://x",
    ],
)
def test_what_is_no_web_address_is_passed_over_and_said(url) -> None:
    scene = Scene()
    good = CrlSource("http://crl.example/a", ISSUER)
    scene.points.take((CrlSource(url, ISSUER), good))
    assert scene.passed == [good]
    assert len(scene.said) == 1
    assert url not in scene.said[0]


def test_an_issuer_that_is_no_certificate_is_passed_over_and_said() -> None:
    scene = Scene()
    scene.points.take((CrlSource("http://crl.example/a", b"x" * 100),))
    assert scene.passed == []
    assert "names no CA" in scene.said[0]


def test_a_server_that_says_too_many_is_not_heard_and_does_not_fill_the_log() -> None:
    scene = Scene()
    for number in range(2_000):
        scene.points.take((CrlSource(f"http://crl.example/{number}", ISSUER),))
    assert A_MINUTE <= len(scene.passed) <= A_MINUTE + 10
    assert 1 <= len(scene.said) <= 11
