"""The log file of the API and of the queue daemon, in SEON_HOME/log. A command line writes no log."""

import logging
import logging.config
import logging.handlers
import signal
import time
from pathlib import Path

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
RUNS = "seon.script.runs"
"""The logger of runs of the event script."""
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
    """A file that may be moved away at any time. One that cannot be opened again for now ends nothing."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record. What fails is said on standard error by logging itself."""
        try:
            super().emit(record)
        except OSError:  # the directory is gone, or no descriptor is left: the next line tries again
            self.handleError(record)

    def reopen(self) -> None:
        """Close the file and open it by its name, whatever file that is now."""
        self.acquire()
        try:
            if self.stream is not None:
                self.stream.close()
            self.stream = None  # the next line opens the file
        finally:
            self.release()


def open_log(directory: Path, name: str, level: str = "info") -> Path:
    """Send all records of this process to `<directory>/<name>.log`, which rotation may move. Raises OperatorError."""
    path = directory / f"{name}.log"
    try:
        logging.config.dictConfig(_configuration(path, LEVELS[level]))
    except (OSError, ValueError) as error:
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        raise OperatorError(f"The log file {path} cannot be written: {cause}") from None
    return path


def put_runs_into_api_log(directory: Path) -> None:
    """Let what the event script says stand in the API log, whichever program runs it. Call it after `open_log`.

    Raises OperatorError.
    """
    runs = logging.getLogger(RUNS)
    path = directory / f"{API}.log"
    if runs.handlers or any(Path(handler.baseFilename) == path for handler in _files()):
        return
    try:
        handler = LogFile(str(path))
    except OSError as error:
        raise OperatorError(f"The log file {path} cannot be written: {error}") from None
    handler.setFormatter(LineFormatter(_FORM, style="{"))
    runs.addHandler(handler)
    runs.propagate = False


def reopen_log() -> None:
    """Open the log file anew, after it was moved away; the new file begins with a line about it."""
    for handler in _files():
        handler.reopen()
    log.info("Log file opened anew, because of SIGHUP")


def set_level(name: str) -> None:
    """Write what is at least of this level from now on; it is said with the level chosen, whatever it is."""
    level = LEVELS[name]
    logging.getLogger(OURS).setLevel(level)
    for handler in _files():
        handler.setLevel(level)
    log.log(level, "Log level set to %s", name.upper())


def _files() -> list[LogFile]:
    handlers = [*logging.getLogger().handlers, *logging.getLogger(RUNS).handlers]
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
        },
    }
