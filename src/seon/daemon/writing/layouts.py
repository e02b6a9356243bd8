"""How a line looks: log4c's layouts, our own, and JSON. Pure; none returns a line break.

They are those of log4c 1.2.4 to the octet: `dated` has no space before its hyphen, `dated_r` has one. log4c writes
`[NAME] ` before a line in the places stream and stream2. Its own layouts get that here (`layout_of`); ours and JSON
are for machines and get nothing.
"""

from collections.abc import Callable

from seon.daemon.writing.records import Record, local_compact, local_second, utc_second
from seon.daemon.writing.settings import AppenderSettings
from seon.ecs import document, line
from seon.process.levels import Level

Layout = Callable[[Record], str]

MAX_BASIC = 1023
"""Characters of a line in `basic` and `dated`, as in log4c. `basic_r` and `dated_r` have the limit of bufsize only."""
_CUT = "..."
_NAMED = ("stream", "stream2")
_LOG4C = {Level.WARNING: "WARN"}


def layout_of(appender: AppenderSettings, bufsize: int) -> Layout:
    """Return the layout of an appender; `bufsize`: octets, of those layouts that have the limit (0: none)."""
    if appender.layout == "seon_layout":
        return seon_layout
    if appender.layout == "json":
        return json_layout
    name = f"[{appender.name}] " if appender.type in _NAMED else ""
    form, most = _FORMS[appender.layout], bufsize if appender.layout.endswith("_r") else MAX_BASIC
    return lambda record: name + cut(form(record), most)


def seon_layout(record: Record) -> str:
    """Return `YYYY-mm-dd HH:MM:SS.mmm LEVEL   PID text`, in local time."""
    moment = record.time
    second = int(moment)
    milliseconds = int((moment - second) * 1000)
    return f"{local_second(second)}.{milliseconds:03d} {record.level.name:<7} {record.pid} {record.text}"


def basic(record: Record) -> str:
    """Return `LEVEL    category - text`."""
    return f"{_log4c_name(record.level):<8} {record.category} - {record.text}"


def dated(record: Record, clock: Callable[[int], str], separator: str) -> str:
    """Return `YYYYmmdd HH:MM:SS.mmm LEVEL    category- text`; `clock` shows a second, `separator` is the `- `."""
    second = int(record.time)
    moment = f"{clock(second)}.{int((record.time - second) * 1000):03d}"
    return f"{moment} {_log4c_name(record.level):<8} {record.category}{separator}{record.text}"


def json_layout(record: Record) -> str:
    """Return one JSON object with the field names of the Elastic Common Schema.

    All of it is printable ASCII: values of an event come from strangers, and are not escaped yet.
    """
    made = document(
        record.event,
        time=record.time, level=record.level.name, category=record.category,
        pid=record.pid, program=record.program, text=record.text,
    )  # fmt: skip
    return line(made)


def cut(text: str, most: int) -> str:
    """Return at most `most` characters, with `...` as the last three where something is missing; 0: all."""
    return text if not most or len(text) <= most else text[: most - len(_CUT)] + _CUT


def _log4c_name(level: Level) -> str:
    return _LOG4C.get(level, level.name)


_FORMS: dict[str, Layout] = {
    "basic": basic,
    "basic_r": basic,
    "dated": lambda record: dated(record, utc_second, "- "),
    "dated_r": lambda record: dated(record, utc_second, " - "),
    "dated_local": lambda record: dated(record, local_compact, "- "),
    "dated_local_r": lambda record: dated(record, local_compact, " - "),
}
