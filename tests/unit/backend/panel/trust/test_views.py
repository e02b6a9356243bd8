"""Trust in the panel: anchors and who depends on them, revocation lists and their ages, the installation's own CAs."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from panel_clients import ROLES, logged_in, seen, sent

import certificates
from crl_web import make_list
from seon.backend.acting.actors import owner
from seon.backend.anchors import actions as anchors
from seon.backend.anchors.models import Anchor
from seon.backend.partners.actions import add_partner, set_of_partner
from seon.backend.queue.models import Job
from seon.backend.revocation.actions import add_list
from seon.backend.revocation.models import CrlIssuer, CrlUrl, HeldList, RevocationSettings
from seon.backend.trust.lists import own_authorities

PAGE, LISTS = "/panel/trust/", "/panel/trust/crls/"
CA = certificates.make("Some CA", ca=True, days=300)
URL = "http://lists.example/ca.crl"


@pytest.fixture
def client() -> Client:
    return logged_in("administrator")


def anchored() -> str:
    """Add an anchor by which one partner comes in alone; return the address of its page."""
    anchor = anchors.add_anchor(owner(), CA.pem.encode(), asserts_odette_ids=True).anchor
    add_partner(owner(), "acme", "Acme", [], [])
    set_of_partner(owner(), "acme", "odette_ids", "O0013ACME")
    return f"{PAGE}anchors/{anchor.fingerprint}/"


def listed(url: str = URL) -> str:
    """Take a list over, with an address; return the address of its page."""
    held = add_list(owner(), make_list(CA, [1, 2, 3]), CA.pem.encode())
    CrlUrl.objects.filter(pk=held.place_id).update(url=url)
    return f"{LISTS}{held.place_id}/"


def test_an_anchor_is_added_from_a_file_and_shown_with_its_partners(client: Client) -> None:
    form = {"do": "add", "file": SimpleUploadedFile("ca.pem", CA.pem.encode()), "asserts_odette_ids": "on"}
    assert "The trust anchor Some CA is added" in sent(client, PAGE, form)
    anchor = Anchor.objects.get()
    add_partner(owner(), "acme", "Acme", [], [])
    set_of_partner(owner(), "acme", "odette_ids", "O0013ACME")
    page = seen(client, f"{PAGE}anchors/{anchor.fingerprint}/")
    assert "only by it: acme" in page
    assert anchor.fingerprint in page
    assert "asserts them" in seen(client, PAGE)


def test_a_change_says_which_partners_lose_their_way_in_and_a_lost_update_is_told(client: Client) -> None:
    page = anchored()
    there = seen(client, page).partition('name="seen" value="')[2].partition('"')[0]
    said = sent(client, page, {"do": "change", "name": "Odette", "seen": there})
    assert "admits no more: only by it: acme" in said
    assert (Anchor.objects.get().name, Anchor.objects.get().asserts_odette_ids) == ("Odette", False)
    said = sent(client, page, {"do": "change", "name": "Mine", "asserts_odette_ids": "on", "seen": there})
    assert "Somebody else has changed this" in said
    assert Anchor.objects.get().name == "Odette"


def test_before_an_anchor_is_removed_it_is_told_how_many_partners_depend_on_it(client: Client) -> None:
    page = anchored()
    asked = sent(client, page, {"do": "remove"})
    assert "may come in by it: 1, and by it alone: 1" in asked
    assert "not admitted any more" in asked
    assert Anchor.objects.exists()
    assert "is removed" in sent(client, page, {"do": "remove", "seon_sure": "1"})
    assert not Anchor.objects.exists()
    seen(client, page, 404)


def test_lists_stand_with_their_ages_the_worst_first_and_what_that_does(client: Client) -> None:
    place = listed()
    page = seen(client, LISTS)
    assert "in force" in page
    assert "While a list is overdue" not in page
    HeldList.objects.update(next_update=timezone.now() - dt.timedelta(days=2))
    CrlUrl.objects.create(issuer=CrlIssuer.objects.get(), url="http://other.example/x.crl", failures=1, result="<i>no")
    page = seen(client, LISTS)
    assert "While a list is overdue" in page
    assert page.index("overdue</span>") < page.index("failed</span>", page.index("<tbody>"))
    assert "the next one was due at" in seen(client, place)
    assert b"<i>no" not in client.get(LISTS, secure=True).content
    assert "other.example" not in seen(client, f"{LISTS}?q=lists.example")
    assert "<html" not in seen(client, f"{LISTS}?part=rows")
    assert "<html" not in seen(client, f"{place}?part=facts")


def test_lists_are_fetched_now_one_or_all(client: Client) -> None:
    place = listed()
    for path in (place, LISTS):
        CrlUrl.objects.update(next_try=timezone.now() + dt.timedelta(days=1))
        Job.objects.all().delete()
        assert "The queue daemon fetches" in sent(client, path, {"do": "fetch"})
        assert CrlUrl.objects.get().next_try is None
        assert Job.objects.get(name="crls").asked_for
    CrlUrl.objects.update(url="")
    assert "was given by hand" in sent(client, place, {"do": "fetch"})
    assert "There is no list with an address" in sent(client, LISTS, {"do": "fetch"})


def test_a_list_is_brought_by_hand_and_forgotten_once_that_is_meant(client: Client) -> None:
    form = {
        "do": "add",
        "add-file": SimpleUploadedFile("ca.crl", make_list(CA, [1, 2])),
        "add-issuer": SimpleUploadedFile("ca.pem", CA.pem.encode()),
    }
    assert "is taken over: 2 entries" in sent(client, LISTS, form)
    place = f"{LISTS}{CrlUrl.objects.get().pk}/"
    assert "count again" in sent(client, place, {"do": "forget"})
    assert CrlUrl.objects.exists()
    assert "is forgotten" in sent(client, place, {"do": "forget", "seon_sure": "1"})
    assert not CrlUrl.objects.exists()


def test_how_lists_are_fetched_is_set(client: Client) -> None:
    there = seen(client, LISTS).partition('name="fetching-seen" value="')[2].partition('"')[0]
    form = {"do": "fetching", "fetching-refresh_hours": "6", "fetching-http_proxy": "http://proxy.example:3128"}
    assert "Saved." in sent(client, LISTS, {**form, "fetching-seen": there})
    assert RevocationSettings.load().http_proxy == "http://proxy.example:3128"
    assert "Somebody else has changed this" in sent(client, LISTS, {**form, "fetching-seen": there})


def test_many_lists_are_shown_in_pages_by_the_same_few_queries(client: Client) -> None:
    listed()
    few, _ = asked(client)
    issuer = CrlIssuer.objects.get()
    CrlUrl.objects.bulk_create([CrlUrl(issuer=issuer, url=f"http://lists.example/{n}.crl") for n in range(200)])
    many, page = asked(client)
    assert many <= few + 1
    assert "Page 1 of 5" in page


def asked(client: Client) -> tuple[int, str]:
    with CaptureQueriesContext(connection) as queries:
        page = seen(client, LISTS)
    return len(queries), page


def test_the_fingerprints_of_the_own_cas_stand_there_to_be_compared() -> None:
    page = seen(logged_in("auditor"), f"{PAGE}authorities/")
    assert all(one.fingerprint in page for one in own_authorities())
    assert "seon_proxyserver2 -V" in page


@pytest.mark.parametrize("role", ROLES)
def test_who_has_not_the_right_sees_all_and_changes_nothing(role: str) -> None:
    client, anchor, place = logged_in(role), anchored(), listed()
    may = role == "administrator"
    assert ("Add the trust anchor" in seen(client, PAGE)) == may
    assert ('value="remove"' in seen(client, anchor)) == may
    assert ('value="forget"' in seen(client, place)) == may
    assert ("Take it over" in seen(client, LISTS)) == may
    if not may:
        for path, form in (
            (PAGE, {"do": "add", "text": CA.pem}),
            (anchor, {"do": "remove", "seon_sure": "1"}),
            (place, {"do": "fetch"}),
            (place, {"do": "forget", "seon_sure": "1"}),
            (LISTS, {"do": "fetch"}),
            (LISTS, {"do": "add", "add-file": SimpleUploadedFile("x", make_list(CA))}),
        ):
            assert "may not do this" in sent(client, path, form), form
        assert (Anchor.objects.count(), CrlUrl.objects.count()) == (1, 1)
        assert not Job.objects.filter(asked_for=True).exists()


def test_an_address_of_nothing_leads_nowhere(client: Client) -> None:
    for path in ("anchors/x/", f"anchors/{'f' * 64}/", "crls/0/", f"crls/{'9' * 30}/"):
        seen(client, f"{PAGE}{path}", 404)
