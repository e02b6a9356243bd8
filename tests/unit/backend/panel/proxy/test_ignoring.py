"""Ignore rules: added from a line of the log, in local time, counted, changed, removed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from page_forms import Pages

from seon.backend.acting.actors import owner
from seon.backend.counting.models import KeptOut
from seon.backend.journal.actions import add_rule
from seon.backend.journal.models import IgnoreRule
from seon.backend.journal.recording import record

PAGE = "/panel/configuration/proxy/"
GOOD = {"description": "known", "text": "lost", "code": "CLI-END"}


def test_a_line_of_the_log_fills_a_new_rule_in() -> None:
    pages = Pages()
    page = f'{PAGE}?ignore_text="><script>alert(1)</script>&ignore_code=CLI-END'
    assert "<script>alert" not in pages.open(page)
    form = pages.forms(page)["ignore"]
    assert (form["text"], form["code"]) == ('"><script>alert(1)</script>', "CLI-END")
    told = pages.post(page, {**form, "description": "known", "text": "Client ended"})
    assert "The ignore rule was added." in told
    rule = IgnoreRule.objects.get()
    assert (rule.text, rule.code, rule.valid_to) == ("Client ended", "CLI-END", None)
    record("CLI-END", reason="any")
    assert KeptOut.objects.get(rule=rule.pk).number == 1
    assert "in force" in pages.open(PAGE)


def test_times_are_taken_and_shown_in_the_zone_of_who_looks() -> None:
    pages = Pages()
    pages.client.cookies["seon-zone"] = "Europe/Berlin"
    pages.send(PAGE, "ignore", **GOOD, valid_from="2026-01-01T12:00", valid_to="2999-07-01T12:00:00")
    rule = IgnoreRule.objects.get()
    assert rule.valid_from == datetime(2026, 1, 1, 11, tzinfo=UTC)
    assert "2026-01-01 12:00:00 CET" in pages.open(PAGE)
    form = pages.forms(f"{PAGE}ignore/{rule.pk}/")["change"]
    assert form["valid_from"] == "2026-01-01T12:00:00"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("description", "", "required"),
        ("text", "   ", "more than blanks"),
        ("text", "x" * 201, "at most 200 characters"),
        ("text", "a\0b", "Null characters"),
        ("code", "NO-SUCH", "Select a valid choice"),
        ("valid_from", "yesterday", "valid date/time"),
        ("valid_to", "2020-01-01T00:00", "later"),
        ("valid_to", "9999-12-31T23:59", "2000 to 2999"),
        ("valid_from", "0001-01-01T00:00", "2000 to 2999"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(field: str, value: str, told: str) -> None:
    pages = Pages()
    assert told in pages.send(PAGE, "ignore", **{**GOOD, field: value})
    assert pages.status == 200
    assert not IgnoreRule.objects.exists()


def test_a_rule_is_changed_and_its_end_taken_away() -> None:
    rule = add_rule(owner(), "known", "lost", "CLI-END", valid_to=timezone.now() + timedelta(days=1))
    pages, page = Pages(), f"{PAGE}ignore/{rule.pk}/"
    assert "Saved." in pages.send(page, "change", text="gone", code="", valid_to="")
    began = rule.valid_from
    rule.refresh_from_db()
    assert (rule.text, rule.code, rule.valid_to, rule.valid_from) == ("gone", "", None, began)


def test_a_rule_is_removed_once_somebody_is_sure() -> None:
    rule = add_rule(owner(), "known", "lost", "CLI-END")
    pages = Pages("operator")
    form = pages.forms(PAGE)["remove_rule"]
    assert "Messages with the text “lost”" in pages.post(PAGE, form)
    assert IgnoreRule.objects.exists()
    assert "was removed" in pages.post(PAGE, {**form, "seon_sure": "1"})
    assert not IgnoreRule.objects.exists()
    assert "There is no ignore rule 0" in pages.post(PAGE, {**form, "rule": "9" * 400})
    pages.open(f"{PAGE}ignore/{rule.pk}/")
    assert pages.status == 404


def test_an_expired_rule_is_marked() -> None:
    rule = add_rule(owner(), "known", "lost", "CLI-END")
    IgnoreRule.objects.update(valid_from=rule.valid_from - timedelta(days=2), valid_to=rule.valid_from)
    assert "expired" in Pages().open(PAGE)


def test_who_may_not_ignore_sees_the_rules_and_changes_none() -> None:
    rule = add_rule(owner(), "known", "lost", "CLI-END")
    pages = Pages("auditor")
    assert "known" in pages.open(f"{PAGE}ignore/{rule.pk}/")
    assert not pages.forms(f"{PAGE}ignore/{rule.pk}/")
    pages.post(PAGE, {"do": "remove_rule", "rule": str(rule.pk), "seon_sure": "1"})
    pages.post(PAGE, {"do": "ignore", **GOOD})
    assert IgnoreRule.objects.count() == 1
