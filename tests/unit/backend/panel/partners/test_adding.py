"""A partner is added from its certificate, in any usual form, and without one."""

import io
import zipfile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs7, pkcs12
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from panel.partners.visiting import Visitor, acts, errors_in, forms_in

from certificates import make
from seon.backend.acting.actors import owner
from seon.backend.partners.actions import add_partner
from seon.backend.partners.models import Partner

ADD = "partners/add/"
NAMES = x509.SubjectAlternativeName(
    [x509.DNSName("*.acme.example"), x509.DNSName("oftp.acme.example"),
     x509.UniformResourceIdentifier("oftp://O0013000000ACME")]
)  # fmt: skip
ACME = make("Acme AG", extensions=[(NAMES, False)])
CA = make("Some CA", ca=True)
FORM = {"do": "add", "name": "Acme", "port": "6619", "enabled": "on"}


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])


def dropped(octets: bytes, name: str = "a.bin") -> dict[str, object]:
    return {"do": "read", "dropped": SimpleUploadedFile(name, octets)}


def zipped(octets: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("acme.cer", octets)
    return held.getvalue()


DER = ACME.certificate.public_bytes(Encoding.DER)
FORMS = {
    "PEM": ACME.pem.encode(),
    "DER": DER,
    "p7b": pkcs7.serialize_certificates([CA.certificate, ACME.certificate], Encoding.DER),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_can_be_read_in_a_dropped_file_is_filled_in(form: str) -> None:
    visitor = Visitor()
    page = visitor.send(ADD, dropped(FORMS[form]))
    for value in ('value="acme-ag"', 'value="Acme AG"', 'value="oftp.acme.example"', "O0013000000ACME"):
        assert value in page, value
    assert ACME.fingerprint in page
    assert not Partner.objects.exists(), "reading stores nothing"


def test_a_pasted_certificate_becomes_a_partner_with_all_that_was_filled_in() -> None:
    visitor = Visitor()
    filled = forms_in(visitor.send(ADD, {"do": "read", "pasted": ACME.pem}))["add"]
    page = visitor.send(ADD, {**filled, "networks": "192.0.2.7, 10.0.0.0/8", "notes": "call first"})
    partner = Partner.objects.get()
    assert "Partner acme-ag" in page
    assert (partner.identifier, partner.name, partner.host) == ("acme-ag", "Acme AG", "oftp.acme.example")
    assert (partner.odette_ids, partner.networks) == ("O0013000000ACME", "192.0.2.7/32\n10.0.0.0/8")
    assert [row.code for row in partner.codes.all()] == ["O0013000000ACME"]
    assert partner.certificates.get().fingerprint == ACME.fingerprint
    assert set(acts()) == {"partner.add"}


def test_a_partner_is_added_without_a_certificate_and_disabled_at_once() -> None:
    sent = {"do": "add", "identifier": "P1", "name": "One", "port": "7000", "codes": "O1, O2\r\nO3"}
    assert "Partner P1" in Visitor().send(ADD, sent)
    partner = Partner.objects.get()
    assert (partner.port, partner.enabled, partner.codes.count()) == (7_000, False, 3)


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"identifier": "P 1"}, "identifier", "letters, digits"),
        ({"identifier": ""}, "identifier", "required"),
        ({"identifier": "taken"}, "identifier", "already exists"),
        ({"host": "p1.example:6619"}, "host", "port '6619'"),
        ({"port": "99999999999999999999"}, "port", "65535"),
        ({"networks": "10.0.0.1/8"}, "networks", "10.0.0.1/8"),
        ({"codes": "O9"}, "codes", "is a code of partner taken already"),
        ({"codes": "O-ä"}, "codes", "letters, digits, blank"),
        ({"odette_ids": "a;b"}, "odette_ids", "is not possible here"),
        ({"notes": "x" * 10_001}, "notes", "10000"),
        ({"pem": CA.pem}, "force", "calls itself a CA"),
        ({"pem": make("Old", days=-1).pem}, "force", "tick “Take it all the same”"),
        ({"pem": "nonsense"}, "force", "No certificate can be read there"),
        ({"name": "a\0b"}, "name", "Null characters"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_was_stored(
    changes: dict[str, str], field: str, told: str
) -> None:
    add_partner(owner(), "taken", "Taken", ["O9"], [])
    visitor = Visitor()
    form = {**FORM, "identifier": "P1", "networks": "", **changes}
    page = visitor.send(ADD, form)
    errors = errors_in(page)
    assert told in errors.get(field, ""), errors
    assert Partner.objects.count() == 1
    kept = forms_in(page)["add"]
    assert {name: kept[name] for name in changes} == changes, "what was entered is kept"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({}, "Drop or choose a file"),
        (dropped(b"no certificate"), "No certificate can be read there"),
        (dropped(b"x" * 1_100_000), "more than 1 MiB"),
        ({"dropped": [SimpleUploadedFile(f"{n}.pem", ACME.pem.encode()) for n in range(2)]}, "Give one file"),
        ({"dropped": [SimpleUploadedFile(f"{n}.pem", b"x") for n in range(21)]}, "20 at most"),
        ({"pasted": "x" * 200_001}, "200000"),
        (dropped(pkcs12.serialize_key_and_certificates(
            b"a", ACME.key, ACME.certificate, None, BestAvailableEncryption(b"secret"))), "protected by a password"),
    ],
    ids=["nothing", "nonsense", "large", "two", "many", "long", "password"],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_at_the_field(sent: dict[str, object], told: str) -> None:
    for one in sent.get("dropped", []) if isinstance(sent.get("dropped"), list) else [sent.get("dropped")]:
        if one:
            one.seek(0)
    assert told in Visitor().send(ADD, {"do": "read", **sent})


def test_a_new_certificate_of_a_known_partner_is_told() -> None:
    add_partner(owner(), "acme", "Acme", [], [], odette_ids=["O0013000000ACME"])
    page = Visitor().send(ADD, dropped(DER))
    assert "a new certificate of a partner that is there already" in page
    assert "/panel/partners/id-acme/certificates/" in page


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_who_may_not_add_sees_no_form_and_adds_nothing(role: str) -> None:
    visitor = Visitor(role)
    assert "You may not add partners" in visitor.open(ADD)
    assert visitor.is_denied(ADD, {**FORM, "identifier": "P1"})
    assert not Partner.objects.exists()
