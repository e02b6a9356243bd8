"""The system log as somebody at the panel asks for it."""

import asyncio
import csv
import io
import json
import re
import time
from datetime import timedelta
from functools import partial
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from panel_clients import ROLES, logged_in, seen

from seon.backend.acting.actors import owner
from seon.backend.journal import lists
from seon.backend.journal.actions import add_rule
from seon.backend.journal.models import Entry
from seon.backend.journal.recording import store
from seon.backend.panel.system_log import listing
from seon.events import Event

LOG = "/panel/system-log/"
ATTACK = '<script>alert(1)</script>" x-init="evil() {{ 7 }}'
_TAIL = re.compile(r'hx-get="([^"]*)"')


@pytest.fixture
def panel() -> Client:
    client = logged_in("auditor")
    Entry.objects.all().delete()
    return client


def report(code: str, hop: Any = "inside", session: str = "", **fields: Any) -> Entry:
    number = Entry.objects.count()
    event = Event(id=f"a-{code}-{number}", code=code, time=time.time(), hop=hop, session=session, fields=fields)
    store([event], "main")
    return Entry.objects.get(event_id=event.id)


def texts(page: str) -> list[str]:
    return re.findall(r'<td class="s-wrap">(.*?)</td>', page)


def tail_of(page: str) -> str:
    found = _TAIL.search(page)
    assert found
    return LOG + unescape(found[1])


def test_the_newest_message_stands_first_with_its_severity_in_words(panel: Client) -> None:
    report("CLI-END", reason="one")
    report("CLI-TOKEN", reason="two")
    page = seen(panel, LOG)
    assert texts(page) == ["Seonapi refuses this client: two", "Client ended: one"]
    assert re.search(r's-worst">critical<.*s-info">information<', page, re.DOTALL)


@pytest.mark.parametrize(("asked", "wanted"), [
    ("severity=error", ["bad"]), ("severity=debug", ["bad", "stranger", "good"]), ("hop=dmz", ["stranger"]),
    ("group=refused", ["stranger"]), ("code=cli-fault", ["bad"]), ("partner=acme", ["good"]),
    ("session=0123456789", ["good"]), ("source=192.0.2.7", ["stranger"]), ("q=STRANG", ["stranger"]),
    ("q=stranger&hop=dmz&severity=warning", ["stranger"]), ("q=nothing+like+it", []),
])  # fmt: skip
def test_every_filter_stands_in_the_address(panel: Client, asked: str, wanted: list[str]) -> None:
    report(
        "SES-START", partner="acme", direction="incoming", source="-", target="-", session="0123456789ab", tls="good"
    )
    report("ADM-TLS", "dmz", source="192.0.2.7:40718", target="198.51.100.7:6619", reason="stranger")
    report("CLI-FAULT", what="it", reason="bad")
    found = texts(seen(panel, f"{LOG}?{asked}"))
    assert [next(word for word in ("bad", "stranger", "good") if word in text) for text in found] == wanted


def test_times_are_asked_for_and_shown_in_the_zone_of_who_looks(panel: Client) -> None:
    entry = report("CLI-END", reason="at noon")
    Entry.objects.filter(pk=entry.pk).update(received_at="2026-07-01T10:00:00Z")
    panel.cookies["seon-zone"] = "Europe/Berlin"
    around = "since=2026-07-01T11:59&until=2026-07-01T12:01"
    page = seen(panel, f"{LOG}?{around}")
    assert "12:00:00 CEST" in page
    assert "From (CE" in page
    assert texts(seen(panel, f"{LOG}?since=2026-07-01T09:59&until=2026-07-01T10:01")) == []


@pytest.mark.parametrize(("asked", "said"), [
    ("since=yesterday", "Enter a date and a time"), ("since=0001-01-01T00:00", "between the years 1970 and 2999"),
    ("until=9999-12-31T23:59", "between the years"), ("severity=terrible", "terrible is not one of the available"),
    ("session=abc", "by its first 8 characters"), ("q=" + "x" * 300, "at most 200 characters"),
    ("code=%00", "Null characters are not allowed"),
])  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_left_out(panel: Client, asked: str, said: str) -> None:
    report("CLI-END", reason="one")
    page = seen(panel, f"{LOG}?{asked}")
    assert said in page
    assert texts(page) == ["Client ended: one"]


def test_older_and_newer_lead_through_the_whole_log_by_place(panel: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    for number in range(5):
        report("CLI-END", reason=str(number))

    def led(page: str, rel: str) -> str:
        found = re.search(rf'rel="{rel}" href="([^"]*)"', page)
        assert found
        return seen(panel, LOG + found[1])

    first = seen(panel, LOG)
    second = led(first, "next")
    third = led(second, "next")
    ends = [text[-1] for page in (first, second, third) for text in texts(page)]
    assert ends == ["4", "3", "2", "1", "0"]
    assert 'rel="next"' not in third
    assert texts(led(third, "prev")) == texts(second)
    assert texts(led(led(third, "prev"), "prev")) == texts(first)
    assert "hx-get" not in second, "only the newest page grows"


@pytest.mark.parametrize("asked", ["", "severity=error", "code=CLI-END"])
def test_a_plain_list_looks_for_no_text_and_counts_nothing(panel: Client, asked: str) -> None:
    report("CLI-END", reason="one")
    with CaptureQueriesContext(connection) as queries:
        seen(panel, f"{LOG}?{asked}")
    of_entries = [query["sql"] for query in queries if "journal_entry" in query["sql"]]
    assert of_entries
    assert not any("LIKE" in sql or "COUNT(" in sql for sql in of_entries)


@pytest.mark.parametrize("place", ["before=x", "after=x", "before=99999999999999999-999999999999999999", "after=1-1"])
def test_a_place_that_no_list_has_named_breaks_nothing(panel: Client, place: str) -> None:
    report("CLI-END", reason="one")
    assert texts(seen(panel, f"{LOG}?{place}")) == ["Client ended: one"]


def test_where_the_time_is_over_the_page_says_how_far_it_looked_and_goes_on_from_there(
    panel: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        report("CLI-END", reason=str(number))
    monkeypatch.setattr(lists, "SLICE", 1)
    monkeypatch.setattr(listing, "Budget", partial(lists.Budget, began=0.0))
    page = seen(panel, f"{LOG}?q=ended:+0")
    assert texts(page) == []
    assert "Only what arrived since" in page
    for _ in range(3):
        further = re.search(r'<a href="([^"]*)">Go on looking', page)
        if further:
            page = seen(panel, LOG + further[1])
        if texts(page):
            break
    assert texts(page) == ["Client ended: 0"]


def test_a_week_is_shown_and_older_messages_when_they_are_asked_for(panel: Client) -> None:
    old = report("CLI-END", reason="old")
    Entry.objects.filter(pk=old.pk).update(received_at=timezone.now() - timedelta(days=8))
    page = seen(panel, LOG)
    assert texts(page) == []
    older = re.search(r'<a href="([^"]*)">Show older ones', page)
    assert older
    assert texts(seen(panel, LOG + older[1])) == ["Client ended: old"]


def test_the_live_tail_brings_what_is_new_once_and_nothing_else(panel: Client) -> None:
    report("CLI-END", reason="before")
    part = seen(panel, tail_of(seen(panel, f"{LOG}?code=CLI-END")))
    assert texts(part) == []
    report("CLI-END", reason="after")
    report("CLI-API")
    late = report("CLI-END", reason="visible late")
    Entry.objects.filter(pk=late.pk).update(received_at=timezone.now() - timedelta(seconds=5))
    part = seen(panel, tail_of(part))
    assert texts(part) == ["Client ended: after", "Client ended: visible late"]
    assert "<html" not in part
    assert texts(seen(panel, tail_of(part))) == []


def test_a_flood_or_a_long_pause_ends_the_tail_with_a_link_to_the_newest(
    panel: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = tail_of(seen(panel, LOG))
    monkeypatch.setattr(listing, "MOST_NEW", 1)
    for number in range(2):
        report("CLI-END", reason=str(number))
    part = seen(panel, address)
    assert "show the newest messages" in part
    assert "hx-get" not in part
    monkeypatch.setattr(listing, "LONGEST_PAUSE", timedelta(0))
    assert "show the newest messages" in seen(panel, address)


@pytest.mark.parametrize("asked", ["part=new", "part=new&since_place=1-1&known=x", "part=new&since_place=1-1&count=x",
                                   "part=new&since_place=1-1&known=" + "1." * 300])  # fmt: skip
def test_an_address_of_the_tail_that_no_page_made_ends_it(panel: Client, asked: str) -> None:
    assert "show the newest messages" in seen(panel, f"{LOG}?{asked}")


def test_what_ignore_rules_kept_out_is_counted(panel: Client) -> None:
    add_rule(owner(), "quiet", "kept out")
    store([Event(id="a-1", code="CLI-END", time=time.time(), hop="inside", fields={"reason": "kept out"})], "main")
    page = seen(panel, f"{LOG}?code=CLI-END")
    assert texts(page) == []
    assert "Ignore rules have kept out 1 message of this time" in page


def test_a_page_per_message_shows_and_explains_every_field(panel: Client) -> None:
    entry = report("ADM-TLS", "dmz", source="192.0.2.7:40718", target="198.51.100.7:6619", reason=ATTACK)
    raw = panel.get(f"{LOG}{entry.pk}/", secure=True).content.decode()
    page = unescape(raw)
    assert "<script>alert" not in raw
    for said in (
        "TLS handshake from {source} to {target} failed", "Where the connection came from", "192.0.2.7:40718",
        "Look at it when there is time", "believe it as far as you believe that host", "main",
    ):  # fmt: skip
        assert said in page
    for wrong in ("0", "9" * 40):
        seen(panel, f"{LOG}{wrong}/", 404)


def test_a_message_leads_to_its_partner_and_to_all_of_its_session(panel: Client) -> None:
    entry = report("SES-START", partner="acme", direction="incoming", source="-", target="-", session="0123456789ab")
    page = seen(panel, f"{LOG}{entry.pk}/")
    assert "/panel/partners/id-acme/" in page
    assert f"{LOG}?session=0123456789ab" in page
    assert f"{LOG}?partner=acme" in page


def test_a_code_of_a_newer_program_is_shown_with_its_values(panel: Client) -> None:
    entry = report("NEW-CODE", strange="value")
    page = seen(panel, f"{LOG}{entry.pk}/")
    assert "This version does not know the code" in page
    assert "strange" in page


@pytest.mark.parametrize("role", ROLES)
def test_ignore_messages_like_this_is_offered_to_who_may_make_rules(role: str) -> None:
    client = logged_in(role)
    entry = report("CLI-END", reason="a & b")
    page = seen(client, f"{LOG}{entry.pk}/")
    link = "/panel/configuration/proxy/?ignore_text=a+%26+b&ignore_code=CLI-END#ignore"
    assert (link in page) == (role != "auditor")


async def _read(answer: Any) -> str:
    return b"".join([piece async for piece in answer.streaming_content]).decode()


def exported(panel: Client, form: str, asked: str = "") -> str:
    answer = panel.get(f"{LOG}export.{form}?{asked}", secure=True)
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    return asyncio.run(_read(answer))


def test_what_is_filtered_is_exported_as_csv_without_a_formula(panel: Client) -> None:
    report("CLI-API")
    report("NEW-CODE", hop="dmz", source="=cmd()", partner="@SUM(1)")
    rows = list(csv.DictReader(io.StringIO(exported(panel, "csv", "code=NEW-CODE"))))
    assert len(rows) == 1
    assert rows[0]["partner"] == "'@SUM(1)"
    assert rows[0]["source"] == "'=cmd()"
    assert rows[0]["host"] == "dmz"


def test_what_is_filtered_is_exported_as_json_lines_with_all_fields(panel: Client) -> None:
    for number in range(3):
        report("CLI-END", reason=str(number))
    panel.cookies["seon-zone"] = "Asia/Tokyo"
    found = [json.loads(line) for line in exported(panel, "jsonl", "q=ended").splitlines()]
    assert [one["fields"]["reason"] for one in found] == ["2", "1", "0"]
    assert {one["arrival"][-6:] for one in found} == {"+09:00"}


def test_an_unknown_form_of_a_file_is_not_there(panel: Client) -> None:
    seen(panel, f"{LOG}export.exe", 404)


def test_the_log_is_not_for_strangers() -> None:
    for path in (LOG, f"{LOG}1/", f"{LOG}export.csv", f"{LOG}?part=new"):
        answer = Client().get(path, secure=True)
        assert (answer.status_code, urlsplit(answer.headers["Location"]).path) == (302, "/panel/login/")
