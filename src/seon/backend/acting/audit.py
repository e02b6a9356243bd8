"""What an act has changed, collected while it runs, and written into the journal at its end, in its transaction.

Changes of models that have a history are seen by themselves (history.py). What else an act does, it says with
`note`. Values of secrets are in no history, and never in a note.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import msgspec

from seon.backend.acting.actors import Actor
from seon.backend.journal.recording import record

MOST_SAID = 1_900
"""Characters of the changes in one entry; an event's value has 2,000 at most."""
VALUES = "values"
"""The field of an entry with what was and what is now, for pages that show them side by side."""
Value = tuple[str, str, str]
"""A field's name, its value before, and its value now, as an entry shows them."""
MOST_ENTRIES = 200
"""Entries of one act; what it changed beyond them is counted. An import may change thousands of rows."""


@dataclass(slots=True)
class Audit:
    """The changes of one act."""

    act: str
    actor: Actor
    changes: list[tuple[str, str, Sequence[Value]]] = field(default_factory=list)
    """What was changed, how, and the values. What is written already is not in it."""
    is_written: bool = False

    @property
    def who(self) -> str:
        """Who does it and by which act, as the histories keep it: 100 characters at most."""
        return f"{str(self.actor)[:70]}: {self.act}"[:100]

    def note(self, what: str, change: str, values: Sequence[Value] = ()) -> None:
        """Remember one change."""
        self.changes.append((what, change, values))

    def write(self) -> None:
        """Write what was changed, or that nothing was."""
        nothing = [] if self.is_written else [("nothing", "as it was before", ())]
        for what, change, values in self.changes[:MOST_ENTRIES] or nothing:
            record_change(self.actor, self.act, what, change, values)
        more = len(self.changes) - MOST_ENTRIES
        if more > 0:
            record_change(self.actor, self.act, "more", f"{more} more changes; the history of each has them")
        self.changes, self.is_written = [], True


_running: ContextVar[Audit | None] = ContextVar("seon_audit", default=None)


def running() -> Audit | None:
    """Return the audit of the act that runs here, if one does."""
    return _running.get()


@contextmanager
def collected(act: str, by: Actor) -> Iterator[None]:
    """Collect what is changed in here and write it at the end. Where something is raised, nothing is written."""
    audit = Audit(act, by)
    token = _running.set(audit)
    try:
        yield
    finally:
        _running.reset(token)
    audit.write()


def note(what: str, change: str, values: Sequence[Value] = ()) -> None:
    """Say what the running act has changed, where no history of a model does. Never a secret."""
    _of_this_act().note(what, change, values)


def note_first(what: str, change: str) -> None:
    """Say it, and write it now: before a change that no transaction takes back. Where that fails, nothing changes."""
    audit = _of_this_act()
    audit.note(what, change)
    audit.write()


def _of_this_act() -> Audit:
    audit = _running.get()
    assert audit is not None, "only an act has something to note"
    return audit


def record_change(actor: Actor, act: str, what: str, change: str, values: Sequence[Value] = ()) -> None:
    """Put one change into the journal."""
    said = msgspec.json.encode(values).decode() if values else ""
    record(
        "AUD-CHANGE",
        user=actor.name,
        way=actor.way.value,
        act=act,
        what=what[:300],
        change=change if len(change) <= MOST_SAID else f"{change[:MOST_SAID]} ... (cut)",
        **({VALUES: said} if 0 < len(said) <= MOST_SAID else {}),
    )
