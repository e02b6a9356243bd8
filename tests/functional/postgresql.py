"""A PostgreSQL server of the test's own: its cluster in a temporary directory, on a free loopback port."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from needed import need_programs
from ports import free_port

USER = "seon"
START_SECONDS = 30
DEBIAN = Path("/usr/lib/postgresql")
"""Debian keeps the server's programs out of PATH, by version."""
_ANY_LOSS_WILL_DO = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")


@dataclass
class Cluster:
    """A cluster and, between `start` and `stop`, its server."""

    programs: dict[str, Path]
    directory: Path
    password: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    port: int = field(default_factory=free_port)
    server: "subprocess.Popen[bytes] | None" = None

    @property
    def log(self) -> Path:
        """What the server said."""
        return self.directory / "log"

    @property
    def user(self) -> str:
        """PostgreSQL refuses to run as root: the user that Debian's package makes; empty: the user we are."""
        return "postgres" if os.getuid() == 0 else ""

    @property
    def address(self) -> str:
        """The URL, as far as it names no database."""
        return f"postgres://{USER}:{self.password}@127.0.0.1:{self.port}"

    def make(self) -> None:
        """Make the cluster, with passwords as in real life."""
        secret = self.directory / "password"
        secret.write_text(self.password)
        for path in (self.directory, secret):
            if self.user:
                shutil.chown(path, self.user, self.user)
        subprocess.run(
            [self.programs["initdb"], "-D", "data", "-U", USER, f"--pwfile={secret}", "--auth=scram-sha-256",
             "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"],
            check=True, stdout=subprocess.DEVNULL, **self._place(),
        )  # fmt: skip

    def start(self, *, durable: bool = False) -> None:
        """Start the server and wait until it takes connections. `durable`: with its own settings, as in real life."""
        with self.log.open("ab") as log:
            self.server = subprocess.Popen(
                [self.programs["postgres"], "-D", "data", "-h", "127.0.0.1", "-p", str(self.port), "-k", "",
                 *(() if durable else _ANY_LOSS_WILL_DO)],
                stdout=log, stderr=log, **self._place(),
            )  # fmt: skip
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self.server.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server without waiting for those who are connected."""
        if self.server is not None:
            self.server.send_signal(signal.SIGINT)
            self.server.wait(20)
            self.server = None

    def new_database(self, name: str, template: str = "template1") -> str:
        """Make a database like another one, in the place of one with its name; return its URL."""
        with psycopg.connect(f"{self.address}/postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return f"{self.address}/{name}"

    def ask(self, database: str, question: str) -> list[tuple[Any, ...]]:
        """Return the rows that answer a question."""
        with psycopg.connect(f"{self.address}/{database}", connect_timeout=5) as connection:
            return connection.execute(question).fetchall()

    def change(self, database: str, statement: str) -> None:
        """Change something behind Seonapi's back."""
        with psycopg.connect(f"{self.address}/{database}") as connection:
            connection.execute(statement)

    @contextmanager
    def holding(self, database: str, lock: str) -> Iterator[None]:
        """Hold what a statement locks."""
        with psycopg.connect(f"{self.address}/{database}") as connection:
            connection.execute(lock)
            yield

    def waiting(self) -> int:
        """Return how many connections wait for a lock."""
        ((count,),) = self.ask("postgres", "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return int(count)

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            return self.ask("postgres", "SELECT 1") == [(1,)]
        return False

    def _place(self) -> dict[str, Any]:
        """Where and as whom the programs run."""
        place: dict[str, Any] = {"cwd": self.directory, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}}
        return place | ({"user": self.user, "group": self.user, "extra_groups": []} if self.user else {})


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Give a running server with an empty cluster; nothing is left of it afterwards."""
    versions = sorted(DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    programs = need_programs("initdb", "postgres", beside=versions)
    directory = Path(tempfile.mkdtemp(prefix="seon-postgresql-"))  # not pytest's, which other users cannot enter
    cluster = Cluster(programs, directory)
    try:
        cluster.make()
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(directory)
