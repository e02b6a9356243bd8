"""The page of one server: what it does now, its own values, and its removal."""

import pytest
from django.urls import reverse
from live_states import PROXY_ID, server, state, tell
from panel_clients import logged_in, seen, sent

from seon.backend.acting.actors import owner
from seon.backend.journal.models import Entry
from seon.backend.proxies.actions import change_server
from seon.backend.proxies.models import ProxyServer
from seon.backend.trust.license_actions import issue_license
from seon.backend.trust.token_actions import change_token


@pytest.fixture
def page() -> str:
    issue_license(owner(), PROXY_ID, 365)
    change_server(owner(), PROXY_ID, name="west", sessions="7")
    return reverse("panel:proxies-server", args=[ProxyServer.objects.get().pk])


def form(page: str, panel: object, **values: str) -> dict[str, object]:
    """Return what the form would send: what stands in it, and these values."""
    found = panel.get(page, secure=True).context_data["forms"]["server"]  # type: ignore[attr-defined]
    there = {name: found.get_initial_for_field(field, name) for name, field in found.fields.items()}
    return {"do": "server", "seen": found.seen_now(), **{k: v or "" for k, v in there.items()}, **values}


def test_the_page_says_what_the_server_does_and_what_it_has_of_its_own(page: str) -> None:
    tell(state(servers=(server(),)))
    told = seen(logged_in("auditor"), page)
    for words in ("Server west", PROXY_ID, "Linked", "364 days left", "Sessions at once", "<dd>7</dd>"):
        assert words in told
    assert 'value="remove"' not in told
    assert "Linked" in seen(logged_in("auditor"), f"{page}?part=now")


def test_own_values_are_changed_by_one_act(page: str) -> None:
    panel = logged_in("administrator")
    told = sent(panel, page, form(page, panel, external_port="7000", sessions="", outgoing_address="10.0.0.1"))
    assert "Saved." in told
    row = ProxyServer.objects.get()
    assert (row.external_port, row.sessions, row.outgoing_address) == (7_000, None, "10.0.0.1")
    [entry] = Entry.objects.filter(code="AUD-CHANGE", text__contains="server.change").order_by("-pk")[:1]
    assert "external_port: empty to 7000" in entry.text
    assert "sessions: 7 to empty" in entry.text


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [("external_port", "0", "from 1 to 65535"), ("external_port", "9" * 40, "from 1 to 65535"),
     ("outgoing_address", "0.0.0.0", "0.0.0.0"), ("external_address", "host.example", "host.example"),
     ("sessions", "many", "whole number"), ("name", "x" * 121, "120"), ("name", "a\0b", "Null characters")],
)  # fmt: skip
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_stored(
    page: str, field: str, value: str, told: str
) -> None:
    panel = logged_in("administrator")
    answer = panel.post(page, form(page, panel, **{"idle_seconds": "60", field: value}), secure=True)
    assert told in " ".join(answer.context_data["forms"]["server"].errors[field])
    assert ProxyServer.objects.get().idle_seconds is None


def test_what_somebody_else_has_changed_meanwhile_is_not_lost(page: str) -> None:
    panel = logged_in("administrator")
    late = form(page, panel, sessions="9")
    change_server(owner(), PROXY_ID, sessions="8")
    assert "Somebody else has changed this meanwhile; it is now: 8" in sent(panel, page, late)
    assert ProxyServer.objects.get().sessions == 8


def test_a_server_is_removed_after_a_question_that_says_what_it_does(page: str) -> None:
    panel = logged_in("administrator")
    asked = sent(panel, page, {"do": "remove"})
    assert "Its licenses are removed with it" in asked
    assert "its external port closes" in asked
    assert "Server west removed" in sent(panel, page, {"do": "remove", "seon_sure": "1"})
    assert not ProxyServer.objects.exists()
    seen(panel, page, 404)


def test_a_server_that_a_token_is_for_alone_cannot_be_removed(page: str) -> None:
    tell()
    change_token(owner(), "main", proxy_ids=[PROXY_ID])
    told = sent(logged_in("administrator"), page, {"do": "remove", "seon_sure": "1"})
    assert "tokens that are for it alone would be for every server (main)" in told
    assert ProxyServer.objects.exists()


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_who_may_not_configure_changes_and_removes_nothing(page: str, role: str) -> None:
    panel = logged_in(role)
    sent(panel, page, form(page, panel, sessions="9"))
    sent(panel, page, {"do": "remove", "seon_sure": "1"})
    assert ProxyServer.objects.get().sessions == 7


def test_a_server_that_is_not_there_is_not_found() -> None:
    for key in (1, 2**63, 10**40):
        seen(logged_in("auditor"), f"/panel/proxies/servers/{key}/", 404)
