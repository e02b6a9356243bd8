"""`python bench/panel.py`: how long the panel's pages take on the server, with a large installation on SQLite.

An installation of its own is filled: a journal, past sessions, files, numbers per hour, partners, and sessions that
run. Each page is asked for by Django's test client, once to warm up, then five times; the median counts. With --write
the table goes into docs/benchmarks.md. Nothing is left, unless --home says where the installation stays for the next
time.

    python bench/panel.py                                   # the usual pages, 1,000,000 rows
    python bench/panel.py --rows 20000 files/ 'files/?q=x'  # a look at some pages
"""

import argparse
import datetime as dt
import os
import statistics
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from journal import filled
from measure import machine
from report import write

BEGIN, END = "<!-- begin: written by bench/panel.py -->", "<!-- end: written by bench/panel.py -->"
REPEATS = 5
LIVE, PARTNERS, DAYS = 200, 1_000, 30
_AT_A_TIME = 5_000
PAGES = (
    "", "sessions/", "sessions/?part=live", "sessions/past/", "sessions/past/?partner=partner7",
    "sessions/past/?result=refused", "sessions/past/?q=nobody+wrote+this", "sessions/past/?page=200",
    "sessions/session-7/", "sessions/{live}/", "files/", "files/?partner=partner7", "files/?state=declined",
    "files/?name=ORDERS77", "files/?q=nobody+wrote+this", "files/?page=200", "files/1/", "system-log/",
    "system-log/?severity=error", "system-log/?q=nobody+wrote+this", "partners/", "partners/id-partner7/", "audit/",
)  # fmt: skip
"""What is asked for by default, below `/panel/`."""


class Taken(NamedTuple):
    """How long one page took, in seconds, and how it was answered."""

    path: str
    first: float
    median: float
    worst: float
    cpu: float
    """Of the processor, whatever else ran: SQLite works in this process."""
    status: int
    queries: int
    octets: int


def main() -> None:
    """Fill, measure, print, and perhaps write."""
    parser = argparse.ArgumentParser(prog="bench/panel.py", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="entries of the journal; sessions are a tenth")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--dir", metavar="DIR", type=Path, help="where the database is for the time")
    place.add_argument("--home", metavar="DIR", type=Path, help="fill this installation, or take it as it was filled")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into this Markdown file")
    parser.add_argument("pages", nargs="*", help="addresses below /panel/; default: the usual ones")
    options = parser.parse_args()
    with ExitStack() as stack:
        if options.home and (options.home / "filled").exists():
            take(options.home)
        else:
            stack.enter_context(filled("sqlite", options.rows, options.dir, options.home))
            began = time.monotonic()
            fill(options.rows // 10)
            print(f"sessions, files and partners made in {time.monotonic() - began:.0f} s", flush=True)
            if options.home:
                (options.home / "filled").touch()
        live = run_some()
        text = table([measured(client(), path.format(live=live)) for path in options.pages or PAGES])
    text = f"{_headline(options.rows)}\n\n{text}\n\nMachine: {machine()}, load {os.getloadavg()[0]:.1f}."
    print(text)
    if options.write:
        write(options.write, f"{BEGIN}\n{text}\n{END}", (BEGIN, END))


def take(home: Path) -> None:
    """Load our models on an installation that was filled before."""
    os.environ["SEON_HOME"] = str(home)
    from seon.backend.loading import load_django  # noqa: PLC0415 - it reads the environment

    load_django()


def fill(sessions: int) -> None:
    """Put past sessions, twice as many files, hours and partners into the database."""
    from django.db import connection  # noqa: PLC0415 - after load_django

    from seon.backend.journal.models import HourCount  # noqa: PLC0415
    from seon.backend.partners.models import Partner  # noqa: PLC0415

    now = dt.datetime.now(dt.UTC)
    Partner.objects.bulk_create(Partner(identifier=f"partner{n}", name=f"Partner {n}") for n in range(PARTNERS))
    _insert(_sessions(sessions, now))
    _insert(_files(2 * sessions, now))
    hour = now.replace(minute=0, second=0, microsecond=0)
    kinds = ("sessions", "files-in", "files-out", "refused UNKNOWN", "refused TLS")
    _insert(
        HourCount(hour=hour - dt.timedelta(hours=back), kind=kind, count=back % 50, octets=back * 10**6)
        for back in range(24 * DAYS)
        for kind in kinds
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _sessions(count: int, now: dt.datetime) -> Iterator[Any]:
    from seon.backend.journal.models import Session  # noqa: PLC0415

    step = dt.timedelta(days=DAYS) / count
    for n in range(count):
        start = now - (count - n) * step
        yield Session(
            session=f"session-{n}", partner=f"partner{n * 48_271 % PARTNERS}", source=f"192.0.2.{n % 250}:40718",
            direction="incoming" if n % 3 else "outgoing", target="198.51.100.7:6619", tls="TLSv1.3", started_at=start,
            start_hop="inside", initiator="O0013PARTNER", responder="O0013OURS", level=5, buffer_size=4_096, credit=64,
            ended_at=start + dt.timedelta(seconds=20), end_hop="inside", ended_by="partner", files=2, octets_in=9_000,
            reason="ESID 00 normal session termination", result="refused" if n % 997 == 0 else "normal",
        )  # fmt: skip


def _files(count: int, now: dt.datetime) -> Iterator[Any]:
    from seon.backend.journal.models import File, FileState, Way  # noqa: PLC0415

    step = dt.timedelta(days=DAYS) / count
    for n in range(count):
        offered = now - (count - n) * step
        rare = n % 1_999 == 0
        yield File(
            session=f"session-{n // 2}", partner=f"partner{n // 2 * 48_271 % PARTNERS}", name=f"ORDERS{n}",
            direction=(Way.FROM_PARTNER if n % 3 else Way.TO_PARTNER).value, date="20261126",
            time=f"2203{n % 10**6:06}",
            originator="O0013PARTNER", destination="O0013OURS", offer_key=n, identity=n + 1, at=offered,
            state=(FileState.DECLINED if rare else FileState.DELIVERED).value, start_number=4, offered_at=offered,
            format="U", size_k=8, security="none", end_number=5, ended_at=offered + dt.timedelta(seconds=2),
            outcome=(FileState.DECLINED if rare else FileState.TRANSFERRED).value, octets=8_192,
            result="declined by rule SIZE" if rare else "accepted", receipt_kind="" if rare else "EERP",
            receipt_at=None if rare else offered + dt.timedelta(seconds=9), receipt_session=f"session-{n // 2}",
        )  # fmt: skip


def _insert(rows: Iterable[Any]) -> None:
    from django.db import transaction  # noqa: PLC0415

    from seon.backend.journal.bulk import insert_new  # noqa: PLC0415

    left = iter(rows)
    while part := list(islice(left, _AT_A_TIME)):
        with transaction.atomic():
            insert_new(part)


def run_some() -> str:
    """Let a client have told that sessions run; return the id of one."""
    from django.utils import timezone  # noqa: PLC0415

    from seon.api_messages import LiveFile, LiveServer, LiveSession, LiveState  # noqa: PLC0415
    from seon.backend.acting.actors import owner  # noqa: PLC0415
    from seon.backend.live.keeping import keep  # noqa: PLC0415
    from seon.backend.live.models import LastState  # noqa: PLC0415
    from seon.backend.trust.models import Token  # noqa: PLC0415
    from seon.backend.trust.token_actions import new_token  # noqa: PLC0415

    if not Token.objects.filter(name="bench-live").exists():
        new_token(owner(), "bench-live")
    now = time.time()
    running = tuple(
        LiveSession(
            session=f"{n:032x}", partner=f"partner{n}", direction="incoming", phase="receiving", since=now - n,
            source=f"192.0.2.{n % 250}:40718", octets_in=n * 10**6, rate=10**6, file_in=LiveFile("ORDERS", n, 10**6),
        )
        for n in range(LIVE)
    )  # fmt: skip
    server = LiveServer(place="dmz:2878", linked=True, proxy_id="d4" * 32 + "px", external_open=True, sessions=LIVE)
    state = LiveState(run="bench-00000001", number=1, build="bench", since=now, servers=(server,), sessions=running)
    keep(Token.objects.get(name="bench-live"), "192.0.2.1", state)
    LastState.objects.update(heard_at=timezone.now() + dt.timedelta(hours=5))  # it stays fresh meanwhile
    return running[0].session


def client() -> Any:
    """Return a client that is logged in as an administrator."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests/unit/backend"))
    from panel_clients import logged_in  # noqa: PLC0415

    return logged_in("administrator")


def measured(browser: Any, path: str) -> Taken:
    """Ask for a page."""
    from django.db import connection  # noqa: PLC0415 - after load_django
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    taken = []
    spent = []
    for _ in range(REPEATS + 1):
        began, used = time.perf_counter(), time.process_time()
        answer = browser.get(f"/panel/{path}", secure=True)
        taken.append(time.perf_counter() - began)
        spent.append(time.process_time() - used)
    with CaptureQueriesContext(connection) as asked:
        browser.get(f"/panel/{path}", secure=True)
    times = sorted(taken[1:])
    cpu, size = statistics.median(spent[1:]), len(answer.content)
    return Taken(path, taken[0], statistics.median(times), times[-1], cpu, answer.status_code, len(asked), size)


def table(pages: Iterable[Taken]) -> str:
    """Return what was measured as a Markdown table."""
    lines = [
        "| page | first, ms | median, ms | worst, ms | CPU, ms | questions | kB | answer |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for page in pages:
        times = " | ".join(f"{seconds * 1_000:.0f}" for seconds in (page.first, page.median, page.worst, page.cpu))
        lines.append(f"| `/panel/{page.path}` | {times} | {page.queries} | {page.octets // 1_000} | {page.status} |")
    return "\n".join(lines)


def _headline(rows: int) -> str:
    today = dt.datetime.now(dt.UTC).date().isoformat()
    return (
        f"Measured on {today} with `bench/panel.py --rows {rows}` on SQLite: {rows:,} entries of the journal,\n"
        f"{rows // 10:,} sessions, {rows // 5:,} files, {PARTNERS:,} partners, {LIVE} sessions that run. Server time\n"
        f"in one process, median of {REPEATS}."
    )


if __name__ == "__main__":
    main()
