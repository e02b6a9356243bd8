"""Where the daemons have their home: written there by `seon programs`, isolated, and made by root for a service."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from functional.harness import TOLD, Site, run
from functional.peers import random_file
from functional.processes import eventually
from seon.cli.quickstart.processes import Process
from seon.client.main import PID_NAME as CLIENT_PID
from seon.server.main import PID_NAME as SERVER_PID

TRAPS = ("click.py", "sitecustomize.py", "usercustomize.py", "json.py", "ssl.py", "seon/__init__.py")
"""What a stranger might put beside a program, for Python to load it."""
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("SEON_")}


def trapped(directory: Path, marker: Path) -> None:
    """Put the traps into a directory: each that is loaded makes the marker file."""
    for name in TRAPS:
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"open({str(marker)!r}, 'a').write(__file__ + '\\n')\n")


def launch(site: Site, side: str, *arguments: str) -> Process:
    """Start a program of a directory of its own, which is the working directory, too."""
    directory = site.layout.root / side
    output = site.layout.output / f"{side}.{len(site.leaders)}.txt"
    process = Process(side, [str(directory / f"seon_proxy{side}2"), *TOLD, *arguments], output)
    site.running[side] = process
    site.leaders.append(process.pid)
    return process


def test_programs_in_a_directory_that_a_stranger_could_fill_load_nothing_from_it(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "marker"
    for side in ("server", "client"):
        directory = site.layout.root / side
        assert run(["seon", "programs", str(directory)]).returncode == 0
        trapped(directory, marker)
    server = site.layout.server / "seon_proxyserver2"
    monkeypatch.chdir(site.layout.client)  # the client begins again by the name of a module
    for argument in ("-h", "-L", "-v"):
        subprocess.run([server, argument], env=CLEAN, check=True, capture_output=True, timeout=60)
    subprocess.run([site.layout.client / "seon_proxyclient2"], env=CLEAN, check=False, capture_output=True, timeout=60)
    for launched in (site.launch_station(), site.launch_partner(), site.launch_api()):
        launched.wait_for(r"ready \S+")
    launch(site, "server", "-i", f"127.0.0.1:{site.ports.internal}", "-l", str(site.layout.license_file)).wait_for(
        "SRV-START"
    )
    launch(
        site, "client", "-U", f"https://127.0.0.1:{site.ports.seonapi}", "-S", f"127.0.0.1:{site.ports.internal}",
        "-T", f"@{site.layout.token_file}",
    ).wait_for("CLI-LINKED")  # fmt: skip
    site.wait_open()
    assert site.send_in([random_file(tmp_path / "SMALL", 1_000)]).receipts == ["EERP"]
    assert (site.layout.server / SERVER_PID).read_text() == f"{site.running['server'].pid}\n", "that is their home"
    assert (site.layout.client / CLIENT_PID).read_text() == f"{site.running['client'].pid}\n"
    assert site.stop("client") == 0
    assert site.stop("server") == 0
    assert not marker.exists(), marker.read_text()
    # The traps work: a Python that is not isolated falls into them.
    subprocess.run([sys.executable, server, "-v"], env=CLEAN, check=False, capture_output=True, timeout=60)
    assert f"{site.layout.server}/" in marker.read_text()


def test_where_python_keeps_its_programs_they_ask_for_seon_home(site: Site) -> None:
    for arguments in (["-L"], ["-V"], ["-l", "/nonexistent"]):
        done = run(["seon_proxyserver2", *arguments])
        assert done.returncode == 1
        assert done.stderr.startswith(f"SEON_HOME is needed: {Path(sys.executable).parent} is where Python keeps")
        assert "Traceback" not in done.stderr
    done = run(["seon_proxyclient2", "-U", "https://127.0.0.1:1", "-S", "127.0.0.1:1", "-T", "seon1." + "0" * 64])
    assert done.stderr.splitlines()[-2].startswith("SEON_HOME is needed: ")
    assert not list(Path(sys.executable).parent.glob("*.key"))
    assert not list(Path(sys.executable).parent.glob("*.pid"))


# --- root and a service user ------------------------------------------------------------------------

SERVICE = 40_001
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="starts programs as another user: needs root")


@pytest.fixture
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory that everybody may enter, with both programs."""
    path = Path("/var/tmp") / f"seon-test-{os.getpid()}-{tmp_path_factory.mktemp('name').name}"
    path.mkdir(mode=0o755)
    path.chmod(0o755)
    yield path
    for left in path.iterdir():
        left.unlink()
    path.rmdir()


_AS_SERVICE = """
import contextlib, io, os, sys
import seon.server.main
from seon.cli.daemons import server
with contextlib.redirect_stdout(io.StringIO()):
    server(["-h"], standalone_mode=False)
os.setgroups([])
os.setgid(SERVICE)
os.setuid(SERVICE)
sys.argv = sys.argv[1:]
server()
""".replace("SERVICE", str(SERVICE))
"""The user may not be able to read this Python's files: all is loaded before root becomes that user."""


def as_service(program: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the server as the service user, as if its file `program` were executed."""
    command = [sys.executable, "-I", "-c", _AS_SERVICE, program, *arguments]
    return subprocess.run(command, env=CLEAN, capture_output=True, text=True, check=False, timeout=60)


def as_root(program: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([program, *arguments], env=CLEAN, capture_output=True, text=True, check=False, timeout=60)


@needs_root
def test_what_root_makes_in_a_services_directory_is_the_services(programs: Path) -> None:
    os.chown(programs, SERVICE, SERVICE)
    assert run(["seon", "programs", str(programs)]).returncode == 0
    server = programs / "seon_proxyserver2"
    first = as_root(server, "-L")
    assert first.stdout.startswith("Seon Proxy ID: ")
    assert first.stderr == ""
    key = (programs / "seon_proxyserver.key").stat()
    assert (key.st_uid, key.st_gid, key.st_mode & 0o7777) == (SERVICE, SERVICE, 0o600)
    assert sorted(path.name for path in programs.iterdir()) == [
        "seon_proxyclient2", "seon_proxyserver.key", "seon_proxyserver2",
    ], "no log and no PID file"  # fmt: skip
    assert as_service(server, "-L").stdout == first.stdout
    refused = as_root(server, "-l", "/nonexistent")
    assert refused.returncode == 1
    assert f"{programs} belongs to the user {SERVICE}, and root starts nothing there" in refused.stderr
    assert f"runuser -u {SERVICE} -- {server}" in refused.stderr
    assert len(list(programs.iterdir())) == 3


@needs_root
def test_in_a_directory_of_roots_alone_it_is_said_for_whom_the_key_was_made(programs: Path) -> None:
    assert run(["seon", "programs", str(programs)]).returncode == 0
    server = programs / "seon_proxyserver2"
    first = as_root(server, "-L")
    assert f"made for root, since {programs} belongs to root" in first.stderr
    assert f"chown -R USER {programs}" in first.stderr
    again = as_root(server, "-L")
    assert (again.stdout, again.stderr) == (first.stdout, "")
    assert f"chown {SERVICE} {programs}" in as_service(server, "-L").stderr


@needs_root
def test_in_a_directory_that_root_shares_with_a_group_the_services_user_makes_the_key(programs: Path) -> None:
    assert run(["seon", "programs", str(programs)]).returncode == 0
    os.chown(programs, 0, SERVICE)
    programs.chmod(0o1775)
    server = programs / "seon_proxyserver2"
    refused = as_root(server, "-L")
    assert refused.returncode == 1
    assert f"Type: runuser -u USER -- {server} -L" in refused.stderr
    assert not (programs / "seon_proxyserver.key").exists()
    assert as_service(server, "-L").stdout.startswith("Seon Proxy ID: ")
    assert (programs / "seon_proxyserver.key").stat().st_uid == SERVICE
    programs.chmod(0o775)
    assert f"type: chmod g-w {programs}" in as_root(server, "-L").stderr


def test_a_home_that_others_may_write_is_refused_by_every_start(site: Site) -> None:
    site.layout.server.chmod(0o777)
    site.layout.client.chmod(0o770)
    server, client = site.launch_server(), site.launch_client()
    for process in (server, client):
        eventually(lambda process=process: process.ended() is not None, why="it ends")
        assert process.ended() == 1
    assert f"type: chmod o-w {site.layout.server}" in server.last_words()
    assert f"type: chmod g-w {site.layout.client}" in client.last_words()
    for side in ("server", "client"):
        assert not list((site.layout.root / side).glob("*.pid"))
