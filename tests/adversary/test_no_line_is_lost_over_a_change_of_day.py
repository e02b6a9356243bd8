"""One process writes a program's log: no line of any other is lost, split or mixed, and none can touch the file.

The programs are real. Their session processes, and the courier, write as `adversary.writers` says; the client's main
gets a clock that passes midnight in the middle.
"""

import contextlib
import json
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from adversary.hostile import HostileSite, moment
from adversary.writers import STAMPS, text_of
from functional.peers import Partner
from functional.processes import descriptors, eventually, kill
from seon.cli.quickstart.installation import PARTNER
from seon.daemon.children import MESSAGES_A_SECOND

SESSIONS = 16
FLOODS = 8
PROMISED_SECONDS = 0.1
"""From the word of a session process to the line in the log, whatever the other processes say."""
SLACK = 3
"""For a machine that has other things to do."""
SIDES = {"server": "dmz", "client": "inside"}
LINE = re.compile(r"(\d{4}-\d\d-\d\d) \d\d:\d\d:\d\d\.\d{3} (?:INFO|WARNING|ERROR|FATAL|DEBUG) +(\d+) (.+)")
OURS = re.compile(r"(?:\[\w+\] )?line (\d+) of (\w+) in (\w+) x*")


class Round:
    """Session processes of the client and its courier, which all write so many lines at once."""

    def __init__(self, site: HostileSite, name: str, lines: int) -> None:
        self.site, self.name, self.lines = site, name, lines
        self.directory = site.layout.client
        self.seconds = 30 + 2 * lines / MESSAGES_A_SECOND

    @contextlib.contextmanager
    def written(self) -> Iterator[None]:
        """Let them begin, and wait until all is written."""
        site, go = self.site, self.directory / "go"
        site.bodies("client", **{PARTNER: "writer"})
        with contextlib.ExitStack() as stack:
            for _ in range(SESSIONS):
                stack.enter_context(socket.create_connection(("127.0.0.1", site.ports.outgoing), 10))
            eventually(lambda: len(site.sessions_of("client", PARTNER)) == SESSIONS, why="all sessions are there")
            go.with_suffix(".new").write_text(json.dumps({"round": self.name, "lines": self.lines}))
            go.with_suffix(".new").replace(go)
            yield
            eventually(lambda: not site.sessions_of("client", PARTNER), self.seconds, why="all sessions have ended")
            last = text_of(self.name, self.lines - 1, "courier")
            eventually(lambda: last in site.log("client"), self.seconds, why="the courier has written its last line")
        go.unlink()
        site.bodies("client")

    def files(self) -> list[Path]:
        """Return the log files, oldest first: those that were renamed, then the days."""
        return [*sorted(self.directory.glob("*.renamed")), *sorted(self.directory.glob("seon_proxyclient.*.log"))]

    def found(self) -> dict[str, list[int]]:
        """Return the numbers of each process's lines, in the order of the files; each line is whole, and its own."""
        numbers: dict[str, list[int]] = {}
        for file in self.files():
            text = file.read_text()
            assert text.endswith("\n")
            for line in text.splitlines():
                _, pid, said = self._parts(file, line)
                if (ours := OURS.fullmatch(said)) and ours[3] == self.name:
                    assert said.removeprefix(f"[{ours[2]}] ") == text_of(self.name, int(ours[1]), ours[2])
                    numbers.setdefault(f"{ours[2]} {pid}", []).append(int(ours[1]))
                else:
                    assert f" in {self.name} " not in said, line
        return numbers

    @staticmethod
    def _parts(file: Path, line: str) -> tuple[str, str, str]:
        found = LINE.fullmatch(line)
        assert found, f"{file.name}: {line!r}"
        day = re.search(r"\d{4}-\d\d-\d\d", file.name)
        assert day
        assert found[1] == day[0], "each day's file has the lines of its day"
        return found[1], found[2], found[3]

    def is_complete(self) -> None:
        """See that each process's lines are there, each once and in order."""
        found = self.found()
        assert len(found) == SESSIONS + 1
        assert {who: numbers == list(range(self.lines)) for who, numbers in found.items()} == dict.fromkeys(found, True)


@pytest.mark.parametrize("lines", [2_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_over_a_change_of_day_each_line_is_there_once_in_order_and_in_the_file_of_its_day(
    hostile: HostileSite, lines: int
) -> None:
    made = Round(hostile, f"midnight{lines}", lines)
    today, midnight = made.files()[-1], made.directory / "midnight"
    midnight.with_suffix(".new").write_text(str((SESSIONS + 1) * lines // 2))
    midnight.with_suffix(".new").replace(midnight)
    with made.written():
        pass
    made.is_complete()
    before, after = made.files()[-2:]
    assert before == today
    for file in (before, after):
        assert file.read_text().count(f" in {made.name} ") > (SESSIONS + 1) * lines // 4


def test_files_that_are_renamed_and_opened_again_in_the_middle_lose_no_line(hostile: HostileSite) -> None:
    made, main = Round(hostile, "renamed", 2_000), hostile.running["client"]
    with made.written():
        for number in range(1, 4):
            current = made.files()[-1]
            eventually(lambda current=current: current.exists() and current.read_text().count("renamed") > 1_000)
            moved = current.rename(current.with_name(f"{current.name}.{number}.renamed"))
            kill(main.pid, signal.SIGUSR1)
            eventually(lambda current=current: current.exists() and "opened again" in current.read_text())
            assert "in renamed" in moved.read_text()
    made.is_complete()


def holders(site: HostileSite, side: str, log: Path) -> set[int]:
    """Return the processes of a program that have this file open, whatever its name is there."""
    found = set()
    for seen in site.titled(f"seon_proxy{side}2"):
        for number in descriptors(seen.pid):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{seen.pid}/fd/{number}").samefile(log):
                    found.add(seen.pid)
    return found


@pytest.mark.parametrize("side", SIDES)
def test_a_session_process_can_neither_empty_nor_write_the_log(hostile: HostileSite, side: str) -> None:
    """Nor what the main prints: it has nothing open but its two connections and its line."""
    partner = {"server": "liar", "client": PARTNER}[side]
    hostile.bodies(side, **{partner: "eraser"})
    main, log = hostile.running[side], max((hostile.layout.root / side).glob("seon_proxy*.log"))
    before, printed = log.read_text(), main.output.read_text()
    opened = len(hostile.lines(side, f"SES-START .*{partner}"))
    with begun(hostile, side):
        hostile.line(side, f"SES-START .*{partner}", but=opened)
        (eraser,) = hostile.sessions_of(side, partner)
        assert holders(hostile, side, log) == {main.pid}
        files = {what for what in descriptors(eraser).values() if not what.startswith(("socket:", "anon_inode:"))}
        assert files <= {"/dev/null"}
        hostile.bodies(side)
        kill(eraser, signal.SIGKILL)
        hostile.line(side, f"SES-KILLED .* {eraser} ")
    eventually(lambda: not hostile.sessions_of(side, partner))
    for was, file in ((before, log), (printed, main.output)):
        assert file.read_text().startswith(was)
        assert "FORGED" not in file.read_text()


@contextlib.contextmanager
def begun(site: HostileSite, side: str) -> Iterator[None]:
    """Begin a session whose process at this host is not honest."""
    if side == "client":
        with socket.create_connection(("127.0.0.1", site.ports.outgoing), 10):
            yield
    else:
        with Partner(site, certificate="liar", code="O0013LIAR"):
            yield


def test_while_sessions_flood_the_log_anothers_line_is_there_in_time_and_the_main_answers(
    hostile: HostileSite,
) -> None:
    hostile.bodies("server", liar="flooding", honest="stamping")
    with contextlib.ExitStack() as stack:
        for _ in range(FLOODS):
            stack.enter_context(Partner(hostile, certificate="liar", code="O0013LIAR"))
        stack.enter_context(Partner(hostile, certificate="honest", code="O0013HONEST"))
        hostile.set("idle_seconds", 299)
        hostile.in_force()
        eventually(lambda: len(hostile.lines("server", " said at ")) == STAMPS, why="each of the other's lines")
        flooding = hostile.sessions_of("server", "liar")
        assert len(flooding) == FLOODS, "they flood still"
        hostile.bodies("server")
        for pid in (*flooding, *hostile.sessions_of("server", "honest")):
            kill(pid, signal.SIGKILL)
    lines = hostile.lines("server", " said at ")
    late = sorted(moment(line) - float(line.rpartition(" ")[2]) for line in lines)
    assert late[STAMPS // 2] < PROMISED_SECONDS
    assert late[-1] < SLACK * PROMISED_SECONDS
