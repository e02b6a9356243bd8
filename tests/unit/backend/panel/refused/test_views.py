"""Refused strangers: what they showed, why they were refused, and what can be made of them."""

import re
from html import unescape

import pytest
from django.conf import settings
from panel.partners.visiting import Visitor, acts, errors_in, forms_in, refused

from certificates import make
from seon.backend.acting.actors import owner
from seon.backend.partners.actions import add_partner
from seon.backend.partners.models import Partner
from seon.backend.refused.models import RefusedCertificate

LIST = "refused/"
STRANGER = make("Northwind Ltd")
ODD = make("<script>alert(1)</script>{{ 7*7 }} x-init=a")


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])


def test_the_list_says_who_was_refused_why_from_where_and_how_often() -> None:
    refused(STRANGER)
    refused(STRANGER, "EXPIRED")
    page = Visitor("auditor").open(LIST)
    for text in ("CN=Northwind Ltd", "it has ended", "EXPIRED", "192.0.2.7:4711", ">2<", "days left"):
        assert text in page
    assert "Forget" not in page


def test_whatever_a_stranger_wrote_is_escaped_on_every_page() -> None:
    fingerprint = refused(ODD, "UNKNOWN", "<b>no</b> {{ 7*7 }}")
    for path in (LIST, f"{LIST}{fingerprint}/"):
        source = Visitor("auditor" if path == LIST else "operator").source(path)
        assert "<script>alert" not in source
        assert "<b>no" not in source
        assert "{{ 7*7 }}" in source


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("", 2), ("q=northwind", 1), ("q=192.0.2", 2),
        pytest.param(f"q={STRANGER.fingerprint[:10]}", 1, id="fingerprint"),
        ("q=nobody", 0),
        ("verdict=EXPIRED", 1), ("verdict=x", 2), ("sort=-subject&page=999999999999", 2), ("q=%00", 2),
    ],
)  # fmt: skip
def test_strangers_are_found_by_what_the_address_asks_for(asked: str, count: int) -> None:
    refused(STRANGER)
    refused(ODD, "EXPIRED")
    page = Visitor("auditor").source(f"{LIST}?{asked}")
    assert len(re.findall('href="/panel/refused/[0-9a-f]{64}/"', page)) == count


def test_what_the_revocation_lists_say_of_one_is_asked_by_itself() -> None:
    path = f"{LIST}{refused(STRANGER)}/"
    assert "its issuer is no trust anchor here" in Visitor("auditor").open(f"{path}?part=revocation")
    assert Visitor("operator").status(f"{path}?part=other") == 404


def test_a_verdict_of_another_version_is_shown_as_it_is() -> None:
    fingerprint = refused(STRANGER, "NEW-VERDICT")
    visitor = Visitor("auditor")
    assert "NEW-VERDICT" in visitor.open(LIST)
    assert "NEW-VERDICT" in visitor.open(f"{LIST}{fingerprint}/")


def test_a_partner_is_made_of_one_with_what_can_be_read_filled_in() -> None:
    path, visitor = f"{LIST}{refused(STRANGER)}/", Visitor()
    form = forms_in(visitor.source(path))["make"]
    assert (form["make-identifier"], form["make-name"]) == ("northwind-ltd", "Northwind Ltd")
    page = visitor.send(path, {**form, "make-codes": "O0013N, O0013M"})
    assert "Partner northwind-ltd" in page
    partner = Partner.objects.get()
    assert partner.certificates.get().fingerprint == STRANGER.fingerprint
    assert [row.code for row in partner.codes.all()] == ["O0013M", "O0013N"]
    assert not RefusedCertificate.objects.exists()
    assert acts()[-1] == "partner.from_refused"


def test_one_is_added_to_the_partner_whose_new_certificate_it_seems_to_be() -> None:
    add_partner(owner(), "nw", "Northwind", [], [make("Northwind Ltd").pem.encode()])
    path, visitor = f"{LIST}{refused(STRANGER)}/", Visitor()
    assert forms_in(visitor.source(path))["give"]["give-partner"] == "nw"
    assert "Partner nw" in visitor.fill(path, "give", {})
    assert Partner.objects.get().certificates.count() == 2
    assert acts()[-1] == "partner.pin_refused"


@pytest.mark.parametrize(
    ("form", "given", "field", "told"),
    [
        ("make", {"make-identifier": "P 1"}, "make-identifier", "letters, digits"),
        ("make", {"make-identifier": "taken"}, "make-identifier", "already exists"),
        ("make", {"make-codes": "O9"}, "make-codes", "is a code of partner taken already"),
        ("make", {}, "form", "use --force|tick"),
        ("give", {"give-partner": "nobody"}, "give-partner", "There is no partner 'nobody'"),
        ("give", {"give-partner": ""}, "give-partner", "required"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_stored(
    form: str, given: dict[str, str], field: str, told: str
) -> None:
    add_partner(owner(), "taken", "Taken", ["O9"], [])
    verdict = "REVOKED" if not given else "UNKNOWN"
    page = Visitor().fill(f"{LIST}{refused(STRANGER, verdict)}/", form, given)
    said = unescape(errors_in(page).get(field, ""))
    assert any(one in said for one in told.split("|")), errors_in(page)
    assert Partner.objects.count() == 1
    assert RefusedCertificate.objects.exists()


def test_one_that_is_revoked_is_pinned_only_all_the_same() -> None:
    path, visitor = f"{LIST}{refused(STRANGER, 'REVOKED')}/", Visitor()
    told = errors_in(visitor.fill(path, "make", {}))
    assert "tick “Take it all the same”" in unescape(" ".join(told.values()))
    assert "Partner northwind-ltd" in visitor.fill(path, "make", {"make-force": "on"})


def test_strangers_are_forgotten_one_and_several() -> None:
    visitor = Visitor()
    one, two = refused(STRANGER), refused(ODD)
    assert "is forgotten" in visitor.send(f"{LIST}{one}/", {"do": "forget"})
    assert "1 certificate is forgotten" in visitor.send(LIST, {"do": "forget", "chosen": [two]})
    assert not RefusedCertificate.objects.exists()
    for address in (one, "0" * 64, "x", "-"):
        assert visitor.status(f"{LIST}{address}/") == 404


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_who_may_not_change_partners_only_looks(role: str) -> None:
    fingerprint, visitor = refused(STRANGER), Visitor(role)
    path = f"{LIST}{fingerprint}/"
    assert not forms_in(visitor.source(path))
    for target, form in (
        (path, {"do": "make", "make-identifier": "P1", "make-name": "x"}), (path, {"do": "give", "give-partner": "x"}),
        (path, {"do": "forget"}), (LIST, {"do": "forget", "chosen": [fingerprint]}),
    ):  # fmt: skip
        assert visitor.is_denied(target, form)
    assert RefusedCertificate.objects.exists()
    assert not Partner.objects.exists()


def test_without_any_the_page_says_what_will_stand_there() -> None:
    assert "No certificate was refused" in Visitor().open(LIST)
