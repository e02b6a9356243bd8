"""What belongs to one transfer of a file: its offer, its end and its receipt. Pure: rows in, rows out.

Events come late, and in any order. Whatever the order, the same rows come of them:

* In a session there is one file at a time. So an end belongs to the offer before it, by the numbers that the session
  process gives its events.
* A receipt names a virtual file (RFC 5024, 5.3.13) and may come in another session, days later. It belongs to the last
  transfer of this file that had ended before it, of the same partner. The newest receipt counts; others are kept.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from seon.backend.journal.models import File, FileState, Receipt

START = ("start_number", "offered_at", "originator", "destination", "format", "record_length", "size_k", "security",
         "cipher", "compressed", "signed_receipt")  # fmt: skip
"""The columns that an offer fills."""
END = ("end_number", "ended_at", "outcome", "result", "octets", "records", "restart")
"""The columns that an end fills."""
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
_RESULTS = (
    ("accepted", FileState.TRANSFERRED), ("refused", FileState.REFUSED), ("declined", FileState.DECLINED),
    ("broken off", FileState.BROKEN_OFF),
)  # fmt: skip
_RECEIPTS = {"EERP": FileState.DELIVERED, "NERP": FileState.NOT_DELIVERED}


class Half(NamedTuple):
    """An offer or an end, and the row that it stands in already."""

    number: int
    values: dict[str, Any]
    """Of the columns in `START` or `END`."""
    row: File | None = None

    @property
    def is_start(self) -> bool:
        """Whether it is an offer."""
        return "start_number" in self.values


def digest(*words: str) -> int:
    """Return a number for what is looked for together. Two different things may have one: compare what was found."""
    octets = blake2b("\0".join(words).encode(), digest_size=8).digest()
    return int.from_bytes(octets, "big", signed=True) or 1


def outcome_of(result: str) -> str:
    """Return the state that the words of FIL-END mean; what this build does not know counts as broken off."""
    return next((state for words, state in _RESULTS if result.startswith(words)), FileState.BROKEN_OFF)


def halves_of(row: File) -> list[Half]:
    """Return the offer and the end that a row has."""
    found = []
    if row.start_number is not None:
        found.append(Half(row.start_number, {name: getattr(row, name) for name in START}, row))
    if row.end_number is not None:
        found.append(Half(row.end_number, {name: getattr(row, name) for name in END}, row))
    return found


def paired(halves: Iterable[Half]) -> list[tuple[Half, ...]]:
    """Return the transfers of one file in one session: an offer with the end that follows it, or one of them alone."""
    pairs: list[tuple[Half, ...]] = []
    opened: Half | None = None
    for half in sorted(halves, key=lambda half: (half.number, not half.is_start)):
        if half.is_start:
            if opened:
                pairs.append((opened,))
            opened = half
        else:
            pairs.append((opened, half) if opened else (half,))
            opened = None
    return [*pairs, (opened,)] if opened else pairs


def settle(row: File, *, session_over: bool) -> None:
    """Set what follows from the other columns: state, place in lists, and what a receipt would say."""
    row.at = row.offered_at or row.ended_at or row.at
    row.identity = identity_of(row) if row.start_number is not None else 0
    ended = row.outcome or (FileState.BROKEN_OFF if session_over else FileState.UNDER_WAY)
    row.state = _RECEIPTS.get(row.receipt_kind, FileState(ended))


def identity_of(row: File | Receipt) -> int:
    """Return the digest of a virtual file."""
    return digest(row.direction, row.name, row.date, row.time, row.originator, row.destination)


def virtual_file(row: File | Receipt) -> tuple[str, ...]:
    """Return what a file and its receipt must have in common."""
    return (row.direction, row.name, row.date, row.time, row.originator, row.destination, row.partner)


def assign(files: Sequence[File], receipts: Sequence[Receipt]) -> list[Receipt]:
    """Give the receipts of one virtual file to its transfers, and return those that no row shows.

    What the rows held before must be among `receipts` (`taken_out`).
    """
    ended = sorted((row for row in files if row.outcome == FileState.TRANSFERRED and row.partner), key=_end)
    left = []
    for receipt in sorted(receipts, key=lambda one: (one.at, one.session, one.number), reverse=True):
        before = [row for row in ended if _end(row)[0] <= receipt.at] or ended[:1]
        if before and not before[-1].receipt_kind:
            _put(before[-1], receipt)
        else:
            left.append(receipt)
    return left


def taken_out(row: File) -> Receipt | None:
    """Take the receipt out of a row and return it."""
    if row.receipt_at is None:
        return None
    receipt = Receipt(
        session=row.receipt_session,
        partner=row.partner,
        number=row.receipt_number,
        direction=row.direction,
        name=row.name,
        date=row.date,
        time=row.time,
        originator=row.originator,
        destination=row.destination,
        identity=row.identity,
        kind=row.receipt_kind,
        at=row.receipt_at,
        result=row.receipt_result,
        signed=row.receipt_signed,
        creator=row.receipt_creator,
    )
    row.receipt_kind, row.receipt_at, row.receipt_session, row.receipt_number = "", None, "", 0
    row.receipt_result, row.receipt_signed, row.receipt_creator = "", False, ""
    return receipt


def _end(row: File) -> tuple[datetime, str, int]:
    return (row.ended_at or _LONG_AGO, row.session, row.end_number or 0)


def _put(row: File, receipt: Receipt) -> None:
    row.receipt_kind, row.receipt_at, row.receipt_session = receipt.kind, receipt.at, receipt.session
    row.receipt_number, row.receipt_result = receipt.number, receipt.result
    row.receipt_signed, row.receipt_creator = receipt.signed, receipt.creator
