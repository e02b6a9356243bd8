"""Files of entries: page after page, and never more than was said."""

import asyncio
import json
import time
from datetime import UTC

import pytest
from asgiref.sync import sync_to_async

from seon.backend.journal.lists import EntryFilter
from seon.backend.journal.models import Entry
from seon.backend.journal.recording import store
from seon.backend.panel.system_log import exporting
from seon.backend.panel.system_log.exporting import ENTRY, lines
from seon.events import Event


def fill(count: int) -> None:
    Entry.objects.all().delete()
    store([Event(id=f"a-{n}", code="CLI-END", time=time.time(), hop="inside", fields={"reason": str(n)})
           for n in range(count)], "main")  # fmt: skip


def file_of(wanted: EntryFilter, form: str) -> list[str]:
    async def read() -> str:
        return "".join([piece async for piece in lines(wanted, form, ENTRY, UTC)])

    return asyncio.run(read()).splitlines()


def test_a_file_has_every_entry_once_however_many_pages_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(7)
    monkeypatch.setattr(exporting, "_AT_A_TIME", 2)
    found = [json.loads(line)["fields"]["reason"] for line in file_of(EntryFilter(), "jsonl")]
    assert found == list("6543210")


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_file_that_is_full_says_so_in_its_last_line(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    fill(7)
    monkeypatch.setattr(exporting, "MOST_ROWS", 3)
    found = file_of(EntryFilter(), form)
    assert len(found) == 4 + (form == "csv")
    assert "Older entries are not in this file" in found[-1]


def test_a_search_that_takes_long_ends_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(7)
    monkeypatch.setattr(exporting, "LONGEST", -1.0)
    assert "Older entries" in file_of(EntryFilter(text="nowhere"), "csv")[-1]


def test_an_entry_that_arrives_meanwhile_is_not_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(4)
    monkeypatch.setattr(exporting, "_AT_A_TIME", 2)

    async def read() -> int:
        count = 0
        async for piece in lines(EntryFilter(), "jsonl", ENTRY, UTC):
            await sync_to_async(store)([Event(id=f"b-{count}", code="CLI-API", time=time.time(), hop="inside")], "main")
            count += piece.count("\n")
        return count

    assert asyncio.run(read()) == 4
