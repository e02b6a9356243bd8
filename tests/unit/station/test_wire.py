import socket
import threading
import time

import pytest

from seon.net.channel import EndOfStream
from seon.station import wire
from seon.station.wire import PlainWire, listen_out


def pair() -> tuple[PlainWire, socket.socket]:
    ours, theirs = socket.socketpair()
    return PlainWire(ours), theirs


def test_octets_come_as_they_are_until_the_end() -> None:
    ours, theirs = pair()
    theirs.sendall(b"abc")
    assert bytes(ours.receive()) == b"abc"
    theirs.close()
    with pytest.raises(EndOfStream):
        ours.receive()
    ours.close()


def test_silence_has_a_limit() -> None:
    ours, theirs = pair()
    ours.limit(0.05)
    with pytest.raises(TimeoutError):
        ours.receive()
    ours.close()
    theirs.close()


def test_our_last_word_is_read_before_the_connection_is_gone() -> None:
    ours, theirs = pair()
    ours.sendall(b"last word")
    theirs.sendall(b"crossing")
    reader = threading.Timer(0.1, lambda: (theirs.recv(100), theirs.recv(100), theirs.close()))
    reader.start()
    started = time.monotonic()
    listen_out(ours)
    assert 0.05 < time.monotonic() - started < wire.CLOSING_SECONDS
    ours.close()
    reader.join()


def test_a_peer_that_never_closes_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "CLOSING_SECONDS", 0.1)
    ours, theirs = pair()
    listen_out(ours)
    ours.close()
    theirs.close()
