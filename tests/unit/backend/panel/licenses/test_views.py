"""Licenses in the panel: issued from what the server prints, carried there as a file, withdrawn with a warning."""

import pytest
from django.test import Client
from panel_clients import ROLES, logged_in, seen, sent

from certificates import parse_license
from seon.backend.acting.actors import owner
from seon.backend.proxies.actions import change_server
from seon.backend.trust.licenses import new_license
from seon.backend.trust.lists import own_authorities
from seon.backend.trust.models import License

PAGE = "/panel/licenses/"


@pytest.fixture
def client() -> Client:
    return logged_in("administrator")


def page_of(license_: License) -> str:
    return f"{PAGE}{license_.serial}/"


def test_a_license_is_issued_from_the_line_that_the_server_prints_and_downloaded(client: Client, proxy_id: str) -> None:
    page = sent(client, PAGE, {"do": "issue", "proxy_id": f"Seon Proxy ID: {proxy_id}\n", "days": "30"})
    license_ = License.objects.get()
    assert license_.server.proxy_id == proxy_id
    assert license_.issued_by == "the-administrator (panel)"
    assert "install -m 644 -o root -g root seon_proxy.lic /etc/seon_proxy.lic" in page
    link_ca = next(one.fingerprint for one in own_authorities() if one.kind == "link")
    assert link_ca in page, "to be compared with what seon_proxyserver2 -V prints"
    answer = client.get(f"{page_of(license_)}seon_proxy.lic", secure=True)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="seon_proxy.lic"'
    assert parse_license(answer.content, proxy_id).serial == license_.serial


def test_a_wrong_proxy_id_is_told_at_its_field_and_what_was_entered_stays(client: Client) -> None:
    page = sent(client, PAGE, {"do": "issue", "proxy_id": "a" * 60 + "px", "days": "77"})
    assert "this has 60 hex digits" in page
    assert 'value="77"' in page
    assert not License.objects.exists()


def test_a_server_s_licenses_are_found_by_its_name_and_their_states_stand_in_words(
    client: Client, proxy_id: str
) -> None:
    for days in (365, 10):
        new_license(proxy_id, days, "somebody")
    change_server(owner(), proxy_id, name="dmz1")
    page = seen(client, f"{PAGE}?q=dmz1")
    assert "in force" in page
    assert "ends soon" in page
    assert "No license is like that" in seen(client, f"{PAGE}?q=dmz2")


def test_it_is_withdrawn_once_that_is_meant_and_the_question_says_what_it_does(client: Client, proxy_id: str) -> None:
    license_ = new_license(proxy_id, 30, "somebody")
    page = page_of(license_)
    asked = sent(client, page, {"do": "withdraw"})
    assert "its link to the client ends within 5 s" in asked
    assert "no partner can connect until you issue a new one" in asked
    new_license(proxy_id, 60, "somebody")
    assert "The server has another license" in sent(client, page, {"do": "withdraw"})
    assert License.objects.get(pk=license_.pk).withdrawn_at is None
    done = sent(client, page, {"do": "withdraw", "seon_sure": "1"})
    assert "is withdrawn" in done
    assert License.objects.get(pk=license_.pk).withdrawn_at is not None
    assert 'value="withdraw"' not in done, "it is offered no more"
    assert "There is no license" in sent(client, page, {"do": "withdraw", "seon_sure": "1"})


def test_it_is_renewed_for_the_same_server(client: Client, proxy_id: str) -> None:
    first = new_license(proxy_id, 10, "somebody")
    page = sent(client, page_of(first), {"do": "renew", "days": "365"})
    second = License.objects.get(server=first.server, not_after__gt=first.not_after)
    assert second.serial in page
    assert second.serial in seen(client, page_of(first)), "the earlier one names it"


@pytest.mark.parametrize("role", ROLES)
def test_who_has_not_the_right_sees_all_and_changes_nothing(role: str, proxy_id: str) -> None:
    client, license_ = logged_in(role), new_license(proxy_id, 30, "somebody")
    may = role == "administrator"
    assert ("Issue the license" in seen(client, PAGE)) == may
    assert ('value="withdraw"' in seen(client, page_of(license_))) == may
    if not may:
        for path, form in (
            (PAGE, {"do": "issue", "proxy_id": proxy_id, "days": "5"}),
            (page_of(license_), {"do": "renew", "days": "5"}),
            (page_of(license_), {"do": "withdraw", "seon_sure": "1"}),
        ):
            assert "may not do this" in sent(client, path, form)
        assert [one.withdrawn_at for one in License.objects.all()] == [None]


def test_an_address_of_no_license_leads_nowhere(client: Client) -> None:
    for serial in ("0", "F" * 300):
        seen(client, f"{PAGE}{serial}/", 404)
        seen(client, f"{PAGE}{serial}/seon_proxy.lic", 404)
