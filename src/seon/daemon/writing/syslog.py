"""The host's syslog, through /dev/log: the type `syslog`. A datagram each, never waiting: a full one is a lost line."""

import os
import socket
import time
from pathlib import Path

from seon.daemon.writing.appenders import Appender
from seon.daemon.writing.layouts import Layout
from seon.daemon.writing.records import Record
from seon.process.levels import Level

DEV_LOG = Path("/dev/log")
USER = 1
"""The facility, as in log4c."""
SEVERITIES = {Level.FATAL: 2, Level.ERROR: 3, Level.WARNING: 4, Level.INFO: 6, Level.DEBUG: 7, Level.TRACE: 7}
"""As in log4c, but FATAL is critical (2): log4c's emergency (0) appears on every terminal of the host."""
RETRY_SECONDS = 1.0


class SyslogAppender(Appender):
    """Sends lines in the form of RFC 3164, as the C library does. `tag`: the name that syslog shows."""

    def __init__(self, layout: Layout, tag: str, path: Path = DEV_LOG) -> None:
        super().__init__(layout)
        self._tag = tag
        self._path = path
        self._socket: socket.socket | None = None
        self._failed = float("-inf")

    def open(self) -> None:
        """Connect. Raises OSError, at once also if that failed within the last second."""
        if self._socket:
            return
        if 0 <= time.monotonic() - self._failed < RETRY_SECONDS:
            raise ConnectionRefusedError
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            made.connect(os.fspath(self._path))
        except OSError as error:
            made.close()
            self._failed = time.monotonic()
            error.filename = os.fspath(self._path)  # a socket's error names none
            raise
        self._socket = made

    def close(self) -> None:
        """Disconnect."""
        if self._socket:
            self._socket.close()
            self._socket = None

    def put(self, record: Record) -> None:
        """Send a line. Raises OSError."""
        moment = time.strftime("%b %e %H:%M:%S", time.localtime(record.time))
        head = f"<{USER * 8 + SEVERITIES[record.level]}>{moment} {self._tag}[{record.pid}]: "
        octets = head.encode() + self.line(record)[:-1]
        self.open()
        assert self._socket is not None
        try:
            self._socket.send(octets)
        except BlockingIOError:
            raise
        except OSError:  # syslog was started anew: its socket is another one
            self.close()
            self.open()
            self._socket.send(octets)
