"""`seon oftp2 check`: recorded sessions through the verifier, one after the other, none of them held in memory."""

import json
import os
import stat
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from seon.cli.oftp2.narration import Narrator
from seon.cli.oftp2.screen import Screen
from seon.cli.oftp2.verdict import Verdict
from seon.events import shown
from seon.oftp2.errors import LocalError
from seon.oftp2.observer import SessionObserver
from seon.oftp2.reasons import EndReason
from seon.oftp2.rules import Policy
from seon.oftp2.transcript import parse_pieces, play

PIECE = 65_536
"""Octets of a line that are taken at once; a transcript may hold a whole session in one line."""
REFUSED, TROUBLE = 1, 2
"""Exit status: a session was refused; a file could not be read, or is no transcript."""

_SIDES = {"I": "Initiator", "R": "Responder"}


class Checker:
    """Checks files and prints what it finds."""

    def __init__(self, policy: Policy, *, as_json: bool, brief: bool) -> None:
        self._policy = policy
        self._as_json = as_json
        self._brief = brief or as_json
        self._screen = Screen()
        self._counts: Counter[str] = Counter()

    def check(self, files: tuple[str, ...]) -> int:
        """Check each file; return the exit status."""
        for file in files:
            try:
                self._check(file)
            except OSError as error:
                self._complain(file, error.strerror or str(error))
            except LocalError as error:
                self._complain(file, f"not a transcript: {error}")
        if len(files) > 1 and not self._as_json:
            self._screen.print(f"{len(files)} files: " + ", ".join(f"{n} {word}" for word, n in self._counts.items()))
        if self._counts["unreadable"]:
            return TROUBLE
        return REFUSED if self._counts["refuse"] else 0

    def _check(self, file: str) -> None:
        verdict, observer = Verdict(), SessionObserver(self._policy)
        with opened(file) as (source, size):
            self._screen.progress.start(shown(file), size)
            narrator = None if self._brief else self._begin(file)
            try:
                for step in play(verdict.counting(parse_pieces(self._pieces(source))), observer):
                    verdict.add(step)
                    if narrator:
                        narrator.tell(step)
            finally:
                if narrator:
                    narrator.finish(observer.broken_off(), observer.surplus())
                self._screen.progress.clear()
        verdict.surplus = observer.surplus()
        self._counts[verdict.word] += 1
        if self._as_json:
            click.echo(json.dumps(verdict.as_object(file)))
        else:
            self._screen.print(f"{shown(file)}: {_in_words(verdict)}", verdict.word)
            if narrator:
                self._screen.print()

    def _begin(self, file: str) -> Narrator:
        self._screen.print(shown(file), "title")
        return Narrator(self._screen)

    def _pieces(self, source: BinaryIO) -> Iterator[bytes]:
        while piece := source.readline(PIECE):
            self._screen.progress.told(len(piece))
            yield piece

    def _complain(self, file: str, why: str) -> None:
        self._counts["unreadable"] += 1
        self._screen.progress.clear()
        click.echo(f"seon oftp2 check: {shown(file)}: {why}", err=True)


@contextmanager
def opened(file: str) -> Iterator[tuple[BinaryIO, int]]:
    """Yield a file, or standard input for `-`, and its octets (0 where nobody knows them)."""
    if file == "-":
        yield sys.stdin.buffer, 0
        return
    with Path(file).open("rb") as source:
        status = os.fstat(source.fileno())
        yield source, status.st_size if stat.S_ISREG(status.st_mode) else 0


def _in_words(verdict: Verdict) -> str:
    problem = verdict.problem
    if problem is None:
        return verdict.word
    place = f"{_SIDES[problem.side.value]}'s stream buffer {problem.stb}, offset {problem.offset}"
    words = f"{verdict.word} {problem.key}, {place}: {shown(problem.text)}"
    if verdict.esid is not None:
        words += f"; a station answers ESID {verdict.esid} ({EndReason(int(verdict.esid)).text})"
    more = len(verdict.findings) + sum(kind.count for kind in verdict.surplus) - (0 if verdict.refusal else 1)
    return words + (f"; {more} more finding{'s' if more > 1 else ''}" if more else "")
