"""A signal reaches the one process it was sent to: neither its main, nor another session, nor the partner."""

import re
import signal

import pytest

from functional.harness import Site
from functional.peers import HeldTransfer, Partner
from functional.processes import eventually, kill
from seon.oftp2.commands import EndSession
from seon.oftp2.reasons import EndReason

LEVELS = {20: "TRACE", 21: "DEBUG", 22: "INFO", 23: "ERROR", 24: "FATAL"}
SIDES = ("server", "client")


def session_pid(site: Site, side: str) -> int:
    return site.the_session(side).pid


def level_changes(site: Site, side: str, pid: int) -> list[str]:
    return re.findall(rf" {pid} Log level set to (\w+)", site.log(side))


def no_session_left(site: Site) -> None:
    eventually(lambda: not site.sessions("server") and not site.sessions("client"))


@pytest.mark.parametrize("side", SIDES)
def test_a_log_level_signal_changes_that_process_alone(running: Site, side: str) -> None:
    with Partner(running) as partner:
        partner.open()
        pid, main = session_pid(running, side), running.running[side]
        for number, level in LEVELS.items():
            kill(pid, number)
            eventually(lambda level=level: level_changes(running, side, pid)[-1:] == [level])
        assert partner.is_silent(0.3), "no octet of a signal reaches the partner"
        assert level_changes(running, side, main.pid) == []
        assert main.ended() is None
    no_session_left(running)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name)
def test_an_ending_signal_ends_that_session_with_one_esid(running: Site, side: str, number: signal.Signals) -> None:
    with HeldTransfer(running) as other, Partner(running) as partner:
        partner.open()
        eventually(lambda: len(running.sessions(side)) == 2)
        kill(running.newest_session(side), number)
        heard = partner.until_end()
        assert [type(command) for command in heard] == [EndSession]
        assert heard[0].reason == EndReason.EMERGENCY_CLOSE
        assert running.running[side].ended() is None
        other.finish()
        assert len(other.receipts) == 1, "the other session did not notice"
    no_session_left(running)


def test_a_killed_session_process_is_reported_and_ends_its_counterpart(running: Site) -> None:
    with HeldTransfer(running):
        pid = session_pid(running, "server")
        kill(pid, signal.SIGKILL)
        no_session_left(running)
    running.running["server"].wait_for(f"SES-KILLED .*Session process {pid} .* signal 9")
    running.in_journal("SES-KILLED", f"process {pid} ")
