"""`seon quickstart`: everything on one machine with one command, again and again, and nothing left after it."""

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functional.harness import run
from functional.processes import Seen, eventually, kill, of_programs
from seon.cli.quickstart.processes import Process, program

SECONDS = 100.0


@pytest.fixture
def again(golden: Path, tmp_path: Path) -> Path:
    """An installation that an earlier quick start has made."""
    root = tmp_path / "run"
    shutil.copytree(golden, root)
    return root


@pytest.fixture
def staying(again: Path, tmp_path: Path) -> Iterator[Process]:
    """A quick start that stays."""
    process = Process("quickstart", [program("seon"), "quickstart", "--dir", str(again)], tmp_path / "output")
    yield process
    process.stop()
    process.gone()


def result(output: str) -> dict[str, Any]:
    found = json.loads(output.strip().splitlines()[-1])
    assert isinstance(found, dict)
    return found


def running_in(root: Path) -> list[int]:
    """Return the processes that have their SEON_HOME, or an argument, below a directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(root).encode() in words:
                found.append(int(entry.name))
    return found


def ended_well(done: "subprocess.CompletedProcess[str]", root: Path) -> dict[str, Any]:
    assert done.returncode == 0, done.stdout + done.stderr
    said = result(done.stdout)
    assert said["ok"] is True
    for direction in ("incoming", "outgoing"):
        transfer = said[direction]
        assert transfer["sha256_ok"] is True
        assert transfer["files"] == transfer["receipts"] == 3
        assert transfer["octets"] > 64_000_000
        assert transfer["seconds"] > 0
    assert {"panel", "user", "external", "outgoing", "receive_daemon", "partner_certificate", "partner_key"} <= set(
        said["addresses"]
    )
    assert running_in(root) == []
    return said


@pytest.mark.slow
def test_the_first_start_makes_everything_and_ends_with_status_0(tmp_path: Path) -> None:
    root = tmp_path / "run"
    done = run(["seon", "quickstart", "--dir", str(root), "--once", "--json"])
    said = ended_well(done, root)
    assert Path(said["addresses"]["partner_key"]).stat().st_mode & 0o777 == 0o600
    assert len(done.stdout.strip().splitlines()) == 1, "the steps go to standard error"


def test_a_start_after_a_crash_uses_the_same_installation(again: Path) -> None:
    dead = 4_194_304  # above every process id there can be (PID_MAX_LIMIT)
    (again / "server" / "seon_proxyserver2.pid").write_text(f"{dead}\n")
    (again / "client" / "seon_proxyclient2.pid").write_text(f"{dead}\n")
    (again / "seonapi" / "seonapi_queue.pid").write_text(f"{os.getpid()}\n")  # given to another program meanwhile
    ports = json.loads((again / "ports.json").read_text())
    (again / "seonapi" / f"seonapi_serve.{ports['seonapi']}.pid").write_text(f"{dead}\n")
    identity = (again / "server" / "seon_proxyserver.key").read_bytes()
    with socket.create_server(("127.0.0.1", ports["external"])), socket.create_server(("127.0.0.1", ports["partner"])):
        done = run(["seon", "quickstart", "--dir", str(again), "--once", "--json"])
    said = ended_well(done, again)
    assert list(again.rglob("*.pid")) == []
    assert f"port {ports['external']} is taken" in done.stderr
    assert said["addresses"]["external"] != f"127.0.0.1:{ports['external']}"
    assert identity == (again / "server" / "seon_proxyserver.key").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_ctrl_c_stops_everything(again: Path, staying: Process, number: signal.Signals) -> None:
    staying.wait_for(r"server waits for its client", SECONDS)
    if number is signal.SIGINT:
        staying.wait_for("Ctrl-C stops everything", SECONDS)
    assert len(running_in(again)) > 1, "the search finds programs"
    kill(staying.pid, number)
    eventually(lambda: staying.ended() is not None, 30)
    assert staying.ended() == 0
    assert "Traceback" not in staying.last_words()
    eventually(lambda: running_in(again) == [], why="nothing runs on")
    assert of_programs([staying.pid]) == []


def left(root: Path) -> list[Seen]:
    """Return what runs of the programs that a quick start has started, and of all that they have forked."""
    rows = [line.split() for line in (root / "running").read_text().splitlines()]
    return of_programs([int(row[0]) for row in rows[1:] if row])


def is_killed(quick_start: Process, root: Path, *, programs: int) -> None:
    """Kill a quick start that has at least so many processes below it, and see them end by themselves."""
    assert len(left(root)) >= programs
    kill(quick_start.pid, signal.SIGKILL)
    eventually(lambda: quick_start.ended() is not None)
    eventually(lambda: left(root) == [] and running_in(root) == [], 15, why="nothing runs on")


def test_when_it_is_killed_its_programs_end_by_themselves_and_the_next_start_works(
    again: Path, staying: Process, tmp_path: Path
) -> None:
    staying.wait_for("server waits for its client", SECONDS)
    is_killed(staying, again, programs=3)
    next_one = Process("next", [program("seon"), "quickstart", "--dir", str(again)], tmp_path / "next")
    next_one.wait_for("all files arrived as they were sent", SECONDS)
    is_killed(next_one, again, programs=7)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["seonapi init", "token add", "partner add"])
def test_a_first_start_that_was_killed_is_made_again_by_the_next(tmp_path: Path, moment: str) -> None:
    root = tmp_path / "run"
    first = Process("first", [program("seon"), "quickstart", "--dir", str(root)], tmp_path / "first")
    first.wait_for(moment, SECONDS)
    kill(first.pid, signal.SIGKILL)
    first.gone()
    eventually(lambda: running_in(root) == [], 15, why="nothing runs on")
    ended_well(run(["seon", "quickstart", "--dir", str(root), "--once", "--json"]), root)
