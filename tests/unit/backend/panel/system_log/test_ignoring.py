"""Which ignore rules would keep messages like one out."""

import time
from typing import Any

from seon.backend.acting.actors import owner
from seon.backend.journal.actions import add_rule
from seon.backend.journal.models import LONGEST_TEXT, Entry
from seon.backend.journal.recording import store
from seon.backend.panel.system_log.ignoring import rules_like
from seon.events import Event


def event(number: int, code: str, **fields: Any) -> Event:
    return Event(id=f"a-{number}", code=code, time=time.time(), hop="inside", fields=fields)


def stored(code: str, **fields: Any) -> Entry:
    store([event(1, code, **fields)], "main" if not code.startswith("AUD") else "")
    return Entry.objects.get(event_id="a-1")


def test_each_rule_that_is_offered_ignores_the_message() -> None:
    about: dict[str, Any] = {"source": "192.0.2.7:40718", "target": "198.51.100.7:6619", "reason": "it speaks HTTP"}
    offered = rules_like(stored("ADM-TLS", **about))
    assert [rule.text for rule in offered] == [
        "TLS handshake from 192.0.2.7:40718 to 198.51.100.7:6619 failed: it speaks HTTP", "192.0.2.7",
        "it speaks HTTP", "TLS handshake from",
    ]  # fmt: skip
    for number, rule in enumerate(offered, 2):
        added = add_rule(owner(), "try", rule.text, rule.code)
        store([event(number, "ADM-TLS", **about)], "main")
        assert not Entry.objects.filter(event_id=f"a-{number}").exists(), rule
        added.delete()


def test_a_long_text_is_cut_to_what_a_rule_may_have() -> None:
    offered = rules_like(stored("CLI-END", reason="x" * 290))
    assert {len(rule.text) <= LONGEST_TEXT for rule in offered} == {True}


def test_no_rule_is_offered_against_the_audit_of_rules() -> None:
    assert rules_like(stored("AUD-CHANGE", user="a", way="panel", act="ignore.add", what="x", change="y")) == []


def test_a_code_that_no_rule_can_name_is_left_out() -> None:
    assert {rule.code for rule in rules_like(stored("NEW-CODE", reason="something"))} == {""}
