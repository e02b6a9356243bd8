"""From the settings of appenders to the appenders themselves: which path, which layout."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from seon.daemon.writing.appenders import Appender, Clock, FileAppender, NowhereAppender, TerminalAppender
from seon.daemon.writing.daily import DailyAppender
from seon.daemon.writing.layouts import layout_of
from seon.daemon.writing.rolling import RollingAppender
from seon.daemon.writing.settings import DAILY, AppenderSettings, Settings
from seon.daemon.writing.syslog import DEV_LOG, SyslogAppender

_STREAMS = ("stdout", "stderr")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all appenders of a program share. Relative paths are below `home`, whatever the working directory."""

    home: Path
    program: str
    terminal: bool
    """Whether the standard streams lead anywhere."""
    clock: Clock
    syslog: Path = DEV_LOG


def make(names: Iterable[str], settings: Settings, our: Surroundings) -> tuple[dict[str, Appender], list[str]]:
    """Make and open the named appenders; return them and what is wrong with any.

    One that cannot be opened is replaced by the daily file, so that its lines are not lost. Whether that one can be
    written is for the caller to find out.
    """
    made = {
        name: appender(settings.appenders.get(name, AppenderSettings(name)), settings.bufsize, our) for name in names
    }
    wrong = []
    for name, place in list(made.items()):
        if place.goes_nowhere:
            wrong.append(f'appender "{name}": the lines go nowhere, because the program shows nothing on a terminal')
        try:
            place.open()
        except OSError as error:
            if name != DAILY:
                daily = made.get(DAILY) or appender(AppenderSettings(DAILY), settings.bufsize, our)
                made[DAILY] = made[name] = daily
                why = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
                wrong.append(f'appender "{name}" cannot be opened: {why}; its lines go to the daily file')
    return made, wrong


def appender(wanted: AppenderSettings, bufsize: int, our: Surroundings) -> Appender:
    """Return an appender, not yet opened."""
    layout = layout_of(wanted, bufsize)
    match wanted.type:
        case "seon_appender":
            path = daily_path(wanted.name, our)
            return DailyAppender(layout, path, maxsize=wanted.maxsize, retention=wanted.retention, clock=our.clock)
        case "rollingfile":
            prefix = our.home / wanted.logdir / (wanted.prefix or our.program)
            return RollingAppender(layout, prefix, maxsize=wanted.maxsize, maxnum=wanted.maxnum)
        case "syslog":
            return SyslogAppender(layout, our.program if wanted.name == "syslog" else wanted.name, our.syslog)
        case "stream" | "stream2" | "mmap":
            if wanted.type != "mmap" and wanted.name in _STREAMS:
                return TerminalAppender(layout, wanted.name) if our.terminal else NowhereAppender(layout)
            return FileAppender(layout, our.home / wanted.name)


def daily_path(name: str, our: Surroundings) -> Path:
    """Return a daily file's path without day and ending; `seon_appender` and a directory mean the program's name."""
    named = our.program if name == DAILY else name
    return our.home / (named + our.program if named.endswith("/") else named)
