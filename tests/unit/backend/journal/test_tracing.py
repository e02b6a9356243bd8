from datetime import timedelta

import pytest
from django.utils import timezone

from seon.backend.configuration.lines import MOST
from seon.backend.configuration.models import TracedSession
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.journal.models import Entry, Session
from seon.backend.journal.tracing import forget_ended_traces, switch_trace

ONE, TWO = "0123456789abcdef", "01234567ffffffff"


def session(name: str, *, ended: bool = False) -> Session:
    now = timezone.now()
    return Session.objects.create(session=name, started_at=now, ended_at=now if ended else None)


def traced() -> list[str]:
    return list(TracedSession.objects.order_by("session").values_list("session", flat=True))


def test_a_running_session_is_traced_by_the_beginning_of_its_id_until_it_is_switched_off() -> None:
    session(ONE)
    session(TWO)
    before = read_version()
    assert switch_trace("012345678", on=True) == ONE
    assert traced() == [ONE]
    assert read_version() > before
    assert Entry.objects.filter(code="AUD-CHANGE", text__contains=f"traced session {ONE}: added").exists()
    at = read_version()
    switch_trace(ONE, on=True)
    assert read_version() == at, "it is on already"
    switch_trace(ONE, on=False)
    assert traced() == []
    assert read_version() > at


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("0123456", "8 characters"),
        ("01234567", "More than one session"),
        ("fedcba98", "No session that runs has the id 'fedcba98'"),
        ("ended-session", "No session that runs"),
        ("0123456789ABCDEF-not", "No session that runs"),
    ],
)
def test_a_session_that_does_not_run_or_is_not_named_clearly_is_refused(name: str, told: str) -> None:
    session(ONE)
    session(TWO)
    session("ended-session", ended=True)
    for on in (True, False):
        with pytest.raises(OperatorError, match=told):
            switch_trace(name, on=on)


def test_an_id_that_no_program_makes_is_not_passed_on() -> None:
    """The DMZ's word may be in the journal; it must not make a configuration that nobody can decode."""
    session("NOT AN ID")
    with pytest.raises(OperatorError, match="the id of a session"):
        switch_trace("NOT AN ID", on=True)


def test_no_more_are_traced_at_once_than_the_typed_configuration_takes() -> None:
    TracedSession.objects.bulk_create([TracedSession(session=f"session-{number}") for number in range(MOST)])
    session(ONE)
    with pytest.raises(OperatorError, match="100 sessions are traced already"):
        switch_trace(ONE, on=True)


def test_a_trace_is_forgotten_when_its_session_has_ended_or_after_a_day() -> None:
    running, ending, old = session(ONE), session(TWO), session("old-session")
    for each in (running, ending, old):
        switch_trace(each.session, on=True)
    assert forget_ended_traces() == ""
    ending.ended_at = timezone.now()
    ending.save()
    TracedSession.objects.filter(session=old.session).update(since=timezone.now() - timedelta(days=2))
    assert forget_ended_traces() == "2 traces of ended sessions no longer wanted"
    assert traced() == [ONE]
