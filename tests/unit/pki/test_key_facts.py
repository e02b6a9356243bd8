"""Kinds, sizes and curves of keys, and hashes of signatures, are read from their octets alone."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from odd_certificates import EC_EXPLICIT, Odd, sequence, tlv
from seon.pki import ber, peer_certificate
from seon.pki.key_facts import EXPLICIT, key_facts, signature_hash

CURVES = [ec.SECP256R1, ec.SECP384R1, ec.SECP521R1, ec.SECP224R1, ec.SECP256K1, ec.BrainpoolP256R1, ec.BrainpoolP512R1]
PSS, SHA_384 = bytes.fromhex("2a864886f70d01010a"), bytes.fromhex("608648016503040202")


def info(key) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("curve", CURVES)
def test_a_curve_has_the_name_that_cryptography_gives_it(curve) -> None:
    key = ec.generate_private_key(curve()).public_key()
    found = key_facts(info(key))
    assert (found.kind, found.curve, found.bits) == ("EC", curve.name, key.key_size)
    assert found.text == f"EC {curve.name}"


@pytest.mark.parametrize("bits", [1_024, 2_047, 2_048, 16_384])
def test_the_size_of_an_rsa_key_is_told_without_using_it(bits: int) -> None:
    key = rsa.RSAPublicNumbers(65_537, 1 << (bits - 1) | 1).public_key()
    assert (key_facts(info(key)).kind, key_facts(info(key)).bits) == ("RSA", bits)


@pytest.mark.parametrize("behind", [b"\0", b"\x05\0", bytes(1_000)])
def test_the_size_of_an_rsa_key_with_octets_behind_it_is_told_since_openssl_computes_with_it(behind: bytes) -> None:
    """Else a stranger could have a key of any size and hide it from every limit."""
    plain = info(rsa.RSAPublicNumbers(65_537, 1 << 16_383 | 1).public_key())
    algorithm, key = ber.members(plain, ber.whole(plain), 2)
    odd = sequence(plain[algorithm.start : algorithm.end], tlv(3, plain[key.inside : key.inside_end], behind))
    shown = peer_certificate(Odd(key=odd).der)
    assert shown.openssl.get_pubkey().bits() == 16_384
    assert shown.key.text == "RSA 16384"


def test_an_rsa_key_by_the_name_of_x500_is_one_as_it_is_for_openssl() -> None:
    plain = info(rsa.RSAPublicNumbers(65_537, 1 << 16_383 | 1).public_key())
    _, key = ber.members(plain, ber.whole(plain), 2)
    odd = sequence(sequence(tlv(6, bytes.fromhex("55080101")), tlv(5)), plain[key.start : key.end])
    shown = peer_certificate(Odd(key=odd).der)
    assert shown.openssl.get_pubkey().bits() == 16_384
    assert shown.key.text == "RSA 16384"


def test_a_curve_that_is_written_out_or_has_no_name_here_is_said_so() -> None:
    assert (key_facts(EC_EXPLICIT).curve, key_facts(EC_EXPLICIT).bits) == (EXPLICIT, 256)
    unknown = sequence(
        sequence(tlv(6, bytes.fromhex("2a8648ce3d0201")), tlv(6, b"\x2a\x03\x04")), tlv(3, b"\0\4" + bytes(64))
    )
    assert key_facts(unknown).text == "EC 1.2.3.4"


@pytest.mark.parametrize("octets", [b"", b"\x30\0", sequence(sequence(tlv(6, b"\x2a"))), bytes(5_000)])
def test_nonsense_is_of_an_unknown_kind_and_has_a_digest(octets: bytes) -> None:
    found = key_facts(octets)
    assert (found.kind, found.bits, found.text) == ("unknown", 0, "unknown")
    assert len(found.digest) == 64


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [
        (sequence(tlv(6, bytes.fromhex("2a864886f70d010105")), b"\5\0"), "sha1"),
        (sequence(tlv(6, bytes.fromhex("2a864886f70d010104")), b"\5\0"), "md5"),
        (sequence(tlv(6, bytes.fromhex("2b0e030203")), b"\5\0"), "md5"),
        (sequence(tlv(6, bytes.fromhex("2b2403030102")), b"\5\0"), "ripemd160"),
        (sequence(tlv(6, bytes.fromhex("2a8648ce3d040303"))), "sha384"),
        (sequence(tlv(6, b"\x2b\x65\x70")), ""),
        (sequence(tlv(6, PSS), sequence(tlv(0xA0, sequence(tlv(6, SHA_384))))), "sha384"),
        (sequence(tlv(6, PSS), sequence()), "sha1"),
        (sequence(tlv(6, PSS)), "unknown"),
        (sequence(tlv(6, b"\x2a\x03")), "unknown"),
        (b"", "unknown"),
    ],
)
def test_the_hash_of_a_signature_is_told(algorithm: bytes, name: str) -> None:
    assert signature_hash(algorithm) == name
