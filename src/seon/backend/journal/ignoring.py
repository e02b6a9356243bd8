"""Which events are kept out of the system log, and from the event script: ignore rules (mission E4).

A stranger chooses part of the text of a refusal, and the audit must not be blinded by accident. So events of these
groups are ignored only by rules that name their code. An event of a newer program, whose code this build does not
know, may be of these groups, too: no rule ignores it. What was done with ignore rules themselves is ignored by none:
who adds a rule against the audit stands in it.

The rules are read for each batch of events: a change counts at once, in every process.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from seon.backend.counting.adding import count_kept_out
from seon.backend.journal.bulk import insert_new
from seon.backend.journal.folding import folded
from seon.backend.journal.models import Entry, Ignored, IgnoreRule
from seon.backend.logs import IGNORED
from seon.events import shown

PROTECTED = frozenset({"refused", "audit", "license", "unknown"})
"""Groups whose events are ignored only by rules that name their code."""

log = logging.getLogger(IGNORED)


class Rule(NamedTuple):
    """A rule in force, ready to be compared."""

    key: int
    name: str
    text: str
    code: str

    def matches(self, entry: Entry, text: str) -> bool:
        """Whether an event with this folded text is ignored by the rule."""
        if entry.group == "audit" and str(entry.fields.get("act", "")).startswith("ignore."):
            return False
        if self.code:
            return self.code == entry.code and self.text in text
        return entry.group not in PROTECTED and self.text in text


def rules_at(moment: datetime) -> list[Rule]:
    """Return the rules in force at a moment: from the beginning on, and not any more at the end."""
    in_force = IgnoreRule.objects.filter(Q(valid_to=None) | Q(valid_to__gt=moment), valid_from__lte=moment)
    return [Rule(rule.pk, str(rule), folded(rule.text), rule.code) for rule in in_force]


def sorted_out(entries: Sequence[Entry]) -> tuple[list[Entry], list[tuple[Entry, Rule]]]:
    """Return the entries that belong into the system log, and those that do not, each with its rule."""
    rules = rules_at(timezone.now()) if entries else []
    if not rules:
        return list(entries), []
    kept, ignored = [], []
    for entry in entries:
        text = folded(entry.text)
        rule = next((rule for rule in rules if rule.matches(entry, text)), None)
        if rule is None:
            kept.append(entry)
        else:
            ignored.append((entry, rule))
    return kept, ignored


def remember(ignored: Sequence[tuple[Entry, Rule]]) -> None:
    """Remember that these came, and write them to the API log once the transaction holds."""
    if not ignored:
        return
    count_kept_out([rule.key for _, rule in ignored])
    insert_new([Ignored(event_id=entry.event_id, hop=entry.hop) for entry, _ in ignored])
    transaction.on_commit(lambda: _tell(ignored))


def _tell(ignored: Iterable[tuple[Entry, Rule]]) -> None:
    for entry, rule in ignored:
        where = f", session {entry.session}" if entry.session else ""
        log.info("Ignored by rule %s: %s %s%s", shown(rule.name), entry.code, entry.text, where)
