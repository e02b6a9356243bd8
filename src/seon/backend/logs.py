"""The log file of the API and of the queue daemon, in SEON_HOME/log. A command line writes no log."""

import logging
import logging.config
import time
from pathlib import Path

from seon.backend.errors import OperatorError


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


def open_log(directory: Path, name: str) -> Path:
    """Send all records of this process to `<directory>/<name>.log`, which rotation may move. Raises OperatorError."""
    path = directory / f"{name}.log"
    try:
        logging.config.dictConfig(_configuration(path))
    except (OSError, ValueError) as error:
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        raise OperatorError(f"The log file {path} cannot be written: {cause}") from None
    return path


def _configuration(path: Path) -> dict[str, object]:
    form = "{asctime}Z {levelname} {process} {name}: {message}"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": LineFormatter, "format": form, "style": "{"}},
        "handlers": {
            "file": {"class": "logging.handlers.WatchedFileHandler", "filename": str(path), "formatter": "line"}
        },
        "root": {"handlers": ["file"], "level": "INFO"},
        # Every refusal of a call has a line of its own (api/problems.py); Django would repeat it without the source.
        "loggers": {"axes": {"level": "WARNING"}, "django.request": {"level": "ERROR"}},
    }
