"""Events on disk: kept when they are said to be kept, whatever happens then."""

import contextlib
import os
import signal
import sqlite3
import tempfile
from pathlib import Path

import pytest

from seon.client.courier import spool as module
from seon.client.courier.spool import Found, Spool, SpoolError
from seon.process.events import EventMaker

NOTHING = Found(0, (), {})


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
    found = spool.oldest(3)
    assert list(found.events) == mine[:3]
    spool.taken(found)
    found = spool.oldest(10)
    assert list(found.events) == mine[3:]
    spool.taken(found)
    assert spool.oldest(10) == NOTHING


def test_what_was_delivered_twice_is_kept_once(spool) -> None:
    mine = events(3)
    spool.keep(mine)
    spool.keep(mine[1:])
    assert list(spool.oldest(10).events) == mine


def test_an_event_that_came_while_others_were_delivered_is_not_forgotten_with_them(spool) -> None:
    mine = events(4)
    spool.keep(mine[:2])
    found = spool.oldest(10)
    spool.keep(mine[2:])
    spool.taken(found)
    assert list(spool.oldest(10).events) == mine[2:]


def test_the_courier_of_a_killed_main_forgets_no_event_that_another_courier_has_kept(tmp_path) -> None:
    mine, others = events(2), events(2, "another")
    old, new = Spool(tmp_path / "spool"), Spool(tmp_path / "spool")
    old.keep(mine)
    found = old.oldest(10)
    new.taken(new.oldest(10))
    new.keep(others)
    old.taken(found)
    old.set_aside({found.number: "Seonapi rejects it"})
    assert list(new.oldest(10).events) == others
    old.close()
    new.close()


def test_a_file_that_took_the_place_of_the_one_delivered_from_loses_nothing(spool) -> None:
    mine, later = events(2), events(2, "later")
    spool.keep(mine)
    found = spool.oldest(10)
    for path in spool.path.parent.glob("spool*"):
        path.unlink()
    spool.keep(later)
    spool.taken(found)
    assert list(spool.oldest(10).events) == later


def test_a_new_start_finds_what_the_last_one_left(tmp_path) -> None:
    mine = events(3)
    first = Spool(tmp_path / "spool")
    first.keep(mine)
    first.close()
    second = Spool(tmp_path / "spool")
    assert list(second.oldest(10).events) == mine
    second.close()


def test_a_crash_right_after_loses_nothing(alone, tmp_path) -> None:
    alone(crash, tmp_path, status=-signal.SIGKILL)
    spool = Spool(tmp_path / "spool")
    assert len(spool.oldest(100).events) == 40
    spool.keep(events(1, "after"))
    assert len(spool.oldest(100).events) == 41
    spool.close()


def crash(directory: str) -> None:
    spool = Spool(Path(directory) / "spool")
    for start in range(0, 40, 10):
        spool.keep(events(10, f"s{start}"))
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_is_kept_is_on_the_disk_and_not_only_in_the_kernel(spool) -> None:
    spool.keep(())
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


def test_a_spool_that_is_full_takes_no_more_until_some_are_gone(spool, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST", 5)
    mine = events(12)
    spool.keep(mine[:4])
    spool.keep(mine[:4])  # repeated ones do not count
    spool.keep(mine[4:6])
    with pytest.raises(SpoolError, match="6 events wait"):
        spool.keep(mine[6:])
    spool.taken(spool.oldest(3))
    spool.keep(mine[6:8])
    assert len(spool.oldest(100).events) == 5


def test_the_file_can_be_read_by_other_tools(spool, tmp_path) -> None:
    spool.keep(events(2))
    other = sqlite3.connect(tmp_path / "spool")
    assert other.execute("SELECT count(*) FROM event").fetchone() == (2,)
    other.close()


# --- what goes wrong, and goes on when it is mended -------------------------------------------------------------------


def uses(spool):
    """All that can be asked of a spool."""
    return {
        "keep": lambda: spool.keep(events(1)),
        "oldest": lambda: spool.oldest(1),
        "taken": lambda: spool.taken(NOTHING),
        "aside": lambda: spool.set_aside({1: "why"}),
    }


def fails_whatever_is_asked(spool, pattern) -> None:
    for ask in uses(spool).values():
        with pytest.raises(SpoolError, match=pattern):
            ask()


GARBAGE = b"this is no database at all, but long enough to look like one" * 200


@pytest.mark.parametrize("keep", [0, 100, 4_096], ids=["no database", "a header only", "pages"])
def test_a_damaged_file_is_said_to_be_so_and_a_new_one_is_made_when_it_was_moved_away(tmp_path, keep) -> None:
    spool, path = Spool(tmp_path / "spool"), tmp_path / "spool"
    spool.keep(events(3))
    spool.close()
    path.write_bytes(path.read_bytes()[:keep] + GARBAGE)
    fails_whatever_is_asked(spool, f"{path}: .*(not a database|malformed).*; move it away")
    for name in list(tmp_path.iterdir()):
        name.rename(tmp_path.parent / f"away-{tmp_path.name}-{name.name}")
    mine = events(2)
    spool.keep(mine)
    assert list(spool.oldest(10).events) == mine
    spool.close()


def test_a_file_that_was_moved_away_or_deleted_is_made_anew_and_not_written_to_any_more(spool, tmp_path) -> None:
    mine = events(4)
    spool.keep(mine[:1])
    (tmp_path / "spool").rename(tmp_path / "away")
    spool.keep(mine[1:2])
    assert list(spool.oldest(10).events) == mine[1:2]
    (tmp_path / "spool").unlink()
    spool.keep(mine[2:])
    assert list(spool.oldest(10).events) == mine[2:]


def test_a_directory_that_is_not_there_is_said_to_be_so_until_it_is(tmp_path) -> None:
    spool = Spool(tmp_path / "missing" / "spool")
    fails_whatever_is_asked(spool, "No such file or directory; the client must be able to write")
    (tmp_path / "missing").mkdir()
    spool.keep(events(1))
    spool.close()


def test_a_directory_in_its_place_is_said_to_be_so(tmp_path) -> None:
    (tmp_path / "spool").mkdir()
    fails_whatever_is_asked(Spool(tmp_path / "spool"), "a directory has its name: move that away")


@pytest.mark.parametrize("opened", [False, True], ids=["at start", "while it is open"])
def test_a_read_only_directory_is_said_to_be_so_until_it_is_not(alone, tmp_path, opened) -> None:
    alone(read_only, tmp_path, int(opened))


def read_only(_: str, opened: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        user = 65_534
        if os.geteuid() == 0:  # for whom no directory is read-only
            os.chown(home, user, user)
            os.seteuid(user)
        _read_only(home, int(opened))


def _read_only(home: Path, opened: int) -> None:
    spool = Spool(home / "spool")
    if opened:
        spool.keep(events(1))
        spool.close()  # what a first failure does
        (home / "spool").chmod(0o400)
    home.chmod(0o500)
    fails_whatever_is_asked(spool, "Permission denied; the client must be able to write this file and its directory")
    home.chmod(0o700)
    if opened:
        (home / "spool").chmod(0o600)
    spool.keep(events(1))
    assert len(spool.oldest(10).events) == 1 + opened


@pytest.mark.parametrize("opened", [False, True], ids=["at start", "while it is open"])
def test_a_file_that_another_program_has_locked_is_said_to_be_so_until_it_is_not(tmp_path, monkeypatch, opened) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.01)
    spool = Spool(tmp_path / "spool")
    spool.keep(events(1))
    if not opened:
        spool.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "spool", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        fails_whatever_is_asked(spool, "database is locked; another program has locked it: end that")
    spool.keep(events(1))
    assert len(spool.oldest(10).events) == 2
    spool.close()


def test_a_disk_that_takes_nothing_keeps_nothing_and_goes_on_later(spool) -> None:
    spool.keep(())
    spool._database.execute("PRAGMA max_page_count=10")
    big = EventMaker("inside", "big")
    with pytest.raises(SpoolError, match="full; free space on that disk"):
        spool.keep(big.make("SES-END", **{f"field{n}": "x" * 2_000 for n in range(10)}) for _ in range(10))
    assert spool.oldest(10) == NOTHING, "all or none"
    spool.keep(events(2))
    assert len(spool.oldest(10).events) == 2


def test_a_table_that_is_gone_is_made_again(spool, tmp_path) -> None:
    spool.keep(events(1))
    with contextlib.closing(sqlite3.connect(tmp_path / "spool", isolation_level=None)) as other:
        other.execute("DROP TABLE event")
    with pytest.raises(SpoolError, match="no such table"):
        spool.oldest(1)
    spool.keep(events(2))
    assert len(spool.oldest(10).events) == 2


# --- what cannot be delivered -----------------------------------------------------------------------------------------


def put(path: Path, *bodies: object) -> None:
    """Write rows as an older or newer build, or a broken disk, may have left them."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        for number, body in enumerate(bodies):
            other.execute("INSERT INTO event (id, body) VALUES (?, ?)", (f"odd-{number}", body))
        other.execute("UPDATE event SET id = CAST(x'ff' AS TEXT) WHERE id = 'odd-0'")


ODD = (
    b"",
    b"nonsense",
    b'{"id":"x","code":"NEW","time":1,"hop":"a hop of a newer build","session":"","fields":{}}',
    b"[" * 100_000,
    b'{"id":"x","fields":' + b"[" * 100_000,
    "text with \x00",
    5,
    b"\xff" * 10,
)


def test_rows_that_cannot_be_read_are_found_beside_those_that_can(spool, tmp_path) -> None:
    mine = events(4)
    spool.keep(mine[:2])
    put(tmp_path / "spool", *ODD)
    spool.keep(mine[2:])
    found = spool.oldest(100)
    assert list(found.events) == mine
    assert len(found.unreadable) == len(ODD)
    assert [name for name, _ in found.unreadable.values()] == ["\ufffd"] + [f"odd-{n}" for n in range(1, len(ODD))]
    assert all(why for _, why in found.unreadable.values())


def test_what_was_set_aside_is_kept_with_its_octets_and_hinders_nothing_any_more(spool, tmp_path) -> None:
    mine = events(2)
    spool.keep(mine[:1])
    put(tmp_path / "spool", *ODD)
    spool.keep(mine[1:])
    found = spool.oldest(100)
    spool.set_aside({number: why for number, (_, why) in found.unreadable.items()})
    assert list(spool.oldest(100).events) == mine
    assert spool.oldest(100).unreadable == {}
    with contextlib.closing(sqlite3.connect(tmp_path / "spool")) as other:
        kept = other.execute("SELECT body, why FROM aside ORDER BY number").fetchall()
    assert kept[1][0] == b"nonsense"
    assert kept[2][0] == ODD[2], "a newer build can still read it"
    assert len(kept[3][0]) == module.MOST_ASIDE_OCTETS
    assert all(why for _, why in kept)
    spool.taken(spool.oldest(100))
    assert spool.oldest(100) == NOTHING


def test_what_is_set_aside_is_bounded_and_the_newest_stay(spool, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_ASIDE", 3)
    for number in range(5):
        spool.keep(events(2))
        spool.set_aside(dict.fromkeys(range(1, 100), f"round {number}"))
    with contextlib.closing(sqlite3.connect(tmp_path / "spool")) as other:
        kept = other.execute("SELECT why FROM aside ORDER BY number").fetchall()
    assert [why for (why,) in kept] == ["round 3", "round 4", "round 4"]


def test_what_was_set_aside_makes_room(spool, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    spool.keep(events(2))
    with pytest.raises(SpoolError, match="2 events wait for Seonapi already"):
        spool.keep(events(1))
    spool.set_aside({1: "why"})
    spool.keep(events(1))
