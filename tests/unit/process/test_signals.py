"""Signals set a flag or a level (mission D3)."""

import os
import signal
from pathlib import Path

import pytest

from seon.daemon.log import Log
from seon.process.levels import Level
from seon.process.signals import handle_ending, handle_levels


@pytest.mark.parametrize(
    ("number", "level"), [(20, "TRACE"), (21, "DEBUG"), (22, "INFO"), (23, "ERROR"), (24, "FATAL")]
)
def test_each_signal_sets_its_level_and_writes_it_with_the_level_chosen(alone, tmp_path, number, level) -> None:
    alone(set_level, tmp_path, number)
    (log,) = tmp_path.glob("log.*.log")
    (line,) = log.read_text().splitlines()
    assert f" {level:<7} " in line
    assert line.endswith(f"Log level set to {level}")


def set_level(directory: str, number: str) -> None:
    log = Log(Path(directory), "log")
    log.level = Level.FATAL
    handle_levels(log.level_changed)
    os.kill(os.getpid(), int(number))
    assert log.level == {20: 5, 21: 10, 22: 20, 23: 40, 24: 50}[int(number)]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_an_ending_signal_is_only_noted(alone, number) -> None:
    alone(noted, int(number))


def noted(number: str) -> None:
    got: list[int] = []
    handle_ending(got.append)
    os.kill(os.getpid(), int(number))
    assert got == [int(number)]


def test_in_a_start_signals_wait_and_none_is_lost(alone) -> None:
    alone(started)


def started() -> None:
    from seon.process.signals import ENDING, OTHERS, hold_signals, take_held

    hold_signals()
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGHUP, *OTHERS):
        os.kill(os.getpid(), number)
    got: list[int] = []
    others: list[int] = []
    handle_ending(got.append)
    for number in OTHERS:
        signal.signal(number, lambda number, _frame: others.append(number))
    assert take_held() in ENDING
    assert got == [], "they are taken, not handled besides"
    assert sorted(others) == sorted(OTHERS)
    os.kill(os.getpid(), signal.SIGINT)
    assert got == [signal.SIGINT], "what comes later is handled"
    hold_signals()
    assert take_held() == 0
