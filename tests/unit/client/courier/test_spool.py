"""Events on disk: kept when they are said to be kept, whatever happens then."""

import contextlib
import os
import signal
import sqlite3
from pathlib import Path

import pytest

from seon.client.courier import spool as module
from seon.client.courier.spool import Spool, SpoolError
from seon.process.events import EventMaker


def events(count: int, session: str = "s"):
    maker = EventMaker("inside", session)
    return [maker.make("SES-END", reason=str(number)) for number in range(count)]


@pytest.fixture
def spool(tmp_path):
    made = Spool(tmp_path / "spool")
    yield made
    made.close()


def test_events_come_out_as_they_went_in_oldest_first(spool) -> None:
    mine = events(5)
    spool.keep(mine[:2])
    spool.keep(mine[2:])
    number, oldest = spool.oldest(3)
    assert list(oldest) == mine[:3]
    spool.forget(number)
    number, oldest = spool.oldest(10)
    assert list(oldest) == mine[3:]
    spool.forget(number)
    assert spool.oldest(10) == (0, ())


def test_what_was_delivered_twice_is_kept_once(spool) -> None:
    mine = events(3)
    spool.keep(mine)
    spool.keep(mine[1:])
    assert list(spool.oldest(10)[1]) == mine


def test_an_event_that_came_while_others_were_delivered_is_not_forgotten_with_them(spool) -> None:
    mine = events(4)
    spool.keep(mine[:2])
    number, _ = spool.oldest(10)
    spool.keep(mine[2:])
    spool.forget(number)
    assert list(spool.oldest(10)[1]) == mine[2:]


def test_a_new_start_finds_what_the_last_one_left(tmp_path) -> None:
    mine = events(3)
    first = Spool(tmp_path / "spool")
    first.keep(mine)
    first.close()
    second = Spool(tmp_path / "spool")
    assert list(second.oldest(10)[1]) == mine
    second.close()


def test_a_crash_right_after_loses_nothing(alone, tmp_path) -> None:
    alone(crash, tmp_path, status=-signal.SIGKILL)
    spool = Spool(tmp_path / "spool")
    assert len(spool.oldest(100)[1]) == 40
    spool.keep(events(1, "after"))
    assert len(spool.oldest(100)[1]) == 41
    spool.close()


def crash(directory: str) -> None:
    spool = Spool(Path(directory) / "spool")
    for start in range(0, 40, 10):
        spool.keep(events(10, f"s{start}"))
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_is_kept_is_on_the_disk_and_not_only_in_the_kernel(spool) -> None:
    assert spool._database.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL; a power cut cannot be had here


def test_no_file_of_it_is_for_others(tmp_path) -> None:
    umask = os.umask(0)
    try:
        spool = Spool(tmp_path / "spool")
        spool.keep(events(1))
    finally:
        os.umask(umask)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert len(modes) == 3, "with the journal files beside it"
    assert set(modes.values()) == {0o600}
    spool.close()


@pytest.mark.parametrize("content", [b"this is no database at all, but long enough to look like one" * 20])
def test_a_damaged_file_is_said_to_be_so(tmp_path, content) -> None:
    (tmp_path / "spool").write_bytes(content)
    with pytest.raises(SpoolError, match="not a database"):
        Spool(tmp_path / "spool")


def test_a_directory_that_is_not_there_is_said_to_be_so(tmp_path) -> None:
    with pytest.raises(SpoolError, match="No such file"):
        Spool(tmp_path / "missing" / "spool")


def test_a_disk_that_takes_nothing_keeps_nothing_and_goes_on_later(spool) -> None:
    spool._database.execute("PRAGMA max_page_count=8")
    big = EventMaker("inside", "big")
    with pytest.raises(SpoolError, match="full"):
        spool.keep(big.make("SES-END", **{f"field{n}": "x" * 2_000 for n in range(10)}) for _ in range(10))
    assert spool.oldest(10) == (0, ()), "all or none"
    spool._database.execute("PRAGMA max_page_count=100000")
    spool.keep(events(2))
    assert len(spool.oldest(10)[1]) == 2


def test_a_spool_that_is_full_takes_no_more_until_some_are_gone(spool, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST", 5)
    mine = events(12)
    spool.keep(mine[:4])
    spool.keep(mine[:4])  # repeated ones do not count
    spool.keep(mine[4:6])
    with pytest.raises(SpoolError, match="6 events wait"):
        spool.keep(mine[6:])
    spool.forget(spool.oldest(3)[0])
    spool.keep(mine[6:8])
    assert len(spool.oldest(100)[1]) == 5


def test_the_file_can_be_read_by_other_tools(spool, tmp_path) -> None:
    spool.keep(events(2))
    other = sqlite3.connect(tmp_path / "spool")
    assert other.execute("SELECT count(*) FROM event").fetchone() == (2,)
    other.close()


def test_a_spool_that_fails_says_so_whatever_is_asked_of_it(tmp_path) -> None:
    """The courier waits and tries again; any other exception would end it."""
    spool = Spool(tmp_path / "spool")
    with contextlib.closing(sqlite3.connect(tmp_path / "spool", isolation_level=None)) as other:
        other.execute("DROP TABLE event")
    for ask in (lambda: spool.oldest(1), lambda: spool.forget(1)):
        with pytest.raises(SpoolError, match="no such table"):
            ask()
    spool.close()
