"""Each process that writes the API log looks whether another file or level was chosen, and obeys.

Of signals, `--log-level` and this choice the last one counts. A process that cannot write the chosen file writes its
own, in its home, says so there and once in the system log, and tries again every minute.
"""

import hashlib
import logging
import socket
import threading
import time
from pathlib import Path

from django.db import connection

from seon.backend import logs
from seon.backend.apilog.models import ApiLog
from seon.backend.journal.models import Entry, Ignored
from seon.backend.journal.recording import store
from seon.events import Event, Value

LOOK_SECONDS = 0.5
"""Between two looks: a choice is in force within a second."""
RETRY_SECONDS = 60.0
"""Between two tries of a file that cannot be written."""

Loss = tuple[str, int]
"""A day, and how often the file was said to be written again on it before: what tells one loss from the others."""

log = logging.getLogger("seon.log")


class Following:
    """What one process knows of the choice. After its start, one thread uses it."""

    def __init__(self, file: logs.LogFile, *, level_given: bool) -> None:
        """`level_given`: the command line has said a level, which counts until something is chosen anew."""
        self._file = file
        self._level_given = level_given
        self._revision = 0
        self._wanted: Path | None = None
        self._retry_at = 0.0
        self._away = self._failing = False
        self._loss: Loss = "", 0
        self._host = socket.gethostname()

    def start(self) -> None:
        """Obey what is chosen already, then go on in a thread, to the end of the process."""
        self.guarded()
        threading.Thread(target=self._run, name="api-log", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            self.guarded()

    def guarded(self) -> None:
        """Look; a database that does not answer changes nothing, and is said once."""
        try:
            self.look()
            self._failing = False
        except Exception:
            if not self._failing:
                log.exception("It cannot be seen which API log is chosen; trying again")
            self._failing = True
            connection.close()

    def look(self) -> None:
        """Obey what is new, and see whether the file can be written. Raises DatabaseError."""
        row = ApiLog.objects.filter(pk=1).first()
        if row is not None and row.revision != self._revision:
            self._obey(row)
        elif self._away and time.monotonic() >= self._retry_at:
            self._move()
            if self._file.trouble:  # another process may have said meanwhile that it is back
                self._record_away()
        if bool(self._file.trouble) != self._away:
            self._tell()

    def _obey(self, row: ApiLog) -> None:
        is_first, self._revision = self._revision == 0, row.revision
        self._wanted = Path(row.path) if row.path else None
        self._away = False  # of another file it is said anew
        self._move()
        if not (is_first and self._level_given):
            logs.set_api_level(row.level)

    def _move(self) -> None:
        """Write to the chosen file, or else to this host's own."""
        before, self._retry_at = self._file.place, time.monotonic() + RETRY_SECONDS
        try:
            self._file.move(self._wanted)
        except OSError as error:
            self._file.fall_back(error)
        else:
            if self._file.place != before:
                logs.say_in_api_log(logging.INFO, f"The API log of this process goes on here; it was {before}")

    def _tell(self) -> None:
        """Say that the chosen file cannot be written, or that it can be again."""
        own, reason = self._file.own, self._file.trouble
        if reason:  # first what can fail: it is done again then, and said once
            self._retry_at = time.monotonic() + RETRY_SECONDS
            self._record_away()
            logs.say_in_api_log(
                logging.ERROR, f"The API log {self._wanted or own} cannot be written: {reason}. Its lines stand here"
            )
        else:
            self._record("LOG-BACK", self._loss)
        self._away = bool(reason)

    def _record_away(self) -> None:
        """Record the loss: each once a day, whichever processes of this host see it, and how often."""
        day, number = time.strftime("%Y-%m-%d", time.gmtime()), 0
        while _is_known(self._id("LOG-BACK", (day, number))):
            number += 1
        self._loss = day, number
        self._record("LOG-AWAY", self._loss, reason=self._file.trouble, own=str(self._file.own))

    def _record(self, code: str, loss: Loss, **fields: Value) -> None:
        fields |= {"file": str(self._wanted or self._file.own), "host": self._host}
        event = Event(id=self._id(code, loss), code=code, time=time.time(), hop="inside", fields=fields)
        store([event], reported_by="")

    def _id(self, code: str, loss: Loss) -> str:
        key = "\n".join((code, self._host, str(self._file.own), str(self._revision), *map(str, loss)))
        return f"{hashlib.sha256(key.encode()).hexdigest()[:32]}-api-log"


def _is_known(event_id: str) -> bool:
    return any(model.objects.filter(event_id=event_id).exists() for model in (Entry, Ignored))


def follow(*, level_given: bool) -> None:
    """Let this process write the API log as it is chosen, if it writes it. Call it after the log is open."""
    file = logs.api_log()
    if file is not None:
        Following(file, level_given=level_given).start()
