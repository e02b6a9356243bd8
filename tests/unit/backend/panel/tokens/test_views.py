"""Tokens in the panel: shown once and nowhere else, with the client's command line; rotated, changed, withdrawn."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from panel_clients import ROLES, logged_in, seen, sent

from seon.backend.acting.actors import owner
from seon.backend.journal.models import Entry
from seon.backend.proxies.actions import add_client
from seon.backend.trust.models import Token
from seon.backend.trust.token_actions import change_token, new_token
from seon.backend.trust.tokens import proof_of

PAGE = "/panel/tokens/"


@pytest.fixture
def client() -> Client:
    return logged_in("administrator")


def page_of(name: str = "main") -> str:
    return f"{PAGE}{Token.objects.get(name=name).pk}/"


def secret_in(page: str) -> str:
    (secret,) = set(re.findall(r"seon1\.[0-9a-f]{64}\.([A-Za-z0-9_-]{43})", page))
    return str(secret)


def test_a_token_is_shown_once_with_the_command_lines_of_its_client(client: Client) -> None:
    page = sent(client, PAGE, {"do": "new", "name": "main"})
    secret = secret_in(page)
    assert proof_of(secret).token == Token.objects.get(name="main")
    for line in (
        r"seon_proxyclient2 -U https://testserver -S SERVER:2878 -T @/etc/seon_token<",
        r"read -rs SEON_TOKEN && export SEON_TOKEN<",
        r"seon_proxyclient2 -U https://testserver -S SERVER:2878 -T seon1\.[0-9a-f]{64}\." + secret,
    ):
        assert re.search(line, page), line


def test_nobody_sees_it_a_second_time_and_no_browser_keeps_it(client: Client) -> None:
    answer = client.post(PAGE, {"do": "new", "name": "main"}, secure=True)
    place = answer.headers["Location"]
    stored = str([row.get_decoded() for row in Session.objects.all()])
    other = logged_in("administrator")
    assert "not shown any more" in seen(other, place), "another login of the same user"
    assert not client.head(place, secure=True).content
    first = client.get(place, secure=True)
    assert "no-store" in first.headers["Cache-Control"]
    secret = secret_in(first.content.decode())
    assert secret not in stored
    again = seen(client, place)
    assert "not shown any more" in again
    entries = "".join(str(vars(entry)) for entry in Entry.objects.all())
    for text in (again, seen(client, PAGE), seen(client, page_of()), entries):
        assert secret not in text
        assert Token.objects.get().digest not in text


def test_after_a_rotation_both_secrets_count_for_the_time_that_was_said(client: Client) -> None:
    first = secret_in(sent(client, PAGE, {"do": "new", "name": "main"}))
    second = secret_in(sent(client, page_of(), {"do": "rotate", "days": "7"}))
    assert proof_of(first).token is not None
    assert proof_of(second).token is not None
    assert "counts until" in seen(client, page_of())
    secret_in(sent(client, page_of(), {"do": "rotate", "days": "0"}))
    assert proof_of(second).token is None
    assert proof_of(first).token is None


def test_client_and_end_are_changed_and_a_change_of_somebody_else_is_told(client: Client) -> None:
    new_token(owner(), "main")
    add_client(owner(), "main", "10.0.0.7")
    add_client(owner(), "other", "10.0.0.8")
    page = page_of()
    (there,) = re.findall(r'name="change-seen" value="([^"]+)"', seen(client, page))
    form = {"do": "change", "change-client": "main", "change-expires_at": "2090-01-31T18:00"}
    assert "Saved." in sent(client, page, {**form, "change-seen": there})
    token = Token.objects.get()
    assert token.client is not None
    assert token.client.name == "main"
    change_token(owner(), "main", client="other")
    assert "Somebody else has changed this" in sent(client, page, {**form, "change-seen": there})
    assert "out of date" in sent(client, page, {**form, "change-seen": "x"})


def test_it_is_withdrawn_once_that_is_meant(client: Client) -> None:
    new_token(owner(), "main")
    assert "its link ends within 5 s" in sent(client, page_of(), {"do": "withdraw"})
    assert Token.objects.get().withdrawn_at is None
    assert "is withdrawn" in sent(client, page_of(), {"do": "withdraw", "seon_sure": "1"})
    assert Token.objects.get().withdrawn_at is not None
    assert "Rotate" not in seen(client, page_of())
    assert "no token 'main' in force" in sent(client, page_of(), {"do": "rotate", "days": "1"})


@pytest.mark.parametrize("role", ROLES)
def test_who_has_not_the_right_sees_tokens_and_changes_none(role: str) -> None:
    new_token(owner(), "main")
    client, before = logged_in(role), Token.objects.values_list().get()
    may = role == "administrator"
    assert ("Make the token" in seen(client, PAGE)) == may
    assert ("Rotate" in seen(client, page_of())) == may
    if not may:
        for path, form in (
            (PAGE, {"do": "new", "name": "mine"}),
            (page_of(), {"do": "rotate", "days": "1"}),
            (page_of(), {"do": "withdraw", "seon_sure": "1"}),
        ):
            page = sent(client, path, form)
            assert "may not do this" in page
            assert "seon1." not in page
        assert Token.objects.values_list().get() == before


def test_a_list_s_address_guesses_no_hash_and_an_address_of_no_token_leads_nowhere(client: Client) -> None:
    new_token(owner(), "main")
    assert "No token is like that" in seen(client, f"{PAGE}?q={Token.objects.get().digest[:20]}")
    for number in ("0", "9" * 30):
        seen(client, f"{PAGE}{number}/", 404)
        seen(client, f"{PAGE}{number}/secret/", 404)
