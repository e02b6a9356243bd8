from datetime import timedelta

import pytest
from django.utils import timezone

from seon.backend.acting.actors import owner
from seon.backend.configuration.models import TracedSession
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.journal.actions import RuleChange, add_rule, change_rule, remove_rule, rule_named, trace_session
from seon.backend.journal.models import Entry, IgnoreRule, Session


def test_a_rule_without_moments_counts_from_now_on_for_ever() -> None:
    rule = add_rule(owner(), "one", "two")
    assert rule.state == "in force"
    assert abs(rule.valid_from - timezone.now()) < timedelta(minutes=1)
    assert rule.valid_to is None


def test_what_is_not_given_stays_as_it_was() -> None:
    until = timezone.now() + timedelta(days=1)
    rule = add_rule(owner(), "one", "two", "CLI-API", valid_to=until)
    change_rule(owner(), rule.pk, RuleChange(text="three"))
    now = IgnoreRule.objects.get()
    assert (now.description, now.text, now.code, now.valid_to) == ("one", "three", "CLI-API", until)
    change_rule(owner(), rule.pk, RuleChange(code="", for_ever=True))
    now = IgnoreRule.objects.get()
    assert (now.text, now.code, now.valid_to) == ("three", "", None)
    told = Entry.objects.filter(code="AUD-CHANGE").latest("pk").text
    assert "code: 'CLI-API' to empty" in told


def test_a_rule_says_when_it_counts() -> None:
    rule = add_rule(owner(), "one", "two", valid_from=timezone.now() + timedelta(days=1))
    assert rule.state == "not yet"
    rule.valid_from, rule.valid_to = timezone.now() - timedelta(days=2), timezone.now() - timedelta(days=1)
    assert rule.state == "expired"


def test_a_number_that_no_rule_has_is_told_with_those_that_there_are() -> None:
    with pytest.raises(OperatorError, match="There is no ignore rule 77; there are: none"):
        remove_rule(owner(), 77)
    known = add_rule(owner(), "one", "two").pk
    with pytest.raises(OperatorError, match=f"There is no ignore rule 77; there are: {known}"):
        rule_named(77)


def test_a_trace_is_switched_on_once_and_off_again() -> None:
    Session.objects.create(session="0123456789abcdef", started_at=timezone.now())
    assert trace_session(owner(), "01234567", on=True) == "0123456789abcdef"
    before = read_version()
    trace_session(owner(), "01234567", on=True)
    assert read_version() == before, "it is on already"
    trace_session(owner(), "01234567", on=False)
    assert not TracedSession.objects.exists()
