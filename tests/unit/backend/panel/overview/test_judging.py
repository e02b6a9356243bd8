"""One line says whether it works; what does not is named with what to do, the most important first."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from live_states import listener, session
from overview_facts import AWAY, NOW, client, facts, linked, of_server

from seon.backend.panel.overview.facts import Facts
from seon.backend.panel.overview.judging import State, judge
from seon.backend.queue.expiry import Ending
from seon.backend.queue.jobs import JOBS
from seon.backend.queue.lists import JobState
from seon.backend.queue.models import Job
from seon.backend.script.lists import QueueState

SOUND = facts()
CLOSED = linked(external_open=False, external_reason="address already in use")
SCRIPT = QueueState("/srv/alarm", 0, 0, 0, 0)


def ending(subject: str, what: str, days: float) -> Ending:
    return Ending(subject, what, NOW + timedelta(days=days), "ask for a new one")


def failing(job: str) -> JobState:
    return JobState(JOBS[0], Job(name=job, ok=False, result="the network is away."))


def test_everything_works_in_one_line() -> None:
    sessions = tuple(session(f"{number:032x}") for number in range(14))
    verdict = judge(facts(client(sessions=sessions, servers=(linked(), linked(place="b", proxy_id="")))))
    assert verdict.state is State.WORKS
    assert verdict.sentence == "Works. 1 server, 1 client, 14 sessions, last file 12 s ago"
    assert verdict.problems == ()


def test_a_new_installation_is_led_to_its_first_file() -> None:
    verdict = judge(replace(SOUND, clients=(), servers=(), last_file=None))
    assert verdict.state is State.NEW
    assert verdict.sentence == "Not set up yet. The steps below lead to the first file."


def test_an_installation_that_has_lost_its_client_is_not_new() -> None:
    assert judge(replace(SOUND, clients=(), servers=())).state is State.FAILS


FAILS = [
    (replace(SOUND, servers=()), "No license was issued yet", State.FAILS),
    (replace(SOUND, tokens=0), "No security token is in force", State.PART),
    (facts(client(fresh=False, heard=300)), "Nothing is heard of client main at 10.0.0.7 since 5 min 0 s", State.FAILS),
    (
        facts(client(servers=(linked(linked=False, reason="connection refused"),))),
        "No link from client main to server dmz.example:2878: connection refused.",
        State.FAILS,
    ),
    (facts(client(servers=())), "Client main is told to serve no server", State.FAILS),
    (of_server(SOUND, license_until=None), "The license of server dmz was withdrawn", State.PART),
    (of_server(SOUND, license_until=NOW), "The license of server dmz has ended", State.PART),
    (replace(SOUND, own_until=None), "No own certificate is in use", State.PART),
    (replace(SOUND, own_until=NOW), "The own certificate has ended", State.PART),
    (
        facts(client(servers=(CLOSED,))),
        "The external port of server dmz is closed: address already in use.",
        State.FAILS,
    ),
    (facts(client(receive_daemon="")), "Client main has no receive daemon", State.PART),
    (
        facts(client(receive_daemon_reached=False, receive_daemon_reason="no route to host")),
        "Client main does not reach the receive daemon 10.0.0.9:3305: no route to host.",
        State.PART,
    ),
    (facts(client(version=4)), "The newest configuration is not in force on: main.", State.PART),
    (
        facts(client(servers=(linked(version=4),))),
        "The newest configuration is not in force on: dmz.",
        State.PART,
    ),
    (replace(SOUND, overdue=("CN=CA",)), "1 revocation list is overdue (CN=CA).", State.PART),
    (
        facts(client(listeners=(listener(), listener(port=7, open=False, reason="in use")))),
        "1 listening port of client main is closed: 127.0.0.1:7 to acme, in use.",
        State.PART,
    ),
    (replace(SOUND, free_octets=1_000), "The disk of Seonapi is nearly full: 1.0 kB are free.", State.PART),
    (replace(SOUND, daemon=AWAY), "The Seon send queue daemon is away since 10 min 0 s", State.PART),
    (replace(SOUND, script=SCRIPT, events=AWAY), "The events service is away since 10 min 0 s", State.PART),
    (replace(SOUND, script=replace(SCRIPT, lost=3)), "3 events started no script", State.PART),
]
WARNS = [
    (of_server(SOUND, license_until=NOW + timedelta(days=10)), "The license of server dmz ends in 10 days."),
    (replace(SOUND, own_until=NOW + timedelta(days=2)), "The own certificate ends in 2 days."),
    (replace(SOUND, failed_jobs=(failing("crls"),)), "fails: the network is away."),
    (replace(SOUND, overdue=("a", "b"), revocation="soft"), "2 revocation lists are overdue, among them that of a."),
    (replace(SOUND, free_octets=50_000_000), "The disk of Seonapi is nearly full: 50.0 MB are free."),
    (replace(SOUND, script=replace(SCRIPT, failed=2)), "2 runs of the event script failed within a day."),
    (facts(client(events_waiting=5_000)), "5000 events wait at client main"),
    (
        of_server(facts(client(sessions=(session(),) * 9)), limit=10),
        "9 of 10 sessions run: soon new ones are refused.",
    ),
    (facts(client(draining=True)), "Client main takes no new session"),
    (replace(SOUND, partners=0), "No partner is enabled"),
    (
        replace(SOUND, endings=(ending("token:1", "The security token main", 3), ending("anchor:1", "The anchor", 9))),
        "The security token main ends soon.",
    ),
    (replace(SOUND, endings=(ending("token:1", "The security token main", -3),)), "The security token main has ended."),
]


@pytest.mark.parametrize(("known", "what", "state"), FAILS)
def test_what_does_not_work_is_said_with_what_to_do(known: Facts, what: str, state: State) -> None:
    verdict = judge(known)
    (problem,) = [problem for problem in verdict.problems if what in problem.what]
    assert problem.bad
    assert problem.advice
    assert verdict.state is state
    assert verdict.sentence.startswith("Does not work." if state is State.FAILS else "Works in part.")
    assert bool(problem.page) != bool(problem.command)
    assert not problem.page or reverse(problem.page)


@pytest.mark.parametrize(("known", "what"), WARNS)
def test_what_soon_will_not_work_is_a_warning(known: Facts, what: str) -> None:
    verdict = judge(known)
    (problem,) = verdict.problems
    assert what in problem.what
    assert not problem.bad
    assert verdict.state is State.WARNS
    assert verdict.sentence.startswith("Works, with a warning. 1 server")


QUIET = [
    facts(client(version=4), changed_at=NOW - timedelta(seconds=2)),
    replace(SOUND, overdue=("CN=CA",), revocation="ignore"),
    replace(SOUND, events=AWAY),
    replace(SOUND, endings=(ending("token:1", "The security token main", 50),)),
    replace(SOUND, endings=(ending("license:x", "The license", 2),)),
    facts(client(receive_daemon_reached=None)),
]


@pytest.mark.parametrize("known", QUIET)
def test_what_is_on_its_way_far_off_or_told_elsewhere_is_no_problem(known: Facts) -> None:
    assert judge(known).state is State.WORKS


def test_what_does_not_work_comes_before_every_warning_in_the_order_of_importance() -> None:
    known = replace(facts(client(draining=True, receive_daemon="")), tokens=0, partners=0, own_until=None)
    words = [" ".join(problem.what.split()[:3]) for problem in judge(known).problems]
    assert words == ["No security token", "No own certificate", "Client main has", "Client main takes", "No partner is"]


def test_of_a_silent_client_only_its_silence_is_said() -> None:
    known = facts(client(fresh=False, draining=True, receive_daemon="", version=1, events_waiting=10**6))
    assert len(judge(known).problems) == 1


def test_a_server_that_another_client_serves_is_only_a_warning() -> None:
    known = facts(client(), client(name="second", servers=(linked(linked=False, reason="no route"),)))
    (problem,) = judge(known).problems
    assert not problem.bad
    assert "second" in problem.what
