"""What is wrong, and when the main is told of it: at once when it changes, then at growing intervals while it lasts."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from seon.client.courier import messages as c
from seon.events import fitting
from seon.process.backoff import PAUSES, REMINDERS, Reminder

Say = Callable[[c.FromCourier], Awaitable[None]]
"""Says something to the main."""
Clock = Callable[[], float]
_WORST = ("spool", "away", "refused")
"""Of several at once, the one that is told: the last of these."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the courier tries, all in seconds."""

    refused: float = 86_400.0
    """After so long of being refused by Seonapi the client ends; 0: never."""
    away: float = 0.0
    """The same while Seonapi cannot be reached, or does not serve this client."""
    pauses: Sequence[float] = PAUSES
    reminders: Sequence[float] = REMINDERS


class Trouble:
    """One thing that several tasks use and find wrong or right: Seonapi, the spool. The worst of it counts."""

    def __init__(self, over: c.State, say: Say, patience: Patience, clock: Clock = time.monotonic) -> None:
        self.state: c.State | None = None
        """What it is at present; None if nothing is wrong."""
        self._over = over
        self._say = say
        self._clock = clock
        self._reminder = Reminder(patience.reminders)
        self._found: dict[str, tuple[c.State, str, float]] = {}
        self._since = 0.0

    def concerns(self, who: str) -> bool:
        """Whether it was wrong when `who` tried last."""
        return who in self._found

    def lasted(self) -> float:
        """Return for how many seconds it has been in its present state; 0 if nothing is wrong."""
        return self._clock() - self._since if self.state else 0.0

    async def found(self, who: str, state: c.State, reason: str, seconds: float) -> None:
        """Take what `who` has found wrong; it tries again in so many seconds. The main is told if it is time for it."""
        self._found[who] = (state, reason, seconds)
        await self._tell()

    async def mended(self, who: str) -> None:
        """Take that it worked for `who`. The main is told once it has worked for all."""
        if self._found.pop(who, None) is None:
            return
        if self._found:
            await self._tell()
        else:
            self.state = None
            await self._say(c.ApiState(self._over))

    async def _tell(self) -> None:
        state, reason, seconds = max(self._found.values(), key=lambda found: _WORST.index(found[0]))
        now = self._clock()
        if state != self.state:
            self.state, self._since = state, now
            self._reminder.reset()
        if self._reminder.due(now):
            lasted = f", for {duration(now - self._since)} now" if now - self._since >= 1 else ""
            await self._say(c.ApiState(state, words(f"{reason}{lasted}"), round(seconds)))


def words(text: str) -> str:
    """Return a text as a note may carry it: cut, and without what has no UTF-8, as in names of files."""
    return str(fitting(text))


def duration(seconds: float) -> str:
    """Return a time in words, rounded down: 90 s, 5 min, 3 h."""
    if seconds < 120:
        return f"{int(seconds)} s"
    return f"{int(seconds // 60)} min" if seconds < 7_200 else f"{int(seconds // 3600)} h"


def unforeseen(error: BaseException) -> str:
    """Return what is to be said of an exception that nobody foresaw: its kind, its text, and the line it came from."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" ({PurePath(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno})" if trace else ""
    return words(f"internal error: {type(error).__name__}: {error}{place}")
