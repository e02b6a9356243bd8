"""The lists of sessions: those that run, and those of the past."""

import pytest
from journal.story import BEGAN, Told
from live_states import SESSION, session, state, tell
from panel_clients import ROLES, logged_in, seen, sent

from seon.api_messages import LiveFile
from seon.backend.configuration.models import TracedSession
from seon.backend.journal.models import Entry
from seon.backend.journal.recording import store
from seon.backend.live.models import LiveOrder
from seon.backend.panel import searching

LIVE, PAST = "/panel/sessions/", "/panel/sessions/past/"
EVIL = "<script>alert(1)</script>"


def days() -> None:
    """A session that ended well, one that was refused, and one that runs."""
    store(Told("s1-first").start().offer().done().receipt().end().events, "token")
    refused = Told("s2-second", began=BEGAN + 3_600).start(partner="umbra", source="203.0.113.9:7")
    store(refused.end(partner="umbra", ended_by="server verifier", reason="rule FLD-X: no").events, "token")
    store(Told(SESSION, began=BEGAN + 7_200).start().events, "token")


@pytest.mark.parametrize("role", ROLES)
def test_everybody_sees_what_runs_and_how_far_its_file_is(role: str) -> None:
    moving = LiveFile("ORDERS", 32_000_000, 64_000_000)
    tell(state(sessions=(session(phase="receiving", file_in=moving, rate=1_500_000, findings=2),)))
    page = seen(logged_in(role), LIVE)
    for text in ("1 session runs", "receives a file of the partner", "ORDERS", "32.0 MB of 64.0 MB", "1.5 MB/s"):
        assert text in page
    assert 'value="32000000" max="64000000"' in page
    assert ("Trace" in page) == (role != "auditor")


def test_a_file_whose_size_nobody_said_has_no_bar() -> None:
    tell(state(sessions=(session(phase="sending", file_out=LiveFile("ORDERS", 5, 0)),)))
    page = seen(logged_in("auditor"), f"{LIVE}?part=live")
    assert "5 octets" in page
    assert "<progress" not in page
    assert "<html" not in page


def test_it_is_said_where_nobody_knows_what_runs() -> None:
    tell(age=11)
    page = seen(logged_in("auditor"), LIVE)
    assert "The client main was last heard of 1" in page
    assert "0 sessions run" in page


def test_without_sessions_the_page_says_so() -> None:
    assert "No session runs now" in seen(logged_in("auditor"), LIVE)
    assert "There has been no session yet" in seen(logged_in("auditor"), PAST)


def test_a_session_is_ended_after_a_question_and_the_client_gets_the_order() -> None:
    tell()
    operator = logged_in("operator")
    assert f"End the session {SESSION}?" in sent(operator, LIVE, {"kill": SESSION})
    asked = sent(operator, LIVE, {"do": "kill", "session": SESSION, "reason": "05"})
    assert f"End the session {SESSION}?" in asked
    assert "05: local site emergency close" in asked
    assert not LiveOrder.objects.exists()
    said = sent(operator, LIVE, {"do": "kill", "session": SESSION, "reason": "05", "seon_sure": "1"})
    assert "The client has the order to end the session" in said
    order = LiveOrder.objects.get()
    assert (order.what, order.session, order.reason) == ("kill", SESSION, 5)
    assert Entry.objects.filter(code="AUD-CHANGE", text__contains="the-operator").exists()


@pytest.mark.parametrize("named", ["", "\0", "fedcba98" * 4, "x" * 5_000, "<b>"])
def test_what_does_not_run_cannot_be_ended_or_traced(named: str) -> None:
    tell()
    operator = logged_in("operator")
    for name in ("kill", "trace", "untrace"):
        answer = operator.post(LIVE, {"do": name, "session": named, "seon_sure": "1"}, secure=True, follow=True)
        assert answer.status_code == 200
    assert not LiveOrder.objects.exists()
    assert not TracedSession.objects.exists()


@pytest.mark.parametrize("reason", ["7", "x", "-5", "٣", "9" * 40])
def test_another_reason_than_the_two_is_refused(reason: str) -> None:
    tell()
    sent_form = {"do": "kill", "session": SESSION, "reason": reason, "seon_sure": "1"}
    assert logged_in("operator").post(LIVE, sent_form, secure=True).status_code == 400
    assert not LiveOrder.objects.exists()


def test_an_auditor_ends_and_traces_nothing() -> None:
    days()
    tell()
    for name in ("kill", "trace", "untrace"):
        form = {"do": name, "session": SESSION, "seon_sure": "1"}
        sent(logged_in("auditor"), LIVE, form)
    assert not LiveOrder.objects.exists()
    assert not TracedSession.objects.exists()
    assert Entry.objects.filter(code="AUD-DENIED").exists()


def test_a_trace_is_switched_on_and_off() -> None:
    days()
    tell()
    operator = logged_in("operator")
    assert "The session is traced" in sent(operator, LIVE, {"do": "trace", "session": SESSION})
    assert TracedSession.objects.filter(session=SESSION).exists()
    assert f'name="untrace" value="{SESSION}"' in seen(operator, LIVE)
    sent(operator, LIVE, {"untrace": SESSION})
    assert not TracedSession.objects.exists()


@pytest.mark.parametrize(
    ("query", "there", "missing"),
    [
        ("", ["s1-first", "s2-second", SESSION], []),
        ("?partner=umbra", ["s2-second"], ["s1-first"]),
        ("?result=refused", ["s2-second"], ["s1-first", SESSION]),
        ("?q=203.0.113", ["s2-second"], ["s1-first"]),
        ("?since=2023-11-14T23:30", [SESSION], ["s2-second"]),
        ("?until=2023-11-14T22:30", ["s1-first"], ["s2-second"]),
        ("?direction=outgoing", [], ["s1-first", "s2-second"]),
    ],
)
def test_past_sessions_are_found(query: str, there: list[str], missing: list[str]) -> None:
    days()
    page = seen(logged_in("auditor"), PAST + query)
    assert [one for one in there if f"sessions/{one}/" not in page] == []
    assert [one for one in missing if f"sessions/{one}/" in page] == []


def test_a_refusal_says_who_refused_and_why() -> None:
    days()
    page = seen(logged_in("auditor"), f"{PAST}?result=refused")
    assert "refused by the proxy" in page
    assert "the verifier of the server in the DMZ: rule FLD-X: no" in page


def test_who_looks_for_a_partner_s_sessions_is_led_to_all_of_them() -> None:
    answer = logged_in("auditor").get(f"{LIVE}?partner=acme&q=x", secure=True)
    assert answer.headers["Location"] == f"{PAST}?partner=acme&q=x"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("since=2026-13-45T99:99", "Enter a day and a time"),
        ("since=1066-10-14T09:00", "between the years 1970 and 2999"),
        ("result=nothing", "Select a valid choice"),
        ("q=" + "x" * 300, "at most 200 characters"),
        ("partner=%00", "Null characters are not allowed"),
    ],
)
def test_what_cannot_be_asked_for_is_said_beside_its_field(query: str, said: str) -> None:
    assert said in seen(logged_in("auditor"), f"{PAST}?{query}")


def test_a_search_that_takes_too_long_is_given_up_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    days()
    monkeypatch.setattr(searching, "SECONDS", 0)
    assert "The search took too long" in seen(logged_in("auditor"), f"{PAST}?q=x")


def test_what_a_partner_has_chosen_is_shown_as_text() -> None:
    store(Told("s1-first").start(source=EVIL).end(reason=EVIL, ended_by=EVIL).events, "token")
    tell(state(sessions=(session(phase="receiving", file_in=LiveFile("<img src=x onerror=1>", 1, 2)),)))
    client = logged_in("operator")
    for path in (LIVE, PAST, "/panel/sessions/s1-first/"):
        raw = client.get(path, secure=True).content.decode()
        assert EVIL not in raw
        assert "<img src=x" not in raw
