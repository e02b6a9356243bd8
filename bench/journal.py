"""`python bench/journal.py`: the system log with many rows: how fast events come in, and lists come out.

An installation of its own, on SQLite or on a PostgreSQL server of its own, is filled with rows. Then the time of a
list is measured for each filter, events are stored by the function that stores them, and clients send events to the
real `seonapi serve`, by https, in batches as a client's courier does. PostgreSQL waits for the disk meanwhile, as in
real life. With --write the numbers go into docs/benchmarks.md. Nothing is left.
"""

import argparse
import datetime as dt
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import msgspec
from measure import cpu_of, machine
from report import write

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import rows as made_rows

from functional.postgresql import running_cluster
from functional.seonapi import Installation
from seon.api_messages import EVENTS_PER_BATCH, EventBatch, EventsStored
from seon.events import Event

CLIENTS = 4
"""That send at once: four DMZ servers, each with its client."""
REPEATS = 5


@dataclass(frozen=True, slots=True)
class Ingest:
    """How many events a second were told to be stored, and the processor's time for each, in microseconds."""

    rate: float
    seonapi: float
    postgresql: float
    senders: float
    """This process: it makes the events, and is no part of what is measured but shares the processor."""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one list took, in seconds, and what came of it."""

    name: str
    first: float
    median: float
    worst: float
    found: int
    cut: bool


def main() -> None:
    """Measure, print, and perhaps write."""
    options = _options()
    with ExitStack() as stack:
        directory = Path(options.dir) if options.dir else None
        made, postgresql = stack.enter_context(filled(options.database, options.rows, directory))
        lists = latencies()
        for latency in lists:
            _say(_row(latency))
        alone = stored_alone(options.seconds / 4)
        _say(f"{alone:,.0f} events a second by the function alone")
        came = ingest(made, options.seconds, options.clients, postgresql)
        _say(_told(options, came, alone))
        if options.json:
            measured = {"rate": came.rate, "lists": [asdict(found) for found in lists]}
            options.json.write_bytes(msgspec.json.encode(measured))
    if options.write:
        marks = tuple(f"<!-- {word}: written by bench/journal.py, {options.database} -->" for word in ("begin", "end"))
        write(
            options.write,
            f"{marks[0]}\n{_chapter(options, lists, _told(options, came, alone))}\n{marks[1]}",
            (marks[0], marks[1]),
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/journal.py", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--rows", type=int, default=0, help="default: 10,000,000 on PostgreSQL, 1,000,000 on SQLite")
    parser.add_argument("--seconds", type=int, default=60, help="how long events are sent")
    parser.add_argument("--clients", type=int, default=CLIENTS, help="how many send at once")
    parser.add_argument("--dir", metavar="DIR", help="where the databases are for the time; it takes 1.5 KB a row")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the numbers into this Markdown file")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was measured there, for programs")
    options = parser.parse_args()
    options.rows = options.rows or (10_000_000 if options.database == "postgresql" else 1_000_000)
    return options


@contextmanager
def filled(
    database: str, rows: int, directory: Path | None = None, home: Path | None = None
) -> Iterator[tuple[Installation, int]]:
    """Give a new installation with so many rows, and PostgreSQL's process or 0; our models are on it.

    `home`: where it is made and stays; else nothing is left.
    """
    with ExitStack() as stack:
        cluster = stack.enter_context(running_cluster()) if database == "postgresql" else None
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="seon-bench-", dir=directory)))
        made = Installation(home or root / "home")
        if cluster:
            made.extra["SEON_DATABASE_URL"] = cluster.new_database("seon")
        made.init("--host", "localhost")
        os.environ.update({"SEON_HOME": str(made.home), **made.extra})
        stack.callback(made.close)

        from seon.backend.loading import load_django  # noqa: PLC0415 - it reads the environment

        load_django()
        began = time.monotonic()
        _load(made, rows)
        if cluster:
            cluster.stop()
            cluster.start(durable=True)
        os.sync()
        _say(f"{rows:,} rows made in {time.monotonic() - began:.0f} s")
        yield made, cluster.server.pid if cluster and cluster.server else 0


def _load(made: Installation, rows: int) -> None:
    from django.db import connection  # noqa: PLC0415 - after load_django

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM journal_entry")
        made_rows.fill(cursor, connection.vendor, rows)
    connection.close()
    assert made.home.exists()


def latencies() -> list[Latency]:
    """Measure the first page of each filter: of seven days, and of all that is there."""
    from seon.backend.journal.lists import EVER, EntryFilter  # noqa: PLC0415 - after load_django
    from seon.events import Severity  # noqa: PLC0415

    cases = {
        "without a filter": EntryFilter(),
        "severity: info": EntryFilter(severity=Severity.INFO),
        "severity: error": EntryFilter(severity=Severity.ERROR),
        "severity: critical": EntryFilter(severity=Severity.CRITICAL),
        "group": EntryFilter(group="refused"),
        "code, frequent": EntryFilter(code="FIL-END"),
        "code, rare": EntryFilter(code="CLI-TOKEN"),
        "code, none": EntryFilter(code="SRV-PORT"),
        "session": EntryFilter(session="session-7"),
        "partner": EntryFilter(partner="partner7"),
        "hop": EntryFilter(hop="dmz"),
        "source": EntryFilter(source="10.7.7.7"),
        "partner and severity": EntryFilter(partner="partner7", severity=Severity.ERROR),
        "partner and code, nothing there": EntryFilter(partner="partner7", code="SRV-PORT"),
        "text, frequent": EntryFilter(text="ACCEPTED; 1"),
        "text, in one row of a million": EntryFilter(text=made_rows.NEEDLE),
        "text, nowhere": EntryFilter(text="nobody wrote this"),
        "text of two characters, nowhere": EntryFilter(text="ßü"),
        "text and partner": EntryFilter(text="octets", partner="partner7"),
    }
    found = [_latency(f"{name}, 7 days", case) for name, case in cases.items()]
    return found + [_latency(f"{name}, all", replace(case, since=EVER)) for name, case in cases.items()]


def _latency(name: str, case: object) -> Latency:
    from seon.backend.journal.lists import entries  # noqa: PLC0415 - after load_django

    taken = []
    for _ in range(REPEATS):
        began = time.monotonic()
        page = entries(case)  # type: ignore[arg-type]
        taken.append(time.monotonic() - began)
    return Latency(name, taken[0], statistics.median(taken), max(taken), len(page.entries), bool(page.searched_to))


def stored_alone(seconds: float) -> float:
    """Store events without https, by one thread; return how many a second."""
    from django.db import connection  # noqa: PLC0415 - after load_django

    from seon.backend.journal.recording import store  # noqa: PLC0415

    began, sent = time.monotonic(), 0
    while time.monotonic() < began + seconds:
        events = [_event(f"alone{os.getpid()}-{sent + each}", sent + each) for each in range(EVENTS_PER_BATCH)]
        sent += store(events, "bench")
    rate = sent / (time.monotonic() - began)
    connection.close()
    return rate


def ingest(made: Installation, seconds: float, clients: int, postgresql: int = 0) -> Ingest:
    """Send events to the real API for a time. `postgresql`: the first process of its server; 0: there is none."""
    tokens = [made.run("token", "new", f"bench{number}").splitlines()[-1] for number in range(clients)]
    made.serve()
    assert made.process is not None
    api = made.process.pid

    def spent() -> tuple[float, float, float]:
        return cpu_of([api]).total, _with_children(postgresql) if postgresql else 0.0, time.process_time()

    with ThreadPoolExecutor(clients) as pool:
        before = spent()
        began = time.monotonic()
        sent = sum(pool.map(lambda pair: _send(made, pair[1], pair[0], began + seconds), enumerate(tokens)))
        took = time.monotonic() - began
        return Ingest(sent / took, *((now - then) * 1e6 / sent for now, then in zip(spent(), before, strict=True)))


def _with_children(pid: int) -> float:
    """Return the CPU seconds of a process so far, with those of its children, also of those that have ended."""
    children = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    ended = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[13:15]
    return cpu_of([pid, *children]).total + sum(map(int, ended)) / os.sysconf("SC_CLK_TCK")


def _send(made: Installation, token: str, number: int, until: float) -> int:
    sent, run = 0, f"{os.getpid()}x{time.monotonic_ns()}x{number}"
    encode: Callable[[object], bytes] = msgspec.json.Encoder().encode
    with made.caller(token) as api:
        while time.monotonic() < until:
            events = tuple(_event(f"{run}-{sent + each}", sent + each) for each in range(EVENTS_PER_BATCH))
            answer = api.post("events", content=encode(EventBatch(events)))
            assert msgspec.json.decode(answer.content, type=EventsStored).stored == EVENTS_PER_BATCH, answer.text
            sent += EVENTS_PER_BATCH
    return sent


def _event(key: str, number: int) -> Event:
    """Return what sessions bring: of twenty events a start and an end, the others about files and findings."""
    session = f"{key.partition('-')[0]}s{number // 20}"
    fields: dict[str, object] = {"partner": f"partner{number % 200}", "source": f"192.0.2.{number % 250}:40718"}
    code = "FIL-END"
    if number % 20 == 0:
        code = "SES-START"
        fields |= {"direction": "incoming", "target": "station", "tls": "TLSv1.3"}
    elif number % 20 == 19:
        code = "SES-END"
        fields |= {
            "ended_by": "partner",
            "reason": "normal",
            "seconds": 2.5,
            "octets_in": 5,
            "octets_out": 6,
            "files": 9,
        }
    else:
        fields |= {"name": f"ORDERS{number}", "date": "20261126", "time": "2203000001", "direction": "incoming",
                   "result": "accepted", "octets": number, "seconds": 0.5}  # fmt: skip
    return Event(id=key, code=code, time=time.time(), hop="inside", session=session, fields=fields)  # type: ignore[arg-type]


def _row(latency: Latency) -> str:
    cut = ", searched in part" if latency.cut else ""
    numbers = " | ".join(f"{seconds * 1_000:.0f}" for seconds in (latency.first, latency.median, latency.worst))
    return f"| {latency.name} | {numbers} | {latency.found}{cut} |"


def _told(options: argparse.Namespace, came: Ingest, alone: float) -> str:
    database = f", {came.postgresql:.0f} µs of PostgreSQL's" if came.postgresql else ""
    return (
        f"**{came.rate:,.0f} events a second** stored over {options.seconds} s, by {options.clients} clients;\n"
        f"{alone:,.0f} by the function alone, in one thread.\nAn event took {came.seonapi:.0f} µs of Seonapi's CPU"
        f"{database},\nand {came.senders:.0f} µs of the clients' that send."
    )


def _chapter(options: argparse.Namespace, lists: list[Latency], told: str) -> str:
    heading = "| list of 100 | first, ms | median, ms | worst, ms | entries |\n|---|---|---|---|---|"
    rows = "\n".join(map(_row, lists))
    today = dt.datetime.now(dt.UTC).date().isoformat()
    return (
        f"Measured on {today} with `bench/journal.py --database {options.database} --rows {options.rows}`:\n"
        f"{told}\n\n"
        f"{heading}\n{rows}\n\nMachine: {machine()}, load {os.getloadavg()[0]:.1f}."
    )


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
