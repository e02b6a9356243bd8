"""What commands say: a table or a sheet for people, the same values as JSON for programs.

    table = Table({"name": "name", "until": "valid until", "state": "state"}, empty="no tokens yet")
    table.add(name="main", until=token.not_after, state=State("expired", Tone.BAD), serial=17)
    return table.said()

`--json` prints one object for each row, with all that was given to `add`; a table shows what has a heading. Times are
shown in UTC, as in the panel, and the heading says so. Whatever a stranger chose is escaped here, in one place.
"""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from itertools import zip_longest
from unicodedata import combining, east_asian_width

import click

from seon.cli.seonapi.base import Said
from seon.events import shown


class Tone(Enum):
    """What a state means for who reads it; the value is its colour on a terminal."""

    GOOD = "green"
    SOON = "yellow"
    BAD = "red"
    OFF = "bright_black"


@dataclass(frozen=True, slots=True)
class State:
    """How something is, in a word or two. The words alone must say it: many terminals have no colours."""

    text: str
    tone: Tone

    def __str__(self) -> str:
        return self.text


class Safe(str):
    """Text in which all is escaped already, as that of an event; it is shown as it is."""

    __slots__ = ()


Cell = str | int | bool | date | datetime | State | Sequence[str] | None
"""What may stand in a table. A `datetime` knows its zone."""


class Table:
    """Rows with the same columns."""

    def __init__(self, headings: Mapping[str, str], *, empty: str) -> None:
        """`headings`: what stands above each key, in the order of the columns; `empty`: what is said without rows."""
        self._headings = dict(headings)
        self._empty = empty
        self._rows: list[dict[str, Cell]] = []

    def add(self, **values: Cell) -> None:
        """Add a row. A key without a heading is for programs only; one that is left out is empty for people."""
        self._rows.append(values)

    @property
    def data(self) -> list[dict[str, object]]:
        """The rows for programs."""
        return [{key: _plain(value) for key, value in row.items()} for row in self._rows]

    def text(self, *, colour: bool | None = None) -> str:
        """Return the rows for people: columns as wide as what is in them; a column without any value is left out."""
        if not self._rows:
            return self._empty
        colour = has_colours() if colour is None else colour
        columns = [self._column(key, heading, colour=colour) for key, heading in self._headings.items()]
        lines = zip(*filter(None, columns), strict=True)
        return "\n".join("  ".join(line).rstrip() for line in lines) or self._empty

    def said(self, note: str = "") -> Said:
        """Return the answer of a command that lists."""
        return Said(self.data, self.text(), note)

    def _column(self, key: str, heading: str, *, colour: bool) -> list[str]:
        """Return the cells of a column with its heading, all of one width; nothing if all are empty."""
        values = [row.get(key) for row in self._rows]
        texts = [_words(value) for value in values]
        if not any(texts):
            return []
        timed = any(isinstance(value, datetime) for value in values)
        heading = f"{heading} (UTC)" if timed else heading
        right = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
        width = max(map(_width, (heading, *texts)))
        padded = [_padded(text, width, right=right) for text in (heading, *texts)]
        return [padded[0], *(_painted(*pair, colour=colour) for pair in zip(values, padded[1:], strict=True))]


class Sheet:
    """What there is to say of one thing: a line for each fact, and tables of what belongs to it."""

    def __init__(self) -> None:
        self._facts: list[tuple[str, str, Cell | Table]] = []

    def add(self, key: str, title: str, value: "Cell | Table") -> None:
        """Add a fact: its key for programs, its title for people (empty: for programs only)."""
        self._facts.append((key, title, value))

    @property
    def data(self) -> dict[str, object]:
        """The facts for programs."""
        return {key: value.data if isinstance(value, Table) else _plain(value) for key, _, value in self._facts}

    def text(self, *, colour: bool | None = None) -> str:
        """Return the facts for people, their titles in one column, the tables below; without what is empty."""
        colour = has_colours() if colour is None else colour
        facts = [(title, value) for _, title, value in self._facts if title and not _is_empty(value)]
        width = max((_width(title) for title, value in facts if not isinstance(value, Table)), default=0)
        lines: list[str] = []
        for title, value in facts:
            if isinstance(value, Table):
                lines += ["", f"{title}:", *(f"  {line}" for line in value.text(colour=colour).splitlines())]
            else:
                lines += _fact(title, value, width, colour=colour)
        return "\n".join(lines).lstrip("\n")

    def said(self, note: str = "") -> Said:
        """Return the answer of a command that shows."""
        return Said(self.data, self.text(), note)


def has_colours() -> bool:
    """Whether standard output shows colours: it is a terminal, and nobody said NO_COLOR (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _is_empty(value: "Cell | Table") -> bool:
    return value is None or (isinstance(value, Sequence) and not value)


def _fact(title: str, value: Cell, width: int, *, colour: bool) -> Iterable[str]:
    """Return the lines of a fact: a list has one for each entry."""
    many = isinstance(value, Sequence) and not isinstance(value, str)
    texts = [shown(entry) for entry in value] if many else [_words(value)]  # type: ignore[union-attr]  # `many` says so
    if isinstance(value, datetime):
        texts = [f"{text} UTC" for text in texts]
    for head, text in zip_longest((f"{title}:",), texts, fillvalue=""):
        yield f"{_padded(head, width + 1)}  {_painted(value, text, colour=colour)}".rstrip()


def _plain(value: Cell) -> object:
    """Return a value as JSON has it."""
    return value.text if isinstance(value, State) else value


def _words(value: Cell) -> str:
    """Return a value as people read it, on one line, escaped."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        case date():
            return f"{value:%Y-%m-%d}"
        case str() | int() | State():
            return str(value) if isinstance(value, Safe) else shown(value)
    return ", ".join(shown(entry) for entry in value)


def _painted(value: Cell, text: str, *, colour: bool) -> str:
    """Return the text of a state in its colour; blanks around it stay as they are."""
    if not (colour and isinstance(value, State)):
        return text
    words = text.rstrip()
    return click.style(words, fg=value.tone.value) + text[len(words) :]


def _padded(text: str, width: int, *, right: bool = False) -> str:
    filling = " " * (width - _width(text))
    return filling + text if right else text + filling


def _width(text: str) -> int:
    """Return the columns that a text takes on a terminal: ideographs take two, accents of their own none."""
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
