"""The event script, with real programs: each critical event starts it once, whatever it does and whatever is killed."""

import os
import shutil
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from functional.events_service import all_ended, critical, deliver, running, runs, script, start, stop
from functional.processes import eventually
from functional.seonapi import Installation


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation as `seonapi init` leaves it; each test gets a copy."""
    made = Installation(tmp_path_factory.mktemp("fresh") / "home")
    made.init()
    return made.home


@pytest.fixture
def installation(fresh: Path, tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "home")
    shutil.copytree(fresh, made.home)
    made.serve()
    yield made
    made.close()


@pytest.fixture
def token(installation: Installation) -> str:
    return installation.run("token", "add", "main client")


@pytest.mark.parametrize("daemon", ["events", "queue"])
def test_the_script_starts_within_two_seconds_and_knows_the_event(
    installation: Installation, token: str, daemon: str, tmp_path: Path
) -> None:
    nasty = f"a'b\"c %s %n\n$(touch {tmp_path}/made) `touch {tmp_path}/made` -rf \x00"
    script(installation, f'date +%s.%N > {tmp_path}/when; printf "%s\\0" "$@" "$SEON_FIELD_PARTNER" > {tmp_path}/new\n'
                         f"mv {tmp_path}/new {tmp_path}/given; echo said; id -u")  # fmt: skip
    with running(installation, daemon), installation.caller(token) as api:
        delivered = time.time()
        deliver(api, [critical(partner=nasty, source="192.0.2.9:1")])
        eventually(lambda: all_ended(installation, 1))
    given = (tmp_path / "given").read_text().split("\0")
    assert given[:2] == ["critical", "SRV-PORT"]
    assert given[6] == given[8] == nasty.replace("\0", "\\x00")
    assert given[7] == "192.0.2.9:1"
    assert not (tmp_path / "made").exists(), "no shell has seen it"
    assert float((tmp_path / "when").read_text()) - delivered < 2
    assert "Event script for SRV-PORT (run 1, attempt 1): exit status 0" in installation.log
    assert f"output: said\\n{os.getuid()}" in installation.log


def test_without_events_the_queue_daemon_starts_no_script(installation: Installation, token: str) -> None:
    script(installation, "true")
    with installation.caller(token) as api:
        deliver(api, [critical()])
    with running(installation, "queue", "--no-events"):
        with pytest.raises(AssertionError):
            eventually(lambda: all_ended(installation, 1), 3)
        with running(installation, "events"):
            eventually(lambda: all_ended(installation, 1))


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def test_each_of_many_critical_events_starts_it_once(
    installation: Installation, token: str, tmp_path: Path, count: int
) -> None:
    script(installation, f'echo "$SEON_FIELD_ADDRESS" >> {tmp_path}/out')
    with running(installation), installation.caller(token) as api:
        deliver(api, [critical(address=str(number)) for number in range(count)])
        eventually(lambda: all_ended(installation, count), 100 + count / 20)
    assert sorted((tmp_path / "out").read_text().split()) == sorted(map(str, range(count)))
    assert {state for (state,) in runs(installation)} == {"done"}


def test_a_script_that_hangs_fails_or_floods_holds_up_no_other_and_is_told(
    installation: Installation, token: str, tmp_path: Path
) -> None:
    script(installation, 'case "$SEON_FIELD_ADDRESS" in hang) sleep 600;; fail) exit 9;; '
                         f"flood) head -c 3000000 /dev/zero;; *) echo x >> {tmp_path}/out;; esac")  # fmt: skip
    installation.run("script", "set", "--seconds", "2", "--at-once", "2")
    with running(installation), installation.caller(token) as api:
        kinds = ["hang", "fail", "flood", "good", "good", "good"]
        deliver(api, [critical(address=kind) for kind in kinds])
        eventually(lambda: all_ended(installation, len(kinds)), 40)
    found = [result for (result,) in runs(installation, "state || ': ' || result")]
    assert str(found[0]).startswith("failed: ended after 2.")
    assert found[1] == "failed: exit status 9"
    assert found[3:] == ["done: exit status 0"] * 3
    assert (tmp_path / "out").read_text() == "x\n" * 3
    assert "more octets that were not kept" in installation.log
    assert max(map(len, installation.log.splitlines())) < 20_000


def test_while_the_script_is_gone_or_writable_by_all_its_runs_wait(
    installation: Installation, token: str, tmp_path: Path
) -> None:
    path = script(installation, f"echo x >> {tmp_path}/out")
    text = path.read_text()
    with running(installation), installation.caller(token) as api:
        path.unlink()
        deliver(api, [critical()])
        eventually(lambda: "on-event cannot be used: No such file" in installation.log)
        path.write_text(text)
        path.chmod(0o777)
        eventually(lambda: "may be written by its group or by others: chmod go-w" in installation.log)
        assert runs(installation) == [("waiting",)]
        path.chmod(0o700)
        eventually(lambda: all_ended(installation, 1))
    assert (tmp_path / "out").read_text() == "x\n"


def test_one_service_is_active_and_another_takes_over(installation: Installation, token: str, tmp_path: Path) -> None:
    script(installation, f"echo x >> {tmp_path}/out")
    with running(installation, "queue"):
        first = start(installation, "events")
        with installation.caller(token) as api:
            deliver(api, [critical() for _ in range(20)])
        eventually(lambda: all_ended(installation, 20))
        first.kill()
        stop(first)
        with installation.caller(token) as api:
            deliver(api, [critical() for _ in range(20)])
        eventually(lambda: all_ended(installation, 40))
    assert (tmp_path / "out").read_text() == "x\n" * 40


def test_calls_are_not_slowed_by_scripts(installation: Installation, token: str) -> None:
    """In one run: the same call while scripts run one after the other, and while there is none."""
    script(installation, "true")
    with running(installation), installation.caller(token) as api:

        def seconds(calls: int = 60) -> float:
            taken = []
            for _ in range(calls):
                began = time.monotonic()
                assert api.get("configuration?wait=0").status_code == 200
                taken.append(time.monotonic() - began)
            return statistics.median(taken)

        seconds(10)
        quiet = seconds()
        deliver(api, [critical() for _ in range(1_000)])
        busy = seconds()
        assert not all_ended(installation, 1_000), "scripts ran all the time"
    print(f"median of a call: {quiet * 1000:.1f} ms, while scripts run {busy * 1000:.1f} ms")
    assert busy < 4 * quiet + 0.005


def test_a_test_of_the_script_says_what_it_said(installation: Installation) -> None:
    path = script(installation, "echo hello, $2; exit 0")
    assert "by this command" in (said := installation.run("script", "test"))
    assert "hello, SCR-TEST" in said
    with running(installation):
        assert "by the events service" in installation.run("script", "test")
        path.write_text("#!/bin/sh\necho no; exit 5\n")
        assert "failed: exit status 5" in installation.run("script", "test", fails=True)
    assert "3 " not in installation.run("script", "queue", "--state", "waiting")
    assert '"exit_status":5' in installation.run("script", "queue", "--json")
    assert "waits again" in installation.run("script", "retry", "3")
    assert "1 waiting" in installation.run("script", "show")
    assert "1 runs that waited" in installation.run("script", "clear")


def test_a_script_in_the_environment_of_which_is_no_secret(
    installation: Installation, token: str, tmp_path: Path
) -> None:
    script(installation, f"env > {tmp_path}/env; ls -l /proc/self/fd > {tmp_path}/fds")
    with running(installation), installation.caller(token) as api:
        deliver(api, [critical()])
        eventually(lambda: all_ended(installation, 1))
    assert str(installation.home) not in (tmp_path / "env").read_text()
    assert "sqlite3" not in (tmp_path / "fds").read_text()
    assert "socket:" not in (tmp_path / "fds").read_text()


def test_a_path_that_anybody_may_change_is_refused_with_what_to_do(installation: Installation, tmp_path: Path) -> None:
    path = tmp_path / "bad"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o777)
    assert f"chmod go-w {path}" in installation.run("script", "set", str(path), fails=True)
    assert "must be an absolute path" in installation.run("script", "set", "bad", fails=True)
    assert installation.run("script", "show").startswith("event script: (none)")
