"""Signatures of every kind that CAs use, and of no other."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding
from cryptography.hazmat.primitives.serialization import Encoding

from certificates import Made, certified, make
from revocation_lists import make_list, rsa_key, tlv
from seon.pki import PkiError, peer_certificate
from seon.pki.crl import check_list, read_list
from seon.pki.signatures import check_signature

RSA = rsa_key()


def peer(made):
    return peer_certificate(made.certificate.public_bytes(Encoding.DER))


@pytest.mark.parametrize(
    ("key", "how"),
    [
        (RSA, {}),
        (RSA, {"hash_algorithm": hashes.SHA224()}),
        (RSA, {"hash_algorithm": hashes.SHA384()}),
        (RSA, {"hash_algorithm": hashes.SHA512()}),
        (RSA, {"pss": True}),
        (ec.generate_private_key(ec.SECP256R1()), {}),
        (ec.generate_private_key(ec.SECP384R1()), {"hash_algorithm": hashes.SHA384()}),
        (ec.generate_private_key(ec.SECP521R1()), {"hash_algorithm": hashes.SHA512()}),
        (ec.generate_private_key(ec.BrainpoolP256R1()), {}),
        (ed25519.Ed25519PrivateKey.generate(), {}),
    ],
)
def test_signatures_of_cas_are_taken_and_damaged_ones_are_not(key, how) -> None:
    issuer = make("CA", key, ca=True)
    der = make_list(issuer, [5], **how)
    found = read_list(der)
    check_list(der, found, peer(issuer))
    damaged = bytearray(found.signature)
    damaged[-1] ^= 1
    with pytest.raises(PkiError, match="is not that of its issuer"):
        check_signature(peer(issuer), found.algorithm, bytes(damaged), der[slice(*found.signed)])
    with pytest.raises(PkiError, match="is not that of its issuer"):
        check_signature(peer(issuer), found.algorithm, b"", der[slice(*found.signed)])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("2a864886f70d010104", "1.2.840.113549.1.1.4"),  # MD5 with RSA
        ("2a8648ce3d040302", "1.2.840.10045.4.3.2"),  # ECDSA, and the key is RSA
        ("2b6570", "1.3.101.112"),
        ("55", "2.5"),
    ],
)
def test_a_kind_that_is_weak_or_not_the_keys_is_named(name, words) -> None:
    algorithm = tlv(0x30, tlv(6, bytes.fromhex(name)), b"\x05\x00")
    with pytest.raises(PkiError, match=words):
        check_signature(peer(make("CA", RSA)), algorithm, b"x" * 256, b"signed")


@pytest.mark.parametrize("algorithm", [b"", b"\x30", tlv(0x30), tlv(0x30, tlv(6)), tlv(0x30, tlv(2, b"\x05"))])
def test_what_names_no_kind_proves_nothing(algorithm) -> None:
    with pytest.raises(PkiError):
        check_signature(peer(make("CA", RSA)), algorithm, b"x" * 256, b"signed")


@pytest.mark.parametrize(
    "parameters",
    [b"", tlv(0x30, tlv(0xA0, tlv(0x30, tlv(6, b"\x2a\x03")))), tlv(0x30, tlv(0xA1, tlv(0x30, tlv(6, b"\x2a\x03")))),
     tlv(0x30, tlv(0xA2, tlv(2, b"\x7f" * 9))), b"\x05\x00"],
)  # fmt: skip
def test_parameters_of_pss_that_are_nonsense_prove_nothing(parameters) -> None:
    algorithm = tlv(0x30, tlv(6, bytes.fromhex("2a864886f70d01010a")), parameters)
    with pytest.raises(PkiError):
        check_signature(peer(make("CA", RSA)), algorithm, b"x" * 256, b"signed")


def test_keys_of_other_kinds_and_old_hashes_are_known() -> None:
    signed = b"signed"
    algorithm = tlv(0x30, tlv(6, bytes.fromhex("2a864886f70d010105")), b"\x05\x00")
    check_signature(_with_key(RSA), algorithm, RSA.sign(signed, padding.PKCS1v15(), hashes.SHA1()), signed)
    other = ed448.Ed448PrivateKey.generate()
    algorithm = tlv(0x30, tlv(6, bytes.fromhex("2b6571")))
    check_signature(_with_key(other), algorithm, other.sign(signed), signed)
    key = dsa.generate_private_key(2_048)
    algorithm = tlv(0x30, tlv(6, bytes.fromhex("608648016503040302")))
    check_signature(_with_key(key), algorithm, key.sign(signed, hashes.SHA256()), signed)


def _with_key(key):
    return peer(Made(certified(key.public_key(), "CA", make("CA")), key))
