import time
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from seon.backend.acting.actors import Way, owner, user_of
from seon.backend.errors import OperatorError
from seon.backend.journal.actions import add_rule, remove_rule
from seon.backend.journal.ignoring import PROTECTED, rules_at
from seon.backend.journal.models import Entry, Ignored, IgnoreRule, Session
from seon.backend.journal.recording import store
from seon.events import CATALOGUE, Event

REFUSED = {"source": "192.0.2.1:5", "target": "198.51.100.7:6619", "reason": "no partner has this certificate"}


def event(code: str, number: int = 1, **fields: Any) -> Event:
    return Event(id=f"s1-{number}", code=code, time=time.time(), hop="inside", session="s1", fields=fields)


def codes() -> list[str]:
    return list(Entry.objects.exclude(group="audit").order_by("pk").values_list("code", flat=True))


def test_a_matching_event_is_not_in_the_system_log_but_in_the_api_log_with_the_rule_s_name(caplog) -> None:
    rule = add_rule(owner(), "Acme moves house", "PORT 10.0.0.5:3306")
    with caplog.at_level("INFO", logger="seon"):
        stored = store(
            [event("CLI-PORT", 1, address="10.0.0.5:3306", partner="acme", reason="busy"), event("CLI-API", 2)], "token"
        )
    assert stored == 2, "the client is not to send it again"
    assert codes() == ["CLI-API"]
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"Ignored by rule {rule.pk}, Acme moves house: CLI-PORT Listening port 10.0.0.5:3306")
    assert [record.levelname for record in caplog.records] == ["INFO"]


@pytest.mark.parametrize(("needle", "name"), [("STRASSE", "Straße"), ("müller", "MÜLLER"), ("istanbul", "İSTANBUL")])
def test_case_makes_no_difference_in_any_language(needle: str, name: str) -> None:
    add_rule(owner(), "one", needle)
    store([event("SES-FAILED", partner=name, direction="incoming", reason="x")], "token")
    assert codes() == []


def test_texts_are_english_whatever_language_the_panel_has() -> None:
    add_rule(owner(), "one", "12345 octets in")
    with translation.override("de"):
        store([event("SES-END", partner="P", ended_by="x", reason="y", seconds=1.5, octets_in=12_345)], "token")
    assert codes() == []


def test_a_rule_counts_from_its_first_moment_on_and_not_at_its_last(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = timezone.now().replace(microsecond=0) + timedelta(hours=1)
    end = begin + timedelta(hours=1)
    add_rule(owner(), "one", "api", valid_from=begin, valid_to=end)
    tick = timedelta(microseconds=1)
    for number, (moment, ignored) in enumerate(
        [(begin - tick, False), (begin, True), (end - tick, True), (end, False)]
    ):
        monkeypatch.setattr("seon.backend.journal.ignoring.timezone.now", lambda moment=moment: moment)
        before = len(codes())
        store([event("CLI-API", number)], "token")
        assert len(codes()) - before == (not ignored), moment
        assert bool(rules_at(moment)) == ignored


def test_a_rule_can_be_added_and_removed_at_any_time_and_counts_at_once() -> None:
    store([event("CLI-API", 1)], "token")
    rule = add_rule(owner(), "one", "seonapi answers")
    store([event("CLI-API", 2)], "token")
    assert len(codes()) == 1
    remove_rule(owner(), rule.pk)
    store([event("CLI-API", 3)], "token")
    assert len(codes()) == 2


def test_events_of_refusals_audit_and_license_are_ignored_only_by_rules_that_name_their_code() -> None:
    kinds = [kind for kind in CATALOGUE.values() if kind.group in PROTECTED]
    assert {kind.group for kind in kinds} == {"refused", "audit", "license"}
    for letter in "aeio":  # in every text
        add_rule(owner(), "too much", letter)
    store([event(kind.code, number) for number, kind in enumerate(kinds)], "token")
    assert sorted(set(codes())) == sorted(kind.code for kind in kinds if kind.group != "audit")
    add_rule(owner(), "that one", "no partner", code="ADM-REFUSED")
    store([event("ADM-REFUSED", 1_000, **REFUSED), event("ADM-TLS", 1_001, **REFUSED)], "token")
    assert codes()[-1] == "ADM-TLS"
    assert codes().count("ADM-REFUSED") == 1


def test_a_rule_that_names_a_code_ignores_no_other() -> None:
    add_rule(owner(), "one", "a", code="CLI-API")
    store([event("CLI-API", 1), event("CLI-END", 2, reason="a")], "token")
    assert codes() == ["CLI-END"]


def test_an_event_of_a_newer_program_is_never_ignored_by_accident() -> None:
    add_rule(owner(), "too much", "e")
    store([event("ADM-NEWER", 1, reason="e")], "token")
    assert codes() == ["ADM-NEWER"]


def test_an_ignored_event_still_counts_for_its_session() -> None:
    add_rule(owner(), "all of it", "session with partner")
    start = {"partner": "P1", "direction": "incoming", "source": "192.0.2.1:5", "target": "sta", "tls": "TLS 1.3"}
    end = {"partner": "P1", "ended_by": "partner", "reason": "done", "octets_in": 10, "octets_out": 20, "files": 1}
    store([event("SES-START", 1, **start), event("SES-END", 2, **end)], "token")
    assert codes() == []
    session = Session.objects.get()
    assert (session.partner, session.files, session.ended_by) == ("P1", 1, "partner")


def test_an_ignored_event_that_comes_again_shows_nowhere_even_without_its_rule(caplog) -> None:
    rule = add_rule(owner(), "one", "seonapi answers")
    with caplog.at_level("INFO", logger="seon"):
        store([event("CLI-API", 1)], "token")
        assert store([event("CLI-API", 1)], "token") == 1
        remove_rule(owner(), rule.pk)
        assert store([event("CLI-API", 1)], "token") == 1
    assert len(caplog.records) == 1
    assert codes() == []
    assert Ignored.objects.count() == 1
    store([msgspec.structs.replace(event("CLI-API", 1), hop="dmz")], "token")
    assert codes() == ["CLI-API"], "the DMZ cannot hide behind an id of the inside, nor the other way round"


def test_what_is_rolled_back_is_not_in_the_api_log(caplog, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("broken")

    add_rule(owner(), "one", "seonapi answers")
    monkeypatch.setattr("seon.backend.journal.recording.follow", fails)
    with caplog.at_level("INFO", logger="seon"), pytest.raises(RuntimeError, match="broken"):
        store([event("CLI-API", 1)], "token")
    assert not caplog.records
    assert not Ignored.objects.exists()


def test_a_line_break_in_a_description_makes_no_second_line(caplog) -> None:
    add_rule(owner(), "one\nFATAL two", "seonapi answers")
    with caplog.at_level("INFO", logger="seon"):
        store([event("CLI-API", 1)], "token")
    assert "one\\nFATAL two" in caplog.records[0].getMessage()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"text": ""}, "text: This field cannot be blank"),
        ({"text": " \t\N{NO-BREAK SPACE}"}, "more than blanks"),
        ({"text": "x" * 201}, "at most 200 characters"),
        ({"description": ""}, "description"),
        ({"code": "ADM-NO"}, "no code of an event"),
        ({"valid_to": timezone.now() - timedelta(seconds=1)}, "which is over"),
        ({"valid_from": timezone.now() + timedelta(days=2), "valid_to": timezone.now() + timedelta(days=1)}, "later"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_in_words(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(OperatorError, match=said):
        add_rule(owner(), **({"description": "one", "text": "two"} | wrong))
    assert not IgnoreRule.objects.exists()


def test_a_text_of_200_characters_fits() -> None:
    add_rule(owner(), "one", "x" * 200)
    store([event("CLI-END", reason="X" * 200)], "token")
    assert codes() == []


def test_there_cannot_be_rules_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seon.backend.journal.models.MOST_RULES", 1)
    add_rule(owner(), "one", "two")
    with pytest.raises(OperatorError, match="1 ignore rules already"):
        add_rule(owner(), "one", "two")
    with pytest.raises(ValidationError):
        IgnoreRule(description="one", text="two").save()


def test_who_adds_a_rule_against_the_audit_stands_in_the_audit() -> None:
    rule = add_rule(owner(), "blind", "e", code="AUD-CHANGE")
    add_rule(owner(), "blind, too", "e", code="AUD-DENIED")
    with pytest.raises(OperatorError):
        remove_rule(user_of(AnonymousUser(), Way.PANEL, confirmed=True), rule.pk)
    remove_rule(owner(), rule.pk)
    told = list(Entry.objects.order_by("pk").values_list("code", "fields__act"))
    assert told == [
        ("AUD-CHANGE", "ignore.add"), ("AUD-CHANGE", "ignore.add"),
        ("AUD-DENIED", "ignore.remove"), ("AUD-CHANGE", "ignore.remove"),
    ]  # fmt: skip
