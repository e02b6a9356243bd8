"""Chapters of docs/operating.md as a person follows them: what to type on which host, what is seen, what is carried.

A block of the kind `console` has lines to type, each behind its prompt: `root@dmz# command`, or `seon@dmz$ command`
for another user. `every` stands for all hosts. What is seen stands below; "..." stands for anything in a line, and a
line of its own for any lines. A sentence "Carry `FILE` of HOST to HOST, as `FILE`" moves a file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"
EVERY = "every"
ANYTHING = "..."
_CARRY = re.compile(r"Carry\s+`(\S+)`\s+of\s+(\w+)\s+to\s+(\w+),\s+as\s+`(\S+)`")
_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PROMPT = re.compile(r"(\w+)@(\w+)[#$] (.+)")


@dataclass(frozen=True)
class Command:
    """A line to type, perhaps over several lines, and the lines that are then seen."""

    user: str
    host: str
    text: str
    seen: tuple[str, ...] = ()

    def is_seen_in(self, output: str) -> bool:
        """Whether the output is what the document shows."""
        pattern = "".join(r"(?:.*\n)*" if line == ANYTHING else self._line(line) for line in self.seen)
        return bool(re.fullmatch(pattern, output if output.endswith("\n") or not output else f"{output}\n"))

    @staticmethod
    def _line(line: str) -> str:
        return ".*".join(map(re.escape, line.split(ANYTHING))) + r"\n"


@dataclass(frozen=True)
class Carry:
    """A file that a person carries from one host to another."""

    source: str
    path: str
    target: str
    new_path: str


Step = Command | Carry


def section(heading: str) -> str:
    """Return the text below a heading of docs/operating.md, up to the next of its level or above."""
    level = heading.split(" ", maxsplit=1)[0]
    text = OPERATING.read_text()
    assert f"\n{heading}\n" in text, f"docs/operating.md has no {heading!r}"
    below = text.partition(f"\n{heading}\n")[2]
    return re.split(rf"^#{{1,{len(level)}}} ", below, maxsplit=1, flags=re.MULTILINE)[0]


def code_in(text: str, language: str) -> str:
    """Return the one block of this language."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return str(block)


def steps_in(text: str) -> list[Step]:
    """Return the steps of a text in their order."""
    found: list[tuple[int, Step]] = [
        (match.start(), Carry(match[2], match[1], match[3], match[4])) for match in _CARRY.finditer(text)
    ]
    for block in _BLOCK.finditer(text):
        found += [(block.start(), command) for command in _commands(block[1])]
    return [step for _, step in sorted(found, key=lambda place: place[0])]


def _commands(block: str) -> Iterator[Command]:
    user = host = text = ""
    seen: list[str] = []
    for line in block.splitlines():
        prompt = _PROMPT.fullmatch(line)
        if prompt:
            if text:
                yield Command(user, host, text, tuple(seen))
            user, host, text = prompt.groups()
            seen = []
        elif text.endswith("\\") and not seen:
            text = f"{text[:-1].rstrip()} {line.strip()}"
        else:
            seen.append(line)
    assert text, "a block of the kind console begins with a prompt"
    yield Command(user, host, text, tuple(seen))
