"""Whether somebody can come in as a partner now, and if not why, as the list of partners says it."""

import pytest

from certificates import make
from seon.backend.acting.actors import owner
from seon.backend.anchors.actions import add_anchor
from seon.backend.anchors.models import Anchor
from seon.backend.partners import standing
from seon.backend.partners.actions import add_partner, disable_partner
from seon.backend.partners.identity_actions import add_names, change_admission
from seon.backend.partners.models import Partner
from seon.backend.partners.standing import Standing, standings
from seon.config import CertificateName

SOON, LATE, ENDED = make("Soon", days=5), make("Late", days=400), make("Ended", days=-2)


def of(identifier: str = "acme") -> Standing:
    partner = Partner.objects.get(identifier=identifier)
    return standings([partner])[partner.pk]


def add(*pins: bytes, **what: object) -> Partner:
    return add_partner(owner(), "acme", "Acme", [], pins, force=True, **what)  # type: ignore[arg-type]


def test_of_several_certificates_the_one_that_ends_first_counts_and_ended_ones_do_not() -> None:
    partner = add(*(made.pem.encode() for made in (LATE, SOON, ENDED)))
    assert (of().comes_in, of().hindrance, of().pins) == (True, "", 3)
    assert of().ends == partner.certificates.get(fingerprint=SOON.fingerprint).not_after
    disable_partner(owner(), "acme")
    assert (of().comes_in, of().hindrance) == (False, "")


def test_with_ended_certificates_alone_it_cannot_come_in() -> None:
    add(ENDED.pem.encode())
    assert of().hindrance == "its certificate has ended"
    add_partner(owner(), "b", "B", [], [make("1", days=-1).pem.encode(), make("2", days=-3).pem.encode()], force=True)
    assert of("b").hindrance == "all of its certificates have ended"


def test_without_anything_it_is_known_by_nobody_comes_in() -> None:
    add()
    assert of().hindrance == "it has no certificate, Odette ID or certificate name"
    add_anchor(owner(), make("CA", ca=True).pem.encode())
    add_partner(owner(), "dialled", "Dialled", [], [], host="dial.example")
    assert of("dialled").hindrance.endswith("it can be dialled, but cannot call")


def test_odette_ids_count_below_valid_anchors_that_assert_them_and_may_admit_it() -> None:
    add(odette_ids=["O0013A"])
    assert of().hindrance == "no valid trust anchor that asserts Odette IDs may admit it"
    add_anchor(owner(), make("Other", ca=True).pem.encode())
    assert of().hindrance
    add_anchor(owner(), make("CA", ca=True).pem.encode(), asserts_odette_ids=True)
    assert of().comes_in
    change_admission(owner(), "acme", {"anchors": ["Other"]})
    assert of().hindrance
    change_admission(owner(), "acme", {"anchors": ["CA"]})
    assert of().comes_in
    Anchor.objects.filter(name="CA").update(not_after="2020-01-01T00:00Z")
    assert of().hindrance


def test_names_count_below_any_anchor() -> None:
    add()
    add_names(owner(), "acme", [CertificateName(issuer="CN=CA", subject="CN=Acme")])
    assert of().hindrance == "no valid trust anchor may admit it"
    add_anchor(owner(), make("CA", ca=True).pem.encode())
    assert of().comes_in


def test_many_partners_are_told_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    add(ENDED.pem.encode())
    add_partner(owner(), "b", "B", [], [LATE.pem.encode()])
    rows = list(Partner.objects.all())
    few = standings(rows)
    monkeypatch.setattr(standing, "_ALL", 1)
    assert standings(rows) == few
    assert [few[row.pk].comes_in for row in rows] == [False, True]
