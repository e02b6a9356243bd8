"""What the verifier tells of the recorded sessions, as text: `telling.txt` holds what it told when people had read it.

Each difference is to be read too; then `python tests/vectors/telling.py` writes the file anew.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from seon.oftp2.observer import Finding, Refusal, SessionObserver
from seon.oftp2.rules import Policy, Profile
from seon.oftp2.transcript import parse, replay

SESSIONS = Path(__file__).parent / "sessions"
TOLD = Path(__file__).parent / "telling.txt"
PROFILES: tuple[Profile, ...] = ("default", "strict")


def names() -> list[str]:
    """Return the files of the recorded sessions."""
    return sorted(path.name for path in SESSIONS.glob("*.oftp"))


def told_of(name: str) -> str:
    """Return what is told of a session: what happened, by the default profile, and the findings of both."""
    return "".join(f"{line}\n" for line in _lines(name))


def _lines(name: str) -> Iterator[str]:
    for profile in PROFILES:
        seen = replay(parse((SESSIONS / name).read_text()), SessionObserver(Policy(profile)))
        if profile == "default":
            yield from (f"  {event!r}" for event in seen.happenings)
        yield from (f"  {profile}: {_in_words(one)}" for one in (*seen.findings, *filter(None, [seen.refusal])))


def _in_words(one: Finding | Refusal) -> str:
    what = one.severity.value if isinstance(one, Finding) else f"refused {one.wire.hex() or 'in silence'}"
    if isinstance(one, Refusal) and one.wire_back:
        what += f" and {one.wire_back.hex()}"
    return f"{what}, {one.key}, {one.side.value}{one.stb} at {one.offset}, {one.field!r} {one.seen}: {one.text}"


@cache
def told_before() -> dict[str, str]:
    """Return what was told of each session when the file was written."""
    parts = TOLD.read_text().split("== ")[1:]
    return {name: lines for name, _, lines in (part.partition("\n") for part in parts)}


if __name__ == "__main__":
    TOLD.write_text("".join(f"== {name}\n{told_of(name)}" for name in names()))
