"""`seonapi check` on a good installation, and on copies of it that are broken in one way each."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certificates import make
from functional.processes import eventually
from functional.seonapi import SEONAPI, Installation
from ports import free_port
from seon.link.identity import proxy_id_of

HERE = """
import json, sys
from seon.backend.loading import load_django
load_django()
from seon.cli.seonapi.program import main
for arguments in json.loads(sys.argv[1]):
    main.main(arguments, standalone_mode=False)
"""
"""Several commands in one process: most of a command's time is its start."""


def found(installation: Installation) -> tuple[int, list[dict[str, str]]]:
    """Run `seonapi check --json`; return its exit status and what it found."""
    done = subprocess.run(
        [SEONAPI, "check", "--json"], env=installation.environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.stderr == ""
    findings: list[dict[str, str]] = json.loads(done.stdout)
    return done.returncode, findings


def commands(installation: Installation, *lines: str) -> None:
    """Run commands of seonapi, arguments divided by blanks, as an administrator would one after the other."""
    told = json.dumps([line.split() for line in lines])
    done = subprocess.run(
        [sys.executable, "-c", HERE, told],
        env=installation.environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def prefer_loopback(installation: Installation) -> None:
    """Give it the https certificate of an installation that knows loopback only."""
    other = Installation(installation.home.with_name("other"))
    other.init("--host", "localhost")
    for name in ("https.key", "https.pem"):
        shutil.copy(other.home / name, installation.home)


def open_basic_auth(installation: Installation) -> None:
    file = installation.home.with_name("basic")
    file.write_text("user:password")
    file.chmod(0o644)
    installation.extra["SEON_BASIC_AUTH_FILE"] = str(file)


def command(*lines: str) -> Callable[[Installation], None]:
    """Return what runs commands."""
    return lambda installation: commands(installation, *lines)


def writable_script(installation: Installation) -> None:
    path = installation.home.with_name("on-event")
    path.write_text("#!/bin/sh\n")
    path.chmod(0o777)
    change(f"UPDATE script_scriptsettings SET path = '{path}'")(installation)


def log_that_is_a_directory(installation: Installation) -> None:
    (installation.home / "log" / "seonapi.log").unlink()
    (installation.home / "log" / "seonapi.log").mkdir()


def api_log(installation: Installation) -> None:
    """Choose an API log, and let its directory vanish."""
    place = installation.home.with_name("logs")
    place.mkdir()
    installation.run("log", "file", "--path", f"{place}/api.log")
    place.rmdir()


def change(*statements: str) -> Callable[[Installation], None]:
    """Return what changes the database."""

    def do(installation: Installation) -> None:
        connection = sqlite3.connect(installation.home / "seonapi.sqlite3")
        with connection:
            for statement in statements:
                assert connection.execute(statement).rowcount > 0, statement
        connection.close()

    return do


def own_certificate(installation: Installation, **options: Any) -> None:
    """Put another own certificate in use."""
    commands(installation, _own_certificate(installation, **options))


def _own_certificate(installation: Installation, **options: Any) -> str:
    files = installation.home.with_name("own.pem"), installation.home.with_name("own.key")
    make("Our company", **options).write(*files)
    return f"certificate add {files[0]} {files[1]} --name ours --use --force"


@pytest.fixture(scope="module")
def receive_daemon() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, receive_daemon: int) -> Iterator[Installation]:
    """An installation in which everything is there and everything runs."""
    installation = Installation(tmp_path_factory.mktemp("good") / "home")
    installation.init("--host", "seonapi.example")
    proxy_id = proxy_id_of(Ed25519PrivateKey.generate().public_key())
    pinned = installation.home.with_name("partner.pem")
    pinned.write_text(make("Partner", days=365).pem)
    script = installation.home / "on-event"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o700)
    commands(
        installation,
        f"license issue {proxy_id} --out {installation.home.with_name('license')}",
        "token new client",
        _own_certificate(installation, days=365),
        f"partner add P1 --code O0013P1 --certificate {pinned}",
        "listener add --client main/10.0.0.5 --port 4305 --partner P1",
        f"set receive_daemon 127.0.0.1:{receive_daemon}",
        "set queue_seconds 3600",
        f"script set {script}",
    )
    installation.serve()
    with subprocess.Popen([SEONAPI, "queue"], env=installation.environment, stdout=subprocess.PIPE, text=True) as queue:
        assert queue.stdout is not None
        assert queue.stdout.readline() == "ready\n"
        log = installation.home / "log" / "queue.log"
        eventually(lambda: "active queue daemon" in log.read_text())
        installation.run("queue", "run", "database")
        yield installation
        queue.kill()
    installation.close()


def test_a_good_installation_has_no_finding(good: Installation) -> None:
    assert found(good) == (0, [])
    assert good.run("check") == "all is well"


def copy(good: Installation, place: Path) -> Installation:
    """A copy from which nothing serves, which is a warning; the queue daemon has just been seen."""
    shutil.copytree(good.home, place / "home", ignore=shutil.ignore_patterns("*.pid", "*.lock"))
    return Installation(place / "home")


def test_warnings_alone_have_an_exit_status_of_their_own(good: Installation, tmp_path: Path) -> None:
    status, findings = found(copy(good, tmp_path))
    assert status == 1
    assert [(one["check"], one["level"]) for one in findings] == [("api", "warning")]


@dataclass(frozen=True)
class Fault:
    """A way to break an installation, and how it is named."""

    breaks: Callable[[Installation], object]
    check: str
    what: str
    level: str = "error"
    beside: frozenset[str] | None = None
    """What is found besides, in an installation that has no other fault; None: other faults can be named with it."""


ALONE: frozenset[str] = frozenset()
STOPS = frozenset({"settings"})
DAYS_AGO = "2026-01-01 00:00:00"
FAULTS = {
    "home open to others": Fault(lambda i: i.home.chmod(0o755), "home", "other users may look into it"),
    "home of another user": Fault(lambda i: os.chown(i.home, 12_345, 12_345), "home", "belongs to user 12345",
                                  beside=ALONE),
    "no installation": Fault(lambda i: shutil.rmtree(i.home), "home", "there is no installation",
                             beside=frozenset({"master-key", "https", "log", "space"})),
    "master key gone": Fault(lambda i: (i.home / "secret.key").unlink(), "master-key", "cannot be used",
                             beside=frozenset({"secrets"})),
    "master key open to others": Fault(lambda i: (i.home / "secret.key").chmod(0o644), "master-key",
                                       "may be read by others", beside=STOPS),
    "master key of another database": Fault(lambda i: (i.home / "secret.key").write_text("ab" * 32 + "\n"), "secrets",
                                            "not the one of this database", beside=ALONE),
    "https key of another certificate": Fault(lambda i: (i.home / "https.key").write_bytes(make("x").key_pem), "https",
                                              "do not belong together", beside=ALONE),
    "https certificate damaged": Fault(lambda i: (i.home / "https.pem").write_text("?"), "https", "cannot be read",
                                       beside=STOPS),
    "https certificate for loopback only": Fault(prefer_loopback, "https", "for loopback only", "warning"),
    "no log directory": Fault(lambda i: shutil.rmtree(i.home / "log"), "log", "is missing"),
    "password of the API open to others": Fault(open_basic_auth, "basic-auth", "other users may read the password"),
    "database damaged": Fault(lambda i: (i.home / "seonapi.sqlite3").write_bytes(b"?" * 8_192), "database",
                              "cannot be used: file is not a database", beside=ALONE),
    "database of another version": Fault(change("DELETE FROM django_migrations WHERE app = 'queue'"), "database",
                                         "not of this version", beside=ALONE),
    "database that cannot be reached": Fault(
        lambda i: i.extra.update(SEON_DATABASE_URL=f"postgres://seon:pw@127.0.0.1:{free_port()}/seon"), "database",
        "cannot be used: connection failed", beside=ALONE),
    "database with a wrong address": Fault(lambda i: i.extra.update(SEON_DATABASE_URL="mysql://x"), "settings",
                                           "SEON_DATABASE_URL must begin with", beside=ALONE),
    "no own certificate": Fault(change("UPDATE trust_owncertificate SET in_use = 0"), "own-certificate",
                                "no own certificate in use"),
    "own certificate expired": Fault(lambda i: own_certificate(i, days=-1), "own-certificate", "it has expired"),
    "own certificate ends soon": Fault(lambda i: own_certificate(i, days=9), "own-certificate", "it expires soon",
                                       "warning"),
    "own certificate without its intermediate": Fault(
        lambda i: own_certificate(i, days=365, issuer=make("Intermediate", ca=True)), "own-certificate",
        "comes without its intermediate", "warning"),
    "partner without a certificate": Fault(lambda i: i.run("partner", "add", "P2"), "partners", "has no certificate",
                                           "warning"),
    "partner's certificate expired": Fault(
        change("UPDATE partners_partnercertificate SET not_after = '2025-01-01 00:00:00'"), "partners", "has ended"),
    "no license": Fault(change("DELETE FROM trust_license"), "licenses", "no license was issued"),
    "license withdrawn": Fault(change(f"UPDATE trust_license SET withdrawn_at = '{DAYS_AGO}'"), "licenses",
                               "was withdrawn"),
    "license expired": Fault(change(f"UPDATE trust_license SET not_after = '{DAYS_AGO}'"), "licenses",
                             "its license has ended"),
    "no token": Fault(change(f"UPDATE trust_token SET withdrawn_at = '{DAYS_AGO}'"), "tokens",
                      "no security token in force"),
    "token expired": Fault(change(f"UPDATE trust_token SET expires_at = '{DAYS_AGO}'"), "tokens",
                           "it has ended"),
    "token never used": Fault(change(f"UPDATE trust_token SET created_at = '{DAYS_AGO}'"), "tokens",
                              "it was never used", "warning"),
    "no receive daemon": Fault(lambda i: i.run("set", "receive_daemon", ""), "receive-daemon",
                               "no receive daemon is set"),
    "receive daemon away": Fault(lambda i: i.run("set", "receive_daemon", f"127.0.0.1:{free_port()}"), "receive-daemon",
                                 "cannot be reached from this host", "warning"),
    "receive daemon of a client away": Fault(
        lambda i: i.run("client", "change", "main", "receive_daemon_host=127.0.0.1",
                        f"receive_daemon_port={free_port()}"),
        "receive-daemon", "cannot be reached from this host", "warning"),
    "listening ports in each other's way": Fault(
        command("listener add --client main --port 4305 --partner P1 --address 0.0.0.0"), "listeners",
        "in each other's way"),
    "own API log that cannot be written": Fault(log_that_is_a_directory, "log", "its program does not start"),
    "API log that cannot be written": Fault(api_log, "api-log", "needs a directory that is there"),
    "event script gone": Fault(change("UPDATE script_scriptsettings SET path = '/absent/script'"), "event-script",
                               "cannot be used: No such file"),
    "event script writable by all": Fault(writable_script, "event-script", "chmod go-w"),
    "events that got no run": Fault(change("INSERT INTO script_lostruns (number) VALUES (7)"), "event-script",
                                    "7 events had no run"),
    "events service away": Fault(
        change(f"UPDATE queue_service SET seen_at = '{DAYS_AGO}' WHERE name = 'events'"), "events-service",
        "has done nothing since 2026-01-01"),
    "events service never started": Fault(change("DELETE FROM queue_service WHERE name = 'events'"), "events-service",
                                          "no events service has ever run"),
    "queue daemon away": Fault(
        change(f"UPDATE queue_service SET seen_at = '{DAYS_AGO}' WHERE name = 'queue'"), "queue-daemon",
        "has done nothing since 2026-01-01"),
    "queue daemon never started": Fault(change("DELETE FROM queue_service WHERE name = 'queue'"), "queue-daemon",
                                        "has never run"),
    "job fails": Fault(change("UPDATE queue_job SET ok = 0, result = 'no room' WHERE name = 'expiry'"), "queue-daemon",
                       "a job of the queue daemon fails: no room"),
    "Seonapi killed": Fault(lambda i: (i.home / "seonapi_serve.8443.pid").write_text("4194304\n"), "api",
                            "ended without removing its PID file"),
    "Seonapi hangs": Fault(
        lambda i: (i.home / f"seonapi_serve.{free_port()}.pid").write_text(f"{os.getpid()}\n"), "api",
        "runs, and does not answer"),
    "clock was in the future": Fault(change("UPDATE journal_entry SET received_at = '2090-01-01 00:00:00'"), "clock",
                                     "which is in the future"),
}  # fmt: skip


def rounds() -> list[list[str]]:
    """Put faults together that are found by different checks: a look at an installation takes longer than a fault."""
    made: list[list[str]] = []
    for name, fault in FAULTS.items():
        fits = (
            one for one in made
            if fault.beside is None and all(FAULTS[o].beside is None and FAULTS[o].check != fault.check for o in one)
        )  # fmt: skip
        there = next(fits, None)
        if there is None:
            made.append([name])
        else:
            there.append(name)
    return made


@pytest.mark.parametrize("names", rounds(), ids=" + ".join)
def test_each_fault_is_named_with_where_and_what_to_do(names: list[str], good: Installation, tmp_path: Path) -> None:
    installation, expected = copy(good, tmp_path), {"api"}
    for name in names:
        if "another user" in name and os.getuid() != 0:
            pytest.skip("only root can give a directory away")
        FAULTS[name].breaks(installation)
        expected |= {FAULTS[name].check} | (FAULTS[name].beside or ALONE)
    status, findings = found(installation)
    for name in names:
        fault = FAULTS[name]
        (named,) = [one for one in findings if one["check"] == fault.check]
        assert fault.what in named["what"]
        assert named["level"] == fault.level
        assert named["where"]
        assert named["advice"]
    assert status == (2 if any(one["level"] == "error" for one in findings) else 1)
    assert {one["check"] for one in findings} <= expected, findings


def test_people_read_what_where_and_what_to_do(good: Installation, tmp_path: Path) -> None:
    installation = copy(good, tmp_path)
    installation.run("set", "receive_daemon", "")
    done = subprocess.run(
        [SEONAPI, "check"], env=installation.environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stdout.startswith(
        "ERROR receive-daemon: no receive daemon is set: incoming sessions are refused\n"
        "    where: setting receive_daemon\n"
        "    do:    type: seonapi set receive_daemon HOST:PORT\n"
        "WARNING api: "
    )
    assert done.stdout.endswith("2 findings\n")
