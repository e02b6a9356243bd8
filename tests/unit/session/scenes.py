"""What the tests of session processes share: an assignment, a main at the other end of the line, two peers."""

import contextlib
import re
import socket
import threading
import time
from typing import Any

from seon.config import Limits
from seon.endings import SessionEnd
from seon.net.legs import PlainLeg
from seon.oftp2 import commands as c
from seon.oftp2.codec import encode
from seon.oftp2.framing import frame
from seon.oftp2.reasons import EndReason
from seon.process import line
from seon.session.assignment import Assignment
from seon.session.main_line import MainLine
from seon.session.run import run

SECRET = "HUSHHUSH"


def stb(command: c.Command) -> bytes:
    return frame(encode(command, 5))


def ssid(code: str) -> bytes:
    return stb(c.StartSession(5, code, SECRET, 4_096, "B", False, False, False, 20))


def esid(reason: EndReason, text: str = "") -> bytes:
    return stb(c.EndSession(reason, text))


SSRM = stb(c.StartSessionReady())


def assignment(*, idle_seconds: int = 30, drain_seconds: int = 30, **fields: Any) -> Assignment:
    limits = Limits(idle_seconds=idle_seconds, drain_seconds=drain_seconds)
    known = {"session": "0123456789abcdef", "partner": "P1", "direction": "incoming", "hop": "inside",
             "source": "192.0.2.1:5", "target": "127.0.0.1:3305", "limits": limits}  # fmt: skip
    return Assignment(**{**known, **fields})


def main_line(sock: socket.socket, given: Assignment | None = None) -> MainLine:
    given = given or assignment()
    return MainLine(sock, tracing=given.trace, drain_seconds=given.limits.drain_seconds)


class Main:
    """A main that hears and acknowledges, in a thread."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.heard: list[line.FromSession] = []
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    def _hear(self) -> None:
        with contextlib.suppress(OSError):
            while message := line.hear_session(self.sock):
                self.heard.append(message)
                if isinstance(message, line.Reported):
                    line.say(self.sock, line.Taken(message.number))

    @property
    def events(self) -> list[line.Reported]:
        return [message for message in self.heard if isinstance(message, line.Reported)]

    @property
    def codes(self) -> list[str]:
        return [event.code for event in self.events]

    @property
    def ends(self) -> list[SessionEnd]:
        """What it was told of the end."""
        return [message.end for message in self.heard if isinstance(message, line.Ending)]

    def lines(self, category: str) -> list[str]:
        """The log lines of a subject, without the session's id and what each step took."""
        said = [message for message in self.heard if isinstance(message, line.LogLine) and message.category == category]
        return [re.sub(r" \(\d+\.\d ms\)$", "", message.text.partition("] ")[2]) for message in said]

    def fields(self, code: str) -> dict[str, Any]:
        """Return the fields of the one event of this code."""
        (event,) = [event for event in self.events if event.code == code]
        return dict(event.fields)


class Session:
    """A session run in this thread between two peers that a scene plays."""

    def __init__(self, ends: tuple[socket.socket, socket.socket], given: Assignment) -> None:
        self.main = Main(ends[0])
        (self.one, leg_one), (self.two, leg_two) = socket.socketpair(), socket.socketpair()
        for sock in (self.one, self.two):
            sock.settimeout(10)
        self.line = main_line(ends[1], given)
        self._assignment, self._legs = given, (PlainLeg(leg_one), PlainLeg(leg_two))

    def play(self, scene: Any) -> SessionEnd:
        """Run the session to its end, with the last words; the scene plays the peers in a thread."""
        thread = threading.Thread(target=scene, args=(self,), daemon=True)
        thread.start()
        end = run(self.line, self._assignment, *self._legs, "TLSv1.3 X")
        self.line.say_goodbye()
        thread.join(10)
        assert not thread.is_alive(), "the scene has not come to its end"
        for sock in (self.one, self.two):
            sock.close()
        return end

    def open(self) -> None:
        for source, sink, octets in ((self.two, self.one, SSRM), (self.one, self.two, ssid("ONE")),
                                     (self.two, self.one, ssid("TWO"))):  # fmt: skip
            source.sendall(octets)
            assert sink.recv(len(octets), socket.MSG_WAITALL) == octets

    def close(self) -> None:
        self.one.close()
        self.two.close()


def leave(play: Session) -> None:
    """A session without files, ended by the Initiator."""
    play.open()
    play.one.sendall(esid(EndReason.NORMAL))
    play.two.recv(100)
    play.one.shutdown(socket.SHUT_WR)
    play.two.close()


def wait_until(condition: Any, seconds: float = 5) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it does not come about"
        time.sleep(0.005)
