"""Events are made here, in every process of both daemons: with unique ids, their hop and their session."""

import itertools
import time
import uuid
from typing import Literal, Protocol

from seon.events import Event, Value, fitting


class Report(Protocol):
    """Logs an event and sends it on."""

    def __call__(self, code: str, /, **fields: Value) -> None:
        """Report an event of this code."""


class ReportOf(Protocol):
    """The same in a main, where an event may be about one of its sessions."""

    def __call__(self, code: str, session: str = "", /, **fields: Value) -> None:
        """Report an event of this code about a session."""


class EventMaker:
    """Makes the events of one process: unique ids, its hop and its session."""

    def __init__(self, hop: Literal["dmz", "inside"], session: str = "") -> None:
        self._prefix = f"{uuid.uuid4().hex}-{hop}"  # never a session's id: the other host may have chosen that
        self._hop = hop
        self._session = session
        self._numbers = itertools.count(1)

    def make(self, code: str, session: str = "", /, **fields: Value) -> Event:
        """Return an event that happened now; long texts are cut (`events.fitting`)."""
        return Event(
            id=f"{self._prefix}-{next(self._numbers)}",
            code=code,
            time=time.time(),
            hop=self._hop,
            session=session or self._session,
            fields={name: fitting(value) for name, value in fields.items()},
        )
