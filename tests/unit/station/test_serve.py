import socket
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from envelope_maker import envelope
from seon.oftp2.authentication import CHALLENGE_OCTETS, Challenge
from seon.oftp2.codec import encode
from seon.oftp2.commands import StartSessionReady
from seon.oftp2.framing import frame
from seon.station.inbox import Inbox
from seon.station.keys import KeyPairAuthenticator, OwnKey, PeerKey
from session_keys import certificate_of, write
from unit.station.conftest import BOB


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


class TripleDesStation(KeyPairAuthenticator):
    """Challenges with 3DES, as stations do that have suite 01, 03 or 05."""

    sealed_for = "BOB"

    def challenge(self) -> Challenge:
        secret = bytes(range(CHALLENGE_OCTETS))
        return Challenge(envelope(secret, certificate_of(self.sealed_for)), secret)


def keys(directory: Path, own: str, peer: str) -> tuple[OwnKey, PeerKey]:
    files = write(directory, own)
    return OwnKey.load(files.key, files.chain), PeerKey.load(write(directory, peer).certificate)


@pytest.mark.parametrize("sealed_for", ["BOB", "CAROL"])
def test_a_station_that_challenges_with_3des_is_answered_and_else_the_log_alone_names_it(
    serve: Any, alice: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sealed_for: str
) -> None:
    monkeypatch.setattr(TripleDesStation, "sealed_for", sealed_for)
    secure = replace(BOB, authentication=True)
    bob = serve(profile=secure, authenticator=KeyPairAuthenticator(*keys(tmp_path, "BOB", "ALICE")))
    alice._changes["authentication"] = True
    good = alice.call(bob, alice.order(b"x"), authenticator=TripleDesStation(*keys(tmp_path, "ALICE", "BOB")))
    assert good is (sealed_for == "BOB")
    bob.stop()
    (ended,) = bob.happened("session-ended")
    text = "" if good else "challenge sealed with DES-EDE3-CBC cannot be opened with the session key"
    assert (ended["reason"], ended["text"]) == (0 if good else 11, text)
    assert alice.ends == [(0 if good else 11, "")]
