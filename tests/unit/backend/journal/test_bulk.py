from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from seon.backend.journal.bulk import insert_new, update_all
from seon.backend.journal.models import Entry

WHEN = datetime(2026, 11, 27, 8, 30, 1, 123_456, UTC)


def entry(key: str, **others: Any) -> Entry:
    values = {"hop": "inside", "time": WHEN, "received_at": WHEN + timedelta(microseconds=1), "code": "X",
              "group": "file", "severity": 20, "session": "s", "partner": "p", "source": "::1", "text": key,
              "reported_by": "main", "search": key}  # fmt: skip
    return Entry(event_id=key, **(values | others))


def stored() -> list[dict[str, Any]]:
    return list(Entry.objects.order_by("pk").values())


@pytest.mark.parametrize(
    "text",
    ["Bücher ß 文 🗄", "'; DROP TABLE journal_entry; --", 'a "quoted" \\ backslash \\u0041 \\', "%s %(name)s 100 %",
     '{"not": ["read"]}', "null", "line\nand\ttab\x01", " ", ""],
)  # fmt: skip
def test_every_column_comes_back_as_it_was(text: str) -> None:
    row = entry("one", text=text, search=text, fields={"name": text, "size": 2**53, "ratio": 0.25, "ok": True})
    insert_new([row])
    (found,) = stored()
    assert found.pop("id") > 0
    assert found == {name: getattr(row, name) for name in found}


def test_rows_keep_their_order_and_what_is_there_already_stays_as_it_was() -> None:
    insert_new([entry("b", text="first")])
    insert_new([entry("c"), entry("b", text="second"), entry("a"), entry("a", text="again"), entry("b", hop="dmz")])
    assert [(found["event_id"], found["hop"], found["text"]) for found in stored()] == [
        ("b", "inside", "first"), ("c", "inside", "c"), ("a", "inside", "a"), ("b", "dmz", "b"),
    ]  # fmt: skip


def test_two_hundred_rows_are_one_statement_and_none_is_none() -> None:
    with CaptureQueriesContext(connection) as asked:
        insert_new([entry(f"e{number}") for number in range(200)])
        insert_new([])
    if connection.vendor == "postgresql":
        assert len(asked) == 1
    assert Entry.objects.count() == 200


def test_rows_are_written_over_by_their_keys_and_a_column_that_is_left_out_stays() -> None:
    insert_new([entry("a"), entry("b"), entry("c")])
    first, second, _ = Entry.objects.order_by("pk")
    first.text, first.fields, first.received_at, first.event_id = "it's %s", {"a": [1]}, WHEN, "kept out"
    second.severity = 50
    update_all([first, second], but=["event_id"])
    update_all([])
    found = stored()
    assert [(row["event_id"], row["text"], row["severity"]) for row in found] == [
        ("a", "it's %s", 20), ("b", "b", 50), ("c", "c", 20),
    ]  # fmt: skip
    assert (found[0]["fields"], found[0]["received_at"]) == ({"a": [1]}, WHEN)
