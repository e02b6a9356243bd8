"""What a certificate says of a new partner: name, id, host, codes, and whose new certificate it seems to be."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from certificates import make
from seon.backend.acting.actors import owner
from seon.backend.errors import OperatorError
from seon.backend.partners.actions import add_partner
from seon.backend.partners.suggesting import likely_owner, odette_ids_of, suggest


def named(common: str, serial: str = "", organisation: str = "") -> x509.Name:
    parts = {NameOID.COMMON_NAME: common, NameOID.SERIAL_NUMBER: serial, NameOID.ORGANIZATION_NAME: organisation}
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts.items() if value])


def hosts(*names: str) -> tuple[x509.ExtensionType, bool]:
    return x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False


def test_name_id_host_codes_and_odette_ids_are_read() -> None:
    found = suggest(
        make(
            named("Acme & Söhne AG", "O0013000000ACME"), extensions=[hosts("*.acme.example", "oftp.acme.example")]
        ).pem.encode()
    )
    assert (found.identifier, found.name, found.host) == ("acme-s-hne-ag", "Acme & Söhne AG", "oftp.acme.example")
    assert (found.codes, found.odette_ids) == (("O0013000000ACME",), ("O0013000000ACME",))


@pytest.mark.parametrize(
    ("name", "identifier"),
    [("", "partner"), ("株式会社", "partner"), ("..", "partner"), ("oftp.acme.de", "oftp.acme.de"),
     ("x" * 64, "x" * 40),
     ("a@b.example", "a"), ("<script>alert(1)</script>", "script-alert-1-script")],
)  # fmt: skip
def test_an_id_is_made_of_any_name(name: str, identifier: str) -> None:
    assert suggest(make(named(name)).pem.encode()).identifier == identifier


def test_an_id_and_codes_that_another_partner_has_are_not_suggested() -> None:
    add_partner(owner(), "acme", "Acme", ["O0013A"], [], odette_ids=["o0013b"])
    assert suggest(make(named("Acme", "O0013A")).pem.encode()).identifier == "acme-2"
    assert suggest(make(named("Acme", "O0013A")).pem.encode()).codes == ()
    assert suggest(make(named("Acme", "O0013B")).pem.encode()).odette_ids == ()


def test_a_serial_number_that_is_no_odette_code_is_no_ssid_code() -> None:
    found = suggest(make(named("Acme", "HRB 4711")).pem.encode())
    assert (found.codes, found.odette_ids) == ((), ("HRB 4711",))


def test_a_serial_number_that_can_be_no_odette_id_says_nothing() -> None:
    assert odette_ids_of(make(named("Acme", "a,b")).shown) == ()


def test_a_new_certificate_is_whose_odette_id_or_subject_it_has() -> None:
    add_partner(owner(), "by-id", "A", [], [], odette_ids=["O0013A"])
    add_partner(owner(), "by-subject", "B", [], [make("Same").pem.encode()])
    assert likely_owner(make(named("Same", "o0013a")).shown) == "by-id"
    assert likely_owner(make("Same").shown) == "by-subject"
    assert likely_owner(make("Nobody").shown) == ""
    add_partner(owner(), "twin", "C", [], [make("Same").pem.encode()])
    assert likely_owner(make("Same").shown) == ""


def test_what_is_no_certificate_is_told() -> None:
    with pytest.raises(OperatorError, match="No certificate can be read"):
        suggest(b"x")
