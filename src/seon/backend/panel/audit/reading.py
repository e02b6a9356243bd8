"""An entry of the audit in its parts: who, by which way, what, and the values of before and now."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

import msgspec
from django.utils.translation import gettext_lazy as _

from seon.backend.acting.actors import Way
from seon.backend.acting.acts import all_acts
from seon.backend.acting.audit import VALUES, Value
from seon.backend.journal.models import Entry
from seon.backend.panel.audit.forms import KINDS
from seon.backend.panel.system_log.exporting import Columns
from seon.events import shown

_TONES = {"AUD-CHANGE": "s-good", "AUD-LICENSE": "s-good"}
_WAYS = {
    Way.COMMAND.value: _("command line"),
    Way.PANEL.value: _("panel"),
    Way.API.value: _("REST API"),
    Way.ITSELF.value: _("Seonapi itself"),
}
MOST_SHOWN = 3
"""Values that a list shows of one change; its page shows all."""
_decoder = msgspec.json.Decoder(list[Value])


class AuditRow(NamedTuple):
    """An entry as the audit shows it. Where it names no such thing, a text is empty."""

    entry: Entry
    kind: Any
    tone: str
    user: str
    way: Any
    act: str
    meaning: str
    """What the act does, in a sentence."""
    what: str
    change: str
    values: Sequence[Value]
    """Name, before, now; empty where the change is told by `change` alone."""

    @property
    def first_values(self) -> Sequence[Value]:
        """The values that a list shows."""
        return self.values[:MOST_SHOWN]

    @property
    def more(self) -> int:
        """How many more there are."""
        return max(0, len(self.values) - MOST_SHOWN)


def audit_row(entry: Entry) -> AuditRow:
    """Return the parts of an entry."""
    said = {name: shown(value, 2_000) for name, value in entry.fields.items()}
    act = said.get("act", "")
    known = all_acts().get(act)
    change = said.get("change", "")
    if entry.code not in ("AUD-CHANGE", "AUD-DENIED"):
        change = entry.text
    way = said.get("way", "")
    return AuditRow(
        entry, KINDS.get(entry.code, entry.code), _TONES.get(entry.code, "s-warn"), said.get("user", ""),
        _WAYS.get(way, way), act, known.meaning if known else "", said.get("what", ""), change, values_of(entry),
    )  # fmt: skip


def values_of(entry: Entry) -> list[Value]:
    """Return name, before and now of each value that was changed; nothing where the entry does not have them."""
    try:
        return _decoder.decode(str(entry.fields.get(VALUES, "[]")))
    except msgspec.DecodeError:
        return []


def _cells(entry: Entry, zone: tzinfo) -> Sequence[object]:
    row = audit_row(entry)
    return (
        entry.received_at.astimezone(zone).isoformat(), entry.code, row.user, str(entry.fields.get("way", "")), row.act,
        row.what, row.change, list(row.values), entry.source, entry.text,
    )  # fmt: skip


COLUMNS = Columns(
    ("arrival", "code", "user", "way", "act", "object", "change", "values", "source", "text"), _cells
)  # fmt: skip
"""What stands in a file of the audit."""
