"""Lists as files: CSV that no spreadsheet takes for a formula, JSON lines, and answers that are sent while they grow.

A cell that begins as a formula does gets an apostrophe before it: strangers choose part of what stands in a list, and
whoever opens the file trusts it.
"""

import csv
import io
from collections.abc import AsyncIterator, Sequence

import msgspec
from django.http import StreamingHttpResponse
from django.utils import timezone

MOST_ROWS = 100_000
"""Rows of one file."""
FORMS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson; charset=utf-8"}
"""The ends of the files' names, and what they are."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_plain = msgspec.json.Encoder(enc_hook=str)


def harmless(cell: object) -> str:
    """Return a cell's text; one that a spreadsheet would work out as a formula begins with an apostrophe.

    A mapping or a list becomes JSON.
    """
    if isinstance(cell, dict | list):
        return _plain.encode(cell).decode()
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_line(cells: Sequence[object]) -> str:
    """Return a line of a CSV file."""
    line = io.StringIO()
    csv.writer(line).writerow([harmless(cell) for cell in cells])
    return line.getvalue()


def json_line(names: Sequence[str], cells: Sequence[object]) -> str:
    """Return a line of a file of JSON lines: an object with these names."""
    return _plain.encode(dict(zip(names, cells, strict=True))).decode() + "\n"


def line(form: str, names: Sequence[str], cells: Sequence[object]) -> str:
    """Return a row in one of `FORMS`."""
    return csv_line(cells) if form == "csv" else json_line(names, cells)


def download(name: str, form: str, lines: AsyncIterator[str]) -> StreamingHttpResponse:
    """Return a file to be kept: its name says when it was made."""
    answer = StreamingHttpResponse(lines, content_type=FORMS[form])
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localtime():%Y%m%d-%H%M%S}.{form}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
