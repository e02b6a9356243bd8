"""Where lists are: found in verified chains and anchors, and said to the inside within bounds."""

import pytest
from cryptography import x509

from certificates import make
from revocation_lists import uris
from seon.api_messages import CrlSource
from seon.pki.chains import Chain
from seon.server import distribution_points
from seon.server.distribution_points import AGAIN_SECONDS, DistributionPoints

URL, OTHER = "http://crl.example/a.crl", "http://crl.example/b.crl"


def pointing(*urls: str):
    points = [x509.DistributionPoint(uris(url), None, None, None) for url in urls]
    return [(x509.CRLDistributionPoints(points), False)]


ROOT = make("Root", ca=True)
CA = make("CA", issuer=ROOT, ca=True, extensions=pointing(OTHER))
LEAF = make("leaf", issuer=CA, extensions=pointing(URL))
CHAIN = Chain(ROOT.shown, (LEAF.shown, CA.shown))


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
    assert set(points.to_say(said)) == {CrlSource(URL, CA.shown.der), CrlSource(OTHER, ROOT.shown.der)}
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


def test_anchors_that_were_issued_by_anchors_are_looked_at() -> None:
    points = Points()
    points.of_anchors([CA.shown, ROOT.shown])
    assert points.to_say({}) == (CrlSource(OTHER, ROOT.shown.der),)
    alone = Points()
    alone.of_anchors([CA.shown])
    assert alone.to_say({}) == (), "nobody here knows whose list it is"


def test_no_more_are_kept_and_said_at_once_than_allowed(monkeypatch) -> None:
    monkeypatch.setattr(distribution_points, "MOST", 5)
    points, said = Points(), {}
    for number in range(8):
        leaf = make("leaf", issuer=CA, extensions=pointing(f"http://crl.example/{number}"))
        points.of_chain(Chain(CA.shown, (leaf.shown,)))
    heard = []
    while batch := points.to_say(said):
        assert len(batch) <= 3
        heard += [source.url[-1] for source in batch]
    assert heard == ["7", "6", "5", "4", "3"]
    assert len(said) == 5


@pytest.mark.parametrize("extensions", [[], pointing("ldap://crl.example/x")])
def test_a_certificate_without_a_web_address_says_nothing(extensions) -> None:
    points = Points()
    points.of_chain(Chain(CA.shown, (make("leaf", issuer=CA, extensions=extensions).shown,)))
    assert points.news == 0
