"""What a service manager is told, by systemd's protocol: a datagram to the socket that NOTIFY_SOCKET names.

See sd_notify(3). Nothing depends on it: without the variable, or if nobody listens, nothing happens.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import MutableMapping

MAX_STATUS = 500
"""Characters of a status."""
MIN_BEAT_SECONDS = 0.01
"""The watchdog hears no more often, whatever it asks for: the loop has other things to do."""
_MAX_DIGITS = 15
"""Of a time in microseconds: 30 years."""


class Notify:
    """Tells the service manager how this process fares. Takes its variables away: no child may speak for us."""

    def __init__(self, environment: MutableMapping[str, str] | None = None) -> None:
        """Read the variables of `environment`; without one nobody is told anything."""
        given = {} if environment is None else environment
        self._address = given.pop("NOTIFY_SOCKET", "")
        usec, pid = given.pop("WATCHDOG_USEC", ""), given.pop("WATCHDOG_PID", "")
        ours = not pid or pid == str(os.getpid())
        self.watchdog_seconds = int(usec) / 1e6 if ours and _is_number(usec) and self._address else 0.0
        """The service manager wants to hear from us as often as that; 0: it does not."""
        self._status = ""

    def ready(self) -> None:
        """The program serves. Its process id is said too: the one that was started may be another."""
        self._say(f"READY=1\nMAINPID={os.getpid()}")

    def status(self, text: str) -> None:
        """Say in a line what the program does, and what is missing; said when it changes."""
        line = " ".join(text.split())[:MAX_STATUS]
        if line != self._status:
            self._status = line
            self._say(f"STATUS={line}")

    def stopping(self) -> None:
        """The program is about to end, in order."""
        self._say("STOPPING=1")

    async def beat(self) -> None:
        """Tell the watchdog that the loop runs, until cancelled. Returns at once if there is none."""
        while self.watchdog_seconds:
            self._say("WATCHDOG=1")
            await asyncio.sleep(max(self.watchdog_seconds / 2, MIN_BEAT_SECONDS))

    def _say(self, text: str) -> None:
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.sendto(text.encode("utf-8", "replace"), address)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
