"""`seon station serve` and `seon station send` as real processes on loopback."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SEON = (sys.executable, "-m", "seon.cli.seon", "station")
ENVIRONMENT = os.environ | {"SEON_STATION_PASSWORD": "SECRET"}


@contextmanager
def serving(directory: Path, *options: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Run the listening station; yield its address. It must end in order on SIGTERM."""
    command = (*SEON, "serve", "--listen", "127.0.0.1:0", "--code", "O0013BOB", "--inbox", str(directory / "in"))
    process = subprocess.Popen(
        (*command, "--json", *options), stdout=subprocess.PIPE, text=True, env=ENVIRONMENT, cwd=directory
    )
    assert process.stdout is not None
    with process:
        try:
            ready = process.stdout.readline().split()
            assert ready[0] == "ready"
            yield ready[1], process
        finally:
            process.send_signal(signal.SIGTERM)
    assert process.returncode == 0


def send(address: str, *arguments: str | Path) -> tuple[int, list[dict[str, Any]]]:
    """Send; return exit status and the JSON lines."""
    command = (*SEON, "send", address, "--code", "O0013ALICE", "--destination", "O0013BOB", "--json")
    done = subprocess.run(
        (*command, *map(str, arguments)), capture_output=True, text=True, check=False, env=ENVIRONMENT, timeout=100
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def received(directory: Path) -> list[str]:
    return sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in (directory / "in").glob("*.O0013ALICE"))


def fixed(octets: bytes) -> bytes:
    return octets[: len(octets) // 80 * 80]


def variable(octets: bytes) -> bytes:
    records = (octets[at : at + 1 + at % 997] for at in range(0, len(octets), 1000))
    return b"".join(len(record).to_bytes(2, "big") + record for record in records)


@pytest.mark.parametrize(
    ("format_", "options"),
    [
        ("U", ("--compression", "--buffer", "65535")),
        ("T", ("--no-compression", "--buffer", "128", "--credit", "1")),
        ("F", ("--record-length", "80", "--compression", "--buffer", "4096", "--credit", "999")),
        ("V", ("--record-length", "1000", "--no-compression", "--buffer", "99999", "--level", "4")),
    ],
)
def test_files_of_every_format_arrive_as_they_were_sent(tmp_path: Path, format_: str, options: tuple[str, ...]) -> None:
    shape = {"F": fixed, "V": variable}.get(format_, lambda octets: octets)
    paths = []
    for size in (0, 1, 65_535, 300_000):
        paths.append(tmp_path / f"file-{size}")
        paths[-1].write_bytes(shape(os.urandom(size // 2) + b" " * (size - size // 2)))
    with serving(tmp_path) as (address, _):
        status, lines = send(address, *paths, "--format", format_, *options)
    assert status == 0
    summary = lines[-1]
    assert summary["ok"]
    assert summary["receipts"] == 4
    assert sorted(file["sha256"] for file in summary["files"]) == received(tmp_path)


def test_a_file_comes_back_in_the_session_that_brought_one(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "invoice.edi").write_bytes(b"pay")
    (tmp_path / "order").write_bytes(b"buy")
    with serving(tmp_path, "--outbox", str(tmp_path / "out")) as (address, _):
        status, lines = send(address, tmp_path / "order", "--inbox", tmp_path / "back")
    assert status == 0
    (path,) = (line["path"] for line in lines if line.get("event") == "file-received")
    assert Path(path).read_bytes() == b"pay"


def test_what_is_interrupted_by_a_killed_sender_goes_on_where_it_stopped(tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(os.urandom(1_000_000) * 100)
    identity = ("--moment", "202601311205070001")
    with serving(tmp_path) as (address, process):
        command = (*SEON, "send", address, "--code", "O0013ALICE", "--destination", "O0013BOB", *identity, str(big))
        with subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.DEVNULL) as first:
            while sum(path.stat().st_size for path in (tmp_path / "in" / ".partial").iterdir()) < 5_000_000:
                time.sleep(0.001)
            first.kill()
        assert process.stdout is not None
        while json.loads(process.stdout.readline())["event"] != "session-ended":
            pass
        status, lines = send(address, big, *identity, "--resume")
    assert status == 0
    (started,) = (line for line in lines if line.get("event") == "file-started")
    assert 1000 < started["restart"] < 100_000_000 // 1024
    assert received(tmp_path) == [lines[-1]["files"][0]["sha256"]]


def test_a_refusal_is_an_exit_status(tmp_path: Path) -> None:
    (tmp_path / "order").write_bytes(b"buy")
    with serving(tmp_path, "--expect-code", "O0013CAROL") as (address, _):
        status, lines = send(address, tmp_path / "order")
    assert status == 1
    assert [line["reason"] for line in lines if line.get("event") == "session-ended"] == [3]
    assert received(tmp_path) == []


def test_a_password_is_not_seen_in_the_output(tmp_path: Path) -> None:
    (tmp_path / "order").write_bytes(b"buy")
    with serving(tmp_path) as (address, process):
        _, lines = send(address, tmp_path / "order")
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        assert "SECRET" not in json.dumps(lines) + process.stdout.read()


def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path) -> None:
    with serving(tmp_path) as (address, _):
        command = (*SEON, "serve", "--listen", address, "--code", "O0013BOB", "--inbox", str(tmp_path / "in"))
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT, timeout=30)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "in use" in done.stderr
