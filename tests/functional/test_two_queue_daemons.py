"""Two queue daemons on one PostgreSQL: one works, and when it is gone the other one does. The API says who is away."""

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from functional.postgresql import Cluster, running_cluster
from functional.processes import eventually
from functional.seonapi import SEONAPI, Installation

SLICE = 1
SENDQUEUE = str(Path(SEONAPI).with_name("seon_sendqueue"))
Start = Callable[[str], "Daemon"]


class Daemon:
    """A queue daemon with a home of its own."""

    def __init__(self, installation: Installation, program: tuple[str, ...]) -> None:
        self.installation = installation
        self.process = subprocess.Popen(
            [*program, "--log-level", "debug", "--replace-stale-pid"],
            env=installation.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    @property
    def log(self) -> str:
        return (self.installation.home / "log" / "queue.log").read_text()

    def says(self, text: str) -> None:
        eventually(lambda: text in self.log, why=text)

    def worked(self) -> int:
        """How many jobs it has done."""
        return len(re.findall(r"Job \w+ took", self.log))

    def kill(self) -> None:
        """Kill it, if that was not done yet."""
        assert self.process.stdout is not None
        if not self.process.stdout.closed:
            self.process.kill()
            self.process.communicate()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as running:
        yield running


@pytest.fixture
def made(cluster: Cluster, tmp_path: Path) -> Installation:
    """The first home, on a database of its own."""
    installation = Installation(tmp_path / "one")
    installation.extra["SEON_DATABASE_URL"] = cluster.new_database("seon")
    installation.init()
    installation.run("set", "queue_seconds", str(SLICE))
    return installation


@pytest.fixture
def start(made: Installation, tmp_path: Path) -> Iterator[Start]:
    """Start a daemon with a home of this name."""
    daemons = []

    def begin(name: str) -> Daemon:
        home = tmp_path / name
        if not home.exists():
            shutil.copytree(made.home, home, ignore=shutil.ignore_patterns("*.pid", "*.log"))
        program = (SEONAPI, "queue") if name == "one" else (SENDQUEUE,)
        daemons.append(Daemon(Installation(home, extra=made.extra), program))
        return daemons[-1]

    yield begin
    for daemon in daemons:
        daemon.kill()


def test_one_works_and_the_other_takes_over_within_two_slices(made: Installation, start: Start) -> None:
    one = start("one")
    one.says("This is the active queue daemon now")
    other = start("two")
    other.says(f"Another queue daemon is active, this one waits: process {one.process.pid} on ")
    assert f"(home {made.home})" in other.log
    before = one.worked()
    eventually(lambda: one.worked() > before, why="the first one works on")
    assert other.worked() == 0
    said = other.installation.run("queue", "--home", str(made.home), "list")
    assert f"active queue daemon: process {one.process.pid} on " in said
    third = Installation(other.installation.home.with_name("three"), extra=made.extra)
    shutil.copytree(made.home, third.home, ignore=shutil.ignore_patterns("*.pid", "*.log"))
    assert f"A queue daemon is active and does that round anyway: process {one.process.pid}" in third.run(
        "queue", "--once", fails=True
    )
    one.kill()
    killed = time.monotonic()
    other.says("This is the active queue daemon now")
    assert time.monotonic() - killed < 2 * SLICE + 1, "and a second for a busy host"
    eventually(lambda: other.worked() > 0)
    again = start("one")
    again.says(f"this one waits: process {other.process.pid} on ")
    other.process.send_signal(signal.SIGTERM)
    assert other.process.wait(15) == 0
    again.says("This is the active queue daemon now")


def test_who_loses_its_session_stops_until_it_has_the_lock_again(
    made: Installation, cluster: Cluster, start: Start
) -> None:
    daemons = [start("one"), start("two")]
    question = "SELECT pid, application_name FROM pg_stat_activity WHERE application_name LIKE 'seon queue %'"
    eventually(lambda: len(holding(cluster)) == 1)
    for _ in range(3):
        (pid,) = holding(cluster)
        cluster.ask("seon", f"SELECT pg_terminate_backend({pid})")
        eventually(lambda pid=pid: holding(cluster) not in ([], [pid]), why="one of them has it again")
        assert all(daemon.process.poll() is None for daemon in daemons)
    assert any("is gone" in daemon.log for daemon in daemons)
    names = [name for _, name in cluster.ask("seon", question)]
    assert any(name.endswith(f" {daemon.process.pid}") for daemon in daemons for name in names)


def holding(cluster: Cluster) -> list[int]:
    """The sessions that hold the lock: one at most."""
    ours = "locktype = 'advisory' AND granted AND objid = 1"  # 2 is the events service, which runs beside it
    rows = cluster.ask("seon", f"SELECT pid FROM pg_locks WHERE {ours} ORDER BY pid")
    assert len(rows) <= 1
    return [pid for (pid,) in rows]


def test_a_job_is_run_on_demand_by_the_active_daemon_or_here(
    made: Installation, cluster: Cluster, start: Start
) -> None:
    made.run("set", "queue_seconds", "600")
    cluster.change("seon", "ALTER TABLE proxies_unknowncaller SET (autovacuum_enabled = off)")
    cluster.change(
        "seon",
        "INSERT INTO proxies_unknowncaller (address, told_at) SELECT 'x' || n, now() FROM generate_series(1, 70000) n",
    )
    eventually(
        lambda: (
            cluster.ask(
                "seon", "SELECT n_mod_since_analyze FROM pg_stat_user_tables WHERE relname='proxies_unknowncaller'"
            )
            == [(70_000,)]
        )
    )
    assert "statistics renewed of proxies_unknowncaller" in made.run("queue", "run", "database")
    daemon = start("one")
    daemon.says("This is the active queue daemon now")
    eventually(lambda: daemon.worked() >= 5)
    assert made.run("queue", "run", "expiry") == "job expiry: nothing to do"
    assert daemon.log.count("Job expiry took") == 2, "at its start and on demand, long before its time slice"


def test_a_daemon_that_is_away_is_one_event_of_several_api_processes_and_another_when_it_is_back(
    made: Installation, cluster: Cluster, start: Start
) -> None:
    daemon = start("one")
    daemon.says("This is the active queue daemon now")
    serving = [Installation(made.home, extra=made.extra) for _ in range(2)]
    try:
        for one in serving:
            one.serve()
        daemon.kill()
        eventually(lambda: told(cluster) == ["QUE-AWAY"], seconds=30)
        again = start("two")
        eventually(lambda: told(cluster) == ["QUE-AWAY", "QUE-BACK"], seconds=30)
        text = cluster.ask("seon", "SELECT text FROM journal_entry WHERE code = 'QUE-BACK'")[0][0]
        assert f"process {again.process.pid}" in text
    finally:
        for one in serving:
            one.close()


def told(cluster: Cluster) -> list[str]:
    return [
        code for (code,) in cluster.ask("seon", "SELECT code FROM journal_entry WHERE code LIKE 'QUE-%' ORDER BY id")
    ]
