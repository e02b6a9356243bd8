"""The page of events: its examples are lines that the log writes, and documents of them."""

import json
import re
from pathlib import Path

import pytest

from seon.daemon.log import Log
from seon.events import CATALOGUE
from seon.events_page import SPECIAL, TIME, VALUES, as_markdown, example, example_document, example_line

KINDS = pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.code)


class Writer:
    """The process of an example."""

    level = None

    def __init__(self, pid: int) -> None:
        self.pid = pid


@pytest.fixture
def utc(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@KINDS
def test_an_example_is_the_line_that_the_log_writes(kind, tmp_path: Path, utc) -> None:
    log = Log(tmp_path, "seon_proxyserver", clock=lambda: TIME)
    log.event(example(kind), Writer(1310 if example(kind).session else 1234))
    (file,) = tmp_path.glob("*.log")
    assert file.read_text() == example_line(kind) + "\n"


@KINDS
def test_an_example_has_a_value_in_each_place(kind) -> None:
    assert "(none)" not in example_line(kind)
    assert set(SPECIAL.get(kind.code, {})) <= set(kind.fields), "and no value that is shown nowhere"


def test_there_is_no_value_without_use() -> None:
    assert set(VALUES) == {name for kind in CATALOGUE.values() for name in kind.fields}
    assert SPECIAL.keys() <= CATALOGUE.keys()


def test_addresses_are_those_that_are_kept_for_documentation() -> None:
    kept = re.compile(r"(?:192\.0\.2|198\.51\.100|10\.0\.0)\.\d+")
    page = as_markdown()
    assert {found for found in re.findall(r"\b\d+\.\d+\.\d+\.\d+\b", page) if not kept.fullmatch(found)} == set()


@KINDS
def test_the_page_shows_code_text_line_and_document_of_each_kind(kind) -> None:
    page = as_markdown()
    entry = page.partition(f"\n### {kind.code}\n")[2].partition("\n### ")[0]
    assert " ".join(entry.split("```")[0].split()) == " ".join(
        f"{kind.severity.name.capitalize()}: {kind.text}".split()
    )
    assert example_line(kind) in entry
    shown = re.search(r"```json\n(.*?)```", entry, re.DOTALL)
    assert shown
    assert json.loads(shown[1]) == example_document(kind)
