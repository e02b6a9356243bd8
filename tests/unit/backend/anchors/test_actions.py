from collections.abc import Callable
from typing import Any

import pytest

from seon.backend.acting.actors import owner
from seon.backend.anchors import models
from seon.backend.anchors.actions import add_anchor, change_anchor, remove_anchor
from seon.backend.anchors.models import Anchor
from seon.backend.configuration.actions import change_settings
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.partners.actions import add_partner, set_of_partner
from seon.backend.partners.models import Partner
from seon.net import context

BY = owner()
Certificates = Callable[..., Any]


def partner(identifier: str, **values: str) -> Partner:
    added = add_partner(BY, identifier, identifier, [], [])
    for key, value in values.items():
        set_of_partner(BY, identifier, key, value)
    return added


def test_of_a_bundle_the_ca_below_the_others_is_taken_and_the_rest_is_named(certificate_of: Certificates) -> None:
    root = certificate_of("Root", ca=True)
    ca = certificate_of("OFTP2 CA", issuer=root, ca=True)
    leaf = certificate_of("Partner", issuer=ca)
    before = read_version()
    added = add_anchor(BY, (leaf.pem + root.pem + ca.pem).encode())
    assert (added.anchor.name, added.anchor.fingerprint) == ("OFTP2 CA", ca.fingerprint)
    assert set(added.passed_over) == {"CN=Root", "CN=Partner"}
    assert read_version() > before


def test_a_renewed_ca_of_the_same_name_gets_a_name_of_its_own_in_lists(certificate_of: Certificates) -> None:
    one, two = certificate_of("CA", ca=True), certificate_of("CA", ca=True)
    add_anchor(BY, one.pem.encode())
    assert add_anchor(BY, two.pem.encode()).anchor.name == f"CA {two.fingerprint[:8]}"
    with pytest.raises(OperatorError, match=f"SHA-256 {one.fingerprint}, is a trust anchor already: CA$"):
        add_anchor(BY, one.pem.encode(), name="again")
    with pytest.raises(OperatorError, match=r"there is another trust anchor CA$"):
        change_anchor(BY, two.fingerprint, name="CA")


def test_there_are_no_more_than_a_configuration_can_have(certificate_of: Certificates, monkeypatch) -> None:
    monkeypatch.setattr(models, "MOST_ANCHORS", 1)
    add_anchor(BY, certificate_of("One", ca=True).pem.encode())
    with pytest.raises(OperatorError, match="there are 1 trust anchors already, there cannot be more"):
        add_anchor(BY, certificate_of("Two", ca=True).pem.encode())


def test_a_server_is_never_told_more_names_than_it_can_tell(certificate_of: Certificates, monkeypatch) -> None:
    assert models.MOST_NAMES == context.MAX_NAMES
    name = len(certificate_of("One", ca=True).shown.subject_der)
    monkeypatch.setattr(models, "MOST_NAMES", 2 * name)
    for common_name in ("One", "One", "Two"):  # a renewed CA's name is told once
        add_anchor(BY, certificate_of(common_name, ca=True).pem.encode())
    change_settings(BY, {"admission_ca_names": "yes"})
    with pytest.raises(OperatorError, match=rf"names of 3 trust anchors have {3 * name} octets.*admission_ca_names"):
        add_anchor(BY, certificate_of("Six", ca=True).pem.encode())
    change_settings(BY, {"admission_ca_names": "no"})
    add_anchor(BY, certificate_of("Six", ca=True).pem.encode())
    with pytest.raises(OperatorError, match=r"admission_ca_names.*at most"):
        change_settings(BY, {"admission_ca_names": "yes"})


def test_one_by_which_partners_come_in_is_removed_by_force_alone_and_opens_nothing(
    certificate_of: Certificates,
) -> None:
    ca = certificate_of("CA", ca=True)
    add_anchor(BY, ca.pem.encode(), asserts_odette_ids=True)
    add_anchor(BY, certificate_of("Other", ca=True).pem.encode(), asserts_odette_ids=True)
    partner("P1", anchors="CA", odette_ids="O1")
    partner("P2", odette_ids="O2")
    with pytest.raises(OperatorError, match=r"\(only by it: P1; perhaps by it: P2\)"):
        remove_anchor(BY, "CA")
    _, theirs = remove_anchor(BY, "CA", force=True)
    assert (theirs.may, theirs.only) == (["P1", "P2"], ["P1"])
    assert Partner.objects.get(identifier="P1").anchors == ca.fingerprint, "no list would mean every anchor"
    set_of_partner(BY, "P1", "name", "Another name")


def test_who_comes_in_no_more_is_said_when_an_anchor_asserts_odette_ids_no_longer(certificate_of: Certificates) -> None:
    add_anchor(BY, certificate_of("CA", ca=True).pem.encode(), asserts_odette_ids=True)
    partner("P1", odette_ids="O1")
    partner("P2", host="p2.example")
    lost = change_anchor(BY, "CA", asserts_odette_ids=False)
    assert (lost.may, lost.only) == (["P1"], ["P1"])
    assert not Anchor.objects.get().asserts_odette_ids
