"""The partners' key crosses the client sealed: only the server that asked opens it, only for that certificate."""

import dataclasses
import gc

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seon.api_messages import SealedKey, SealedKeyWanted
from seon.link.identity import IdentityError, proxy_id_of
from seon.link.sealing import EphemeralKey, check_request, seal, wipe

SECRET = b"-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n"


@pytest.fixture
def identity() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def ephemeral(identity) -> EphemeralKey:
    return EphemeralKey(identity)


def wanted(key: EphemeralKey, certificate_id: str = "c" * 64) -> SealedKeyWanted:
    return SealedKeyWanted(key.proxy_id, key.mlkem_key, key.x25519_key, key.signature, certificate_id)


def changed(struct, **fields):
    return msgspec.structs.replace(struct, **fields)


def flip(octets: bytes, at: int = 5) -> bytes:
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]


def test_the_server_opens_what_was_sealed_for_it(ephemeral) -> None:
    sealed = seal(wanted(ephemeral), SECRET)
    assert SECRET not in sealed.sealed
    assert ephemeral.open(sealed) == SECRET
    assert sealed.certificate_id == "c" * 64


def test_no_two_sealings_are_alike(ephemeral) -> None:
    assert seal(wanted(ephemeral), SECRET).sealed != seal(wanted(ephemeral), SECRET).sealed


def test_another_key_of_the_same_server_does_not_open_it(identity, ephemeral) -> None:
    with pytest.raises(IdentityError, match="does not belong"):
        EphemeralKey(identity).open(seal(wanted(ephemeral), SECRET))


def test_it_does_not_open_under_another_certificate(ephemeral) -> None:
    sealed = seal(wanted(ephemeral), SECRET)
    with pytest.raises(IdentityError, match="does not belong"):
        ephemeral.open(SealedKey("d" * 64, sealed.sealed))


@pytest.mark.parametrize("octets", [b"", b"x", bytes(1_120), bytes(2_000)])
def test_what_was_never_sealed_does_not_open(ephemeral, octets) -> None:
    with pytest.raises(IdentityError):
        ephemeral.open(SealedKey("c" * 64, octets))


@pytest.mark.parametrize("at", [0, 1_087, 1_088, 1_119, 1_120, -1])
def test_a_changed_octet_anywhere_is_noticed(ephemeral, at) -> None:
    sealed = seal(wanted(ephemeral), SECRET)
    at %= len(sealed.sealed)
    with pytest.raises(IdentityError):
        ephemeral.open(SealedKey(sealed.certificate_id, flip(sealed.sealed, at)))


@pytest.mark.parametrize("field", ["mlkem_key", "x25519_key", "signature"])
def test_a_key_that_the_server_did_not_sign_gets_nothing(ephemeral, field) -> None:
    request = wanted(ephemeral)
    forged = changed(request, **{field: flip(getattr(request, field))})
    for check in (check_request, lambda request: seal(request, SECRET)):
        with pytest.raises(IdentityError, match="not signed by"):
            check(forged)


def test_another_servers_name_does_not_go_with_the_signature(ephemeral) -> None:
    other = proxy_id_of(Ed25519PrivateKey.generate().public_key())
    with pytest.raises(IdentityError, match="not signed by"):
        check_request(changed(wanted(ephemeral), proxy_id=other))


def test_a_key_of_the_client_in_the_middle_gets_nothing(ephemeral) -> None:
    """The client holds the token and carries the request: it must not be able to put its own key into it."""
    mine = EphemeralKey(Ed25519PrivateKey.generate())
    forged = changed(wanted(mine), proxy_id=ephemeral.proxy_id)
    with pytest.raises(IdentityError):
        seal(forged, SECRET)


def test_a_proxy_id_of_low_order_gets_nothing(ephemeral) -> None:
    """With such a key anybody can make signatures that verify."""
    with pytest.raises(IdentityError, match="not a usable"):
        check_request(changed(wanted(ephemeral), proxy_id="01" + "00" * 31 + "px"))


def test_a_key_given_up_opens_nothing(ephemeral) -> None:
    sealed = seal(wanted(ephemeral), SECRET)
    ephemeral.forget()
    with pytest.raises(IdentityError, match="given up"):
        ephemeral.open(sealed)


def test_wipe_overwrites_a_bytearray_in_place() -> None:
    secret = bytearray(b"secret octets")
    view = memoryview(secret)
    wipe(secret)
    assert bytes(view) == bytes(13)


def test_wipe_overwrites_bytes_in_place_and_nothing_beside_them() -> None:
    secret = b"".join([b"secret ", b"octets"])  # made at run time: a constant would be shared
    view = memoryview(secret)
    wipe(secret)
    assert bytes(view) == bytes(13)
    assert len(secret) == 13
    assert gc.is_tracked(secret) is False
    assert secret + b"!" == bytes(13) + b"!"


def test_an_ephemeral_key_shows_nothing_of_itself(ephemeral) -> None:
    assert not dataclasses.is_dataclass(ephemeral)
    assert "0x" in repr(ephemeral)
    assert ephemeral.mlkem_key.hex()[:20] not in repr(ephemeral)
