from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from seon.oftp2.authentication import NotAuthenticatedError
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
