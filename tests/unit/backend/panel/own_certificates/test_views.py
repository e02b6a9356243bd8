"""Own certificates in the panel: key and request, the answer taken in, used now or later, and back."""

import datetime as dt
import time
from typing import Any

import pytest
from cryptography import x509
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from panel_clients import PASSWORD, ROLES, logged_in, seen, sent

from certificates import Made, certified, make
from seon import pki
from seon.backend.acting.actors import owner
from seon.backend.panel import confirming
from seon.backend.panel.moments import FORM
from seon.backend.trust.models import ChainCertificate, OwnCertificate, OwnKey
from seon.backend.trust.own import private_key_of
from seon.backend.trust.own_actions import (
    Addition,
    KeyKind,
    RequestWanted,
    add_certificate,
    prepare_request,
    request_certificate,
)

PAGE = "/panel/own-certificates/"
ROOT = make("root", ca=True)
SUB = make("sub", issuer=ROOT, ca=True)


@pytest.fixture
def client() -> Client:
    return logged_in("administrator")


def stored(common_name: str, **options: Any) -> OwnCertificate:
    made = make(common_name, issuer=SUB, days=100)
    files = [made.pem.encode(), SUB.pem.encode(), made.key_pem]
    return add_certificate(owner(), Addition(files=files, force=True, **options)).own


def waiting() -> OwnKey:
    return request_certificate(owner(), prepare_request(RequestWanted(common_name="us", kind=KeyKind.P_256)))


def page_of(own: OwnCertificate) -> str:
    return f"{PAGE}{own.fingerprint}/"


def file(made: Made | str, name: str = "ours.pem") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, (made if isinstance(made, str) else made.pem).encode())


def test_a_key_and_a_request_are_made_and_the_certificate_that_comes_back_is_taken_in(client: Client) -> None:
    form = {"do": "request", "common_name": "oftp.example.com", "kind": "p-256", "odette_id": "O0013ACME"}
    page = sent(client, f"{PAGE}request/", form)
    key = OwnKey.objects.get()
    place = f"{PAGE}requests/{key.digest}/"
    assert "Download the request" in page
    answer = client.get(f"{place}file", secure=True)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="oftpexamplecom.csr"'
    request = x509.load_pem_x509_csr(answer.content)
    assert request.subject.rfc4514_string() == "2.5.4.5=O0013ACME,CN=oftp.example.com"
    issued = pki.pem_of(certified(pki.key_in_request(key.request), "oftp.example.com", SUB, days=300))
    page = sent(client, place, {"do": "add", "file": file(issued + SUB.pem), "use": "on", "force": "on"})
    assert "The certificate is stored" in page
    own = OwnCertificate.objects.get()
    assert own.in_use
    assert own.key_id == key.pk
    seen(client, place, 404)


def test_a_file_and_its_password_survive_the_question_for_the_user_s_password(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make("one", issuer=SUB)
    now = time.time() + 310
    monkeypatch.setattr(confirming.time, "time", lambda: now)
    both = [file(made), SimpleUploadedFile("ours.key", made.key_pem)]
    asked = sent(client, f"{PAGE}add/", {"do": "add", "file": both, "password": "S3CRET", "name": "2027"})
    assert "Enter your password once more" in asked
    for text in ("S3CRET", "PRIVATE KEY", "BEGIN CERTIFICATE"):
        assert text not in asked
    key = asked.partition('name="seon_kept" value="')[2].partition('"')[0]
    assert "is stored" in sent(client, f"{PAGE}add/", {confirming.KEPT: key, confirming.FIELD: PASSWORD})
    assert OwnCertificate.objects.get().name == "2027"


@pytest.mark.parametrize("role", ROLES)
def test_a_private_key_stands_on_no_page_and_in_no_file(role: str) -> None:
    client, own, key = logged_in(role), stored("one", use=True), waiting()
    secrets = private_key_of(own).decode().split("\n")[1:3]
    place = f"{PAGE}requests/{key.digest}/"
    for path in (PAGE, page_of(own), f"{page_of(own)}file", place, f"{place}file", f"{PAGE}add/"):
        page = seen(client, path)
        assert "PRIVATE KEY" not in page
        assert not any(secret in page for secret in secrets)


def test_another_one_is_put_in_use_from_a_time_on_and_that_is_forgotten_again(client: Client) -> None:
    stored("one", use=True)
    two = stored("two", name="2027")
    at = timezone.now() + dt.timedelta(days=3)
    form = {"do": "use", "use-use_from": at.strftime(FORM), "use-force": "on"}
    page = sent(client, page_of(two), form)
    assert "It comes into use at" in page
    assert "Partners must know it by then" in page
    listed = seen(client, PAGE)
    assert "planned" in listed
    assert "to be used from" in listed
    assert "the one in use stays" in sent(client, page_of(two), {"do": "unplan"})
    assert OwnCertificate.objects.get(pk=two.pk).use_from is None


def test_one_is_used_now_and_the_one_before_is_gone_back_to(client: Client) -> None:
    one, two = stored("one", use=True), stored("two")
    sent(client, page_of(two), {"do": "use", "use-force": "on"})
    assert OwnCertificate.objects.get(in_use=True) == two
    assert "is in use already" in sent(client, page_of(two), {"do": "use", "use-force": "on"})
    assert "was in use before" in seen(client, PAGE)
    assert "in use again" in sent(client, PAGE, {"do": "back", "force": "on"})
    assert OwnCertificate.objects.get(in_use=True) == one


def test_the_page_says_that_partners_must_know_it_and_gives_them_its_file(client: Client) -> None:
    own = stored("one", name="../../<2027>")
    assert "send it to every partner" in seen(client, page_of(own))
    answer = client.get(f"{page_of(own)}file", secure=True)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="2027.pem"'
    assert answer.content.decode() == own.chain


def test_one_that_is_not_in_use_is_renamed_and_removed_with_its_key(client: Client) -> None:
    one, two = stored("one", use=True), stored("two")
    assert "put another one in use first" in sent(client, page_of(one), {"do": "remove", "seon_sure": "1"})
    page = page_of(two)
    there = seen(client, page).partition('name="rename-seen" value="')[2].partition('"')[0]
    sent(client, page, {"do": "rename", "rename-name": "<b>new", "rename-seen": there})
    assert "<b>new" in seen(client, page)
    assert b"<b>new" not in client.get(page, secure=True).content
    assert "for ever" in sent(client, page, {"do": "remove"})
    sent(client, page, {"do": "remove", "seon_sure": "1"})
    assert OwnCertificate.objects.get() == one
    assert OwnKey.objects.count() == 1


def test_a_request_is_removed_once_that_is_meant(client: Client) -> None:
    place = f"{PAGE}requests/{waiting().digest}/"
    assert "can never be used" in sent(client, place, {"do": "remove"})
    assert OwnKey.objects.exists()
    sent(client, place, {"do": "remove", "seon_sure": "1"})
    assert not OwnKey.objects.exists()


def test_a_ca_certificate_completes_a_chain_and_is_removed(client: Client) -> None:
    made = make("one", issuer=SUB)
    add_certificate(owner(), Addition(files=[made.pem.encode(), made.key_pem], name="2026"))
    page = sent(client, PAGE, {"do": "authorities", "file": file(SUB)})
    assert "The chain of 2026 is complete" in page
    assert "is not that of a CA" in sent(client, PAGE, {"do": "authorities", "text": made.pem})
    form = {"do": "forget_authority", "authority": SUB.fingerprint}
    assert "stay as they are" in sent(client, PAGE, form)
    sent(client, PAGE, {**form, "seon_sure": "1"})
    assert not ChainCertificate.objects.exists()
    for wrong in ("", "x", "\0"):
        assert client.post(PAGE, {**form, "authority": wrong}, secure=True).status_code in {400, 404}


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_who_has_not_the_right_sees_all_and_changes_nothing(role: str) -> None:
    client, one, key = logged_in(role), stored("one", use=True), waiting()
    two = stored("two")
    for path in (PAGE, page_of(two), f"{PAGE}request/", f"{PAGE}add/", f"{PAGE}requests/{key.digest}/"):
        assert "<form method" not in seen(client, path).partition('id="content"')[2].replace('method="get"', "")
    for path, form in (
        (f"{PAGE}request/", {"do": "request", "common_name": "x", "kind": "rsa-4096"}),
        (f"{PAGE}add/", {"do": "add", "file": file(one.chain)}),
        (page_of(two), {"do": "use", "use-force": "on"}),
        (page_of(two), {"do": "remove", "seon_sure": "1"}),
        (PAGE, {"do": "authorities", "file": file(SUB)}),
        (f"{PAGE}requests/{key.digest}/", {"do": "remove", "seon_sure": "1"}),
    ):
        assert "may not do this" in sent(client, path, form)
    assert OwnCertificate.objects.get(in_use=True) == one
    assert (OwnCertificate.objects.count(), OwnKey.objects.count()) == (2, 3)


def test_an_address_of_nothing_leads_nowhere(client: Client) -> None:
    for path in ("f" * 64, "x", f"requests/{'f' * 64}", f"requests/{'9' * 300}"):
        seen(client, f"{PAGE}{path}/", 404)
        seen(client, f"{PAGE}{path}/file", 404)
