"""Certificates that break rules of X.509, signed with real keys: OpenSSL takes them, and so stations can show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

KEY = ec.generate_private_key(ec.SECP256R1())
PRINTABLE, UTF8, T61, IA5, BMP, UNIVERSAL, BITS = 19, 12, 20, 22, 30, 28, 3
CN, O, SERIAL = b"\x55\x04\x03", b"\x55\x04\x0a", b"\x55\x04\x05"  # noqa: E741  # the letter of the field
SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
"""AlgorithmIdentifier of ecdsa-with-SHA256, and the same with NULL parameters."""
SHA256_NULL = bytes.fromhex("300c06082a8648ce3d0403020500")


def tlv(tag: int, *content: bytes) -> bytes:
    """Return an element of DER."""
    octets = b"".join(content)
    if len(octets) < 0x80:
        return bytes([tag, len(octets)]) + octets
    size = len(octets).to_bytes(4, "big").lstrip(b"\0")
    return bytes([tag, 0x80 | len(size)]) + size + octets


def sequence(*members: bytes) -> bytes:
    return tlv(0x30, *members)


def name(*parts: tuple[bytes, int, bytes]) -> bytes:
    """Return a Name of attributes, each with its kind, the tag of its text, and its octets."""
    return sequence(*(tlv(0x31, sequence(tlv(6, kind), tlv(tag, text))) for kind, tag, text in parts))


def extension(kind: int, value: bytes, *between: bytes) -> bytes:
    """Return an extension of id-ce."""
    return sequence(tlv(6, bytes([0x55, 0x1D, kind])), *between, tlv(4, value))


FALSE = b"\x01\x01\x00"
CONSTRAINTS, USAGE, PURPOSES, NAMES, POINTS = 19, 15, 37, 17, 31
NO_CA = extension(CONSTRAINTS, sequence())
SIMPLE = name((CN, UTF8, b"odd"))
VALID = sequence(tlv(23, b"260101000000Z"), tlv(24, b"20991231235959Z"))
SPKI = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True)
class Odd:
    """A certificate to be made; each part is whole DER."""

    subject: bytes = SIMPLE
    issuer: bytes = SIMPLE
    serial: bytes = b"\x02\x01\x05"
    validity: bytes = VALID
    version: bytes = b"\xa0\x03\x02\x01\x02"
    key: bytes = SPKI
    extensions: Sequence[bytes] = (NO_CA,)
    algorithm: bytes = SHA256
    behind: bytes = b""

    @cached_property
    def der(self) -> bytes:
        extensions = tlv(0xA3, sequence(*self.extensions)) if self.extensions else b""
        signed = sequence(
            self.version, self.serial, self.algorithm, self.issuer, self.validity, self.subject, self.key, extensions
        )
        signature = KEY.sign(signed, ec.ECDSA(hashes.SHA256()))
        return sequence(signed, self.algorithm, tlv(3, b"\0", signature)) + self.behind


def key_pem() -> bytes:
    """Return the key of all of them."""
    return KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def named(tag: int, text: bytes) -> Odd:
    return Odd(subject=name((CN, tag, text)))


def times(begin: bytes, end: bytes) -> Odd:
    return Odd(validity=sequence(begin, end))


EC_EXPLICIT = sequence(
    sequence(
        tlv(6, bytes.fromhex("2a8648ce3d0201")),
        sequence(
            b"\x02\x01\x01",
            sequence(tlv(6, bytes.fromhex("2a8648ce3d0101")), tlv(2, b"\0", (2**255 - 19).to_bytes(32, "big"))),
            sequence(tlv(4, bytes(32)), tlv(4, bytes(31), b"\x07")),
            tlv(4, b"\x04", bytes(64)),
            tlv(2, b"\x7f" * 32),
        ),
    ),
    tlv(3, b"\0\x04", bytes(64)),
)

CASES = {
    "ampersand": named(PRINTABLE, b"EX&M"),
    "star": named(PRINTABLE, b"*.example.com"),
    "underscore": named(PRINTABLE, b"my_host"),
    "at": named(PRINTABLE, b"oftp@example.com"),
    "critical FALSE": Odd(extensions=(extension(CONSTRAINTS, sequence(), FALSE),)),
    "ECDSA with NULL": Odd(algorithm=SHA256_NULL),
    "T61 umlauts": named(T61, "Müller".encode("latin-1")),
    "IA5 umlauts": named(IA5, "Müller".encode("latin-1")),
    "IA5 umlauts in UTF-8": named(IA5, "Müller".encode()),
    "empty RDN": Odd(subject=sequence(tlv(0x31), tlv(0x31, sequence(tlv(6, CN), tlv(UTF8, b"odd"))))),
    "octets behind": Odd(behind=b"\0\0\0"),
    "negative serial": Odd(serial=b"\x02\x01\xff"),
    "serial zero": Odd(serial=b"\x02\x01\x00"),
    "long serial": Odd(serial=tlv(2, b"\x01" * 40)),
    "huge serial": Odd(serial=tlv(2, b"\x01" * 20_000)),
    "version 1 with extensions": Odd(version=b""),
    "version 9": Odd(version=b"\xa0\x03\x02\x01\x09"),
    "year 0": times(tlv(24, b"00000101000000Z"), tlv(24, b"20991231235959Z")),
    "30 February": times(tlv(23, b"260230000000Z"), tlv(24, b"20991231235959Z")),
    "GeneralizedTime before 2050": times(tlv(24, b"20260101000000Z"), tlv(24, b"20300101000000Z")),
    "a time zone": times(tlv(23, b"260101000000+0100"), tlv(23, b"300101000000-0100")),
    "no extensions": Odd(extensions=()),
    "an extension twice": Odd(extensions=(NO_CA, NO_CA)),
    "nonsense in an extension": Odd(extensions=(extension(PURPOSES, b"\xff\xff"),)),
    "explicit curve": Odd(key=EC_EXPLICIT),
    "unknown curve": Odd(key=sequence(sequence(tlv(6, bytes.fromhex("2a8648ce3d0201")), tlv(6, b"\x2a\x03\x04")),
                                      tlv(3, b"\0\x04", bytes(64)))),
    "unknown key": Odd(key=sequence(sequence(tlv(6, b"\x2a\x03\x04")), tlv(3, b"\0"))),
    "no key at all": Odd(key=sequence(sequence(tlv(6, bytes.fromhex("2a864886f70d010101"))), tlv(3, b"\0\xff"))),
    "BMPString": named(BMP, "Müller".encode("utf-16-be")),
    "UniversalString": named(UNIVERSAL, "Müller".encode("utf-32-be")),
    "bits as a name": named(BITS, b"\0\x01"),
    "empty subject": Odd(subject=sequence()),
    "empty value": named(UTF8, b""),
    "huge name": named(UTF8, b"x" * 30_000),
    "many parts": Odd(subject=name(*[(CN, UTF8, b"x")] * 500)),
    "NUL in a name": named(UTF8, b"good\0.evil"),
    "orders to a terminal": named(UTF8, "a\x1b[2K\u202eb".encode()),
    "10,000 names": Odd(extensions=(extension(NAMES, sequence(*[tlv(0x82, b"a.b")] * 10_000)),)),
    "a URI with spaces": Odd(extensions=(extension(NAMES, sequence(tlv(0x86, b"oftp://O0013 000001 ACME"))),)),
    "a name beyond ASCII": Odd(extensions=(extension(NAMES, sequence(tlv(0x82, b"m\xfc.de"), tlv(0x82, b"a.de"))),)),
}  # fmt: skip
"""Each is a certificate that OpenSSL takes."""

REFUSED = {
    "Latin-1 in UTF8String": named(UTF8, "Müller".encode("latin-1")),
    "no date": times(tlv(23, b"yesterday"), tlv(23, b"tomorrow")),
    "without seconds": times(tlv(23, b"2601010000Z"), tlv(23, b"3001010000Z")),
    "half a BMPString": named(BMP, b"M\0\xd8"),
}
"""Each is a certificate that OpenSSL does not take."""
