import pytest

import certificates
from seon.backend.acting.actors import owner
from seon.backend.errors import OperatorError
from seon.backend.partners import identity_actions as module
from seon.backend.partners.actions import add_partner
from seon.backend.partners.identity_actions import add_names, change_admission, names_in, remove_name, typed_name
from seon.backend.partners.models import Partner, PartnerName
from seon.config import CertificateName

BY = owner()
NAME = CertificateName(issuer="CN=CA", subject="CN=Acme")


@pytest.fixture(autouse=True)
def partner() -> Partner:
    add_partner(BY, "P2", "Two", [], [])
    return add_partner(BY, "P1", "One", [], [])


def test_a_name_is_one_partners_and_the_other_is_named() -> None:
    add_names(BY, "P1", [NAME])
    with pytest.raises(OperatorError, match="subject CN=Acme of issuer CN=CA is a name of partner P1 already"):
        add_names(BY, "P2", [NAME])
    assert remove_name(BY, "P1", NAME) == 0
    add_names(BY, "P2", [NAME])


def test_a_name_that_is_not_there_cannot_be_removed() -> None:
    with pytest.raises(OperatorError, match="Partner P1 has no certificate name with subject CN=Acme"):
        remove_name(BY, "P1", NAME)


def test_there_are_no_more_than_a_configuration_can_have(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_CODES", 1)
    add_names(BY, "P1", [NAME])
    with pytest.raises(OperatorError, match="it can have 1 certificate names at most"):
        add_names(BY, "P1", [CertificateName(issuer="CN=CA", subject="CN=Other")])


@pytest.mark.parametrize("text", ["", "x" * 2_001])
def test_a_name_has_a_length(text: str) -> None:
    with pytest.raises(OperatorError, match="Partner P1: "):
        add_names(BY, "P1", [CertificateName(issuer="CN=CA", subject=text)])
    assert not PartnerName.objects.exists()


def test_the_names_in_a_certificate_are_those_of_the_partners_own() -> None:
    ca = certificates.make("CA", ca=True)
    leaf = certificates.make("Acme", issuer=ca)
    assert names_in((ca.pem + leaf.pem).encode()) == NAME
    nameless = certificates.make(certificates.x509.Name([]), issuer=ca)
    with pytest.raises(OperatorError, match="pin the certificate"):
        names_in(nameless.pem.encode())


def test_typed_names_get_their_one_form() -> None:
    assert typed_name(" cn=CA", "CN = Acme") == NAME
    with pytest.raises(OperatorError, match=r"^issuer: 'CA' is no distinguished name"):
        typed_name("CA", "CN=Acme")


def test_admission_is_changed_and_nothing_else_by_its_act() -> None:
    change_admission(BY, "P1", {"odette_ids": "O1", "admission_usage": "ignore", "sessions": 3, "old_tls": True})
    row = Partner.objects.get(identifier="P1")
    assert (row.odette_ids, row.admission_usage, row.sessions, row.old_tls) == ("O1", "ignore", 3, True)
    with pytest.raises(OperatorError, match="'host' is not about admission"):
        change_admission(BY, "P1", {"sessions": "4", "host": "x.example"})
    assert Partner.objects.get(identifier="P1").sessions == 3
