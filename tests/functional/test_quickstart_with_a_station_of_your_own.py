"""`seon quickstart --receive-daemon`: it says what the station answered and how it must be set, and stays for more."""

import contextlib
import json
import shlex
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from functional.harness import Site, environment, run
from functional.peers import random_file
from seon.cli.quickstart import transfers
from seon.cli.quickstart.installation import OUR_CODE, PARTNER_CODE, Layout, Stations
from seon.cli.quickstart.processes import Process, program
from seon.cli.quickstart.transfers import Result, incoming, send

HIDDEN = ("OURSECR", "THEIRSEC", "OTHERONE")
"""Passwords: they may stand in files of their own, and nowhere else."""
Station = Callable[[Site], AbstractContextManager[None]]


def serving(*options: str, code: str = OUR_CODE, password: str = "HUSH") -> Station:
    """Return a station of the user's own."""

    @contextlib.contextmanager
    def run_it(site: Site) -> Iterator[None]:
        arguments = ["seon", "station", "serve", "--listen", f"127.0.0.1:{site.ports.receive}", "--code", code]
        inbox = site.layout.root.parent / "own-inbox"
        site.launch("own", [*arguments, "--password", password, "--inbox", str(inbox), *options]).wait_for("ready")
        yield
        assert site.stop("own") == 0

    return run_it


def listener(what: Callable[[socket.socket], None]) -> Station:
    """Return somebody who listens where the station should, and does something with a connection."""

    @contextlib.contextmanager
    def run_it(site: Site) -> Iterator[None]:
        def take() -> None:
            sock, _ = server.accept()
            with sock:
                what(sock)

        with socket.create_server(("127.0.0.1", site.ports.receive)) as server:
            thread = threading.Thread(target=take)
            thread.start()
            yield
            thread.join(10)

    return run_it


def says_hello(sock: socket.socket) -> None:
    sock.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")


def says_nothing(sock: socket.socket) -> None:
    sock.settimeout(10)
    with contextlib.suppress(OSError):
        sock.recv(1)


def first_transfer(site: Site, **stations: str) -> Result:
    """Send a small file as the quick start sends its first ones."""
    own = Stations(receive_daemon=f"127.0.0.1:{site.ports.receive}", **stations)
    file = random_file(site.layout.root / "SMALL", 3_000)
    outputs = [site.running[name].output for name in ("client", "server")]
    return send(incoming(site.layout, site.ports, own), [file], outputs)


@pytest.mark.parametrize(
    ("station", "needed"),
    [
        (serving("--expect-code", "OTHER"), ["ESID 03 user code not known", PARTNER_CODE, OUR_CODE]),
        (serving("--expect-password", "OTHERONE"), ["ESID 04 invalid password", PARTNER_CODE, "partner-password"]),
        (serving(code="OTHER"), ["answered as OTHER", OUR_CODE, "--our-code"]),
        (serving("--max-size", "10"), ["SFNA 06 file size is too big", "SMALL"]),
        (serving("--max-size", "2500"), ["EFNA 12 access method failure", "SMALL"]),
        (serving("--receipt", "NERP"), ["negative receipt", "SMALL"]),
        (contextlib.nullcontext, ["refused (nothing listens on that port)", "start it"]),
        (listener(lambda _: None), ["closed the connection without a word", "OFTP2 without TLS"]),
        (listener(says_hello), ["no OFTP2", "STH-VER", "OFTP2 without TLS"]),
    ],
    ids=["code", "password", "own code", "SFNA", "EFNA", "NERP", "nobody", "closes", "no OFTP2"],
)
def test_what_a_station_answered_is_said_in_one_line(without_station: Site, station: Station, needed) -> None:
    with station(without_station):
        result = first_transfer(without_station)
    assert result.error
    assert f"the receive daemon at 127.0.0.1:{without_station.ports.receive} " in result.error
    for word in needed:
        assert word in result.error
    assert not any(secret in result.error for secret in HIDDEN)
    assert "\n" not in result.error


def test_another_password_of_its_own_is_no_matter_unless_one_was_named(without_station: Site) -> None:
    with serving()(without_station):
        assert first_transfer(without_station).error is None
        (without_station.layout.our_password).write_text("OURSECR")
        error = first_transfer(without_station, our_password="OURSECR").error
    assert error
    assert "our-password" in error


def test_a_station_that_says_nothing_is_not_waited_for_forever(without_station: Site, monkeypatch) -> None:
    monkeypatch.setattr(transfers, "SILENCE_SECONDS", 1)
    monkeypatch.setattr(transfers, "LOG_SECONDS", 0.1)
    began = time.monotonic()
    with listener(says_nothing)(without_station):
        error = first_transfer(without_station).error
    assert error
    assert "said nothing for 1 s" in error
    assert time.monotonic() - began < 15


def test_receipts_that_are_not_there_yet_are_no_failure(without_station: Site) -> None:
    with serving("--receipt", "none")(without_station):
        result = first_transfer(without_station)
    assert (result.error, result.sent, result.receipts) == (None, 1, 0)


# --- the whole quick start -------------------------------------------------------------------------------------------


@pytest.fixture
def again(golden: Path, tmp_path: Path) -> Path:
    """An installation that an earlier quick start has made, with other codes and passwords."""
    root = tmp_path / "run"
    shutil.copytree(golden, root)
    return root


def test_with_once_it_ends_with_status_1_and_says_why_in_json(again: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"127.0.0.1:{taken.getsockname()[1]}"
    done = run(["seon", "quickstart", "--dir", str(again), "--once", "--json", "--receive-daemon", nobody])
    assert done.returncode == 1
    said = json.loads(done.stdout.strip().splitlines()[-1])
    assert said["ok"] is False
    assert f"{nobody} was not reached" in said["incoming"]["error"]
    assert said["incoming"]["error"] in done.stderr
    assert (said["outgoing"]["error"], said["outgoing"]["sha256_ok"]) == (None, True)


@pytest.fixture
def own_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def own_station(tmp_path: Path, port: int, password: str) -> Process:
    arguments = ["station", "serve", "--listen", f"127.0.0.1:{port}", "--code", "OWN", "--password", "OURSECR"]
    expected = ["--expect-code", "THEIR CODE", "--expect-password", password, "--inbox", str(tmp_path / "inbox")]
    process = Process("own", [program("seon"), *arguments, *expected], tmp_path / "own.txt")
    process.wait_for("ready")
    return process


@pytest.fixture
def refused(again: Path, tmp_path: Path, own_port: int) -> Iterator[Process]:
    """A quick start in an installation with other codes, whose first files a station of the user's own refuses."""
    for name, password in zip(("ours", "theirs"), HIDDEN, strict=False):
        (tmp_path / name).write_text(password)
    own = own_station(tmp_path, own_port, "OTHERONE")
    stations = ["--our-code", "OWN", "--our-password", f"@{tmp_path}/ours", "--partner-code", "THEIR CODE",
                "--partner-password", f"@{tmp_path}/theirs", "--receive-daemon", f"127.0.0.1:{own_port}"]  # fmt: skip
    started = Process("quickstart", [program("seon"), "quickstart", "--dir", str(again), *stations], tmp_path / "out")
    started.wait_for("ESID 04", 60)
    own.stop()
    own.gone()
    yield started
    started.stop()
    started.gone()


def command_lines() -> bytes:
    found = b""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                found += (entry / "cmdline").read_bytes()
    return found


def test_after_a_refusal_it_stays_and_the_next_try_works_with_the_command_it_shows(
    refused: Process, again: Path, tmp_path: Path, own_port: int
) -> None:
    command = shlex.split(refused.wait_for("to try it again: (.*)")[1])
    refused.wait_for("Ctrl-C stops everything")
    output = refused.output.read_text()
    said = [line for line in output.splitlines() if "ESID 04 invalid password" in line]
    assert len(said) == 1
    assert f"127.0.0.1:{own_port}" in said[0]
    assert "THEIR CODE" in said[0]
    lines = command_lines()
    texts = output + "".join(path.read_text() for path in (again / "output").iterdir())
    for secret in HIDDEN:
        assert secret.encode() not in lines
        assert secret not in texts
    subject = x509.load_pem_x509_certificate(Layout(again).certificate("partner").read_bytes()).subject
    assert subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value == "THEIR CODE"
    own = own_station(tmp_path, own_port, "THEIRSEC")
    done = subprocess.run(command, env=environment(None), capture_output=True, text=True, check=False, timeout=60)
    own.stop()
    own.gone()
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((tmp_path / "inbox").iterdir())) >= 3
    assert refused.ended() is None
