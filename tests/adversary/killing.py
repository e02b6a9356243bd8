"""Killing processes of a site under load, a supervisor that starts them again, and a watch of what is on disk."""

import contextlib
import os
import random
import re
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from adversary.load import Load
from functional import processes
from functional.harness import Site
from functional.processes import Seen, eventually

KINDS = ("server", "client", "courier", "seonapi", "server's session", "client's session")
SIDES = ("server", "client")
PAUSE_SECONDS = 0.1
"""RestartSec of the supervisor."""
UP_SECONDS = 60.0
SLACK_SECONDS = 4.0
"""What a loaded machine may add."""
POLL_SECONDS = 0.03
T = TypeVar("T")
_LOGGED = re.compile(r" (SES-START|FIL-START|FIL-END|SES-END|CLI-NOAPI) (?:\[(\w+)\] )?")


class Journal:
    """Seonapi's database, looked at from outside, and the client's spool: which events are on disk."""

    def __init__(self, site: Site) -> None:
        self._database = site.layout.seonapi / "seonapi.sqlite3"
        self._spool = site.layout.client / "seon_proxyclient.spool"
        self._last = 0
        self.looks = self.found = 0
        """How often the spool could be looked at, and how many events were found in it, each at each look."""

    def stored(self) -> set[str]:
        """Return the ids that have come since the last look, each with its hop."""
        found = _rows(self._database, "SELECT id, hop, event_id FROM journal_entry WHERE id > ?", self._last)
        self._last = max((number for number, _, _ in found), default=self._last)
        return {f"{hop} {name}" for _, hop, name in found}

    def spooled(self) -> set[str]:
        """Return the ids in the client's spool; none if it cannot be read at this moment."""
        return {f"{event['hop']} {event['id']}" for event in self._in_spool()}

    def on_disk(self) -> Counter[tuple[str, str]]:
        """Return code and session of the inside's events that are in the spool or in the journal."""
        stored = _rows(self._database, "SELECT event_id, code, session FROM journal_entry WHERE hop = 'inside'")
        found = {name: (code, session) for name, code, session in stored}
        found |= {event["id"]: (event["code"], event["session"]) for event in self._in_spool()}
        return Counter(found.values())

    def _in_spool(self) -> list[dict[str, str]]:
        try:
            found = [msgspec.json.decode(body) for (body,) in _rows(self._spool, "SELECT body FROM event")]
        except sqlite3.OperationalError:  # it is being opened or recovered
            return []
        self.looks += 1
        self.found += len(found)
        return found

    def missing(self, seen: set[str]) -> list[str]:
        """Return which of the ids are not in the journal."""
        there = {f"{hop} {name}" for hop, name in _rows(self._database, "SELECT hop, event_id FROM journal_entry")}
        return sorted(seen - there)

    def faults(self) -> list[str]:
        """Return what is inconsistent in spool and journal."""
        faults = [f"spool: {row}" for row in _rows(self._spool, "SELECT why FROM aside")]
        faults += [str(row) for row in _rows(self._database, "PRAGMA integrity_check") if row != ("ok",)]
        faults += [str(row) for row in _rows(self._database, "PRAGMA foreign_key_check")]
        faults += [f"twice: {row}" for row in _rows(self._database, _TWICE)]
        faults += [f"an end without or before its start: {row}" for row in _rows(self._database, _END_BEFORE_START)]
        return faults + [f"table of sessions: {row}" for row in _rows(self._database, _NOT_AS_TOLD)]

    def without_end(self) -> tuple[int, int]:
        """Return how many sessions have no end in the journal, and how many there are."""
        (found,) = _rows(self._database, "SELECT sum(end_hop = ''), count(*) FROM journal_session")
        return found


_TWICE = """
SELECT hop, code, session, count(*) FROM journal_entry WHERE code IN ('SES-START', 'SES-END') GROUP BY 1, 2, 3
HAVING count(*) > 1 UNION ALL SELECT hop, '', event_id, count(*) FROM journal_entry GROUP BY 1, 2, 3 HAVING count(*) > 1
"""
_END_BEFORE_START = """
SELECT hop, session, text FROM journal_entry AS last WHERE code = 'SES-END' AND NOT EXISTS (SELECT * FROM journal_entry
AS first WHERE code = 'SES-START' AND first.session = last.session AND first.hop = last.hop AND first.id < last.id)
"""
_NOT_AS_TOLD = """
SELECT session, start_hop, end_hop FROM journal_session AS s WHERE
start_hop != coalesce((SELECT max(hop) FROM journal_entry AS e WHERE e.session = s.session AND code = 'SES-START'), '')
OR end_hop != coalesce((SELECT max(hop) FROM journal_entry AS e WHERE e.session = s.session
AND code IN ('SES-END', 'SES-FAILED')), '')
"""
"""What the inside says counts, and "inside" is the greater of the two words."""


def _rows(path: Path, query: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
    try:
        return database.execute(query, values).fetchall()
    finally:
        database.close()


class Killing:
    """One site whose processes are killed. `step` is what is done all the time: supervise, and look."""

    PROGRAMS = ("server", "client", "seonapi")

    def __init__(self, site: Site, rng: random.Random, gone_seconds: float) -> None:
        self.site = site
        self.rng = rng
        self.journal = Journal(site)
        self.load = Load(site, rng.randrange(2**32))
        self.seen: set[str] = set()
        """Events that were on disk at some look, in the client's spool or in Seonapi's journal."""
        self.overdue: dict[str, float] = {}
        """Session processes that were there after their time: title, and seconds since their main was killed."""
        self._gone_seconds = gone_seconds
        self._orphans: dict[int, float] = {}
        self._ended: dict[str, float] = {}
        self._held = ""
        """A program that is not to be started again for now."""
        self._starts: Counter[str] = Counter()
        self._kills: list[str] = []
        self.load.start()

    # --- killing ------------------------------------------------------------------------------------------------------

    def kill(self, kind: str) -> None:
        """Kill a process of this kind as soon as there is one; in a third of all cases let files pass first."""
        if self.rng.random() < 1 / 3:
            self.wait_for_files_both_ways()
        victim = self.rng.choice(self._until(lambda: self._of_kind(kind), f"a process to kill: {kind}"))
        self._kill(kind, victim)

    def kill_all_programs(self) -> None:
        """Kill both mains and Seonapi at once, while there are sessions in both directions on both hosts."""
        held = ("incoming", "outgoing")
        self._until(
            lambda: all(any(way in seen.title for seen in self.site.sessions(side)) for side in SIDES for way in held),
            "sessions in both directions",
        )
        for name in self.PROGRAMS:
            self._kill(name, self.site.running[name].pid)

    def _kill(self, kind: str, victim: int) -> None:
        if kind in SIDES:
            self._orphaned(kind, victim)
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself in this moment
            processes.kill(victim, signal.SIGKILL)
        self._kills.append(kind)

    def kill_the_courier_while_seonapi_is_away(self) -> None:
        """Events wait on disk then; courier and main are killed over them, and Seonapi comes back last."""
        site = self.site
        self._held = "seonapi"
        processes.kill(site.running["seonapi"].pid, signal.SIGKILL)

        def logged() -> Counter[tuple[str, str]]:
            return Counter(_LOGGED.findall(site.log("client")))

        self._until(lambda: logged()["CLI-NOAPI", ""], "the client has seen that Seonapi is away")
        until_then = logged()
        self._until(lambda: not until_then - self.journal.on_disk(), "what was logged until then is on disk")
        self.step()  # it is seen there
        for kind in ("courier", "client"):
            processes.kill(self._until(lambda kind=kind: self._of_kind(kind), kind)[0], signal.SIGKILL)
        self._held = ""

    def _of_kind(self, kind: str) -> list[int]:
        if kind in self.PROGRAMS:
            process = self.site.running[kind]
            return [process.pid] if process.ended() is None else []
        side, _, _ = kind.partition("'s session")
        beginning = "seon_proxyclient2: courier" if kind == "courier" else f"seon_proxy{side}2: session"
        return sorted(seen.pid for seen in self.site.titled(beginning) if seen.state != "Z")

    def _orphaned(self, side: str, main: int) -> None:
        for seen in self.site.sessions(side):
            if seen.parent == main:
                self._orphans[seen.pid] = time.monotonic()

    # --- all the time -------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Start again what has ended, and look at what is on disk and which processes there are."""
        now = time.monotonic()
        for name in self.PROGRAMS:
            if self.site.running[name].ended() is not None:
                if now - self._ended.setdefault(name, now) >= PAUSE_SECONDS and name != self._held:
                    self._start(name)
            else:
                self._ended.pop(name, None)
        self.seen |= self.journal.stored() | self.journal.spooled()
        if self._orphans:
            self._look_at_orphans()
        time.sleep(POLL_SECONDS)

    def _start(self, name: str) -> None:
        launch = {"server": self.site.launch_server, "client": self.site.launch_client, "seonapi": self.site.launch_api}
        launch[name]()
        self._ended.pop(name)
        self._starts[name] += 1

    def _look_at_orphans(self) -> None:
        now = time.monotonic()
        there = {seen.pid: seen for seen in self.site.processes() if ": session" in seen.title}
        self._orphans = {pid: since for pid, since in self._orphans.items() if pid in there}
        for pid, since in self._orphans.items():
            if now - since > self._gone_seconds + SLACK_SECONDS:
                self.overdue[f"{pid} {there[pid].title}"] = round(now - since, 1)

    def _until(self, what: Callable[[], T], why: str) -> T:
        until = time.monotonic() + UP_SECONDS
        while not (found := what()):
            assert time.monotonic() < until, f"not within {UP_SECONDS:g} s: {why}\n{self.story()}"
            self.step()
        return found

    # --- what is to be ------------------------------------------------------------------------------------------------

    def wait_for_files_both_ways(self) -> None:
        """Wait until each direction has a receipt for a file that is offered from now on."""
        mark = self.load.mark()
        self._until(lambda: self.load.passed_since(mark), "a file passes in both directions")

    def everything_delivered(self) -> None:
        """Wait until nothing is in the spool, and all programs have been up for two looks."""
        self._until(lambda: not self.journal.spooled() and not self.journal.missing(self.seen), "all delivered")
        assert self.journal.found > 0, "no event was ever seen in the spool"

    def sessions_of_killed_mains_are_gone(self) -> None:
        """Wait until they are; `overdue` says which took too long."""
        self._until(lambda: not self._orphans, "session processes whose main was killed have ended")

    def strangers(self) -> list[Seen]:
        """Return the processes that nobody owns, once those that are about to end have had time for it."""
        with contextlib.suppress(AssertionError):
            eventually(lambda: not self._strangers(), SLACK_SECONDS)
        return self._strangers()

    def _strangers(self) -> list[Seen]:
        mains = {process.pid for process in self.site.running.values() if process.ended() is None}
        ours = {*mains, os.getpid()}
        return [
            seen for seen in self.site.processes()
            if (seen.parent in ours if seen.state == "Z" else seen.pid not in mains and seen.parent not in mains)
        ]  # fmt: skip

    def wrong_owners(self) -> dict[int, set[int]]:
        """Return the listening ports of the site that do not belong to the one process whose they are."""
        ports, running = self.site.ports, self.site.running
        right = {ports.seonapi: "seonapi", ports.internal: "server", ports.external: "server",
                 ports.outgoing: "client", ports.receive: "station", ports.partner: "partner"}  # fmt: skip
        listening = processes.listening(seen.pid for seen in self.site.processes())
        return {
            port: listening.get(port, set())
            for port, name in right.items()
            if listening.get(port) != {running[name].pid}
        }

    def nothing_is_left_after_an_end_in_order(self) -> list[object]:
        """Stop all programs; return what is wrong then: exit statuses, processes, listening ports."""
        site = self.site
        names = ("client", "server", "seonapi", "station", "partner")
        wrong: list[object] = [f"{name}: exit status {status}" for name in names if (status := site.stop(name))]
        with contextlib.suppress(AssertionError):
            eventually(lambda: not site.processes(), SLACK_SECONDS)
        ports = {name: getattr(site.ports, name) for name in site.ports.__struct_fields__}
        taken = set(processes.listening_ports())
        return wrong + site.processes() + [name for name, port in ports.items() if port in taken]

    def story(self) -> str:
        """Return what was done: for whoever reads a failure."""
        lost, of = self.journal.without_end()
        return (
            f"killed: {', '.join(self._kills)}\nstarted again: {dict(self._starts)}\n{self.load.story()}\n"
            f"{len(self.seen)} events seen on disk; {self.journal.found} times one in the spool, "
            f"at {self.journal.looks} looks\n"
            f"{lost} of {of} sessions have no end in the journal: the mains that knew it were killed"
        )
