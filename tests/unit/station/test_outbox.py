from pathlib import Path

from seon.station.outbox import Outbox


def outbox(tmp_path: Path) -> Outbox:
    box = Outbox(tmp_path / "out")
    (box.directory / "ALICE").mkdir()
    (box.directory / "CAROL").mkdir()
    (box.directory / "any.txt").write_bytes(b"any")
    (box.directory / "ALICE" / "hers.txt").write_bytes(b"hers")
    (box.directory / "CAROL" / "other.txt").write_bytes(b"other")
    return box


def names(box: Outbox, caller: str) -> list[str]:
    offers = list(box.waiting("BOB", caller))
    for offer in offers:
        offer.close()
    return [offer.file.start.name for offer in offers]


def test_a_caller_gets_its_own_files_and_those_for_anybody(tmp_path: Path) -> None:
    assert names(outbox(tmp_path), "ALICE") == ["HERS.TXT", "ANY.TXT"]
    assert names(outbox(tmp_path / "again"), "../CAROL") == ["ANY.TXT"]


def test_a_file_under_way_is_not_given_to_another_session(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    offers = list(box.waiting("BOB", "ALICE"))
    assert names(box, "ALICE") == []
    for offer in offers:
        box.unsent(offer, started=False)
    assert len(names(box, "ALICE")) == 2


def test_what_was_sent_or_refused_is_not_offered_again(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    hers, anybodys = box.waiting("BOB", "ALICE")
    box.sent(hers)
    box.refused(anybodys)
    assert names(box, "ALICE") == []
    (kept,) = (box.directory / "ALICE" / ".sent").iterdir()
    assert kept.read_bytes() == b"hers"
    assert len(list((box.directory / ".refused").iterdir())) == 1


def test_an_interrupted_file_is_offered_from_where_it_may_have_got_to(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "out")
    (box.directory / "big").write_bytes(b"x" * 5000)
    (first,) = box.waiting("BOB", "ALICE")
    assert first.file.start.restart == 0
    box.unsent(first, started=True)
    (again,) = box.waiting("BOB", "ALICE")
    assert again.file.start.restart == 4
    assert again.file.start.time == first.file.start.time
    assert again.file.source.read(1) == b"x"
    again.close()
