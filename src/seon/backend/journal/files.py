"""The table of files, kept up from FIL-START, FIL-END and FIL-RECEIPT of the inside.

What belongs together is found by two digests, each with an index, and `transfers.py` decides. Files are the inside's to
say (docs/design.md, "Events"): what the DMZ says of one counts for nothing, and the partner is known once the inside
has said whose session it is.

Bounds: a batch reads at most `MOST_LOADED` rows of each kind. Whoever offers one and the same file thousands of times
gets rows for all of them; only the newest are looked at again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from django.db import connection
from django.db.models import Q

from seon.backend.journal.bulk import insert_new, update_all
from seon.backend.journal.hours import FILES_IN, FILES_OUT, Tally, counted, file_octets
from seon.backend.journal.models import Entry, File, FileState, Receipt, Session, Way
from seon.backend.journal.transfers import (
    END,
    START,
    Half,
    assign,
    digest,
    halves_of,
    identity_of,
    outcome_of,
    paired,
    settle,
    taken_out,
    virtual_file,
)
from seon.events import Value, shown

CODES = frozenset({"FIL-START", "FIL-END", "FIL-RECEIPT"})
MOST_LOADED = 2_000
_FROM = {"incoming": Way.FROM_PARTNER, "outgoing": Way.TO_PARTNER}
_BACK = {"incoming": Way.TO_PARTNER, "outgoing": Way.FROM_PARTNER}
"""Of the file, by the way of its receipt."""
_BLANK = {name: getattr(File(), name) for name in (*START, *END)}
_MOST_NUMBER = 2**63 - 1
_LONGEST = {
    field.attname: length
    for model in (File, Receipt)
    for field in model._meta.concrete_fields
    if (length := getattr(field, "max_length", None))
}


def follow_files(
    entries: Iterable[Entry], sessions: Mapping[str, Session], news: Collection[str], tally: Tally
) -> None:
    """Take events into the table of files. Call it in the transaction that stores them, after the sessions.

    `sessions`: the rows of their sessions, held. `news`: those that were there before, and now the inside has said
    whose they are, or they have ended.
    """
    ours = [entry for entry in entries if entry.code in CODES and entry.session and entry.hop == "inside"]
    if ours or news:
        _Batch(sessions, news, tally).take(ours)


class _Offer(NamedTuple):
    """What an offer and its end have in common."""

    session: str
    direction: str
    name: str
    date: str
    time: str


class _Batch:
    """The rows that one batch of events is about."""

    def __init__(self, sessions: Mapping[str, Session], news: Collection[str], tally: Tally) -> None:
        self._sessions = sessions
        self._news = news
        self._tally = tally
        self._known: dict[int, File] = {}
        """Rows of the table, by their keys."""
        self._changed: dict[int, File] = {}
        """Rows to be written, by what Python knows them by."""
        self._halves: dict[_Offer, list[Half]] = defaultdict(list)
        self._receipts: list[Receipt] = []
        """New ones."""

    def take(self, entries: Iterable[Entry]) -> None:
        """Take the events into the rows, and write them."""
        for entry in entries:
            self._sort_in(entry)
        unsettled = Q(session__in=self._news) & (Q(state=FileState.UNDER_WAY) | Q(partner=""))
        offered = Q(offer_key__in=[digest(*offer) for offer in self._halves])
        if self._halves or self._news:
            self._load(offered | unsettled if self._news else offered)
        by_offer: dict[_Offer, list[File]] = defaultdict(list)
        for row in self._known.values():
            by_offer[_Offer(row.session, row.direction, row.name, row.date, row.time)].append(row)
            if row.session in self._news:
                self._settle(row)
        for offer, halves in self._halves.items():
            self._pair(offer, halves, by_offer[offer])
        self._link()
        self._write()

    def _sort_in(self, entry: Entry) -> None:
        said, number = entry.fields, _number(entry)
        if entry.code == "FIL-RECEIPT":
            self._receipts.append(_receipt(entry, number, _partner(self._sessions[entry.session])))
            return
        direction = _FROM.get(said.get("direction"), Way.FROM_PARTNER)
        offer = _Offer(entry.session, direction, *(_text(name, said) for name in ("name", "date", "time")))
        half = _start(entry, number) if entry.code == "FIL-START" else _end(entry, number)
        self._halves[offer].append(half)
        if half.values.get("outcome") == FileState.TRANSFERRED:
            kind = FILES_IN if direction == Way.FROM_PARTNER else FILES_OUT
            self._tally.add(entry.time, kind, 1, file_octets(half.values["octets"]))

    def _load(self, wanted: Q) -> None:
        for row in File.objects.filter(wanted).order_by("-pk")[:MOST_LOADED]:
            self._known.setdefault(row.pk, row)

    def _settle(self, row: File) -> None:
        session = self._sessions.get(row.session)
        if session:
            row.partner = _partner(session)
        settle(row, session_over=bool(session and session.ended_at))
        self._changed[id(row)] = row

    def _pair(self, offer: _Offer, halves: list[Half], rows: list[File]) -> None:
        """Put the halves of an offered file into rows: an offer stays in the row that it has."""
        spare = {id(row): row for row in rows}
        for pair in paired([*halves, *(half for row in rows for half in halves_of(row))]):
            row = next((half.row for half in pair if half.row and id(half.row) in spare), None)
            if row is None:
                row = File(**offer._asdict(), offer_key=digest(*offer))
            else:
                del spare[id(row)]
                for name, value in _BLANK.items():
                    setattr(row, name, value)
            for half in pair:
                for name, value in half.values.items():
                    setattr(row, name, value)
            self._settle(row)
        for row in spare.values():  # its half stands in another row now
            del self._known[row.pk]
            self._changed.pop(id(row), None)
            row.delete()

    def _link(self) -> None:
        """Bring files and receipts together, wherever one of them is new."""
        waiting = list(Receipt.objects.filter(session__in=self._news, partner="")[:MOST_LOADED]) if self._news else []
        for receipt in waiting:
            receipt.partner = _partner(self._sessions[receipt.session])
        if waiting:
            Receipt.objects.bulk_update(waiting, ["partner"])
        ended = [row for row in self._changed.values() if row.outcome == FileState.TRANSFERRED or row.receipt_kind]
        wanted = {receipt.identity for receipt in (*self._receipts, *waiting)} | {row.identity for row in ended} - {0}
        if not wanted:
            return
        _hold(wanted)
        self._load(Q(identity__in=wanted))
        groups: dict[tuple[str, ...], tuple[list[File], list[Receipt]]] = defaultdict(lambda: ([], []))
        for row in {id(row): row for row in (*self._known.values(), *self._changed.values())}.values():
            if row.identity in wanted:
                groups[virtual_file(row)][0].append(row)
        stored = Receipt.objects.filter(identity__in=wanted).order_by("-pk")[:MOST_LOADED]
        for receipt in (*self._receipts, *stored):
            groups[virtual_file(receipt)][1].append(receipt)
        self._assign(groups.values())

    def _assign(self, groups: Iterable[tuple[list[File], list[Receipt]]]) -> None:
        new: list[Receipt] = []
        gone: list[int] = []
        for rows, receipts in groups:
            before = [(row.receipt_session, row.receipt_number) for row in rows]
            receipts += [receipt for row in rows if (receipt := taken_out(row))]
            left = assign(rows, receipts)
            new += [receipt for receipt in left if not _is_stored(receipt)]
            gone += [receipt.pk for receipt in receipts if _is_stored(receipt) and receipt not in left]
            for row, held in zip(rows, before, strict=True):
                if held != (row.receipt_session, row.receipt_number):
                    self._settle(row)
        if gone:
            Receipt.objects.filter(pk__in=gone).delete()
        insert_new(new)

    def _write(self) -> None:
        rows = list(self._changed.values())
        insert_new([row for row in rows if not _is_stored(row)])
        update_all([row for row in rows if _is_stored(row)])


def _is_stored(row: File | Receipt) -> bool:
    return not row._state.adding


def _start(entry: Entry, number: int) -> Half:
    said = entry.fields
    return Half(number, {
        "start_number": number,
        "offered_at": entry.time,
        "compressed": bool(said.get("compression")),
        "signed_receipt": bool(said.get("signed_receipt")),
        **{name: _text(name, said) for name in ("originator", "destination", "format", "security")},
        **{name: counted(said.get(name)) for name in ("record_length", "size_k", "cipher")},
    })  # fmt: skip


def _end(entry: Entry, number: int) -> Half:
    said = entry.fields
    return Half(number, {
        "end_number": number,
        "ended_at": entry.time,
        "result": _text("result", said),
        "outcome": outcome_of(str(said.get("result", ""))),
        **{name: counted(said.get(name)) for name in ("octets", "records", "restart")},
    })  # fmt: skip


def _receipt(entry: Entry, number: int, partner: str) -> Receipt:
    said = entry.fields
    receipt = Receipt(
        session=entry.session,
        partner=partner,
        number=number,
        direction=_BACK.get(said.get("direction"), Way.TO_PARTNER),
        originator=_text("destination", said),  # receipts travel back
        destination=_text("originator", said),
        at=entry.time,
        signed=bool(said.get("signed")),
        **{name: _text(name, said) for name in ("name", "date", "time", "kind", "result", "creator")},
    )
    receipt.identity = identity_of(receipt)
    return receipt


def _partner(session: Session) -> str:
    """Return whose session it is by the word of the inside; empty: it has not said so yet."""
    return session.partner if "inside" in (session.start_hop, session.end_hop) else ""


def _number(entry: Entry) -> int:
    """Return which event of its process this is."""
    last = entry.event_id.rpartition("-")[2]
    return min(int(last), _MOST_NUMBER) if last.isascii() and last.isdigit() else 0


def _text(name: str, said: Mapping[str, Value]) -> str:
    return shown(said.get(name, ""))[: _LONGEST[name]]


def _hold(identities: Collection[int]) -> None:
    """Let no other process bring files and receipts of these together meanwhile: neither would see the other's."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(k) FROM (SELECT unnest(%s::bigint[]) AS k ORDER BY k) AS keys",
                           [sorted(identities)])  # fmt: skip
