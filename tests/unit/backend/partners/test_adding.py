from collections.abc import Callable
from typing import Any

import pytest

from seon.backend.errors import OperatorError
from seon.backend.partners.adding import add_partner
from seon.backend.partners.models import Partner, PartnerCertificate


def test_a_partner_is_added_with_codes_and_certificates(certificate_of: Callable[..., Any]) -> None:
    made = certificate_of("Partner one")
    file = (made.pem + certificate_of("CA").pem).encode()
    add_partner("P1", "One", ["O0013000000000000000P1", "A&B (X)-Y.Z'/"], [file])
    pinned = PartnerCertificate.objects.get()
    assert pinned.pem.encode() == made.pem.encode()  # the first one only: what follows in the file is its chain
    assert pinned.subject == "CN=Partner one"


@pytest.mark.parametrize(
    ("identifier", "codes", "host", "port"),
    [
        ("P 1", [], "", 1),
        ("", [], "", 1),
        ("P\n", [], "", 1),
        ("P" * 65, [], "", 1),
        ("P1", ["lower"], "", 1),
        ("P1", ["O" * 26], "", 1),
        ("P1", ["O1 "], "", 1),
        ("P1", ["O1\n"], "", 1),
        ("P1", ["O1", "O1"], "", 1),
        ("P1", [], "http://x", 1),
        ("P1", [], "", 0),
    ],
)
def test_a_wrong_value_adds_nothing(identifier: str, codes: list[str], host: str, port: int) -> None:
    with pytest.raises(OperatorError, match="Partner"):
        add_partner(identifier, "One", codes, [], host=host, port=port)
    assert not Partner.objects.exists()


def test_one_certificate_admits_one_partner(certificate_of: Callable[..., Any]) -> None:
    octets = certificate_of("Partner").pem.encode()
    add_partner("P1", "One", [], [octets])
    with pytest.raises(OperatorError, match="already exists"):
        add_partner("P2", "Two", [], [octets])
    assert list(Partner.objects.values_list("identifier", flat=True)) == ["P1"]


def test_a_partner_is_added_once() -> None:
    add_partner("P1", "One", [], [])
    with pytest.raises(OperatorError, match="already exists"):
        add_partner("P1", "Another", [], [])
