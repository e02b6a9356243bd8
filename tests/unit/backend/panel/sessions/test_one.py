"""The page of one session."""

from urllib.parse import quote

import pytest
from journal.story import AGREED, Told
from live_states import SESSION, session, state, tell
from panel_clients import ROLES, logged_in, seen

from seon.api_messages import LiveFile
from seon.backend.journal.models import Session
from seon.backend.journal.recording import store
from seon.oftp2.rules import RULES

FINDING = {"rule": "FLD-X", "key": "FLD-X/case", "side": "INITIATOR", "stb": 7, "offset": 12, "text": "lower case",
           "partner": "acme"}  # fmt: skip


def whole() -> None:
    """Let both hosts tell all of a session that has ended."""
    told = Told("s1-first").start(fingerprint="ab" * 32).add("SES-AGREED", **AGREED).offer().done().receipt()
    told.add("SES-FINDING", **FINDING).end(ended_by="station", reason="ESID 00 normal session termination")
    store(told.events, "token")
    store(Told("s1-first", "dmz").start(source="203.0.113.9:40718").end().events, "token")


def page(identifier: str = "s1-first", role: str = "auditor", status: int = 200) -> str:
    return seen(logged_in(role), f"/panel/sessions/{quote(identifier)}/", status)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_sees_who_what_was_agreed_and_how_it_ended(role: str) -> None:
    whole()
    said = page(role=role)
    for text in (
        "acme", "the partner called", "192.0.2.44:40718", "TLSv1.3", "ab" * 32, "ended normally", "the station inside",
        "ESID 00 normal session termination", "the client inside", "Exchange buffer", "4096", "Secure authentication",
        "ORDERS", "delivered (EERP)",
    ):  # fmt: skip
        assert text in said, text
    assert "Runs now" not in said
    assert "End with ESID" not in said


def test_a_broken_rule_is_explained() -> None:
    whole()
    said = page()
    assert RULES["FLD-X/case"].meaning in said
    for text in ("FLD-X/case", "lower case", "the Initiator", "7, 12", "finding", "client (inside)"):
        assert text in said, text


def test_both_hosts_stand_on_one_line_of_time_in_order() -> None:
    whole()
    line = page().rpartition("What both hosts reported")[2]
    codes = [code for code in ("SES-START", "FIL-START", "FIL-END", "FIL-RECEIPT", "SES-END") if code in line]
    assert codes == ["SES-START", "FIL-START", "FIL-END", "FIL-RECEIPT", "SES-END"]
    assert line.index("SES-START") < line.index("FIL-END") < line.index("FIL-RECEIPT")
    assert "server (DMZ)" in line


def test_what_only_the_dmz_has_said_is_marked_so() -> None:
    store(Told("s1-first", "dmz").start().end().events, "token")
    assert "the server in the DMZ alone: the client has not said it" in page()


def test_a_session_that_runs_shows_how_far_it_is_and_its_buttons() -> None:
    store(Told(SESSION).start().events, "token")
    tell(state(sessions=(session(phase="sending", file_out=LiveFile("ORDERS", 1, 4), source="192.0.2.1:5"),)))
    said = page(SESSION, "operator")
    for text in (
        "Runs now",
        "sends a file to the partner",
        "25\xa0%",
        "End with ESID 99",
        "End with ESID 05",
        "Trace to",
    ):
        assert text in said, text
    assert "End with ESID" not in page(SESSION, "auditor")
    part = seen(logged_in("auditor"), f"/panel/sessions/{SESSION}/?part=live")
    assert "ORDERS" in part
    assert "<html" not in part


def test_a_session_that_runs_and_has_no_row_yet_has_a_page() -> None:
    tell(state(sessions=(session(phase="starting", source="192.0.2.1:5", fingerprint="cd" * 32),)))
    said = page(SESSION)
    for text in ("Runs now", "connections are made", "192.0.2.1:5", "cd" * 32, "has not got its start yet"):
        assert text in said, text


def test_a_session_whose_end_nobody_has_reported_says_so() -> None:
    store(Told("s1-first").start().events, "token")
    assert "no client says that it runs" in page()


@pytest.mark.parametrize("identifier", ["nothing", "a/b/c", "<script>", "x" * 500, "..", "\0"])
def test_a_session_that_nobody_knows_is_not_there(identifier: str) -> None:
    page(identifier, status=404)


def test_an_id_of_any_characters_has_an_address() -> None:
    Session.objects.create(session="odd/id with %?#", started_at="2026-11-27T00:00:00Z", partner="a/b")
    client = logged_in("auditor")
    assert quote("odd/id with %?#", safe="/") in seen(client, "/panel/sessions/past/")
    assert "odd/id with %?#" in page("odd/id with %?#")
