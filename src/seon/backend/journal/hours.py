"""How much happened in each hour: sessions, files with their octets, refusals by kind.

A chart of a week is one question. The hour is that in which something happened, by the clock of its host. Every event
counts once, as in the journal; what an ignore rule keeps out of the system log counts, too. A stranger chooses no kind:
unknown ones count as `OTHER`.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from seon.admission.codes import Verdict
from seon.backend.journal.models import Entry, HourCount

SESSIONS = "sessions"
"""By their start."""
FILES_IN, FILES_OUT = "files-in", "files-out"
"""Files that were transferred, from partners and to partners, by their end."""
REFUSED = "refused "
"""How the kinds of refusals begin. A verdict of the admission follows, or one of these."""
TLS, LIMIT, LINK, OFTP2, OTHER = "TLS", "LIMIT", "LINK", "OFTP2", "OTHER"
_VERDICTS = frozenset(verdict.value for verdict in Verdict)
_BY_CODE = {"ADM-TLS": TLS, "ADM-LIMIT": LIMIT, "ADM-NETWORK": Verdict.NETWORK.value, "LNK-REFUSED": LINK}
_REFUSALS = frozenset({*_BY_CODE, "ADM-REFUSED", "ADM-DIAL", "ADM-MORE"})
_MOST = 10**9
"""That one event may add: ADM-MORE says a number, and a file its octets are bounded by `_MOST_OCTETS`."""
_MOST_OCTETS = 10**15


class Tally:
    """What one batch of events adds to the hours."""

    def __init__(self) -> None:
        self._sums: dict[tuple[datetime, str], list[int]] = {}

    def add(self, moment: datetime, kind: str, count: int = 1, octets: int = 0) -> None:
        """Add to the hour of a moment; a negative count takes away."""
        hour = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        sums = self._sums.setdefault((hour, kind), [0, 0])
        sums[0] += count
        sums[1] += octets

    def refusals(self, entries: Iterable[Entry]) -> None:
        """Add what was refused, each by its kind. What the verifier refused is counted with its session."""
        for entry in entries:
            if entry.code in _REFUSALS:
                more = entry.fields.get("count") if entry.code == "ADM-MORE" else 1
                self.add(entry.time, REFUSED + _kind(entry), counted(more, _MOST))

    def store(self) -> None:
        """Add all of it to the table, in one statement. Call it last: other processes wait for these rows."""
        sums = [(key, counts) for key, counts in sorted(self._sums.items()) if any(counts)]
        if not sums:
            return
        table = connection.ops.quote_name(HourCount._meta.db_table)
        places = ", ".join(["(%s, %s, %s, %s)"] * len(sums))
        adapt = connection.ops.adapt_datetimefield_value
        values: list[Any] = [value for (hour, kind), counts in sums for value in (adapt(hour), kind, *counts)]
        with connection.cursor() as cursor:
            # The name is the model's own.
            cursor.execute(
                f"INSERT INTO {table} (hour, kind, count, octets) VALUES {places} "  # noqa: S608
                f"ON CONFLICT (hour, kind) DO UPDATE SET count = {table}.count + excluded.count, "
                f"octets = {table}.octets + excluded.octets",
                values,
            )


def file_octets(octets: int) -> int:
    """Return what a file adds to its hour: a sum of many stays storable."""
    return min(octets, _MOST_OCTETS)


def counted(value: object, most: int = 2**63 - 1) -> int:
    """Return a number that an event says, from 0 to `most`; 0 for what is none."""
    return min(max(int(value), 0), most) if isinstance(value, int | float) else 0


def _kind(entry: Entry) -> str:
    if entry.code == "ADM-MORE":
        return _BY_CODE.get(str(entry.fields.get("kind")), OTHER)
    said = _BY_CODE.get(entry.code) or str(entry.fields.get("verdict", ""))
    return said if said in _VERDICTS or said in _BY_CODE.values() else OTHER
