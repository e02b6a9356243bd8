"""The list of files as a file."""

import csv
import io
import json

import pytest
from asgiref.sync import async_to_sync
from journal.story import BEGAN, Told
from panel_clients import ROLES, logged_in

from seon.backend.journal.models import File
from seon.backend.journal.recording import store
from seon.backend.panel.files import exporting

EXPORT = "/panel/files/export."


def text(path: str, role: str = "auditor") -> str:
    answer = logged_in(role).get(path, secure=True)
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]

    async def whole() -> bytes:
        return b"".join([piece async for piece in answer.streaming_content])

    return async_to_sync(whole)().decode()


def many(count: int) -> None:
    for number in range(count):
        store(Told(f"s{number}-x", began=BEGAN + number * 60).start().offer(name=f"N{number}").done(name=f"N{number}")
              .end().events, "token")  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_what_is_asked_for_comes_as_csv_newest_first(role: str) -> None:
    many(3)
    rows = list(csv.DictReader(io.StringIO(text(f"{EXPORT}csv?until=2023-11-14T22:01", role))))
    assert [(row["name"], row["state"], row["partner"], row["octets"]) for row in rows] == [
        ("N0", "transferred", "acme", "8192")
    ]
    assert rows[0]["offered"].startswith("2023-11-14T22:00:02")


def test_what_is_asked_for_comes_as_json_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_AT_A_TIME", 2)
    many(5)
    found = [json.loads(line) for line in text(f"{EXPORT}jsonl").splitlines()]
    assert [row["name"] for row in found] == ["N4", "N3", "N2", "N1", "N0"]
    assert found[0]["octets"] == 8_192


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-2", "@SUM(A1)"])
def test_no_cell_is_a_formula(name: str) -> None:
    store(Told("s1-first").start().offer(name=name, originator=name).events, "token")
    rows = list(csv.DictReader(io.StringIO(text(f"{EXPORT}csv"))))
    assert (rows[0]["name"], rows[0]["originator"]) == (f"'{name}", f"'{name}")
    assert json.loads(text(f"{EXPORT}jsonl"))["name"] == name, "JSON is no spreadsheet's"


def test_a_file_that_holds_not_all_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    many(3)
    monkeypatch.setattr(exporting, "MOST_ROWS", 2)
    monkeypatch.setattr(exporting, "_AT_A_TIME", 2)
    assert "Older files are not in this file" in text(f"{EXPORT}csv").splitlines()[-1]
    assert json.loads(text(f"{EXPORT}jsonl").splitlines()[-1]).keys() == {"cut"}


def test_a_filter_that_is_wrong_is_left_out_and_another_form_is_not_there() -> None:
    many(1)
    assert File.objects.count() == 1
    assert "N0" in text(f"{EXPORT}csv?since=nonsense")
    assert logged_in("auditor").get(f"{EXPORT}exe", secure=True).status_code == 404
