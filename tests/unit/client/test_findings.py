"""What the server has found goes on to Seonapi at a bounded pace, and is stamped inside."""

import msgspec
import pytest

from certificates import make
from seon.api_messages import CrlSource, CrlSources, RefusedCertificate
from seon.client.findings import PACES, Findings
from seon.link import messages as m

REFUSED = m.CertificateRefused(RefusedCertificate(b"der", "192.0.2.1:5", "UNKNOWN", "no", 1e300))
ISSUER = make("CA", ca=True).shown.der
FOUND = m.CrlsFound((CrlSource("http://crl.example/a", ISSUER),))


def test_a_refused_certificate_is_passed_on_with_the_time_of_the_inside() -> None:
    post = Findings(now=lambda: 7.0).post(REFUSED)
    assert post is not None
    assert post.call == "refused"
    told = msgspec.json.decode(bytes(post.body), type=RefusedCertificate)
    assert told == RefusedCertificate(b"der", "192.0.2.1:5", "UNKNOWN", "no", 7.0)


def test_distribution_points_are_passed_on() -> None:
    post = Findings().post(FOUND)
    assert post is not None
    assert post.call == "crl-sources"
    assert msgspec.json.decode(bytes(post.body), type=CrlSources).sources == FOUND.sources


def test_of_distribution_points_only_what_is_well_formed_is_passed_on() -> None:
    bad = CrlSource("file:///etc/passwd", ISSUER), CrlSource("http://crl.example/b", b"no certificate")
    post = Findings().post(m.CrlsFound((*bad, *FOUND.sources)))
    assert post is not None
    assert msgspec.json.decode(bytes(post.body), type=CrlSources).sources == FOUND.sources
    assert Findings().post(m.CrlsFound(bad)) is None


@pytest.mark.parametrize("message", [REFUSED, FOUND])
def test_a_server_that_says_too_much_is_passed_on_at_a_bounded_pace(message) -> None:
    now, pace = 0.0, PACES[type(message)]
    findings = Findings(lambda: now)
    assert sum(findings.post(message) is not None for _ in range(1_000)) == pace.at_once
    now = 60.0
    assert sum(findings.post(message) is not None for _ in range(1_000)) == pace.a_minute
