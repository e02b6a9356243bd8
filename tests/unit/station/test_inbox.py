from dataclasses import replace
from pathlib import Path

import pytest

from seon.oftp2.commands import StartFile
from seon.oftp2.reasons import AnswerReason, NegativeReason
from seon.oftp2.receiving import negative_receipt_for, receipt_for
from seon.oftp2.records import Extent
from seon.station.inbox import Inbox, RefusedError

START = StartFile("ORDERS.EDI", "20260131", "1205070001", "", "O0013BOB", "O0013ALICE", "U", 0, 4)


def inbox(tmp_path: Path, most: int = 10**6) -> Inbox:
    return Inbox(tmp_path / "in", most=most)


def visible(box: Inbox) -> list[Path]:
    return [path for path in box.directory.iterdir() if not path.name.startswith(".")]


def test_a_file_is_not_seen_before_it_is_whole(tmp_path: Path) -> None:
    box = inbox(tmp_path)
    incoming = box.open(START)
    incoming.write(b"content")
    assert visible(box) == []
    box.keep(incoming)
    assert [path.read_bytes() for path in visible(box)] == [b"content"]
    assert not list((box.directory / ".partial").iterdir())


def test_the_same_file_is_not_taken_twice(tmp_path: Path) -> None:
    box = inbox(tmp_path)
    box.keep(box.open(START))
    with pytest.raises(RefusedError) as refused:
        box.open(START)
    assert (refused.value.reason, refused.value.retry) == (AnswerReason.DUPLICATE, False)


def test_an_interrupted_file_goes_on_at_the_last_whole_unit(tmp_path: Path) -> None:
    box = inbox(tmp_path)
    first = box.open(START)
    first.write(b"x" * 2500)
    first.close()
    again = box.open(replace(START, restart=4))
    assert again.kept == Extent(2, 0, 2048)
    again.write(b"y")
    box.keep(again)
    assert visible(box)[0].read_bytes() == b"x" * 2048 + b"y"


def test_without_an_offered_restart_it_begins_again(tmp_path: Path) -> None:
    box = inbox(tmp_path)
    first = box.open(START)
    first.write(b"x" * 2500)
    first.close()
    again = box.open(START)
    again.write(b"y")
    box.keep(again)
    assert visible(box)[0].read_bytes() == b"y"


def test_two_sessions_cannot_write_one_file(tmp_path: Path) -> None:
    box = inbox(tmp_path)
    first = box.open(START)
    with pytest.raises(RefusedError) as refused:
        box.open(START)
    assert refused.value.retry
    first.write(b"mine")
    box.keep(first)
    assert visible(box)[0].read_bytes() == b"mine"


def test_a_file_that_was_wrong_leaves_nothing(tmp_path: Path) -> None:
    box = inbox(tmp_path)
    incoming = box.open(START)
    incoming.write(b"x")
    incoming.discard()
    assert not list((box.directory / ".partial").iterdir())


def test_a_file_is_limited_by_its_offer_and_by_its_octets(tmp_path: Path) -> None:
    box = inbox(tmp_path, most=3 * 1024)
    with pytest.raises(RefusedError) as refused:
        box.open(START)
    assert refused.value.reason is AnswerReason.FILE_TOO_BIG
    incoming = box.open(replace(START, size_k=1))
    incoming.write(b"x" * 3 * 1024)
    with pytest.raises(OSError, match="large"):
        incoming.write(b"x")
    incoming.close()


def test_a_name_with_a_path_in_it_stays_in_the_directory(tmp_path: Path) -> None:
    box = inbox(tmp_path)
    box.keep(box.open(replace(START, name="../../X", originator="../Y")))
    assert len(visible(box)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_a_directory_that_cannot_be_written_refuses_for_now(tmp_path: Path) -> None:
    box = inbox(tmp_path)
    (box.directory / ".partial").rmdir()
    with pytest.raises(RefusedError) as refused:
        box.open(START)
    assert (refused.value.reason, refused.value.retry) == (AnswerReason.ACCESS_METHOD, True)


def test_a_receipt_is_owed_until_it_is_paid_also_after_a_crash(tmp_path: Path) -> None:
    eerp = receipt_for(START)
    nerp = negative_receipt_for(replace(START, name="B"), NegativeReason.NOT_DELIVERED, "O0013BOB")
    box = inbox(tmp_path)
    box.owe("O0013ALICE", eerp)
    box.owe("O0013ALICE", nerp)
    assert box.owed("O0013ALICE") == []  # the session that owes them has them in hand
    assert inbox(tmp_path).owed("O0013CAROL") == []
    after_crash = inbox(tmp_path)
    assert after_crash.owed("O0013ALICE") == [eerp, nerp]
    after_crash.paid("O0013ALICE", eerp)
    after_crash.unpaid("O0013ALICE", nerp)
    assert after_crash.owed("O0013ALICE") == [nerp]
