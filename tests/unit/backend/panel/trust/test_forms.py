"""The forms of trust: anchors and lists are brought one by one, and what is wrong is told."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict

import certificates
from crl_web import make_list
from seon.backend.acting.actors import owner
from seon.backend.anchors.models import Anchor
from seon.backend.panel.trust.forms import AnchorForm, FetchingForm, ListForm
from seon.backend.revocation.models import CrlUrl, RevocationSettings

CA = certificates.make("Some CA", ca=True, days=300)
OLD = certificates.make("Old CA", ca=True, days=-2)
LEAF = certificates.make("Some partner", issuer=CA)
BY = owner()


def files(**brought: tuple[bytes, ...]) -> Any:
    found: MultiValueDict[str, Any] = MultiValueDict()
    for name, octets in brought.items():
        found.setlist(name, [SimpleUploadedFile("x", held) for held in octets])
    return found


def test_an_anchor_is_taken_from_a_file_and_what_else_was_in_it_is_told() -> None:
    form = AnchorForm({"asserts_odette_ids": "on"}, files(file=(LEAF.pem.encode() + CA.pem.encode(),)))
    assert form.do(BY), form.errors
    assert Anchor.objects.get().asserts_odette_ids
    assert str(form.told) == "The trust anchor Some CA is added. Not taken from the file: CN=Some partner."


@pytest.mark.parametrize(
    ("brought", "fields", "said"),
    [
        ((LEAF.pem.encode(),), {}, "is no CA"),
        ((OLD.pem.encode(),), {}, "use “Take it although it has expired”"),
        ((CA.pem.encode(), CA.pem.encode()), {}, "One file at a time"),
        ((CA.pem.encode(),), {"name": "a,b"}, "without commas"),
        ((b"\0" * 100,), {}, "No certificate can be read there"),
        ((), {}, "Nothing was brought"),
    ],
)
def test_what_cannot_be_an_anchor_is_told(brought: tuple[bytes, ...], fields: dict[str, str], said: str) -> None:
    form = AnchorForm(fields, files(file=brought))
    assert not form.do(BY)
    assert said in str(form.errors)
    assert not Anchor.objects.exists()


def test_an_expired_one_is_taken_if_that_is_ticked() -> None:
    assert AnchorForm({"force": "on", "text": OLD.pem}).do(BY)


def test_a_list_is_taken_over_with_the_certificate_of_its_ca() -> None:
    form = ListForm({}, files(file=(make_list(CA, [1, 2]),), issuer=(CA.pem.encode(),)))
    assert form.do(BY), form.errors
    assert "2 entries" in str(form.told)


@pytest.mark.parametrize(
    ("brought", "fields", "said"),
    [
        ({"file": (make_list(CA, [1]),)}, {}, "name its certificate with “Certificate of its CA”"),
        ({"file": (b"no list",)}, {}, "The file is not taken"),
        ({"file": (make_list(CA),), "issuer": (CA.pem.encode(),)}, {"url": "file:///etc/passwd"}, "is not taken"),
        ({"file": (b"a", b"b")}, {}, "One file at a time"),
        ({}, {}, "required"),
    ],
)
def test_what_is_no_list_of_a_known_ca_is_told(brought: Any, fields: dict[str, str], said: str) -> None:
    form = ListForm(fields, files(**brought))
    assert not form.do(BY)
    assert said in str(form.errors)
    assert not CrlUrl.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"refresh_hours": "0"}, "refresh_hours"),
        ({"refresh_hours": "169"}, "refresh_hours"),
        ({"http_proxy": "https://user:secret@proxy"}, "http_proxy"),
        ({"private_networks": "10.20.0.0/99"}, "private_networks"),
    ],
)
def test_how_lists_are_fetched_is_changed_within_bounds(wrong: dict[str, str], field: str) -> None:
    initial = {"refresh_hours": 24, "http_proxy": "", "private_networks": ""}
    seen = FetchingForm(initial=initial).seen_now()
    form = FetchingForm({"refresh_hours": "24", **wrong, "seen": seen}, initial=initial)
    assert not form.do(BY)
    assert field in form.errors
    good = FetchingForm({"refresh_hours": "12", "private_networks": "10.20.0.0/16", "seen": seen}, initial=initial)
    assert good.do(BY), good.errors
    assert RevocationSettings.load().refresh_hours == 12
