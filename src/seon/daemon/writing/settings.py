"""What a settings file of the log says, as values (docs/logging.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from seon.process.levels import Level

AppenderType = Literal["seon_appender", "stream", "stream2", "mmap", "rollingfile", "syslog"]
LayoutType = Literal["seon_layout", "basic", "basic_r", "dated", "dated_r", "dated_local", "dated_local_r", "json"]

ROOT = "root"
DAILY: Final = "seon_appender"
"""The appender of a category that has none on its way to root, and the type of the daily file."""
DEFAULT_MAXSIZE = 20 * 1024
"""Octets: log4c's own, for a rolling policy that names none."""
DEFAULT_MAXNUM = 5
"""log4c's own, too."""
MAX_MAXNUM = 1_000
"""Each file is renamed whenever the files roll: more would stop the main for a moment each time."""


@dataclass(frozen=True, slots=True)
class CategorySettings:
    """One category. `name` is without the program's name: "" is the program itself, "root" is root."""

    name: str
    level: Level | None = None
    """Lines below this are not written; None: as its parent says."""
    appender: str = ""
    additive: bool = True
    """Whether the appenders of its parents write its lines, too."""


@dataclass(frozen=True, slots=True)
class AppenderSettings:
    """One place that lines go to. Sizes are in octets; which values count depends on the type."""

    name: str
    type: AppenderType = DAILY
    layout: LayoutType = "seon_layout"
    logdir: str = ""
    """Of a rollingfile: "" is the home."""
    prefix: str = ""
    """Of a rollingfile: "" is the program's name."""
    maxsize: int = 0
    """0 is without limit."""
    maxnum: int = DEFAULT_MAXNUM
    retention: int = 0
    """Of a daily file: days, after which it is removed; 0 is never."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All of a file. What it does not say is as here; without any file, this is all."""

    bufsize: int = 0
    """Octets of a line in the layouts basic_r, dated_r and dated_local_r; 0 is without limit."""
    debug: int = 0
    """More than 0: the log says how it understood the file."""
    reread: bool = False
    """Whether a change of the file is looked for while the program runs."""
    categories: Mapping[str, CategorySettings] = field(default_factory=dict)
    appenders: Mapping[str, AppenderSettings] = field(default_factory=dict)
    """Those that are declared, and those that a category names."""


DEFAULTS = Settings(reread=True)
"""In force where no file can be read: rereading stays on, so that a file that is put right is noticed."""


class SettingsError(Exception):
    """The file cannot be used. The text says why; `line` and `column` start at 1, and 0 means the whole file."""

    def __init__(self, text: str, line: int = 0, column: int = 0) -> None:
        super().__init__(text)
        self.text = text
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.text}" if self.line else self.text
