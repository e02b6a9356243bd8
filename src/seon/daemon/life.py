"""The life of a main: signals come in, one reason ends it, in order or at once; and others are told how it fares.

SIGHUP, SIGINT and SIGTERM end it in order, a second one at once. SIGUSR1 opens the logs again, SIGUSR2 writes a report
of the state into the log, 20 to 24 choose the level of this process (mission D2, D3).
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import setproctitle

from seon.daemon.background import Starter
from seon.daemon.home import EXIT_START, StartError, where
from seon.daemon.log import Log
from seon.daemon.notify import Notify
from seon.process.levels import Category, Level
from seon.process.signals import ENDING, LEVELS, after_the_loop, take_held

SETTINGS_SECONDS = 5.0
"""Between two looks at the log settings."""


class Life:
    """What ends a main, and what it says of itself. `begin` takes over the signals."""

    def __init__(
        self, program: str, category: Category, log: Log, starter: Starter | None = None, notify: Notify | None = None
    ) -> None:
        self._program = program
        self._category = category
        self._log = log
        self._starter = starter or Starter()
        self._notify = notify or Notify()
        self._end: tuple[int, str] | None = None
        self._signalled = False
        self._ends, self._hurry = asyncio.Event(), asyncio.Event()

    def begin(self, state: Callable[[], Iterable[str]], settings_changed: Callable[[], None]) -> None:
        """Handle signals from here on. `state`: lines about all that runs; `settings_changed`: the log's have.

        One that has come during the start, and was held, ends the program: with its number in the exit status.
        """
        loop = asyncio.get_running_loop()

        def reopen() -> None:
            self._log.reopen()
            settings_changed()
            self._log.write(self._category, Level.INFO, "Log files opened again")

        def report() -> None:
            for text in state():
                self._log.always(self._category, Level.INFO, text)

        for number in ENDING:
            loop.add_signal_handler(number, self._ending_signal, number)
        for level_signal, level in LEVELS.items():
            loop.add_signal_handler(level_signal, self._log.level_changed, level)
        loop.add_signal_handler(signal.SIGUSR1, reopen)
        loop.add_signal_handler(signal.SIGUSR2, report)
        if held := take_held():
            self._signalled = True
            self.stop(128 + held, f"{signal.Signals(held).name} came during the start")

    # --- the end ----------------------------------------------------------------------------------------------------

    @property
    def is_ending(self) -> bool:
        """Whether it has a reason to end."""
        return self._end is not None

    def stop(self, status: int, reason: str) -> None:
        """End with this exit status, for this reason; the first one counts."""
        if self._end is None:
            self._end = status, reason
            self._ends.set()

    def _ending_signal(self, number: signal.Signals) -> None:
        if self._signalled:  # not the first one that finds it ending: sessions keep the time that they were given
            self._hurry.set()
        self._signalled = True
        self.stop(0, f"signal {number.name}")

    async def ended(self) -> tuple[int, str]:
        """Return exit status and reason, once there is one."""
        await self._ends.wait()
        assert self._end
        self._notify.stopping()
        self.show(f"ending: {self._end[1]}")
        return self._end

    async def unless_hurried(self, finish: Awaitable[None]) -> bool:
        """Do what an orderly end needs, but not if a second signal comes; return whether it was done."""
        finishing = asyncio.ensure_future(finish)
        hurrying = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait([finishing, hurrying], return_when=asyncio.FIRST_COMPLETED)
        done = finishing.done()
        for task in (finishing, hurrying):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if not done:
            self._log.write(self._category, Level.WARNING, "A second signal: ending at once, without waiting")
        return done

    # --- how it fares -----------------------------------------------------------------------------------------------

    def ready(self, text: str = "") -> None:
        """The program serves: the starting command ends well, and shows the text. Or it has to end already."""
        if self._end:
            self.not_ready(self._end[0] or EXIT_START, f"The program has ended: {self._end[1]}")
            return
        self._starter.say(0, text)
        self._notify.ready()

    def not_ready(self, status: int, text: str) -> None:
        """The program runs and is not ready: the starting command ends with this status, and shows the text."""
        self._starter.say(status, text)

    def show(self, state: str) -> None:
        """Show what the program does, and what is missing, where administrators look: process list, service manager."""
        setproctitle.setproctitle(f"{self._program}: main, {state}")
        self._notify.status(state)

    async def beat(self) -> None:
        """Tell the service manager again and again that the loop runs; returns at once if it does not ask for that."""
        await self._notify.beat()

    async def watch_settings(self, changed: Callable[[], None]) -> None:
        """Look at the log settings every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(SETTINGS_SECONDS)
            if self._log.reread_if_changed():
                changed()


async def to_the_end(living: Awaitable[int]) -> int:
    """Return the exit status of a main's whole life; whoever signals on after that does not disturb its end."""
    try:
        return await living
    finally:
        after_the_loop()


def open_log(home: Path, name: str, *, terminal: bool) -> Log:
    """Return the log of a main. Raises StartError if it cannot be written."""
    log = Log(home, name, terminal=terminal)
    try:
        log.check()
    except OSError as error:
        raise StartError(f"The log {log.path} cannot be written: {error.strerror}.\n{where(home)}") from error
    return log


def last_line(log: Log, category: Category, pid_file: Path, removed: bool) -> None:
    """Say last of all that the PID file was removed: marked DEBUG, and written at any level (mission D2)."""
    left = "is left: another one by now" if os.path.lexists(pid_file) else "was gone already"
    what = "removed" if removed else left
    log.always(category, Level.DEBUG, f"Process {os.getpid()} ends; PID file {pid_file} {what}")
