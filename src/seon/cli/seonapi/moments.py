"""Moments on the command line: `2026-12-24`, `2026-12-24 18:30`, with a zone if it is not UTC, or `2h` ago."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import click

_AGO = re.compile(r"([0-9]{1,6})\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ALLOWED = "2026-12-24, '2026-12-24 18:30', 2026-12-24T18:30:00+01:00"


class Moment(click.ParamType):  # type: ignore[type-arg]  # generic in new releases only
    """A moment, in UTC where no zone is said. `end`: a day stands for its end. `ago`: `2h` is two hours ago.

    `none`: an empty text stays as it is, and stands for no moment at all.
    """

    name = "time"

    def __init__(self, *, end: bool = False, ago: bool = False, none: bool = False) -> None:
        self._end, self._ago, self._none = end, ago, none

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | Literal[""]:
        """Return the moment of a text."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        if self._none and not text:
            return ""
        try:
            ago = _AGO.fullmatch(text) if self._ago else None
            if ago:
                return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC) + timedelta(days=1 if self._end and _DAY.fullmatch(text) else 0)
        except (ValueError, OverflowError):
            allowed = f"{_ALLOWED}, or 2h, 7d" if self._ago else _ALLOWED
            self.fail(f"{text[:60]!r} is no moment; allowed: {allowed}", param, ctx)


MOMENT = Moment()
END = Moment(end=True)
END_OR_NONE = Moment(end=True, none=True)
SINCE = Moment(ago=True)
UNTIL = Moment(ago=True, end=True)


def shown_moment(moment: datetime | None) -> str:
    """Return a moment as tables show it, in UTC; "" for None."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if moment else ""
