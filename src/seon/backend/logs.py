"""The log file of the API and of the queue daemon, in SEON_HOME/log. A command line writes no log."""

import logging
import logging.config
import logging.handlers
import os
import signal
import sys
import time
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

from seon.backend.apilog.places import opened
from seon.backend.errors import OperatorError

TRACE = 5
LEVELS = {
    "trace": TRACE,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "fatal": logging.FATAL,
}
SIGNALS = {20: "trace", 21: "debug", 22: "info", 23: "error", 24: "fatal"}
"""What each signal chooses, as at server and client (mission D3)."""
OBEYED = (signal.SIGHUP, *SIGNALS)
"""What a running daemon obeys. Until it can it holds them: unhandled, they would end or stop it."""
API = "seonapi"
"""The name of the API log, without its ending."""
API_LINES = "seon.apilog"
"""The logger above those whose lines stand in the API log, whichever program has them."""
RUNS = f"{API_LINES}.script"
"""The logger of runs of the event script."""
IGNORED = f"{API_LINES}.ignored"
"""The logger of events that an ignore rule keeps out of the system log."""
_FORM = "{asctime}Z {levelname} {process} {name}: {message}"
OURS = "seon"
"""The loggers below it are ours; what libraries say below INFO is not for an administrator."""

log = logging.getLogger("seon.log")
logging.addLevelName(TRACE, "TRACE")
logging.addLevelName(logging.FATAL, "FATAL")


class LineFormatter(logging.Formatter):
    """One record, one line: what a stranger sent cannot begin a new one. A traceback follows indented."""

    converter = staticmethod(time.gmtime)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line with control characters escaped."""
        line = super().formatMessage(record)
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in line)

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's name
        """Return the traceback, each line indented."""
        text = super().formatException(ei)  # type: ignore[arg-type]  # passed on as it came
        return "\n".join("    " + line for line in text.splitlines())


class LogFile(logging.handlers.WatchedFileHandler):
    """A file that may be moved away at any time. One that cannot be opened again for now ends nothing.

    The API log may have another place than its own, which the administrator has chosen (`apilog.following`).
    """

    def __init__(self, filename: str) -> None:
        self.own = Path(filename).absolute()
        self.trouble = ""
        """Why the lines are in its own file, although another one was chosen."""
        super().__init__(filename)

    @property
    def place(self) -> Path:
        """The file that is written now."""
        return Path(self.baseFilename)

    def _open(self) -> TextIOWrapper:
        if self.place == self.own:
            return super()._open()
        return os.fdopen(opened(self.place), "a", encoding="utf-8")

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record. What fails is said on standard error by logging itself."""
        try:
            super().emit(record)
        except OSError:  # the directory is gone, or no descriptor is left: the next line tries again
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Write what a chosen file did not take into its own."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError) and self.place != self.own:
            self.fall_back(error)
            self.emit(record)
        else:
            super().handleError(record)

    def move(self, place: Path | None) -> None:
        """Write to another file from now on; None: its own. Raises OSError; the file stays the one before then."""
        self.acquire()
        try:
            before, self.baseFilename = self.baseFilename, str(place or self.own)
            try:
                stream = self._open()
            except OSError:
                self.baseFilename = before
                raise
            self._close_stream()
            self.stream, self.trouble = stream, ""
            self._statstream()
        finally:
            self.release()

    def fall_back(self, error: OSError) -> None:
        """Write to its own file from now on, since the chosen one cannot be written."""
        self.acquire()
        try:
            self.trouble = error.strerror or str(error)
            if self.place != self.own:
                self._close_stream()
                self.baseFilename = str(self.own)
        finally:
            self.release()

    def reopen(self) -> None:
        """Close the file and open it by its name, whatever file that is now."""
        self.acquire()
        try:
            self._close_stream()  # the next line opens the file
        finally:
            self.release()

    def _close_stream(self) -> None:
        if self.stream is not None:
            with suppress(OSError):  # a full disk, where something was left to be written
                self.stream.close()
        self.stream = None


def open_log(directory: Path, name: str, level: str = "info") -> Path:
    """Send all records of this process to `<directory>/<name>.log`, which rotation may move. Raises OperatorError."""
    path = directory / f"{name}.log"
    try:
        logging.config.dictConfig(_configuration(path, LEVELS[level]))
    except (OSError, ValueError) as error:
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        raise OperatorError(f"The log file {path} cannot be written: {cause}") from None
    return path


def write_api_log_too(directory: Path) -> None:
    """Let this program, which has a log of its own, write what belongs into the API log. Call it after `open_log`.

    Raises OperatorError.
    """
    ours = logging.getLogger(API_LINES)
    path = directory / f"{API}.log"
    if ours.handlers or any(handler.own == path.absolute() for handler in _files()):
        return
    try:
        handler = LogFile(str(path))
    except OSError as error:
        raise OperatorError(f"The log file {path} cannot be written: {error}") from None
    handler.setFormatter(LineFormatter(_FORM, style="{"))
    ours.addHandler(handler)
    ours.propagate = False


def reopen_log() -> None:
    """Open the log file anew, after it was moved away; the new file begins with a line about it."""
    for handler in _files():
        handler.reopen()
    log.info("Log file opened anew, because of SIGHUP")


def set_level(name: str) -> None:
    """Write what is at least of this level from now on; it is said with the level chosen, whatever it is."""
    level = LEVELS[name]
    for handler in _files():
        handler.setLevel(level)
    logging.getLogger(OURS).setLevel(level)
    logging.getLogger(API_LINES).setLevel(logging.NOTSET)  # as all of ours
    log.log(level, "Log level set to %s", name.upper())


def set_api_level(name: str) -> None:
    """Set the level of the API log; where another log is this process's own, that one keeps its level."""
    file, level = api_log(), LEVELS[name]
    if file is None or file in logging.getLogger().handlers:
        set_level(name)
        return
    logging.getLogger(API_LINES).setLevel(level)
    file.setLevel(level)
    say_in_api_log(level, f"Log level set to {name.upper()}")


def api_log() -> LogFile | None:
    """Return the API log, if this process writes it."""
    return next((file for file in _files() if file.own.name == f"{API}.log"), None)


def say_in_api_log(level: int, text: str) -> None:
    """Write a line about the API log into it."""
    ours = logging.getLogger(API_LINES)
    write_always(ours if ours.handlers else log, level, text)


def write_always(logger: logging.Logger, level: int, text: str) -> None:
    """Write a line with this level, also where lines of that level are not written at present."""
    if logger.isEnabledFor(level):
        logger.log(level, "%s", text)
        return
    record = logger.makeRecord(logger.name, level, "", 0, "%s", (text,), None)
    for handler in logger.handlers or logging.getLogger().handlers:
        if isinstance(handler, LogFile):
            handler.handle(record)  # past the levels of logger and handler


def _files() -> list[LogFile]:
    handlers = [*logging.getLogger().handlers, *logging.getLogger(API_LINES).handlers]
    return [handler for handler in handlers if isinstance(handler, LogFile)]


def _configuration(path: Path, level: int) -> dict[str, object]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": LineFormatter, "format": _FORM, "style": "{"}},
        "handlers": {"file": {"()": LogFile, "filename": str(path), "formatter": "line", "level": level}},
        "root": {"handlers": ["file"], "level": "INFO"},
        "loggers": {
            OURS: {"level": level},
            "axes": {"level": "WARNING"},
            # Every refusal of a call has its line (api/problems.py); Django would repeat it without the source.
            "django.request": {"level": "ERROR"},
            # A traceback for each call by a wrong name, which any stranger makes: panel/refusing.py has a line for it.
            "django.security": {"level": "CRITICAL"},
        },
    }
