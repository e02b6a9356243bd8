"""The forms of own certificates: what is wrong is told in the words of the form, and nothing is stored then."""

import datetime as dt
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from certificates import Made, make
from seon.backend.acting.actors import owner
from seon.backend.panel.moments import FORM
from seon.backend.panel.own_certificates.forms import AddForm, RequestForm, UseForm
from seon.backend.trust.models import OwnCertificate, OwnKey

ROOT = make("root", ca=True)
ONE = make("one", issuer=ROOT)
REQUEST = {"common_name": "oftp.example.com", "kind": "p-256"}


def pkcs12_of(made: Made, password: bytes) -> bytes:
    return pkcs12.serialize_key_and_certificates(
        b"us", made.key, made.certificate, [ROOT.certificate], BestAvailableEncryption(password)
    )


def add(*octets: bytes, **fields: Any) -> AddForm:
    files: MultiValueDict[str, Any] = MultiValueDict()
    files.setlist("file", [SimpleUploadedFile(f"{number}.p12", held) for number, held in enumerate(octets)])
    return AddForm(fields, files)


def test_a_request_is_made_with_all_that_was_entered() -> None:
    form = RequestForm({**REQUEST, "odette_id": "O0013ACME", "hosts": "oftp.example.com\nb.example", "name": "2027"})
    assert form.do(owner()), form.errors
    key = OwnKey.objects.get()
    assert (key.name, key.kind) == ("2027", "EC secp256r1")
    assert "BEGIN CERTIFICATE REQUEST" in key.request


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"common_name": ""}, "required"),
        ({"common_name": "x" * 65}, "at most 64"),
        ({"odette_id": "o0013"}, "is no Odette ID"),
        ({"hosts": "a b<script>"}, "is no DNS name"),
        ({"hosts": "a.example " * 60 + " ".join(f"a{n}.example" for n in range(51))}, "at most 50 DNS names"),
        ({"kind": "rsa-512"}, "not one of the available choices"),
        ({"common_name": "a\0b"}, "Null"),
    ],
)
def test_a_wrong_request_makes_no_key(wrong: dict[str, str], said: str) -> None:
    form = RequestForm({**REQUEST, **wrong})
    assert not form.do(owner())
    assert said in str(form.errors)
    assert not OwnKey.objects.exists()


def test_a_pkcs12_file_is_taken_with_its_password() -> None:
    form = add(pkcs12_of(ONE, b"s\xc3\xa9same"), password="sésame", use="on", force="on")
    assert form.do(owner()), form.errors
    own = OwnCertificate.objects.get()
    assert (own.subject, own.in_use) == ("CN=one", True)


@pytest.mark.parametrize(
    ("files", "fields", "said"),
    [
        ((pkcs12_of(ONE, b"right"),), {"password": "wrong"}, "password"),
        ((pkcs12_of(ONE, b"right"),), {}, "give it with “Password of the file”"),
        ((ONE.pem.encode(),), {}, "There is no private key for CN=one"),
        ((b"\0\1\2 no certificate",), {}, "No certificate or private key can be read there"),
        ((ONE.pem.encode(), make("other").key_pem), {}, "do not belong together"),
        ((), {}, "Nothing was brought"),
        ((make("lonely").pem.encode() + make("x").key_pem,), {"use_from": "1999-01-01T00:00"}, "This time has passed"),
    ],
)
def test_what_cannot_be_taken_in_is_told_and_nothing_is_stored(
    files: tuple[bytes, ...], fields: dict[str, str], said: str
) -> None:
    form = add(*files, **fields)
    assert not form.do(owner())
    assert said in str(form.errors)
    assert "--" not in str(form.errors), "a form has no options"
    assert not OwnCertificate.objects.exists()


def test_an_unwise_one_is_used_only_if_that_is_ticked() -> None:
    files = [make("old", days=-1)]
    brought = [files[0].pem.encode(), files[0].key_pem]
    form = add(*brought, use="on")
    assert not form.do(owner())
    assert "it has expired" in str(form.errors)
    assert "“Use it although it is unwise” puts it in use all the same" in str(form.errors)
    assert add(*brought, use="on", force="on").do(owner())


def test_it_is_used_from_a_time_on() -> None:
    for made in (ONE, make("two", issuer=ROOT)):
        assert add(made.pem.encode(), made.key_pem).do(owner())
    own = OwnCertificate.objects.get(subject="CN=two")
    at = (timezone.now() + dt.timedelta(days=2)).replace(second=0, microsecond=0)
    form = UseForm({"use_from": at.strftime(FORM), "force": "on"}, about=own)
    assert form.do(owner()), form.errors
    own.refresh_from_db()
    assert own.use_from == at
