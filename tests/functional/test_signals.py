"""Signals to each kind of process while a big file passes: each acts on that process alone, and the file is equal.

What ends a main is in test_signals_that_end_a_main.py.
"""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from functional.flowing import FlowingTransfer
from functional.harness import Site
from functional.peers import HeldTransfer, Partner
from functional.processes import eventually, kill
from seon.oftp2.commands import EndSession

LEVELS = {20: "TRACE", 21: "DEBUG", 23: "ERROR", 24: "FATAL", 22: "INFO"}
"""INFO last: the processes that other tests share are left as they were found."""
SIDES = ("server", "client")
ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


@pytest.fixture
def flowing(running: Site) -> Iterator[FlowingTransfer]:
    """A transfer that runs all the time; at the end it passes, and the file is equal."""
    with FlowingTransfer(running) as transfer:
        for side in SIDES:
            eventually(lambda side=side: len(running.sessions(side)) == 1, why=f"a session process of the {side}")
        yield transfer
        transfer.finish()
    for side in SIDES:
        eventually(lambda side=side: not running.sessions(side), why=f"the session of the {side} has ended")


def session(site: Site, side: str) -> int:
    return site.the_session(side).pid


def courier(site: Site) -> int:
    return site.the("seon_proxyclient2: courier").pid


def everybody(site: Site) -> dict[int, str]:
    """Return one process of each kind, and the side in whose log its lines are."""
    mains = {site.running[side].pid: side for side in SIDES}
    return mains | {session(site, side): side for side in SIDES} | {courier(site): "client"}


class Since:
    """What comes into a log from now on."""

    def __init__(self, site: Site, side: str) -> None:
        self._site, self._side = site, side
        self._before = len(site.log(side))

    @property
    def text(self) -> str:
        return self._site.log(self._side)[self._before :]

    def has(self, pattern: str) -> None:
        eventually(lambda: re.search(pattern, self.text), why=f"{pattern} in the log of the {self._side}")

    def changes(self) -> list[tuple[int, str]]:
        """Return the changes of levels: which process, and what to; each is marked with the level chosen."""
        found = re.findall(r"(?m)^\S+ \S+ (\w+) +(\d+) Log level set to (\w+)$", self.text)
        assert [marked for marked, _, _ in found] == [level for _, _, level in found]
        return [(int(pid), level) for _, pid, level in found]


def test_a_level_signal_acts_on_the_one_process_that_gets_it(running: Site, flowing: FlowingTransfer) -> None:
    """Each change is written with the level chosen, and nobody else writes more or less for it."""
    logs = {side: Since(running, side) for side in SIDES}
    for pid, side in everybody(running).items():
        before = {other: log.changes() for other, log in logs.items()}
        for count, (number, level) in enumerate(LEVELS.items(), 1):
            kill(pid, number)
            expected = [*before[side], *[(pid, name) for name in LEVELS.values()][:count]]
            eventually(lambda side=side, expected=expected: logs[side].changes() == expected, why=f"{level} of {pid}")
            if number == 20:
                flowing.moves()
        assert {other: log.changes() for other, log in logs.items() if other != side} == {
            other: before[other] for other in SIDES if other != side
        }
    for side, log in logs.items():
        chatty = set(re.findall(r"(?m)^\S+ \S+ (?:TRACE|DEBUG) +(\d+) ", log.text))
        assert chatty == {str(pid) for pid, of in everybody(running).items() if of == side}


def test_a_session_at_trace_tells_its_commands_and_the_sessions_beside_it_do_not(
    running: Site, flowing: FlowingTransfer
) -> None:
    pids = {side: session(running, side) for side in SIDES}
    logs = {side: Since(running, side) for side in SIDES}
    for side, pid in pids.items():
        kill(pid, 20)
        logs[side].has(rf"TRACE +{pid} Log level set to TRACE")
    HeldTransfer(running).finish()
    flowing.finish()
    for side, pid in pids.items():
        logs[side].has(rf"TRACE +{pid} .*EFID")
        logs[side].has(rf"INFO +{pid} SES-END ")
        assert set(re.findall(r" (?:TRACE|DEBUG) +(\d+) ", logs[side].text)) == {str(pid)}


def test_a_silenced_main_still_writes_what_its_sessions_say(running: Site, flowing: FlowingTransfer) -> None:
    mains = [running.running[side].pid for side in SIDES]
    logs = [Since(running, side) for side in SIDES]
    try:
        for pid in mains:
            kill(pid, 24)
        for log, pid in zip(logs, mains, strict=True):
            log.has(rf"FATAL +{pid} Log level set to FATAL")
        HeldTransfer(running).finish()
        for log, pid in zip(logs, mains, strict=True):
            log.has(r"INFO +\d+ SES-END ")
            assert not re.search(rf"(?:INFO|WARNING|ERROR) +{pid} ", log.text)
    finally:
        for pid in mains:
            kill(pid, 22)


def test_sigusr1_opens_renamed_logs_anew_and_no_process_else_minds_it(running: Site, flowing: FlowingTransfer) -> None:
    logs = {side: newest_log(running, side) for side in SIDES}
    moved = {side: path.rename(path.with_suffix(".old")) for side, path in logs.items()}
    try:
        for pid in everybody(running):
            kill(pid, signal.SIGUSR1)
        for side, path in logs.items():
            eventually(lambda path=path: path.exists() and "Log files opened again" in path.read_text())
            assert f" {running.running[side].pid} Log files opened again" in path.read_text()
            assert "Log files opened again" not in moved[side].read_text()
        flowing.moves()
    finally:
        for side, path in logs.items():
            path.write_text(moved[side].read_text() + path.read_text())
            moved[side].unlink()


def newest_log(site: Site, side: str) -> Path:
    return max((site.layout.root / side).glob("*.log"))


def test_sigusr2_writes_a_report_of_links_ports_sessions_queues_and_versions(
    running: Site, flowing: FlowingTransfer
) -> None:
    logs = {side: Since(running, side) for side in SIDES}
    for pid in everybody(running):
        kill(pid, signal.SIGUSR2)
    ports = running.ports
    reports = {
        "server": [r"State of server \S+.*, build .*, process {main}", r"Link of client \S+ from \S+, protocol \d+",
                   r"no event waiting|No event waiting|\d+ events? waiting", rf"Port \S+:{ports.external} \(.*\) open",
                   rf"Port \S+:{ports.internal} \(.*\) open", r"Configuration \d+ in force", "License holds",
                   r"1 session running", r"Session \w+ with partner \S+, incoming, process {session}, \d+ s"],
        "client": [r"State of client \S+.*, build .*, process {main}", r"Linked to server \S+, protocol \d+, .*build",
                   rf"Port \S+:{ports.outgoing} \(.*\) open", r"Configuration \d+ in force",
                   r"Courier is process {courier}, heard of \d+ s ago; .* waiting for the spool",
                   r"1 session running", r"Session \w+ with partner \S+, incoming, process {session}, \d+ s"],
    }  # fmt: skip
    for side, lines in reports.items():
        main = running.running[side].pid
        who = {"main": main, "session": session(running, side), "courier": courier(running)}
        for line in lines:
            filled = re.sub(r"\{(main|session|courier)\}", lambda found, who=who: str(who[found[1]]), line)
            logs[side].has(rf"INFO +{main} {filled}")
    logs["client"].has(rf"INFO +{courier(running)} State of the courier: .* in the spool")
    flowing.moves()


def test_the_courier_ends_with_its_main_and_by_no_signal(running: Site, flowing: FlowingTransfer) -> None:
    pid, log = courier(running), Since(running, "client")
    for number in ENDING:
        for _ in range(2):
            kill(pid, number)
    kill(pid, signal.SIGUSR2)
    log.has(rf" {pid} State of the courier: ")
    assert courier(running) == pid
    flowing.moves()


@pytest.mark.parametrize("side", SIDES)
def test_a_second_ending_signal_ends_a_session_process_at_once_and_the_others_go_on(
    running: Site, flowing: FlowingTransfer, side: str
) -> None:
    for number in ENDING:
        with Partner(running) as partner:
            partner.open()
            eventually(lambda: len(running.sessions(side)) == 2)
            log, victim = Since(running, side), running.newest_session(side)
            kill(victim, number)
            assert isinstance(partner.receive(), EndSession), "the first one: it closes in order, and waits for us"
            kill(victim, number)
            log.has(rf"SES-KILLED .* {victim} of partner \S+ ended abnormally: exit status {128 + number}")
        eventually(lambda: len(running.sessions(side)) == 1)
        flowing.moves()


@pytest.mark.parametrize("side", SIDES)
def test_a_level_set_by_signal_survives_a_change_of_the_settings(
    running: Site, flowing: FlowingTransfer, side: str
) -> None:
    settings = running.layout.root / side / f"seon_proxy{side}.logrc"
    before, main = settings.read_text(), running.running[side].pid
    chosen = [main, session(running, side), *([courier(running)] if side == "client" else [])]
    log = Since(running, side)
    try:
        for pid in chosen:
            kill(pid, 21)
        eventually(lambda: sorted(log.changes()) == sorted((pid, "DEBUG") for pid in chosen))
        replace(settings, before.replace('priority="info"', 'priority="fatal"'))
        log.has(rf"INFO +{main} Log settings read again")
        after = Since(running, side)
        HeldTransfer(running).finish()
        flowing.finish()
        after.has(rf"INFO +{chosen[1]} SES-END ")
        if side == "client":
            kill(chosen[2], signal.SIGUSR2)
            after.has(rf"INFO +{chosen[2]} State of the courier: ")
        others = set(re.findall(r"(?m)^\S+ \S+ \w+ +(\d+) ", after.text)) - {str(pid) for pid in chosen}
        assert others == set(), "the session that no signal has reached follows the settings"
    finally:
        replace(settings, before)
        log.has(rf"(?s)settings read again.*{main} Log settings read again")
        for pid in [main, *chosen[2:]]:
            kill(pid, 22)


def replace(path: Path, text: str) -> None:
    """Write a file as an editor does, in one step."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.rename(path)
