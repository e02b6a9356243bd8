import pytest

from seon.backend.acting.actors import owner
from seon.backend.anchors.actions import add_anchor, change_anchor
from seon.backend.partners.actions import add_partner, set_of_partner
from seon.backend.partners.anchored import dependents, hindrance
from seon.backend.partners.models import Partner, PartnerName

BY = owner()


@pytest.fixture(autouse=True)
def anchors(certificate_of) -> dict[str, str]:
    """The SHA-256 of two anchors by name; only ID asserts Odette IDs."""
    plain, asserting = certificate_of("Plain", ca=True), certificate_of("ID", ca=True)
    add_anchor(BY, plain.pem.encode())
    add_anchor(BY, asserting.pem.encode(), asserts_odette_ids=True)
    return {"Plain": plain.fingerprint, "ID": asserting.fingerprint}


def partner(identifier: str, pins: tuple[bytes, ...] = (), **values: str) -> None:
    add_partner(BY, identifier, identifier, [], pins)
    for key, value in values.items():
        set_of_partner(BY, identifier, key, value)


def test_who_comes_in_by_an_anchor_is_who_has_no_pin_and_an_identity_below_it(anchors, certificate_of) -> None:
    partner("by-id", odette_ids="O1")
    partner("by-name")
    PartnerName(partner=Partner.objects.get(identifier="by-name"), issuer="CN=x", subject="CN=y").save()
    partner("dialled", host="dialled.example")
    partner("one-only", host="one.example", anchors="Plain")
    partner("pinned", (certificate_of("Pinned").pem.encode(),), odette_ids="O2")
    partner("disabled", odette_ids="O3", enabled="no")
    partner("nothing")
    partner("wrong-anchor", odette_ids="O4", anchors="Plain")
    found = dependents()
    assert found[anchors["ID"]].may == ["by-id", "by-name", "dialled"]
    assert found[anchors["ID"]].only == ["by-id"]
    assert found[anchors["Plain"]].may == ["by-name", "dialled", "one-only"]
    assert found[anchors["Plain"]].only == ["one-only"]


def test_whoever_cannot_come_in_by_what_was_entered_hears_why(anchors, certificate_of) -> None:
    partner("by-id", odette_ids="O1")
    partner("wrong-anchor", odette_ids="O2", anchors="Plain")
    partner("pinned", (certificate_of("Pinned").pem.encode(),), odette_ids="O3")
    partner("pin-only", (certificate_of("Only").pem.encode(),))
    said = {one.identifier: hindrance(one) for one in Partner.objects.all()}
    assert said["by-id"] == said["pin-only"] == ""
    assert said["pinned"] == "it has pinned certificates, and these alone admit it"
    assert said["wrong-anchor"].startswith("no trust anchor may admit it")


def test_many_are_counted(anchors) -> None:
    for number in range(12):
        partner(f"P{number:02}", odette_ids=f"O{number}")
    assert dependents()[anchors["ID"]].text.endswith("P09 and 2 more")
    change_anchor(BY, anchors["ID"], asserts_odette_ids=False)
    assert anchors["ID"] not in dependents()
