import socket
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from seon.oftp2.session_start import Profile
from seon.station.wire import READ_SIZE


class Cutter:
    """Stands between the two and cuts the first connection after so many octets from the caller."""

    def __init__(self, target: int, octets: int) -> None:
        self._target, self._left = target, octets
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        for limit in (self._left, 10**9):
            caller, _ = self._listener.accept()
            with caller, socket.create_connection(("127.0.0.1", self._target)) as station:
                back = threading.Thread(target=self._copy, args=(station, caller, 10**9))
                back.start()
                self._copy(caller, station, limit)
                back.join(10)

    @staticmethod
    def _copy(source: socket.socket, sink: socket.socket, limit: int) -> None:
        try:
            while limit > 0 and (octets := source.recv(READ_SIZE)):
                sink.sendall(octets[:limit])
                limit -= len(octets)
        except OSError:
            pass
        for sock in (source, sink):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def close(self) -> None:
        self._thread.join(10)
        self._listener.close()


def test_an_interrupted_file_goes_on_where_it_stopped(serve: Any, alice: Any) -> None:
    bob = serve()
    cutter = Cutter(bob.port, 700_000)
    order = alice.order(bytes(range(256)) * 8192)
    whole = order.path.read_bytes()
    bob.port, port = cutter.port, bob.port
    assert alice.call(bob, order, attempts=2)
    bob.port = port
    cutter.close()
    assert bob.received() == [whole]
    assert "connection-ended" in alice.told
    restarted = [values for what, values in bob.told if what == "session-ended" and not values["orderly"]]
    assert len(restarted) == 1


def test_nobody_listening_is_a_failure_that_is_told(serve: Any, alice: Any) -> None:
    bob = serve()
    bob.stop()
    order = alice.order(b"x")
    assert not alice.call(bob, order)
    assert not order.sent
    assert alice.told == ["session-failed"]


def test_a_duplicate_is_refused_for_good_and_not_tried_again(serve: Any, alice: Any) -> None:
    bob = serve()
    order = alice.order(b"x")
    assert alice.call(bob, order)
    again = replace(order, resume=False, sent=False, receipt="", key=None)
    assert not alice.call(bob, again, attempts=3)
    assert again.refused
    assert alice.told.count("session-ended") == 2


def test_a_wrong_password_ends_the_session_before_any_file(serve: Any, alice: Any) -> None:
    bob = serve(profile=Profile("O0013BOB", "SECRET-B", peer_password="OTHER"))
    order = alice.order(b"x")
    assert not alice.call(bob, order)
    assert bob.received() == []
    assert bob.happened("session-ended")[0]["reason"] == 4


def test_without_waiting_for_the_receipt_the_sent_file_is_enough(serve: Any, alice: Any) -> None:
    assert alice.call(serve(receipt="none"), alice.order(b"x"), wait=False)


def test_a_receipt_that_was_not_handed_over_comes_with_the_next_call(serve: Any, alice: Any, tmp_path: Path) -> None:
    bob = serve()
    # Just before the receipt: SSID, SFID, DATA and EFID pass, CD does not.
    cutter = Cutter(bob.port, 65 + 169 + 4 + 3 + 39)
    order = alice.order(b"x")
    bob.port, port = cutter.port, bob.port
    assert alice.call(bob, order, attempts=2)
    bob.port = port
    cutter.close()
    assert order.receipt == "EERP"
    assert bob.received() == [b"x"]
    assert not list((tmp_path / "bob" / "in" / ".receipts").glob("*/*"))
