"""`seonapi ignore` and `seonapi log` as click runs them, on this process's models."""

import re
import time
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from django.utils import timezone

from seon.backend.journal.models import Entry, IgnoreRule
from seon.backend.journal.recording import record, store
from seon.cli.seonapi import log as log_commands
from seon.cli.seonapi import main
from seon.events import Event

RULE = ("--description", "Acme moves house", "--text", "Connection Refused")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def done(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.rstrip("\n")


def answered(*arguments: str) -> Any:
    return msgspec.json.decode(done(*arguments, "--json"))


def refused(*arguments: str, status: int = 1) -> str:
    result = run(*arguments)
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    return result.stderr


def test_a_rule_is_added_listed_shown_changed_and_removed() -> None:
    assert done("ignore", "list") == "no ignore rules"
    added = answered("ignore", "add", *RULE, "--to", "2999-12-24")
    number = str(added["rule"])
    assert added["to"] == "2999-12-25T00:00:00Z", "the day counts to its end"
    listed = done("ignore", "list")
    assert "in force" in listed
    assert "Connection Refused" in listed
    assert [rule["rule"] for rule in answered("ignore", "list")] == [added["rule"]]
    shown = done("ignore", "show", number)
    assert "any, but none of refusals, audit and license" in shown
    assert "2999-12-25 00:00:00 UTC" in shown
    changed = answered("ignore", "change", number, "--code", "SES-FAILED", "--for-ever")
    assert (changed["code"], changed["to"], changed["text"]) == ("SES-FAILED", None, "Connection Refused")
    assert "for ever" in done("ignore", "show", number)
    assert done("ignore", "remove", number) == f"ignore rule {number} removed"
    assert not IgnoreRule.objects.exists()


def test_a_wrong_rule_is_told_in_one_line_and_not_stored() -> None:
    assert "more than blanks" in refused("ignore", "add", "--description", "x", "--text", "  ")
    assert "is over" in refused("ignore", "add", *RULE, "--to", "2020-01-01")
    assert "is no moment" in refused("ignore", "add", *RULE, "--to", "tomorrow", status=2)
    assert "no code of an event" in refused("ignore", "add", *RULE, "--code", "NO-SUCH")
    assert "There is no ignore rule 5; there are: none" in refused("ignore", "remove", "5")
    number = str(answered("ignore", "add", *RULE)["rule"])
    assert "exclude each other" in refused("ignore", "change", number, "--to", "2999-01-01", "--for-ever", status=2)
    assert IgnoreRule.objects.count() == 1


def some_events() -> None:
    Entry.objects.all().delete()
    for number, (code, session, fields) in enumerate([
        ("SES-FAILED", "abcdefgh-one", {"partner": "müller", "direction": "incoming", "reason": "Connection refused"}),
        ("ADM-TLS", "", {"source": "192.0.2.1:5", "target": "198.51.100.7:1", "reason": "it speaks\nHTTP"}),
        ("CLI-TOKEN", "", {"reason": "the token is not known"}),
    ]):  # fmt: skip
        store([Event(id=f"e-{number}", code=code, time=time.time(), hop="inside", session=session, fields=fields)], "t")


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ((), ["CLI-TOKEN", "ADM-TLS", "SES-FAILED"]),
        (("--severity", "error"), ["CLI-TOKEN", "SES-FAILED"]),
        (("--severity", "critical"), ["CLI-TOKEN"]),
        (("--code", "ADM-TLS"), ["ADM-TLS"]),
        (("--group", "refused"), ["ADM-TLS"]),
        (("--session", "abcdefgh-one"), ["SES-FAILED"]),
        (("--partner", "müller"), ["SES-FAILED"]),
        (("--hop", "dmz"), []),
        (("--source", "192.0.2.1"), ["ADM-TLS"]),
        (("--text", "CONNECTION ref"), ["SES-FAILED"]),
        (("--since", "1h"), ["CLI-TOKEN", "ADM-TLS", "SES-FAILED"]),
        (("--until", "1h"), []),
        (("--since", "2020-01-01", "--until", "2020-12-31"), []),
        (("--limit", "2"), ["CLI-TOKEN", "ADM-TLS"]),
    ],
)
def test_the_system_log_is_listed_newest_first_by_what_is_looked_for(
    options: tuple[str, ...], codes: list[str]
) -> None:
    some_events()
    assert [entry["code"] for entry in answered("log", "list", *options)["entries"]] == codes
    assert sum(code in done("log", "list", *options) for code in ("CLI-TOKEN", "ADM-TLS", "SES-FAILED")) == len(codes)


def test_a_list_goes_on_behind_the_place_that_it_named() -> None:
    some_events()
    first = run("log", "list", "--limit", "2")
    place = first.stderr.strip().rpartition("--before ")[2]
    assert [entry["code"] for entry in answered("log", "list", "--before", place)["entries"]] == ["SES-FAILED"]
    assert "no place" in refused("log", "list", "--before", "page-2")


def test_the_sessions_beginning_is_enough_if_there_is_one() -> None:
    record("CLI-API")
    start = {"partner": "P", "direction": "incoming", "source": "a", "target": "b"}
    for number, session in enumerate(("abcdefgh-one", "abcdefgh-two")):
        store([Event(id=f"s-{number}", code="SES-START", time=1.0, hop="inside", session=session, fields=start)], "t")
    assert len(answered("log", "list", "--session", "abcdefgh-t")["entries"]) == 1
    assert "More than one session begins" in refused("log", "list", "--session", "abcdefgh")
    assert "first 8 characters" in refused("log", "list", "--session", "abc")


def test_an_event_is_shown_with_all_its_fields_on_safe_lines() -> None:
    some_events()
    entry = Entry.objects.get(code="ADM-TLS")
    shown = done("log", "show", str(entry.pk))
    assert "reason" in shown
    assert "it speaks\\nHTTP" in shown
    assert answered("log", "show", str(entry.pk))["source"] == "192.0.2.1"
    assert "There is no event 999999" in refused("log", "show", "999999")


def test_who_follows_sees_each_event_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def meanwhile(_: float) -> None:
        looks.append(1)
        if len(looks) == 5:
            raise KeyboardInterrupt
        record("CLI-END", reason=f"look {len(looks)}")
        record("CLI-API")

    record("CLI-END", reason="before")
    Entry.objects.update(received_at=timezone.now() - timedelta(minutes=1))
    monkeypatch.setattr(log_commands.time, "sleep", meanwhile)
    lines = done("log", "follow", "--code", "CLI-END").splitlines()
    assert [line.partition("ended: ")[2] for line in lines] == ["look 1", "look 2", "look 3", "look 4"]


def test_at_the_end_of_the_time_a_list_says_how_far_it_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    from seon.backend.journal import lists

    monkeypatch.setattr(lists, "SLICE", 2)
    monkeypatch.setattr(lists.Budget, "left", lambda *_: 0)
    some_events()
    result = run("log", "list", "--text", "nobody has this")
    assert result.stdout == "no such events\n"
    assert "searched back to 2" in result.stderr
    assert "--before" in result.stderr


def test_the_list_of_events_has_headings_and_an_event_is_shown_as_other_things_are() -> None:
    some_events()
    heading, first = done("log", "list").splitlines()[:2]
    assert heading.split() == ["number", "arrival", "(UTC)", "severity", "where", "session", "code", "text"]
    shown = done("log", "show", first.split()[0])
    assert re.search(r"^arrival: +20\S+ \S+ UTC$", shown, re.MULTILINE)
    assert "\nfields:\n  " in shown
