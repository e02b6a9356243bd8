"""Where the commands print: colour and folding on a terminal only, and no character that it cannot show."""

import os
import shutil
import sys
import time
import unicodedata
from collections.abc import Iterable

import click

MIN_FOLD = 24
"""Columns that a folded text gets at least, on a terminal however narrow."""
NO_BREAK_AFTER = 0.6
"""A line is broken at a space only behind this part of it: a long word is cut instead."""

Styles = dict[str, dict[str, bool | str]]
_STYLES: Styles = {
    "title": {"bold": True},
    "faint": {"dim": True},
    "accept": {"fg": "green"},
    "warn": {"fg": "yellow"},
    "refuse": {"fg": "red", "bold": True},
}


def columns(text: str) -> int:
    """Return how many columns of a terminal a printable text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def padded(text: str, width: int) -> str:
    """Return text with spaces up to `width` columns."""
    return text + " " * (width - columns(text))


def folded(text: str, width: int) -> list[str]:
    """Return text in lines of at most `width` columns, broken at spaces where that leaves no big gap."""
    lines, line, used = [], "", 0
    for character in text:
        size = _columns_of(character)
        if used + size > width and line:
            head, space, tail = line.rpartition(" ")
            if not space or columns(head) < width * NO_BREAK_AFTER:
                head, tail = line, ""
            lines.append(head)
            line, used = tail, columns(tail)
        line += character
        used += size
    return [*lines, line]


class Screen:
    """Standard output, line by line."""

    def __init__(self) -> None:
        stream = sys.stdout
        terminal = stream.isatty()
        self._colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self._width = shutil.get_terminal_size().columns if terminal else 0
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self.progress = Progress()

    def print(self, text: str = "", style: str = "") -> None:
        """Print one line."""
        self.row("", text, style)

    def row(self, head: str, text: str, style: str = "") -> None:
        """Print `head` and behind it `text`, which goes on below itself where a terminal is too narrow."""
        self.progress.clear()
        indent = columns(head)
        lines = folded(text, max(self._width - indent, MIN_FOLD)) if self._width else [text]
        for number, line in enumerate(lines):
            self._write((head if number == 0 else " " * indent) + line, style)

    def _write(self, line: str, style: str) -> None:
        line = line.rstrip().encode(self._encoding, "backslashreplace").decode(self._encoding)
        if self._colour and style:
            line = click.style(line, **_STYLES[style])  # type: ignore[arg-type]  # keywords from a table
        click.echo(line, color=self._colour)

    def table(self, rows: Iterable[tuple[list[str], list[tuple[str, str]]]], widths: list[int]) -> None:
        """Print rows of cells, folded into `widths` columns but for the last one, each with the notes below it.

        A note is a text and its style.
        """
        for cells, notes in rows:
            *fixed, last = cells
            parts = [folded(cell, width) for cell, width in zip(fixed, widths, strict=True)]
            height = max(map(len, parts))
            for line in range(height):
                texts = [
                    padded(part[line] if line < len(part) else "", w) for part, w in zip(parts, widths, strict=True)
                ]
                self.row("  ".join(["", *texts, ""]), last if line == 0 else "")
            for text, style in notes:
                self.row("    ", text, style)


class Progress:
    """How far a long work is, on standard error where that is a terminal. `told` is cheap enough for every read."""

    START_SECONDS = 1.0
    STEP_SECONDS = 0.2

    def __init__(self) -> None:
        self._on = sys.stderr.isatty()
        self._label, self._total, self._done = "", 0, 0
        self._next = 0.0
        self._is_shown = False

    def start(self, label: str, total: int) -> None:
        """Begin a work of `total` octets, 0 if that is not known."""
        self._label, self._total, self._done = label, total, 0
        self._next = time.monotonic() + self.START_SECONDS

    def told(self, octets: int) -> None:
        """So many octets more are done."""
        self._done += octets
        if not self._on or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self.STEP_SECONDS
        much = f"{self._done * 100 // self._total} %" if self._total else f"{self._done // 1_000_000} MB"
        self.clear()
        click.echo(f"{self._label}: {much}", err=True, nl=False)
        self._is_shown = True

    def clear(self) -> None:
        """Remove what is shown: something else is to be printed."""
        if self._is_shown:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._is_shown = False
