import logging
import shutil
from pathlib import Path

import pytest

from seon.backend import logs
from seon.backend.acting.actors import owner
from seon.backend.apilog import following
from seon.backend.apilog.actions import configure_log
from seon.backend.apilog.following import Following
from seon.backend.journal.models import Entry

ours = logging.getLogger("seon.api")


@pytest.fixture
def file(tmp_path: Path) -> logs.LogFile:
    """The API log of this process."""
    (tmp_path / "own").mkdir()
    logs.open_log(tmp_path / "own", "seonapi")
    made = logs.api_log()
    assert made is not None
    return made


def codes() -> list[str]:
    return list(Entry.objects.filter(code__startswith="LOG-").order_by("pk").values_list("code", flat=True))


def test_a_choice_of_file_and_level_is_obeyed_and_one_can_go_back(file: logs.LogFile, tmp_path: Path) -> None:
    process = Following(file, level_given=False)
    chosen = tmp_path / "api.log"
    configure_log(owner(), path=str(chosen), level="debug")
    process.look()
    ours.debug("a detail")
    assert "a detail" in chosen.read_text()
    assert "a detail" not in file.own.read_text()
    configure_log(owner(), path="", level="warning")
    process.look()
    ours.info("not any more")
    ours.warning("at home")
    assert "at home" in file.own.read_text()
    assert "not any more" not in file.own.read_text()


def test_the_level_that_came_last_counts(file: logs.LogFile) -> None:
    configure_log(owner(), level="error")
    process = Following(file, level_given=True)
    process.look()
    assert ours.getEffectiveLevel() == logging.INFO, "the command line came after the choice"
    configure_log(owner(), level="error")
    process.look()
    assert ours.getEffectiveLevel() == logging.ERROR
    logs.set_level("trace")
    process.look()
    assert ours.getEffectiveLevel() == logs.TRACE, "a signal came last"


def test_a_file_that_cannot_be_written_is_told_once_by_all_processes_of_a_host(
    file: logs.LogFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    configure_log(owner(), path=str(place / "api.log"))
    processes = [Following(file, level_given=False) for _ in range(2)]
    processes[0].look()
    ours.info("before")
    shutil.rmtree(place)
    ours.info("nothing is lost")
    for _ in range(3):
        for process in processes:
            process.look()
    assert "nothing is lost" in file.own.read_text()
    assert f"The API log {place / 'api.log'} cannot be written: No such file" in file.own.read_text()
    assert codes() == ["LOG-AWAY"]
    place.mkdir()
    monkeypatch.setattr(following, "RETRY_SECONDS", 0)
    processes[0]._retry_at = 0.0
    processes[0].look()
    ours.info("back again")
    assert "back again" in (place / "api.log").read_text()
    assert codes() == ["LOG-AWAY", "LOG-BACK"]


def test_each_loss_of_a_day_is_told_and_so_is_one_that_lasts_at_another_process(
    file: logs.LogFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "RETRY_SECONDS", 0.0)
    place = tmp_path / "place"
    place.mkdir()
    configure_log(owner(), path=str(place / "api.log"))
    process, other = Following(file, level_given=False), Following(file, level_given=False)
    process.look()
    for number in (1, 2):
        shutil.rmtree(place)
        ours.info("lost")
        process.look()
        other.look()
        assert codes() == ["LOG-AWAY", "LOG-BACK"] * (number - 1) + ["LOG-AWAY"]
        place.mkdir()
        process.look()
        assert codes() == ["LOG-AWAY", "LOG-BACK"] * number
    assert file.place == place / "api.log"
    shutil.rmtree(place)
    ours.info("lost at the other one, which was away all the time")
    other.look()
    assert codes() == [*["LOG-AWAY", "LOG-BACK"] * 2, "LOG-AWAY"]


def test_a_database_that_does_not_answer_changes_nothing_and_is_said_once(
    file: logs.LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Following(file, level_given=False)

    def broken() -> None:
        raise OSError("the database is away")

    monkeypatch.setattr(process, "look", broken)
    process.guarded()
    process.guarded()
    assert file.own.read_text().count("It cannot be seen which API log is chosen") == 1


def test_beside_the_log_of_another_program_only_the_level_of_the_api_log_changes(
    file: logs.LogFile, tmp_path: Path
) -> None:
    logs.open_log(tmp_path / "own", "queue")
    runs = logging.getLogger(logs.RUNS)
    logs.write_api_log_too(tmp_path / "own")
    mine = logs.api_log()
    assert mine is not None
    configure_log(owner(), level="error")
    Following(mine, level_given=False).look()
    runs.info("it ran")
    logging.getLogger("seon.queue").info("a job")
    assert "it ran" not in mine.own.read_text()
    assert "a job" in (tmp_path / "own" / "queue.log").read_text()
