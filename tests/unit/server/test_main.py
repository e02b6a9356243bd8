"""The server's start: what is wrong is said on the terminal and in the log, and nothing is left behind."""

import os
import socket
import time

import pytest

from seon.daemon.background import Starter
from seon.daemon.home import StartError
from seon.daemon.pidfile import PidFile
from seon.link.identity import issue_license, new_link_ca, parse_proxy_id
from seon.pki import Leaf, Purpose, certificates_in_pem, fingerprint, issue, pem_of
from seon.server import main
from seon.server.files import KEY_NAME
from seon.server.main import LOG_NAME, PID_NAME, Options

LOG_SETTINGS = f"{LOG_NAME}.logrc"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SEON_HOME", str(tmp_path))
    monkeypatch.setattr(main, "forbid_dumps", lambda: None)  # it is for a whole process, and would be for this one
    monkeypatch.setattr(main, "hold_signals", lambda: None)  # so is this
    monkeypatch.setattr(main, "stay", Starter)
    return tmp_path


@pytest.fixture
def license_file(home, tmp_path_factory):
    path = tmp_path_factory.mktemp("license") / "seon_proxy.lic"
    path.write_text(issue_license(*new_link_ca(), main.print_identity(), 10))
    path.chmod(0o600)
    return path


def names(home) -> set[str]:
    return {path.name for path in home.iterdir() if not path.name.endswith(".log")}


def logged(home) -> str:
    return "".join(path.read_text() for path in home.glob("*.log"))


def test_the_proxy_id_is_printed_from_the_first_call_on_and_stays(home) -> None:
    first = main.print_identity()
    assert main.print_identity() == first
    assert len(first) == 66
    assert names(home) == {KEY_NAME}


def test_a_license_is_described_with_all_that_it_says(license_file) -> None:
    lines = main.describe_license(license_file).splitlines()
    assert lines[0] == "Holder: CN=Seon SmartProxy server"
    assert lines[1] == f"Proxy ID: {main.print_identity()}"
    certificate, ca = certificates_in_pem(license_file.read_bytes())
    assert lines[2] == f"Serial: {certificate.serial_number:X}"
    assert lines[3] == f"Valid from: {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
    assert lines[4] == f"Valid until: {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    assert lines[5:] == [
        "Days left: 9",
        f"Link CA (SHA-256): {fingerprint(ca)}",
        f"The license in {license_file} holds",
    ]


def test_a_license_that_does_not_hold_is_described_with_all_that_is_wrong(license_file, monkeypatch) -> None:
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 100 * 86_400)
    license_file.chmod(0o666)
    with pytest.raises(StartError) as error:
        main.describe_license(license_file)
    said = str(error.value)
    assert "Days left: 0\nLink CA (SHA-256): " in said
    assert f"No valid license in {license_file}: group or others may write it" in said
    assert "; and the license ended at " in said
    assert f"Proxy ID of this server: {main.print_identity()}" in said


def test_a_license_cannot_write_to_the_terminal_what_it_likes(license_file) -> None:
    key, ca = new_link_ca()
    hostile = Leaf(common_name="\x1b]0;owned\x07", until=ca.not_valid_after_utc, purposes=[Purpose.SERVER])
    leaf = issue(key, ca, parse_proxy_id(main.print_identity()), hostile)
    license_file.write_text(pem_of(leaf) + pem_of(ca))
    assert main.describe_license(license_file).isascii()
    assert "\x1b" not in main.describe_license(license_file)


def test_without_a_license_the_server_does_not_start_and_says_what_to_do(home) -> None:
    with pytest.raises(StartError, match=r"seonapi license issue [0-9a-f]{64}px"):
        main.run(Options("127.0.0.1", 1, home / "missing.lic", foreground=True))
    assert "No valid license" in logged(home)
    assert names(home) == {KEY_NAME, LOG_SETTINGS}


def test_the_last_line_of_a_server_that_does_not_start_says_what_became_of_the_pid_file(home) -> None:
    with pytest.raises(StartError):
        main.run(Options("127.0.0.1", 1, home / "missing.lic", foreground=True))
    assert [line.split()[2] for line in logged(home).splitlines()] == ["FATAL", "DEBUG"]
    assert logged(home).endswith("seon_proxyserver2.pid removed\n")


@pytest.mark.parametrize(
    ("address", "said"),
    [("192.0.2.1", "this host has no such address"), ("::2", "this host has no such address")],
)
def test_an_internal_port_that_cannot_be_opened_says_what_to_do(home, license_file, address, said) -> None:
    with pytest.raises(StartError, match=f"cannot be opened: .*; {said}.* with -i"):
        main.run(Options(address, 2878, license_file, foreground=True))


def test_a_taken_port_is_named_and_no_pid_file_is_left(home, license_file) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            StartError,
            match=f"Internal port 127.0.0.1:{port} cannot be opened: Address already in use; another program",
        ):
            main.run(Options("127.0.0.1", port, license_file, foreground=True))
    assert names(home) == {KEY_NAME, LOG_SETTINGS}
    assert "FATAL" in logged(home)


def test_a_second_server_does_not_start_and_does_not_touch_the_firsts_pid_file(home, license_file) -> None:
    first = PidFile.take(home / PID_NAME)
    with pytest.raises(StartError, match=f"this process, {os.getpid()}, has taken it already"):
        main.run(Options("127.0.0.1", 1, license_file, foreground=True))
    assert first.remove()


def test_a_log_that_cannot_be_written_is_named(home, license_file, monkeypatch) -> None:
    monkeypatch.setattr(main.Log, "check", lambda self: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    with pytest.raises(StartError, match=r"The log .* cannot be written: Permission denied"):
        main.run(Options("127.0.0.1", 1, license_file, foreground=True))


def test_the_license_is_on_this_host_the_only_thing_read_besides_the_key(alone, tmp_path) -> None:
    alone(lives_and_ends, tmp_path)


def lives_and_ends(directory: str) -> None:
    """Start it, end it by a signal, and look at what it leaves."""
    import signal
    import threading
    from pathlib import Path

    home = Path(directory)
    os.environ["SEON_HOME"] = directory
    license_file = home / "license"
    license_file.write_text(issue_license(*new_link_ca(), main.print_identity(), 10))
    license_file.chmod(0o600)
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGTERM)).start()
    status = main.run(Options("127.0.0.1", 0, license_file, foreground=True))
    assert status == 0
    assert names(home) == {KEY_NAME, LOG_SETTINGS, "license"}
    assert "SRV-START" in logged(home)
    assert "signal SIGTERM" in logged(home)
