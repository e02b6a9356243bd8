"""Which path an appender has, and what happens if it cannot be opened."""

from pathlib import Path

import pytest

from seon.daemon.writing.places import Surroundings, daily_path, make
from seon.daemon.writing.settings import AppenderSettings, Settings
from unit.daemon.writing.lines import NOON, record

PROGRAM = "seon_proxyserver"


@pytest.fixture
def our(tmp_path, monkeypatch) -> Surroundings:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return Surroundings(home, PROGRAM, False, lambda: NOON, tmp_path / "no-syslog")


def made_of(our: Surroundings, *wanted: AppenderSettings):
    settings = Settings(appenders={appender.name: appender for appender in wanted})
    places, wrong = make([appender.name for appender in wanted], settings, our)
    for place in places.values():
        place.write(record())
        place.close()
    return {str(path.relative_to(our.home)) for path in our.home.rglob("*.*") if path.is_file()}, wrong


@pytest.mark.parametrize(
    ("wanted", "file"),
    [
        (AppenderSettings("seon_appender"), f"{PROGRAM}.2026-03-14.log"),
        (AppenderSettings("other"), "other.2026-03-14.log"),
        (AppenderSettings("logs/other"), "logs/other.2026-03-14.log"),
        (AppenderSettings("logs/"), f"logs/{PROGRAM}.2026-03-14.log"),
        (AppenderSettings("a.log", "stream"), "a.log"),
        (AppenderSettings("logs/a.log", "stream2"), "logs/a.log"),
        (AppenderSettings("a.map", "mmap"), "a.map"),
        (AppenderSettings("r", "rollingfile", logdir=".", prefix="p", maxsize=99), "p.0"),
        (AppenderSettings("r", "rollingfile", logdir="logs", prefix="p", maxsize=99), "logs/p.0"),
        (AppenderSettings("r", "rollingfile", maxsize=99), f"{PROGRAM}.0"),
    ],
)
def test_a_relative_path_is_below_the_home_whatever_the_working_directory(our, wanted, file) -> None:
    (our.home / "logs").mkdir()
    files, wrong = made_of(our, wanted)
    assert files == {file}
    assert wrong == []
    assert list(Path.cwd().iterdir()) == []


def test_an_absolute_path_is_taken_as_it_is(our, tmp_path) -> None:
    assert daily_path(f"{tmp_path}/x", our) == tmp_path / "x"
    made_of(our, AppenderSettings(f"{tmp_path}/y.log", "stream"))
    assert (tmp_path / "y.log").exists()


def test_an_appender_that_cannot_be_opened_is_told_and_its_lines_go_to_the_daily_file(our) -> None:
    bad = AppenderSettings("r", "rollingfile", logdir="missing", prefix="p", maxsize=99)
    files, wrong = made_of(our, bad, AppenderSettings("syslog", "syslog"))
    assert files == {f"{PROGRAM}.2026-03-14.log"}
    assert wrong == [
        f'appender "r" cannot be opened: {our.home}/missing/p.0: No such file or directory; '
        "its lines go to the daily file",
        f'appender "syslog" cannot be opened: {our.syslog}: No such file or directory; its lines go to the daily file',
    ]


def test_standard_streams_go_nowhere_in_the_background_with_a_warning(our, capsys) -> None:
    files, wrong = made_of(our, AppenderSettings("stdout", "stream"), AppenderSettings("stderr", "stream2"))
    assert files == set()
    assert [text.partition(":")[0] for text in wrong] == ['appender "stdout"', 'appender "stderr"']
    assert capsys.readouterr() == ("", "")


def test_standard_streams_show_lines_where_there_is_a_terminal(our, capsys) -> None:
    files, wrong = made_of(
        Surroundings(our.home, PROGRAM, True, our.clock, our.syslog),
        AppenderSettings("stdout", "stream", "basic"), AppenderSettings("stderr", "stream", "basic"),
    )  # fmt: skip
    assert (files, wrong) == (set(), [])
    assert capsys.readouterr() == ("[stdout] INFO     session - text\n", "[stderr] INFO     session - text\n")
