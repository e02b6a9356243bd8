"""Secure authentication between two Stations, and against octets made by hand (RFC 5024 4.2.3, 5.3.16 to 5.3.18)."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from seon.oftp2 import commands as c
from seon.oftp2 import notices as n
from seon.oftp2.authentication import NotAuthenticatedError
from seon.oftp2.errors import LocalError
from seon.oftp2.reasons import EndReason
from seon.oftp2.session_start import Profile
from seon.oftp2.station import Station
from unit.oftp2.stations import (
    ALICE,
    BOB,
    START,
    Chart,
    Pair,
    PretendedKeys,
    at_random,
    content,
    one_at_a_time,
    outgoing,
)

SECURE_ALICE, SECURE_BOB = replace(ALICE, authentication=True), replace(BOB, authentication=True)
RIGHT = b"r" * 20


def alices(peer: bytes = b"BOB") -> PretendedKeys:
    return PretendedKeys(b"ALICE", peer)


def bobs(peer: bytes = b"ALICE") -> PretendedKeys:
    return PretendedKeys(b"BOB", peer)


def secure_pair(**more: object) -> Pair:
    return Pair(SECURE_ALICE, SECURE_BOB, **{"keys": (alices(), bobs())} | more)


@pytest.mark.parametrize("split", [one_at_a_time, at_random])
def test_both_sides_prove_themselves_and_then_files_pass(split: Callable[[bytes], Iterator[bytes]]) -> None:
    keys = alices(), bobs()
    pair = secure_pair(keys=keys, split=split).send(outgoing(content(5000)))
    assert pair.responder.received == [content(5000)]
    assert [len(each.made) for each in keys] == [1, 1]
    for user in (pair.initiator, pair.responder):
        (started,) = user.of(n.SessionStarted)
        assert isinstance(started, n.SessionStarted)
        assert started.agreement.authentication
    pair.assert_orderly()


def test_the_session_starts_only_when_both_have_proved_themselves() -> None:
    chart = Chart(SECURE_ALICE, initiator=True, keys=alices())
    chart.user.station.send_file(outgoing(b"x"))
    chart.got(c.StartSessionReady()).must(SECURE_ALICE.offer())
    chart.got(SECURE_BOB.answer(SECURE_ALICE.offer())).must(c.SecurityChangeDirection())
    chart.got(c.AuthenticationChallenge(b"ALICE" + RIGHT)).must(c.AuthenticationResponse(RIGHT))
    assert not chart.user.of(n.SessionStarted)
    chart.must().got(c.SecurityChangeDirection())
    assert not chart.user.of(n.SessionStarted)


@pytest.mark.parametrize(
    ("keys", "by_initiator"),
    [
        ((PretendedKeys(b"MALLORY", b"BOB"), bobs()), True),
        ((alices(), PretendedKeys(b"MALLORY", b"ALICE")), False),
        ((alices(b"MALLORY"), bobs()), False),
        ((alices(), bobs(b"MALLORY")), True),
    ],
    ids=["initiator without the key", "responder without the key", "wrong certificate for", "wrong certificate by"],
)
def test_who_cannot_open_a_challenge_gets_no_session(
    keys: tuple[PretendedKeys, PretendedKeys], by_initiator: bool
) -> None:
    pair = secure_pair(keys=keys).send(outgoing(b"x"))
    assert pair.initiator.end.reason == pair.responder.end.reason == EndReason.INVALID_CHALLENGE_RESPONSE
    assert pair.initiator.end.by_us is by_initiator
    assert not pair.initiator.of(n.SessionStarted)
    assert not pair.responder.received


class Guesser(PretendedKeys):
    """Answers whatever it is asked, and wrongly."""

    def respond(self, sealed: bytes) -> bytes:
        return bytes(20)


@pytest.mark.parametrize("guesser", ["initiator", "responder"])
def test_a_wrong_answer_ends_the_session_with_11_by_who_asked(guesser: str) -> None:
    keys = (Guesser(b"ALICE", b"BOB"), bobs()) if guesser == "initiator" else (alices(), Guesser(b"BOB", b"ALICE"))
    pair = secure_pair(keys=keys).send(outgoing(b"x"))
    assert pair.initiator.end.reason == pair.responder.end.reason == EndReason.INVALID_CHALLENGE_RESPONSE
    assert pair.initiator.end.by_us is (guesser == "responder")
    assert not pair.responder.received


@pytest.mark.parametrize(
    ("initiator", "responder", "by_initiator"),
    [(SECURE_ALICE, BOB, False), (ALICE, SECURE_BOB, False)],
)
def test_secure_authentication_of_one_side_only_ends_with_12(
    initiator: Profile, responder: Profile, by_initiator: bool
) -> None:
    pair = Pair(initiator, responder, keys=(alices(), bobs())).send(outgoing(b"x"))
    assert pair.initiator.end.reason == pair.responder.end.reason == EndReason.AUTHENTICATION_INCOMPATIBLE
    assert pair.initiator.end.by_us is by_initiator


@pytest.mark.parametrize("secure", ["initiator", "responder"])
def test_a_partner_of_an_older_level_cannot_authenticate(secure: str) -> None:
    old = {"level": 4}
    profiles = (SECURE_ALICE, replace(BOB, **old)) if secure == "initiator" else (replace(ALICE, **old), SECURE_BOB)
    pair = Pair(*profiles, keys=(alices(), bobs())).run()
    assert pair.initiator.end.reason == pair.responder.end.reason == EndReason.INCOMPATIBLE


def test_an_initiator_does_not_go_on_with_a_responder_that_answers_without() -> None:
    chart = Chart(SECURE_ALICE, initiator=True, keys=alices())
    chart.got(c.StartSessionReady()).must(SECURE_ALICE.offer())
    chart.got(BOB.answer(ALICE.offer())).must(c.EndSession(EndReason.AUTHENTICATION_INCOMPATIBLE))


STEPS: dict[str, tuple[c.Command, ...]] = {
    "waiting for SECD": (),
    "waiting for AURP": (c.SecurityChangeDirection(),),
}
"""How far a Responder has been brought, after the SSIDs."""
OUT_OF_ORDER = (
    START,
    c.ChangeDirection(),
    SECURE_ALICE.offer(),
    c.StartSessionReady(),
    c.AuthenticationChallenge(b"BOB" + RIGHT),
    c.EndToEndResponse("A", "20260131", "1205070001", "", "A", "B"),
)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("command", OUT_OF_ORDER, ids=lambda command: type(command).__name__)
def test_nothing_but_the_next_step_of_the_authentication_is_taken(step: str, command: c.Command) -> None:
    chart = Chart(SECURE_BOB, keys=bobs()).must(c.StartSessionReady()).got(SECURE_ALICE.offer())
    chart.must(SECURE_BOB.answer(SECURE_ALICE.offer())).got(*STEPS[step])
    chart.user.station.data_to_send()
    chart.got(command).must(c.EndSession(EndReason.PROTOCOL_VIOLATION))
    assert not chart.user.of(n.FileOffered)


def test_an_answer_before_the_challenge_is_out_of_order() -> None:
    chart = Chart(SECURE_BOB, keys=bobs()).must(c.StartSessionReady()).got(SECURE_ALICE.offer())
    chart.user.station.data_to_send()
    chart.got(c.AuthenticationResponse(RIGHT)).must(c.EndSession(EndReason.PROTOCOL_VIOLATION))


def test_a_session_without_it_takes_no_challenge() -> None:
    Chart().opened().got(c.SecurityChangeDirection()).must(c.EndSession(EndReason.PROTOCOL_VIOLATION))


def test_each_session_has_a_challenge_of_its_own() -> None:
    keys = alices(), bobs()
    for _ in range(2):
        secure_pair(keys=keys).run().assert_orderly()
    assert len(set(keys[0].made + keys[1].made)) == 4


def test_without_keys_there_is_no_secure_station() -> None:
    with pytest.raises(LocalError, match="keys"):
        Station(SECURE_BOB, initiator=False)


def test_no_secret_stands_in_notices_or_in_what_is_told_of_errors() -> None:
    keys = alices(), bobs()
    pair = secure_pair(keys=(keys[0], Guesser(b"BOB", b"ALICE"))).run()
    shown = repr([pair.initiator.told, pair.responder.told, keys[0].challenge()])
    assert all(repr(secret)[2:-1] not in shown for secret in keys[0].made)
    assert "Challenge" in shown


class TalkativeKeys(PretendedKeys):
    """Opens nothing, and tells its own log why."""

    def respond(self, sealed: bytes) -> bytes:
        raise NotAuthenticatedError("cannot be opened", for_the_log="sealed with DES-EDE3-CBC")


@pytest.mark.parametrize("talkative", ["initiator", "responder"])
def test_what_is_for_the_log_of_one_side_is_never_sent_to_the_other(talkative: str) -> None:
    keys = (TalkativeKeys(b"ALICE", b"BOB"), bobs())
    if talkative == "responder":
        keys = (alices(), TalkativeKeys(b"BOB", b"ALICE"))
    pair = secure_pair(keys=keys).run()
    ours, theirs = pair.initiator.end, pair.responder.end
    if talkative == "responder":
        ours, theirs = theirs, ours
    assert ours == n.SessionEnded(11, True, False, "cannot be opened", "sealed with DES-EDE3-CBC")
    assert theirs == n.SessionEnded(11, False, False, "", "")


def test_an_error_of_authentication_says_11() -> None:
    assert NotAuthenticatedError("x").reason is EndReason.INVALID_CHALLENGE_RESPONSE


@pytest.mark.parametrize("buffer_size", [128, 99_999])
def test_everything_on_passes_the_strict_verifier(buffer_size: int) -> None:
    """Authentication, compression, restart, signed receipts of several kB, and turns asked for, given and taken."""
    alice, bob = replace(SECURE_ALICE, buffer_size=buffer_size, credit=3), replace(SECURE_BOB, credit=3)
    pair = Pair(alice, bob, keys=(alices(), bobs()), split=at_random)
    for user in (pair.initiator, pair.responder):
        user.ask_for_turn = True
        user.kept = content(60_000)[:40_000]
        user.sign = lambda receipt: replace(receipt, hash=bytes(range(32)), signature=b"\x30" + content(6000))
    asked = {"signed_receipt": True, "cipher": 4, "restart": 58}
    back = [outgoing(content(60_000), **asked, name=f"BACK{number}", destination="O0013ALICE", originator="O0013BOB")
            for number in range(20)]  # fmt: skip
    pair.responder.on_turn = lambda: pair.responder.station.send_file(back.pop()) if back else None
    pair.send(*(outgoing(content(60_000), **asked, name=f"THERE{number}") for number in range(20)))
    assert pair.responder.received == pair.initiator.received == [content(60_000)] * 20
    for user in (pair.initiator, pair.responder):
        assert {started.restart for started in user.of(n.FileStarted)} == {39}  # type: ignore[attr-defined]
        receipts = [notice.receipt for notice in user.of(n.ReceiptReceived)]  # type: ignore[attr-defined]
        assert [len(receipt.signature) for receipt in receipts] == [6001] * 20
        assert len(user.of(n.TurnTaken)) >= 10
    pair.assert_orderly()
