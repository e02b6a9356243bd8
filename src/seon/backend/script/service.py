"""The events service: takes runs out of the queue, starts them, and notes how they end.

`seonapi events` is this and nothing else; `seonapi queue` has it in a thread of its own. No process that answers calls
has it. What can fail here is the database: then nothing is started, and what has ended is noted later.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from seon.backend.errors import OperatorError
from seon.backend.journal.recording import record
from seon.backend.logs import RUNS
from seon.backend.queue.locks import EVENTS, Lock, active, became_active, seen
from seon.backend.script import runs
from seon.backend.script.models import RunState, ScriptRun, ScriptSettings
from seon.backend.script.path import check_script, check_user
from seon.backend.script.processes import Processes, Result, StartError
from seon.backend.script.queueing import take_lost
from seon.backend.script.telling import Telling

POLL = 0.25
"""Seconds between two looks at an empty queue: a run begins within 2 s of its event's arrival."""
NOTE = 0.05
"""How long a process that was started is waited for before it is noted: most scripts have ended by then."""
HOLD = 5.0
"""Seconds until it is tried again after the system has refused to start a process."""
TAKE = 2.0
"""Seconds between two tries to become the active one."""
UPKEEP = 60.0
END_SECONDS = 5.0
"""How long running scripts are waited for at an orderly end."""
NICENESS = 5
"""Answering calls comes first."""
MOST_LOGGED = 2_000
"""Characters of a run's output in its line of the log."""

log = logging.getLogger("seon.script")
runs_log = logging.getLogger(RUNS)
"""In the API log, whichever program has the service."""


class Service:
    """The service; `run` until `ending` says so."""

    def __init__(self, home: Path, lock: Lock) -> None:
        """Raises OperatorError unless this is the user whom the home belongs to."""
        check_user(home)
        self._home, self._lock = home, lock
        self._active = False
        self._processes = Processes(Path("/"))
        self._running: dict[int, ScriptRun] = {}
        self._ended: list[tuple[ScriptRun, Result]] = []
        """Runs whose end is not in the database yet."""
        self._begun: dict[int, str] = {}
        """Those that run in a process that is not in the database yet."""
        self._telling = Telling(record)
        self._hold_until = 0.0
        self._upkeep_at = self._take_at = 0.0
        self._failing = False
        self._waits_for = ""

    def run(self, ending: Callable[[], bool], obey: Callable[[], None] = lambda: None) -> None:
        """Work until `ending` is true; `obey` is called between two rounds. Running scripts are given `END_SECONDS`."""
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)  # of this thread, and of what it starts
        while not ending():
            obey()
            self._guarded(self.round)
        until = time.monotonic() + END_SECONDS
        while self._processes and time.monotonic() < until:
            self._collect(POLL)
        self._guarded(lambda: self._turn(0))
        left = list(self._running.values())
        self._processes.end_all()
        if left:
            log.warning("%d runs did not end in time, they are begun again by the next service", len(left))
            self._guarded(lambda: runs.give_back(left))
        self._lock.release()

    def _guarded(self, work: Callable[[], object]) -> None:
        """Do what needs the database; where that fails, say it once and go on."""
        try:
            work()
        except Exception:
            if not self._failing:
                log.exception("The queue of the event script cannot be worked on; trying again")
            self._failing = True
            self._active = False  # what was begun, and is not known here, is taken up again
            connection.close()
            self._collect(1.0)
        else:
            self._failing = False

    def round(self) -> None:
        """Note what has ended, start what waits, and wait a moment for something to end."""
        settings = ScriptSettings.load()
        room, path = 0, None
        if self._is_active(settings.path):
            self._upkeep()
            room, path = self._room(settings)
        ended = self._ended
        taken = self._turn(room)
        if path is not None:
            self._begin(path, settings, taken)
        for run, result in ended:
            if not result.is_good:
                self._telling.failed(settings.path, run.code, result.reason)
        self._telling.tell_due()
        self._collect(NOTE if self._begun else POLL)

    def _turn(self, room: int) -> list[ScriptRun]:
        """Note what has happened, and take as many runs as there is room for."""
        taken = runs.turn(self._ended, self._begun, room)
        self._ended, self._begun = [], {}
        return taken

    def _is_active(self, file: str) -> bool:
        now = time.monotonic()
        if self._active and not self._lock.held():
            self._active = False
            log.warning("The lock of the events service is lost: nothing is started until it is held again")
        if not self._active and now >= self._take_at:
            self._take_at = now + TAKE
            if self._lock.take():
                for run, told in runs.take_up({*self._running, *(run.pk for run, _ in self._ended)}):
                    log.warning("%s", told)
                    if run.state == RunState.FAILED:
                        self._telling.failed(file, run.code, run.result)
                became_active(EVENTS)
                self._active = True
                log.info("This is the active events service now")
            elif (other := active(EVENTS)) != self._waits_for:
                log.info("Another events service is active, this one waits: %s", other)
                self._waits_for = other
        return self._active

    def _room(self, settings: ScriptSettings) -> tuple[int, Path | None]:
        """Return how many runs may be started now, and by which script."""
        room = settings.at_once - len(self._processes)
        if room <= 0 or not settings.path or time.monotonic() < self._hold_until:
            return 0, None
        try:
            return room, check_script(settings.path, self._home)
        except OperatorError as error:
            self._cannot(settings.path, str(error))
            return 0, None

    def _begin(self, path: Path, settings: ScriptSettings, taken: list[ScriptRun]) -> None:
        """Start what was taken. In which processes is noted in the next turn, unless they have ended by then."""
        for position, run in enumerate(taken):
            try:
                run.process = self._begun[run.pk] = self._processes.start(path, run, settings.seconds)
                self._running[run.pk] = run
            except StartError as error:
                if error.only_this:
                    runs.note_failures([run], str(error))
                    self._telling.failed(settings.path, run.code, str(error))
                    continue
                runs.put_back(taken[position:])
                self._cannot(settings.path, str(error))
                break
        else:
            if taken and self._telling.good():
                runs_log.info("The event script %s can be run again", path)

    def _cannot(self, file: str, reason: str) -> None:
        """The script cannot be run: its runs wait. Whether it is the system's refusal or the file's state."""
        self._hold_until = time.monotonic() + (HOLD if len(self._processes) else 1.0)
        if self._telling.bad(file, reason):
            runs_log.error("The event script %s cannot be run, its runs wait: %s", file, reason)

    def _collect(self, seconds: float) -> None:
        for key, result in self._processes.wait(seconds):
            run = self._running.pop(key)
            self._begun.pop(key, None)
            tell_result(run, result)
            self._ended.append((run, result))

    def _upkeep(self) -> None:
        now = time.monotonic()
        if now < self._upkeep_at:
            return
        self._upkeep_at = now + UPKEEP
        seen(EVENTS)
        removed = runs.forget_old(timezone.now())
        if removed == runs.SLICE:
            self._upkeep_at = now
        with transaction.atomic():
            lost = take_lost()
            if lost:
                record("SCR-LOST", count=lost)


def tell_result(run: ScriptRun, result: Result) -> None:
    """Write a run's line into the log: how it ended, and what it said."""
    said = runs.on_one_line(result.output, MOST_LOGGED)
    dropped = f", and {result.dropped} more octets that were not kept" if result.dropped else ""
    runs_log.log(
        logging.INFO if result.is_good else logging.WARNING,
        "Event script for %s (run %d, attempt %d): %s in %.1f s; output: %s%s",
        run.code, run.pk, run.attempts, result.reason, result.seconds, said or "(none)", dropped,
    )  # fmt: skip
