"""Which offer, end and receipt belong to one transfer of a file."""

from datetime import UTC, datetime, timedelta

import pytest

from seon.backend.journal.models import File, FileState, Receipt
from seon.backend.journal.transfers import Half, assign, digest, halves_of, outcome_of, paired, settle, taken_out

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def start(number: int) -> Half:
    return Half(number, {"start_number": number})


def end(number: int) -> Half:
    return Half(number, {"end_number": number})


@pytest.mark.parametrize(
    ("halves", "pairs"),
    [
        ([start(1), end(2)], [(1, 2)]),
        ([end(2), start(1)], [(1, 2)]),
        ([end(4), end(2), start(3), start(1)], [(1, 2), (3, 4)]),
        ([start(1), start(3), end(4)], [(1,), (3, 4)]),
        ([end(2), start(3)], [(2,), (3,)]),
        ([], []),
    ],
)
def test_an_end_belongs_to_the_offer_before_it(halves: list[Half], pairs: list[tuple[int, ...]]) -> None:
    assert [tuple(half.number for half in pair) for pair in paired(halves)] == pairs


@pytest.mark.parametrize(
    ("result", "state"),
    [
        ("accepted", FileState.TRANSFERRED),
        ("accepted; lines sent as records", FileState.TRANSFERRED),
        ("refused before its data: 03; may be sent again", FileState.REFUSED),
        ("refused at its end: 02", FileState.REFUSED),
        ("declined by rule SIZE", FileState.DECLINED),
        ("broken off by the end of the session", FileState.BROKEN_OFF),
        ("something newer", FileState.BROKEN_OFF),
    ],
)
def test_the_words_of_the_end_say_what_became_of_the_file(result: str, state: FileState) -> None:
    assert outcome_of(result) == state


def transfer(hours: int, **others: object) -> File:
    values = {"session": f"s{hours}", "partner": "acme", "direction": "from-partner", "name": "ORDERS",
              "outcome": FileState.TRANSFERRED, "ended_at": NOON + timedelta(hours=hours), "end_number": 2}  # fmt: skip
    return File(**(values | others))


def receipt(hours: int, kind: str = "EERP") -> Receipt:
    return Receipt(session=f"r{hours}", partner="acme", number=1, kind=kind, at=NOON + timedelta(hours=hours))


def test_a_receipt_belongs_to_the_last_transfer_before_it_and_the_newest_counts() -> None:
    first, second = transfer(0), transfer(10)
    left = assign([second, first], [receipt(11), receipt(1), receipt(2, "NERP")])
    assert (first.receipt_session, first.receipt_kind) == ("r2", "NERP")
    assert second.receipt_session == "r11"
    assert [one.session for one in left] == ["r1"]


def test_a_host_whose_clock_is_late_does_not_lose_its_receipt() -> None:
    only = transfer(5)
    assert assign([only], [receipt(4)]) == []
    assert only.receipt_session == "r4"


@pytest.mark.parametrize("others", [{"outcome": FileState.DECLINED}, {"outcome": ""}, {"partner": ""}])
def test_what_was_not_transferred_or_is_nobody_s_yet_has_no_receipt(others: dict[str, str]) -> None:
    row = transfer(0, **others)
    assert len(assign([row], [receipt(1)])) == 1
    assert row.receipt_kind == ""


def test_a_receipt_that_is_taken_out_of_its_row_is_whole() -> None:
    row = transfer(0)
    assign([row], [receipt(1, "NERP")])
    again = taken_out(row)
    assert again is not None
    assert (again.session, again.kind, again.partner, again.at) == ("r1", "NERP", "acme", NOON + timedelta(hours=1))
    assert (row.receipt_kind, row.receipt_at, taken_out(row)) == ("", None, None)


@pytest.mark.parametrize(
    ("outcome", "over", "kind", "state"),
    [
        ("", False, "", FileState.UNDER_WAY), ("", True, "", FileState.BROKEN_OFF),
        ("transferred", True, "", FileState.TRANSFERRED), ("transferred", False, "EERP", FileState.DELIVERED),
        ("transferred", False, "NERP", FileState.NOT_DELIVERED), ("declined", True, "", FileState.DECLINED),
    ],
)  # fmt: skip
def test_the_state_follows_from_offer_end_and_receipt(outcome: str, over: bool, kind: str, state: FileState) -> None:
    row = transfer(0, outcome=outcome, receipt_kind=kind)
    settle(row, session_over=over)
    assert row.state == state


def test_a_row_gives_back_what_it_was_made_of() -> None:
    row = File(start_number=3, end_number=4, size_k=8, octets=8_192)
    assert [half.number for half in halves_of(row)] == [3, 4]
    assert halves_of(row)[0].values["size_k"] == 8
    assert halves_of(File()) == []


def test_digests_differ_where_texts_are_cut_differently() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert -(2**63) <= digest("x") < 2**63
