import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from seon.oftp2.codec import encode
from seon.oftp2.commands import StartSessionReady
from seon.oftp2.framing import frame
from seon.station.inbox import Inbox


def test_files_arrive_and_their_receipts_return(serve: Any, alice: Any) -> None:
    bob = serve()
    orders = [alice.order(octets) for octets in (b"", b"x", b"y" * 200_000)]
    assert alice.call(bob, *orders)
    assert bob.received() == [b"", b"x", b"y" * 200_000]
    assert [order.receipt for order in orders] == ["EERP"] * 3


def test_a_file_comes_back_in_the_same_session(serve: Any, alice: Any, tmp_path: Path) -> None:
    bob = serve()
    (tmp_path / "bob" / "out" / "back.txt").write_bytes(b"back")
    back = Inbox(tmp_path / "back", most=1000)
    alice._changes["direction"] = "B"
    assert alice.call(bob, alice.order(b"there"), inbox=back)
    assert [path.read_bytes() for path in back.directory.glob("BACK.TXT*")] == [b"back"]
    assert [values["kind"] for values in bob.happened("receipt-received")] == ["EERP"]
    assert not (tmp_path / "bob" / "out" / "back.txt").exists()


def test_twenty_sessions_run_at_a_time(serve: Any, alice: Any) -> None:
    bob = serve()
    orders = [alice.order(bytes([number]) * 50_000) for number in range(20)]
    results: list[bool] = []
    threads = [threading.Thread(target=lambda one=one: results.append(alice.call(bob, one))) for one in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert results == [True] * 20
    assert sorted(bob.received()) == [bytes([number]) * 50_000 for number in range(20)]


def test_more_callers_than_slots_wait_and_are_served(serve: Any, alice: Any) -> None:
    bob = serve(sessions=1)
    with socket.create_connection(("127.0.0.1", bob.port)) as first:
        assert first.recv(100) == frame(encode(StartSessionReady(), 5))
        with socket.create_connection(("127.0.0.1", bob.port)) as second:
            second.settimeout(0.5)
            with pytest.raises(TimeoutError):
                second.recv(100)
            first.close()
            second.settimeout(5)
            assert second.recv(100) == frame(encode(StartSessionReady(), 5))


def test_a_broken_session_leaves_the_others_alone(serve: Any, alice: Any) -> None:
    bob = serve()
    with socket.create_connection(("127.0.0.1", bob.port)) as stranger:
        stranger.sendall(b"GET / HTTP/1.0\r\n\r\n")
        stranger.settimeout(5)
        assert stranger.recv(1000).startswith(frame(encode(StartSessionReady(), 5)))
    assert alice.call(bob, alice.order(b"x"))


@pytest.mark.parametrize(("receipt", "good", "got"), [("NERP", False, "NERP"), ("none", False, "")])
def test_only_a_positive_receipt_is_success(serve: Any, alice: Any, receipt: str, good: bool, got: str) -> None:
    order = alice.order(b"x")
    assert alice.call(serve(receipt=receipt), order) is good
    assert (order.sent, order.receipt) == (True, got)


def test_once_means_one_session(serve: Any, alice: Any) -> None:
    bob = serve(once=True)
    assert alice.call(bob, alice.order(b"x"))
    bob.thread.join(5)
    assert not bob.thread.is_alive()
