"""Sealed challenges made by hand: right ones in 3DES and AES, and every kind of wrong one."""

import os
from collections.abc import Callable

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from seon.pki import Certificate
from seon.station.ber import INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, encoded

ENVELOPED, DATA, RSA = (bytes.fromhex(f"2a864886f70d01{end}") for end in ("0703", "0701", "0101"))
TRIPLE_DES = bytes.fromhex("2a864886f70d0307")
CIPHERS: dict[str, tuple[bytes, type[AES | TripleDES], int]] = {
    "DES-EDE3-CBC": (TRIPLE_DES, TripleDES, 24),
    "AES-128-CBC": (bytes.fromhex("608648016503040102"), AES, 16),
    "AES-192-CBC": (bytes.fromhex("608648016503040116"), AES, 24),
    "AES-256-CBC": (bytes.fromhex("60864801650304012a"), AES, 32),
}


def part(tag: int, *parts: bytes) -> bytes:
    """Return an element in DER around others."""
    return encoded(tag, b"".join(parts))


def algorithm(identifier: bytes, *parameters: bytes) -> bytes:
    return part(SEQUENCE, encoded(OBJECT_IDENTIFIER, identifier), *parameters)


def wrapped(key: bytes, certificate: Certificate) -> bytes:
    """Return a key encrypted with RSA."""
    public = certificate.public_key()
    assert isinstance(public, RSAPublicKey)
    return public.encrypt(key, PKCS1v15())


def issuer_and_serial(certificate: Certificate) -> bytes:
    serial = certificate.serial_number
    octets = serial.to_bytes(serial.bit_length() // 8 + 1, "big")
    return part(SEQUENCE, certificate.issuer.public_bytes(), encoded(INTEGER, octets))


def recipient(
    certificate: Certificate, block: bytes, *, name: bytes = b"", transport: bytes = algorithm(RSA, b"\5\0")
) -> bytes:
    """Return a KeyTransRecipientInfo. `name`: another RecipientIdentifier than issuer and serial number."""
    name = name or issuer_and_serial(certificate)
    return part(SEQUENCE, b"\2\1\0", name, transport, encoded(OCTET_STRING, block))


def envelope(
    octets: bytes,
    certificate: Certificate,
    cipher: str = "DES-EDE3-CBC",
    *,
    recipients: Callable[[bytes], bytes] | None = None,
    identifier: bytes = b"",
    parameters: bytes | None = None,
    padded: bytes | None = None,
    cut: int = 0,
    kind: bytes = DATA,
    before: bytes = b"",
    behind: bytes = b"",
) -> bytes:
    """Return EnvelopedData around `octets`, or something like it.

    `recipients` makes RecipientInfos of the content key. `padded`: what is encrypted, instead of `octets` with padding;
    `cut`: octets of that which are left out. `before` and `behind` the fields that matter: others.
    """
    own_identifier, block_cipher, size = CIPHERS[cipher]
    key, vector = bytes(range(size)), bytes(range(block_cipher.block_size // 8))
    count = len(vector) - len(octets) % len(vector)
    encryptor = Cipher(block_cipher(key), CBC(vector)).encryptor()
    content = encryptor.update(octets + bytes((count,)) * count if padded is None else padded) + encryptor.finalize()
    infos = recipients(key) if recipients else recipient(certificate, wrapped(key, certificate))
    parameters = encoded(OCTET_STRING, vector) if parameters is None else parameters
    information = part(
        SEQUENCE,
        encoded(OBJECT_IDENTIFIER, kind),
        algorithm(identifier or own_identifier, parameters),
        encoded(0x80, content[: len(content) - cut]),
    )
    data = part(SEQUENCE, b"\2\1\0", before, encoded(SET, infos), information, behind)
    return part(SEQUENCE, encoded(OBJECT_IDENTIFIER, ENVELOPED), encoded(0xA0, data))


def failures(ours: Certificate, others: Certificate) -> dict[str, tuple[bytes, str]]:
    """Return envelopes that are not to be opened, and what the log calls their encryption; nothing: unreadable."""
    secret = bytes(range(20))
    right = envelope(secret, ours)
    size = ours.public_key().key_size // 8  # type: ignore[union-attr]
    des = "DES-EDE3-CBC"

    def with_block(block: bytes) -> bytes:
        return envelope(secret, ours, recipients=lambda _key: recipient(ours, block))

    return {
        "nothing": (b"", ""),
        "noise": (os.urandom(300), ""),
        "an end that is missing": (right[:-1], ""),
        "an octet too many": (right + b"\0", ""),
        "another type of content": (part(SEQUENCE, encoded(OBJECT_IDENTIFIER, DATA), encoded(0xA0, b"")), ""),
        "another type of content inside": (envelope(secret, ours, kind=ENVELOPED), ""),
        "too large": (envelope(secret, ours, before=encoded(0xA0, bytes(2) * 8192)), ""),
        "nested too deeply": (b"\x30\x80" * 30 + right, ""),
        "for somebody else": (envelope(secret, others), des),
        "for nobody": (envelope(secret, ours, recipients=lambda _key: b""), des),
        "for too many": (
            envelope(secret, ours, recipients=lambda key: recipient(ours, wrapped(key, ours), name=b"\x80\0") * 17),
            des,
        ),
        "by an agreement on a key": (envelope(secret, ours, recipients=lambda _key: encoded(0xA1, b"")), des),
        "by another encryption of the key": (
            envelope(
                secret,
                ours,
                recipients=lambda key: recipient(ours, wrapped(key, ours), transport=algorithm(ENVELOPED)),
            ),
            des,
        ),
        "an RSA block that is noise": (with_block(b"\0" + os.urandom(size - 1)), des),
        "an RSA block of another length": (with_block(b"short"), des),
        "a key that is too short": (with_block(wrapped(bytes(16), ours)), des),
        "a key that is too long": (with_block(wrapped(bytes(32), ours)), des),
        "another key": (with_block(wrapped(b"another key of 24 octets", ours)), des),
        "RC2": (envelope(secret, ours, identifier=bytes.fromhex("2a864886f70d0302")), "1.2.840.113549.3.2"),
        "wrong padding": (envelope(secret, ours, padded=bytes(24)), des),
        "padding that goes on too long": (envelope(secret, ours, padded=b"\x19" * 24), des),
        "half a block": (envelope(secret, ours, cut=4), des),
        "no content": (envelope(secret, ours, "AES-256-CBC", padded=b""), "AES-256-CBC"),
        "no start vector": (envelope(secret, ours, parameters=b""), des),
        "a start vector that is short": (envelope(secret, ours, parameters=encoded(OCTET_STRING, bytes(7))), des),
    }
