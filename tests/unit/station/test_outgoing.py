from pathlib import Path

from seon.oftp2.receiving import receipt_for
from seon.station.outgoing import Addressing, FileSource, Offer, describe, key_answered, key_of

ADDRESSING = Addressing("O0013BOB", "O0013ALICE", "F", 80)


def test_an_offer_says_what_the_file_is(tmp_path: Path) -> None:
    path = tmp_path / "orders"
    path.write_bytes(b"x" * 1025)
    start = describe(path, "ORDERS", "202601311205070001", ADDRESSING)
    assert (start.date, start.time) == ("20260131", "1205070001")
    assert (start.size_k, start.original_size_k, start.format, start.record_length) == (2, 2, "F", 80)
    assert (start.destination, start.originator) == ("O0013BOB", "O0013ALICE")


def test_a_resumed_offer_covers_all_whole_units(tmp_path: Path) -> None:
    path = tmp_path / "orders"
    path.write_bytes(b"x" * 810)
    start = describe(path, "ORDERS", "202601311205070001", ADDRESSING)
    fresh, resumed = Offer(path, start), Offer(path, start, resume=True)
    assert (fresh.file.start.restart, resumed.file.start.restart) == (0, 10)
    fresh.close()
    resumed.close()


def test_a_receipt_names_its_file(tmp_path: Path) -> None:
    path = tmp_path / "orders"
    path.write_bytes(b"")
    start = describe(path, "ORDERS", "202601311205070001", ADDRESSING)
    assert key_answered(receipt_for(start)) == key_of(start)


def test_a_source_tells_how_far_it_has_been_read(tmp_path: Path) -> None:
    path = tmp_path / "orders"
    path.write_bytes(b"x" * 100)
    told: list[int] = []
    source = FileSource(path, told.append)
    source.read(10)
    source.seek(50)
    source.read(100)
    source.close()
    assert told == [10, 100]
