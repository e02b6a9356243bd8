from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from envelope_maker import CIPHERS, envelope, failures
from seon.oftp2 import commands as c
from seon.oftp2 import notices as n
from seon.oftp2.authentication import Challenge, NotAuthenticatedError
from seon.oftp2.codec import encode
from seon.oftp2.framing import frame
from seon.oftp2.reasons import EndReason
from seon.oftp2.session_start import Profile
from seon.oftp2.station import Station
from seon.station.cms import CmsError
from seon.station.keys import KeyFileError, KeyPairAuthenticator, OwnKey, PeerKey
from session_keys import ISSUER, ROOT, certificate_of, key_of, pem_of, write
from unit.station.test_tls import Certificate


def own(directory: Path, name: str) -> OwnKey:
    files = write(directory, name)
    return OwnKey.load(files.key, files.chain)


def authenticator(directory: Path, name: str, peer: str) -> KeyPairAuthenticator:
    return KeyPairAuthenticator(own(directory, name), PeerKey.load(write(directory, peer).certificate))


def test_two_stations_open_each_others_challenges(tmp_path: Path) -> None:
    alice, bob = authenticator(tmp_path, "ALICE", "BOB"), authenticator(tmp_path, "BOB", "ALICE")
    for asks, answers in ((alice, bob), (bob, alice)):
        challenge = asks.challenge()
        challenge.check(answers.respond(challenge.sealed))


def test_no_challenge_comes_twice(tmp_path: Path) -> None:
    alice = authenticator(tmp_path, "ALICE", "BOB")
    first, second = alice.challenge(), alice.challenge()
    assert first.secret != second.secret
    assert first.secret not in first.sealed


@pytest.mark.parametrize("content", [b"", bytes(19), bytes(21), b"the key of a file in 32 octets.."])
def test_what_is_no_challenge_is_not_opened_for_a_stranger(tmp_path: Path, content: bytes) -> None:
    alice = authenticator(tmp_path, "ALICE", "BOB")
    with pytest.raises(NotAuthenticatedError) as short:
        alice.respond(PeerKey(certificate_of("ALICE")).seal(content))
    with pytest.raises(NotAuthenticatedError) as broken:
        alice.respond(b"\x30\x00")
    assert str(short.value) == str(broken.value), "which of the two it was is not said"


def test_a_challenge_for_somebody_else_is_not_answered(tmp_path: Path) -> None:
    with pytest.raises(NotAuthenticatedError):
        authenticator(tmp_path, "CAROL", "BOB").respond(authenticator(tmp_path, "BOB", "ALICE").challenge().sealed)


# --- challenges of other stations, in a session -----------------------------------------------------------------------

CALLER = Profile("O0013ALICE", "A", authentication=True)
CALLED = Profile("O0013BOB", "B", authentication=True)
SECRET = bytes(range(20))


class OtherStation(KeyPairAuthenticator):
    """Seals as its own suite says, and not as we do."""

    cipher = "DES-EDE3-CBC"

    def challenge(self) -> Challenge:
        return Challenge(envelope(SECRET, self.peer.certificate, self.cipher), SECRET)


def other(directory: Path, name: str, peer: str) -> OtherStation:
    keys = authenticator(directory, name, peer)
    return OtherStation(keys.own, keys.peer)


def challenged(directory: Path, sealed: bytes) -> tuple[bytes, list[n.Notice]]:
    """Challenge a station that calls; return what it sends and what it tells its user."""
    station = Station(CALLER, initiator=True, authenticator=authenticator(directory, "ALICE", "BOB"))
    notices: list[n.Notice] = []
    for command in (c.StartSessionReady(), CALLED.answer(CALLER.offer()), c.AuthenticationChallenge(sealed)):
        station.data_to_send()
        notices += station.receive(frame(encode(command, 5)))
    return station.data_to_send(), notices


WRONG = failures(certificate_of("ALICE"), certificate_of("BOB")) | {
    f"a secret of {size} octets": (envelope(bytes(size), certificate_of("ALICE"), "AES-128-CBC"), "AES-128-CBC")
    for size in (0, 19, 21, 32)
}


@pytest.mark.parametrize("failure", WRONG)
def test_all_that_can_be_wrong_with_a_challenge_looks_the_same_to_who_sent_it(tmp_path: Path, failure: str) -> None:
    sealed, cipher = WRONG[failure]
    wire, notices = challenged(tmp_path, sealed or b"\0")
    assert wire == frame(encode(c.EndSession(EndReason.INVALID_CHALLENGE_RESPONSE), 5))
    kind = f"challenge sealed with {cipher}" if cipher else "challenge that is no CMS EnvelopedData"
    text = "the challenge cannot be opened with the session key"
    assert notices == [
        n.SessionEnded(
            EndReason.INVALID_CHALLENGE_RESPONSE,
            by_us=True,
            orderly=False,
            text=text,
            for_the_log=f"{kind} cannot be opened with the session key",
        )
    ]


def test_a_challenge_that_is_right_is_answered(tmp_path: Path) -> None:
    wire, notices = challenged(tmp_path, envelope(SECRET, certificate_of("ALICE")))
    assert wire == frame(encode(c.AuthenticationResponse(SECRET), 5))
    assert notices == []


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("caller", ["ours", "theirs"])
def test_a_session_starts_whatever_the_other_side_seals_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cipher: str, caller: str
) -> None:
    monkeypatch.setattr(OtherStation, "cipher", cipher)
    make = (authenticator, other) if caller == "ours" else (other, authenticator)
    stations = [
        Station(CALLER, initiator=True, authenticator=make[0](tmp_path, "ALICE", "BOB")),
        Station(CALLED, initiator=False, authenticator=make[1](tmp_path, "BOB", "ALICE")),
    ]
    told: list[n.Notice] = []
    while any(octets := [station.data_to_send() for station in stations]):
        for station, received in zip(stations, reversed(octets), strict=True):
            told += station.receive(received) + station.notices()
    assert [type(notice) for notice in told].count(n.SessionStarted) == 2
    assert all(notice.orderly for notice in told if isinstance(notice, n.SessionEnded))


def test_what_one_signs_the_other_believes(tmp_path: Path) -> None:
    signature = own(tmp_path, "ALICE").sign(b"content", "sha256")
    assert PeerKey(certificate_of("ALICE")).verified(signature) == b"content"
    with pytest.raises(CmsError):
        PeerKey(certificate_of("BOB")).verified(signature)


def test_the_chain_is_the_certificate_file(tmp_path: Path) -> None:
    assert own(tmp_path, "ALICE").chain == tuple(map(certificate_of, ("ALICE", ISSUER, ROOT)))


def test_a_key_is_not_shown(tmp_path: Path) -> None:
    assert "key" not in repr(own(tmp_path, "ALICE")).replace("OwnKey", "")


def test_a_key_and_the_certificate_of_another_are_refused_by_name(tmp_path: Path) -> None:
    alice, bob = write(tmp_path, "ALICE"), write(tmp_path, "BOB")
    with pytest.raises(KeyFileError, match=r"BOB.chain.pem is not the certificate of the key in .*ALICE.key.pem"):
        OwnKey.load(alice.key, bob.chain)


def test_files_that_are_something_else_are_refused_by_name(tmp_path: Path) -> None:
    alice, curve = write(tmp_path, "ALICE"), Certificate(tmp_path, "curve")
    protected, empty, elliptic = tmp_path / "protected", tmp_path / "empty", tmp_path / "elliptic"
    protected.write_bytes(
        key_of("ALICE").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    )
    elliptic.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    empty.write_bytes(b"")
    for key, certificate, wanted in (
        (protected, alice.chain, "protected: the key is protected by a password"),
        (empty, alice.chain, "empty has no private key"),
        (alice.chain, alice.chain, r"ALICE.chain.pem has no private key"),
        (elliptic, alice.chain, "elliptic: the key is not RSA"),
        (alice.key, empty, "empty has no certificate"),
        (alice.key, alice.key, r"ALICE.key.pem has no certificate"),
        (alice.key, curve.pem, r"curve.pem: the certificate's key is not RSA"),
    ):
        with pytest.raises(KeyFileError, match=wanted):
            OwnKey.load(key, certificate)
    with pytest.raises(FileNotFoundError):
        PeerKey.load(tmp_path / "missing")


def test_only_the_first_certificate_of_a_peers_file_is_the_peers(tmp_path: Path) -> None:
    both = tmp_path / "both"
    both.write_bytes(pem_of("ALICE", "BOB"))
    assert PeerKey.load(both).certificate == certificate_of("ALICE")
