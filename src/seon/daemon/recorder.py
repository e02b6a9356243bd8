"""What a main reports: made, written into its log, and handed on towards the journal."""

import asyncio
from collections.abc import Callable
from typing import Any, Literal

from seon.daemon.log import Log
from seon.daemon.tasks import words_of
from seon.events import Event, Value
from seon.process.events import EventMaker


class Recorder:
    """The events of a main itself. `hand_on` takes them to the next hop."""

    def __init__(self, hop: Literal["dmz", "inside"], log: Log, hand_on: Callable[[Event], None], fault: str) -> None:
        self._maker = EventMaker(hop)
        self._log = log
        self._hand_on = hand_on
        self._fault = fault
        """The code of the event for what must not happen."""

    def report(self, code: str, session: str = "", /, **fields: Value) -> None:
        """Report an event."""
        event = self._maker.make(code, session, **fields)
        self._log.event(event)
        self._hand_on(event)

    def trouble(self, what: str, error: BaseException) -> None:
        """Report what nobody has caught: its place is in the event, and its trace in the log (daemon.tasks.Trouble)."""
        self.report(self._fault, what=what, reason=words_of(error))
        self._log.trace(error)

    def uncaught(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Be a loop's exception handler."""
        error = context.get("exception")
        what = str(context.get("message", "trouble"))
        self.trouble(what, error if isinstance(error, BaseException) else RuntimeError(what))
