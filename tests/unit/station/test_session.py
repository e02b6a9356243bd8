"""What a Session makes of the ends that are not orderly; the orderly ones are in test_serve.py and test_send.py."""

import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from seon.oftp2.codec import encode
from seon.oftp2.commands import EndSession, StartFile, StartFileAccepted, StartFileRefused, StartSessionReady
from seon.oftp2.framing import Frames, frame
from seon.oftp2.sending import OutgoingFile
from seon.oftp2.session_start import Profile
from seon.station.inbox import Inbox
from seon.station.session import Session
from seon.station.taker import TakerTerms
from seon.station.wire import PlainWire

ALICE, BOB = Profile("O0013ALICE", "A"), Profile("O0013BOB", "B")
START = StartFile("ORDERS.EDI", "20260131", "1205070001", "", "O0013BOB", "O0013ALICE", "U", 0, 1, 1)


class Nothing:
    """A Giver with nothing to give."""

    def waiting(self, peer: str) -> list[OutgoingFile]:
        return []

    def __getattr__(self, name: str) -> Any:
        return lambda *_args, **_values: None


class Peer:
    """The other end of a Session in a thread, by hand."""

    def __init__(self, inbox: Inbox | None, *, idle: float = 5.0) -> None:
        self.told: list[str] = []
        self.error: BaseException | None = None
        ours, self.sock = socket.socketpair()
        self.sock.settimeout(5)
        report = lambda what, _values: self.told.append(what)  # noqa: E731
        self.session = Session(BOB, initiator=False, giver=Nothing(), taker=TakerTerms(inbox), report=report)
        self._frames, self._got = Frames(), []
        self._thread = threading.Thread(target=self._run, args=(PlainWire(ours), idle))
        self._thread.start()

    def _run(self, wire: PlainWire, idle: float) -> None:
        try:
            self.session.run(wire, idle)
        except RuntimeError as error:
            self.error = error

    def say(self, *commands: Any) -> "Peer":
        self.sock.sendall(b"".join(frame(encode(command, 5)) for command in commands))
        return self

    def hear(self, *commands: Any) -> "Peer":
        for command in commands:
            while not self._got:
                self._got += self._frames.feed(self.sock.recv(10_000))
            assert self._got.pop(0) == encode(command, 5)
        return self

    def opened(self) -> "Peer":
        return self.hear(StartSessionReady()).say(ALICE.offer()).hear(BOB.answer(ALICE.offer()))

    def end(self) -> "Peer":
        self.sock.close()
        self._thread.join(10)
        assert not self._thread.is_alive()
        return self


def test_silence_ends_a_session_with_09(tmp_path: Path) -> None:
    peer = Peer(None, idle=0.1).opened().hear(EndSession(9)).end()
    assert peer.session.end is not None
    assert not peer.session.end.orderly


def test_without_an_inbox_files_are_refused() -> None:
    Peer(None).opened().say(START).hear(StartFileRefused(14, False, "no files are taken here")).end()


def test_a_lost_connection_keeps_what_came(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "in", most=10_000)
    peer = Peer(inbox).opened().say(START).hear(StartFileAccepted())
    peer.sock.sendall(frame(b"D\x03ABC"))
    peer.end()
    (partial,) = (tmp_path / "in" / ".partial").iterdir()
    assert partial.read_bytes() == b"ABC"
    assert peer.told == ["session-started", "connection-ended", "session-ended"]


def test_a_fault_of_our_own_ends_with_99_and_says_no_more(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "in", most=10_000)
    peer = Peer(inbox)
    peer.session._taker.offered = lambda _start: _fail()
    peer.opened().say(START).hear(EndSession(99)).end()
    assert isinstance(peer.error, RuntimeError)


def _fail() -> None:
    raise RuntimeError("a fault of ours")


@pytest.mark.parametrize("reason", [5, 99])
def test_the_peers_reason_is_kept(reason: int) -> None:
    peer = Peer(None).opened().say(EndSession(reason, "why")).end()
    assert peer.session.end is not None
    assert (peer.session.end.reason, peer.session.end.text, peer.session.end.by_us) == (reason, "why", False)
