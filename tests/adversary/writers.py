"""Honest processes that write many lines at once, and a clock that passes midnight in the middle of them.

All wait for the file `go` in the program's directory: `{"round": NAME, "lines": COUNT}`. The file `midnight` there
holds how many lines a main still writes before midnight.
"""

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

from seon.client.courier.courier import Courier
from seon.endings import SessionEnd
from seon.process.levels import Level
from seon.process.line import MAX_LINE
from seon.session.main_line import MainLine

LONG = 100
"""Each line of such a number is as long as can be."""
STAMPS, STAMP_SECONDS = 100, 0.02
_POLL_SECONDS = 0.01
_honest_beat = Courier._beat


def text_of(round_: str, number: int, who: str) -> str:
    """Return a line's text; its length is another one than that of the lines around it."""
    text = f"line {number} of {who} in {round_} "
    return text + "x" * (MAX_LINE - len(text) if number % LONG == 0 else number * 7 % 300)


class Midnight:
    """A clock in Unix time. From when the file was there, each call is a millisecond later than the one before."""

    def __init__(self, home: Path) -> None:
        self._file = home / "midnight"
        self._now = 0.0

    def __call__(self) -> float:
        if self._file.exists():
            self._now = _midnight_after(self._now or time.time()) - int(self._file.read_text()) / 1_000
            self._file.unlink()
        if not self._now:
            return time.time()
        self._now += 0.001
        return self._now


def _midnight_after(moment: float) -> float:
    today = time.localtime(moment)
    return time.mktime((today.tm_year, today.tm_mon, today.tm_mday + 1, 0, 0, 0, 0, 0, -1))


def _order(directory: Path) -> dict[str, Any] | None:
    file = directory / "go"
    return json.loads(file.read_text()) if file.exists() else None


# --- session processes ------------------------------------------------------------------------------------------------


def write(main: MainLine, session: str, directory: Path) -> int:
    """Be a session process that starts, writes its lines once it may, and ends in order."""
    _start(main)
    while not (order := _order(directory)):
        time.sleep(_POLL_SECONDS)
    for number in range(order["lines"]):
        main.log("session", Level.INFO, text_of(order["round"], number, session))
    main.ending(SessionEnd("idle", "idle", number=7))
    main.report("SES-END", ended_by="idle", reason="x", seconds=1.0)
    main.say_goodbye()
    return 0


def flood(main: MainLine) -> int:
    """Be a session process that writes lines for ever."""
    _start(main)
    while True:
        main.log("session", Level.INFO, "flood " + "x" * 1_000)


def stamp(main: MainLine) -> int:
    """Be a session process that writes a line now and then, and in it when that was."""
    _start(main)
    for _ in range(STAMPS):
        main.log("session", Level.INFO, f"said at {time.time():.6f}")
        time.sleep(STAMP_SECONDS)
    while True:
        time.sleep(60)


def _start(main: MainLine) -> None:
    main.report("SES-START", tls="x")
    main.running("")


# --- the courier ------------------------------------------------------------------------------------------------------


async def beat_and_write(courier: Courier) -> None:
    """Take the place of what lets the main know that the courier is alive: that, and the lines of each round."""
    beating = asyncio.create_task(_honest_beat(courier))
    try:
        await _write_rounds(courier, Path(os.environ["SEON_HOME"]))
    finally:
        beating.cancel()


async def _write_rounds(courier: Courier, directory: Path) -> None:
    done = ""
    while True:
        order = _order(directory)
        if order and order["round"] != done:
            done = order["round"]
            for number in range(order["lines"]):
                await courier._lines.write("courier", Level.INFO, text_of(done, number, "courier"))
        await asyncio.sleep(_POLL_SECONDS)
