"""The overview: what a user sees of an empty installation, of one that works, and of what partners have chosen."""

import re

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from live_states import PROXY_ID, server, session, state, tell
from panel_clients import ROLES, logged_in, seen

from seon.backend.journal.models import Entry, File, FileState, HourCount, Session, Way
from seon.backend.trust.licenses import new_license

PAGE = "/panel/"
ATTACK = '<script>alert(1)</script>" x-init="alert(2)" {{ 7 }}'


def a_file() -> None:
    now = timezone.now()
    Session.objects.create(session="s", partner="acme", started_at=now)
    File.objects.create(
        session="s", direction=Way.FROM_PARTNER, name="A", offer_key=1, at=now, ended_at=now,
        state=FileState.TRANSFERRED,
    )  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_an_empty_installation_shows_the_way_to_the_first_file(role: str) -> None:
    page = seen(logged_in(role), PAGE)
    assert "Not set up yet." in page
    assert "0 of 12 steps are done" in page
    assert "seon_proxyserver2 -L" in page
    assert "How much passes" not in page


def test_clients_are_told_a_name_of_seonapi_that_other_hosts_know(monkeypatch: pytest.MonkeyPatch) -> None:
    client = logged_in("auditor")
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["localhost", "seonapi.example"])
    for host, said in (("localhost:8443", "seonapi.example:8443"), ("seonapi.example", "seonapi.example")):
        page = client.get(PAGE, secure=True, headers={"host": host}).content.decode()
        assert f"-U https://{said} -S" in page


def test_what_runs_is_shown_in_words() -> None:
    a_file()
    new_license(PROXY_ID, 90, "anna")
    sessions = tuple(session(f"{number:032x}") for number in range(3))
    tell(
        state(
            servers=(server(sessions=3),),
            sessions=sessions,
            receive_daemon="station:3305",
            receive_daemon_reached=False,
        )
    )
    HourCount.objects.create(hour=timezone.now().replace(minute=0, second=0, microsecond=0), kind="files-in", count=4)
    page = seen(logged_in("auditor"), PAGE)
    assert re.search(r"Works in part. 1 server, 1 client, 3 sessions, last file \d+ s ago", page)
    assert "does not reach the receive daemon station:3305" in page
    assert "from partners: 4" in page
    assert "89 days left" in page
    assert "To the first file" not in page


@pytest.mark.parametrize("part", ["now", "steps", "numbers", "more"])
def test_each_part_is_fetched_by_itself(part: str) -> None:
    client = logged_in("auditor")
    assert "<html" not in seen(client, f"{PAGE}?part={part}&span=week")
    seen(client, f"{PAGE}?part=other", 404)


def test_a_week_is_asked_for_in_the_address_and_stays_when_the_numbers_are_fetched_again() -> None:
    a_file()
    page = seen(logged_in("auditor"), f"{PAGE}?span=week")
    assert "?part=numbers&span=week" in page
    assert "?part=numbers&span=day" in seen(logged_in("auditor"), f"{PAGE}?span=%00<")


def test_what_others_have_chosen_is_shown_as_text() -> None:
    a_file()
    reason = ATTACK[:400]
    tell(state(servers=(server(linked=False, reason=reason, place="x<b>:1"),), receive_daemon="<i>h", build="<u>"))
    Entry.objects.create(
        event_id="e", hop="dmz", time=timezone.now(), code="SRV-PORT", group="server", severity=50, text=ATTACK
    )
    answer = logged_in("auditor").get(PAGE, secure=True).content.decode()
    for markup in ("<script>alert", '" x-init="alert', "<b>:1", "<i>h", "<u>"):
        assert markup not in answer
    assert answer.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2


def test_the_number_of_questions_to_the_database_does_not_grow_with_what_runs() -> None:
    client = logged_in("auditor")
    a_file()

    def questions() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            seen(client, f"{PAGE}?part=now")
        return len(asked)

    tell(state(servers=(server(),), sessions=(session(),)))
    before = questions()
    many = tuple(session(f"{number:032x}") for number in range(200))
    tell(state(2, servers=tuple(server(place=f"h{n}:1", proxy_id="") for n in range(50)), sessions=many))
    assert questions() == before
