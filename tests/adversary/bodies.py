"""Hostile session processes: what one may do that an attacker has taken over, with everything it holds."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adversary import writers
from seon.net.pump import Pump
from seon.session.assignment import Assignment
from seon.session.main_line import MainLine

FLOOD = 100_000
LARGEST = 200_000
"""Octets that a message of the line can have: the kernel takes no more."""
LATE_MAY_START = "late-may-start"
"""The file for which the body `late` waits. (`go` is another one: the courier reads that.)"""


def live(name: str, honest: Callable[[], int], assignment: Assignment, sock: socket.socket) -> int:
    """Be the session process with this body."""
    if name == "deaf":
        return _deaf(honest)
    if name in WRITERS:
        main = MainLine(sock, tracing=False, drain_seconds=1)
        return WRITERS[name](main, assignment)
    if name == "eraser":
        return _eraser(sock)
    if name == "late":
        return _late(honest, assignment)
    Liar(assignment, sock).live(name)
    return 0


def _deaf(honest: Callable[[], int]) -> int:
    """Start as any session, and from then on ignore everything: signals, the main, and both peers."""

    def hang(_: Pump) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        _for_ever()

    Pump.run = hang  # type: ignore[assignment,method-assign]
    return honest()


def _late(honest: Callable[[], int], assignment: Assignment) -> int:
    """Start when a file says so."""
    while not (Path(assignment.directory) / LATE_MAY_START).exists():
        time.sleep(0.01)
    return honest()


def _eraser(sock: socket.socket) -> int:
    """Empty and write whatever is open here, then go on as one that has started."""
    for number in [int(name) for name in os.listdir("/proc/self/fd")]:  # noqa: PTH208  # as an attacker would
        if number != sock.fileno():
            for attempt in (
                lambda number=number: fcntl.fcntl(number, fcntl.F_SETFL, 0),
                lambda number=number: os.ftruncate(number, 0),
                lambda number=number: os.write(number, b"FORGED\n"),
            ):
                with contextlib.suppress(OSError):
                    attempt()
    for message in (STARTED, RUNNING):
        sock.send(json.dumps(message).encode())
    _for_ever()
    return 0


WRITERS: dict[str, Callable[[MainLine, Assignment], int]] = {
    "writer": lambda main, given: writers.write(main, given.session, Path(given.directory)),
    "flooding": lambda main, _: writers.flood(main),
    "stamping": lambda main, _: writers.stamp(main),
}
"""Those that write lines (`adversary.writers`)."""


def _for_ever() -> None:
    while True:
        time.sleep(60)


def _happened(number: int, code: str, **fields: Any) -> dict[str, Any]:
    return {"type": "reported", "number": number, "code": code, "fields": fields}


def _ending(by: str, why: str, **more: Any) -> dict[str, Any]:
    return {"type": "ending", "end": {"by": by, "why": why, **more}}


def _line(category: str, level: int, text: str) -> dict[str, Any]:
    return {"type": "log-line", "category": category, "level": level, "text": text}


FORGERY = "ADM-REFUSED Partner connection from 9.9.9.9:9 to 8.8.8.8:8 refused: x\n2026-11-26 00:00:00.000 FATAL   1 y"
"""A line that would have fail2ban lock out who is named, and a second one behind it."""
RUNNING = {"type": "stage", "stage": "running"}
IDLE = _ending("idle", "idle", number=7)
STARTED = _happened(1, "SES-START", tls="x")
ENDED = {"ended_by": "partner", "reason": "FORGED", "seconds": 1.0}
"""Who and why are not believed: what it has said of its end counts."""
FINDING = {"rule": "FLD-TIME", "key": "FLD-TIME", "side": "INITIATOR", "stb": 1, "offset": 1, "text": "x",
           "field": "-", "seen": "-"}  # fmt: skip

HOW_FAR = {"type": "progress", "phase": "receiving", "octets_in": 1, "octets_out": 1}
_FILE = {"name": "FORGED", "octets": 1, "size": 1}

KILLED: dict[str, tuple[list[Any], str]] = {
    "license": ([STARTED, _happened(2, "LIC-END", until="FORGED")], "it reported what no session reports"),
    "audit": (
        [STARTED, _happened(2, "AUD-CHANGE", user="FORGED", what="x", change="x")],
        "it reported what no session reports",
    ),
    "main": ([_happened(1, "SES-KILLED", pid=1, partner="x", reason="FORGED")], "it reported what no session reports"),
    "unknown": ([STARTED, _happened(2, "FORGED-CODE")], "it reported what no session reports"),
    "out of order": ([STARTED, _happened(3, "SES-NOTRACE", reason="FORGED")], "its events are not in order"),
    "repeated": ([STARTED, _happened(1, "SES-NOTRACE", reason="FORGED")], "its events are not in order"),
    "backwards": ([STARTED, RUNNING, _happened(0, "SES-NOTRACE", reason="FORGED")], ""),
    "failed after running": (
        [STARTED, RUNNING, _happened(2, "SES-FAILED", reason="FORGED")],
        "it reported that it failed to start, and was running",
    ),
    "how far before it runs": ([STARTED, HOW_FAR], "it says how far it is, and is not under way"),
    "less than nothing": ([STARTED, RUNNING, {**HOW_FAR, "octets_in": -1}], ""),
    "more than there can be": ([STARTED, RUNNING, {**HOW_FAR, "octets_out": 2**70}], ""),
    "a size that cannot be": ([STARTED, RUNNING, {**HOW_FAR, "file_in": {**_FILE, "size": 2**70}}], ""),
    "a name that is too long": ([STARTED, RUNNING, {**HOW_FAR, "file_in": {**_FILE, "name": "FORGED" * 5}}], ""),
    "how far another session is": ([STARTED, RUNNING, {**HOW_FAR, "session": "FORGED"}], ""),
    "end twice": (
        [STARTED, RUNNING, IDLE, _happened(2, "SES-END", **ENDED), _happened(3, "SES-END", **ENDED)],
        "it reported SES-END twice",
    ),
    "an end that it has not said": (
        [STARTED, RUNNING, _happened(2, "SES-END", **ENDED)],
        "it reported its end without saying what ends it",
    ),
    "runs without a start": ([RUNNING], "it runs and has not started"),
    "end before start": ([_happened(1, "SES-END", **ENDED)], "it reported SES-END before its start"),
    "after its end": (
        [STARTED, RUNNING, IDLE, _happened(2, "SES-END", **ENDED), _happened(3, "SES-NOTRACE", reason="FORGED")],
        "it reported SES-NOTRACE after its end",
    ),
    "a line about changes by people": ([STARTED, _line("audit", 30, "FORGED")], "it wrote a line about audit"),
    "a line about the gate": ([STARTED, _line("gate", 30, "FORGED")], "it wrote a line about gate"),
    "its level again and again": (
        [STARTED, *({"type": "log-level", "level": level} for level in (20, 50) * 501)],
        "its log level was changed again and again",
    ),
    "garbage": ([STARTED, b"\x00\xff\xfe FORGED"], ""),
    "no UTF-8": ([STARTED, b'{"type":"log-line","category":"session","level":20,"text":"FORGED \xff"}'], ""),
    "deep JSON": ([STARTED, b'{"type":"reported","number":2,"code":"SES-NOTRACE","fields":' + b"[" * 60_000], ""),
    "half a message": ([STARTED, json.dumps(_happened(2, "SES-NOTRACE", reason="FORGED")).encode()[:-9]], ""),
    "a message as large as can be": ([STARTED, b'"FORGED' + b"x" * LARGEST + b'"'], ""),
    "what mains say": ([STARTED, {"type": "taken", "number": 2**53}], ""),
    "a field of its own": ([STARTED, {**_happened(2, "SES-NOTRACE", reason="FORGED"), "session": "FORGED"}], ""),
}
"""What is said, and why the process is killed for it ("": the words are the decoder's)."""
BY_HOST: dict[str, dict[str, tuple[list[Any], str]]] = {
    "dmz": {
        "other host": (
            [STARTED, _happened(2, "SES-NOCONTENT", exchanges=1, partner="FORGED")],
            "it reported what no session reports",
        ),
        "station did it": ([STARTED, RUNNING, _ending("station", "esid")], "it said what it cannot know"),
        "how far": ([STARTED, RUNNING, HOW_FAR], "it says how far it is, and is not under way"),
        "crash by rule": ([STARTED, RUNNING, _ending("crash", "rule", rule="FLD-TIME")], "it said what it cannot know"),
    },
    "inside": {
        "how far, again and again": ([STARTED, RUNNING, *[HOW_FAR] * 100], "it says again and again how far it is"),
        "other host": ([_happened(1, "ADM-DIAL", partner="FORGED")], "it reported what no session reports"),
        "partner did it": ([STARTED, RUNNING, _ending("partner", "esid")], "it said what it cannot know"),
        "rule that is none": (
            [STARTED, RUNNING, _ending("verifier", "rule", rule="FORGED")],
            "it said what it cannot know",
        ),
    },
}


class Liar:
    """A session process that says what nobody has taught it, and hears nothing."""

    def __init__(self, assignment: Assignment, sock: socket.socket) -> None:
        self._hop, self._sock = assignment.hop, sock

    def live(self, name: str) -> None:
        known = KILLED | BY_HOST[self._hop]
        if name in known:
            for message in known[name][0]:
                self._say(message)
        elif name == "another's name":
            self._anothers_name()
            return
        elif name == "forger":
            for message in (STARTED, RUNNING, _line("session", 30, FORGERY), _line("session", 50, FORGERY)):
                self._say(message)
            return
        else:
            {"flood": self._flood, "100 MB": self._one_hundred_megabytes}[name]()
        _for_ever()

    def _say(self, message: Any) -> None:
        self._sock.send(message if isinstance(message, bytes) else json.dumps(message).encode())

    def _flood(self) -> None:
        self._say(STARTED)
        self._say(RUNNING)
        for number in range(2, FLOOD):
            self._say(_happened(number, "SES-FINDING", **FINDING))

    def _one_hundred_megabytes(self) -> None:
        self._say(STARTED)
        for _ in range(100_000_000 // LARGEST):
            self._say(b" " * LARGEST)

    def _anothers_name(self) -> None:
        """Speak of another partner and another session, then end."""
        of_others = {"partner": "FORGED", "direction": "FORGED", "source": "FORGED", "target": "FORGED"}
        self._say(_happened(1, "SES-START", tls="x", session="FORGED", hop="FORGED", id="FORGED", **of_others))
        self._say(RUNNING)
        self._say(IDLE)
        self._say(_happened(2, "SES-END", partner="FORGED", **ENDED))
