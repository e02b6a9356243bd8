"""Where lists are: found in verified chains and anchors, and said to the inside within bounds."""

import asyncio

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certificates import Made, make
from revocation_lists import uris
from seon.api_messages import CrlSource
from seon.config import Anchor
from seon.pki import peer_certificate
from seon.server import distribution_points
from seon.server.distribution_points import AGAIN_SECONDS, DistributionPoints

URL, OTHER = "http://crl.example/a.crl", "http://crl.example/b.crl"


def pointing(*urls: str):
    points = [x509.DistributionPoint(uris(url), None, None, None) for url in urls]
    return [(x509.CRLDistributionPoints(points), False)]


def peer(made: Made):
    return peer_certificate(made.certificate.public_bytes(Encoding.DER))


ROOT = make("Root", ca=True)
CA = make("CA", issuer=ROOT, ca=True, extensions=pointing(OTHER))
LEAF = make("leaf", issuer=CA, extensions=pointing(URL))
CHAIN = [peer(LEAF), peer(CA), peer(ROOT)]


class Points(DistributionPoints):
    """With a clock of its own."""

    def __init__(self) -> None:
        self.news, self.now = 0, 0.0
        super().__init__(self.one_more, lambda: self.now)

    def one_more(self) -> None:
        self.news += 1


def test_each_point_of_a_chain_is_said_once_with_the_ca_whose_list_it_is() -> None:
    points, said = Points(), {}
    points.of_chain(CHAIN)
    points.of_chain(CHAIN)
    assert points.news == 2
    assert set(points.to_say(said)) == {CrlSource(URL, CHAIN[1].der), CrlSource(OTHER, CHAIN[2].der)}
    assert points.to_say(said) == ()
    assert len(points.to_say({})) == 2, "another link says it, too"


def test_what_was_said_is_said_again_a_day_later() -> None:
    points, said = Points(), {}
    points.of_chain(CHAIN)
    points.to_say(said)
    points.now = AGAIN_SECONDS - 1
    assert points.to_say(said) == ()
    points.now = AGAIN_SECONDS
    assert len(points.to_say(said)) == 2


def test_anchors_that_are_issued_by_anchors_are_looked_at_and_nonsense_is_passed_over() -> None:
    points = Points()
    anchors = [Anchor(CA.pem), Anchor("nonsense"), Anchor(ROOT.pem), Anchor(LEAF.pem.replace("M", "N", 3))]
    asyncio.run(points.of_anchors(anchors))
    assert points.to_say({}) == (CrlSource(OTHER, CHAIN[2].der),)
    alone = Points()
    asyncio.run(alone.of_anchors([Anchor(CA.pem)]))
    assert alone.to_say({}) == (), "nobody here knows whose list it is"


def test_no_more_are_kept_and_said_at_once_than_allowed(monkeypatch) -> None:
    monkeypatch.setattr(distribution_points, "MOST", 5)
    points, said = Points(), {}
    for number in range(8):
        points.of_chain([peer(make("leaf", issuer=CA, extensions=pointing(f"http://crl.example/{number}"))), CHAIN[1]])
    heard = []
    while batch := points.to_say(said):
        assert len(batch) <= 3
        heard += [source.url[-1] for source in batch]
    assert heard == ["7", "6", "5", "4", "3"]
    assert len(said) == 5


@pytest.mark.parametrize("extensions", [[], pointing("ldap://crl.example/x")])
def test_a_certificate_without_a_web_address_says_nothing(extensions) -> None:
    points = Points()
    points.of_chain([peer(make("leaf", issuer=CA, extensions=extensions)), CHAIN[1]])
    points.of_chain([CHAIN[0]])
    assert points.news == 0
