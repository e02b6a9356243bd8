"""The log: the one place where a main writes, as its settings file says (docs/logging.md).

Session processes and the courier write nothing: what they say comes over their lines, and their main writes it. What
a line shows of a stranger is escaped here (`events.shown`, `events.describe`), whatever its layout.
"""

import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from seon.daemon.writing import places, store
from seon.daemon.writing.appenders import Appender
from seon.daemon.writing.layouts import seon_layout
from seon.daemon.writing.reader import read
from seon.daemon.writing.records import Record, local_day
from seon.daemon.writing.router import Route, routes, silent
from seon.daemon.writing.settings import DAILY, DEFAULTS, SettingsError
from seon.events import Event, describe, severity_of, shown
from seon.process.levels import Category, Level, category_of
from seon.process.line import MAX_LINE

LONGEST = MAX_LINE + 80
"""Characters of a text that is no event: what a process may say, and the session that its main names before it."""


class Source(Protocol):
    """A process whose lines its main writes: a session's, or the courier's."""

    pid: int
    level: Level | None
    """What a signal has set there: it counts instead of the settings. None: as the settings say."""


class Log:
    """Where a main writes. A line that cannot be written never stops the process.

    The settings are read at once, from `NAME.logrc` in `home`; files are opened by `check` or by the first line.
    `terminal`: each written line is printed to standard error besides. `clock`: Unix time in seconds.
    """

    def __init__(
        self, home: Path, name: str, *, terminal: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        self._our = places.Surroundings(home, name, terminal, clock)
        self._settings_file = home / f"{name}.logrc"
        self._signature: store.Signature = None
        self._settings = DEFAULTS
        self._notes: list[tuple[Level, str]] = []
        """What the settings file gave reason to say, until there is a place to say it."""
        self._routes: dict[Category, Route] = {}
        self._places: dict[Category, tuple[Appender, ...]] = {}
        """Where each category's lines go; nothing until the first line. Replaced as a whole: a signal may come."""
        self.level: Level | None = None
        """What a signal has set: it counts instead of the settings."""
        self._read_settings()
        self._routes = routes(self._settings)

    @property
    def path(self) -> Path:
        """The daily file of today, if the settings do not name another one."""
        return self._our.home / f"{self._our.program}.{local_day(self._our.clock())}.log"

    # --- writing --------------------------------------------------------------------------------------------------

    def verbosity(self) -> Level:
        """Return the least level that any category writes: what is less need not be said by any process."""
        return min(route.level for route in self._routes.values() if route.appenders)

    def wants(self, category: Category, level: Level, source: Source | None = None) -> bool:
        """Whether such a line would be written."""
        chosen, route = source.level if source else self.level, self._routes[category]
        return bool(route.appenders) and level >= (chosen or route.level)

    def event(self, event: Event, source: Source | None = None) -> None:
        """Write an event with its code and text; `source`: the process that reported it."""
        category, level = category_of(event.code), Level(severity_of(event.code))
        if self.wants(category, level, source):
            session = f" [{event.session}]" if event.session else ""
            self._write(category, level, f"{event.code}{session} {describe(event)}", source, event)

    def write(self, category: Category, level: Level, text: str, source: Source | None = None) -> None:
        """Write a line that is no event."""
        chosen = source.level if source else self.level
        if level >= (chosen or self._routes[category].level):
            self._write(category, level, shown(text, LONGEST), source)

    def always(self, category: Category, level: Level, text: str) -> None:
        """Write a line marked with this level, whatever is set."""
        self._write(category, level, shown(text, LONGEST), None)

    def level_changed(self, level: Level, source: Source | None = None) -> None:
        """Set the level of this process, or note that of another; it is said with the level chosen, whatever it is.

        It counts instead of the settings for every category, also after the settings are read again.
        """
        self._write("log", level, f"Log level set to {level.name}", source)
        if source:
            source.level = level
        else:
            self.level = level

    def trace(self, error: BaseException) -> None:
        """Write where an error came from that nobody has caught."""
        for text in traceback.format_exception(error):
            for part in text.splitlines():
                self.write("log", Level.ERROR, part)

    def _write(
        self, category: Category, level: Level, text: str, source: Source | None, event: Event | None = None
    ) -> None:
        if not self._places:
            self._open()
        our = self._our
        record = Record(our.clock(), level, category, source.pid if source else os.getpid(), our.program, text, event)
        appenders = self._places[category]
        for appender in appenders:
            appender.write(record)
        if our.terminal and appenders:
            _print(record)

    # --- settings -------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Make the first settings file if there is none, open the files, and say what is wrong with the settings.

        Raises OSError if the daily file is needed and cannot be written: said at start, where a person still looks.
        """
        store.make_default(self._settings_file, self._our.program)
        self._signature = store.signature(self._settings_file)
        self._open()
        for appender in self._appenders():
            appender.open()

    def reopen(self) -> None:
        """Close and open all files, and read the settings again."""
        self._read_settings()
        self._open()

    def reread_if_changed(self) -> bool:
        """Read the settings again if their file is another one now, and if they want that; return whether it was so."""
        if not self._settings.reread or store.signature(self._settings_file) == self._signature:
            return False
        self._read_settings()
        self._open()
        return True

    def _read_settings(self) -> None:
        """Read the settings; if that fails, those before stay, and the log says why."""
        first = not self._routes
        self._signature = store.signature(self._settings_file)
        name, kept = self._settings_file.name, "the defaults" if first else "the settings before"
        try:
            octets = store.load(self._settings_file)
            reading = read(octets, self._our.program)
        except FileNotFoundError as error:
            if not first:
                self._notes.append((Level.ERROR, f"{name} cannot be read: {error.strerror}; {kept} are in force"))
            return
        except OSError as error:
            self._notes.append((Level.ERROR, f"{name} cannot be read: {error.strerror}; {kept} are in force"))
            return
        except SettingsError as error:
            self._notes.append((Level.ERROR, f"{name}, {error}; {kept} are in force"))
            return
        self._settings = reading.settings
        self._notes += [(Level.WARNING, f"{name}, {warning}") for warning in reading.warnings]
        if not first:
            self._notes.append((Level.INFO, f"Log settings read again from {name}"))

    def _open(self) -> None:
        """Make the appenders that the settings need, and say what there is to say about the settings."""
        found = routes(self._settings)
        names = dict.fromkeys(name for route in found.values() for name in route.appenders)
        made, wrong = places.make(names, self._settings, self._our)
        if all(made[name].goes_nowhere for name in found["log"].appenders):
            # Somebody must be told what is wrong with the settings.
            found["log"] = Route(found["log"].level, (DAILY,))
            made.update(places.make([DAILY], self._settings, self._our)[0])
        before = self._appenders()
        self._routes = found
        self._places = {  # two names may mean one place, where the daily file stands in for another
            category: tuple(dict.fromkeys(made[name] for name in route.appenders)) for category, route in found.items()
        }
        for appender in before:
            appender.close()
        lost = sum(appender.lost for appender in before)
        if lost:
            self._notes.append((Level.WARNING, f"{lost} lines before this one could not be written and are lost"))
        wrong += [f"category {category} writes nowhere: additivity is false, and there is no appender"
                  for category in silent(found)]  # fmt: skip
        self._notes += [(Level.WARNING, f"{self._settings_file.name}: {text}") for text in wrong]
        self._say_notes()

    def _say_notes(self) -> None:
        notes, self._notes = self._notes, []
        for level, text in notes:
            self.write("log", level, text)
        if self._settings.debug:
            for category, route in self._routes.items():
                where = ", ".join(route.appenders) or "nowhere"
                self.always("log", Level.DEBUG, f"Category {category}: {route.level.name} and worse to {where}")

    def _appenders(self) -> list[Appender]:
        return list(dict.fromkeys(appender for appenders in self._places.values() for appender in appenders))


def _print(record: Record) -> None:
    try:
        sys.stderr.write(f"{seon_layout(record)}\n")
        sys.stderr.flush()
    except (OSError, ValueError):  # a closed terminal: sessions go on (docs/design.md §9)
        return
