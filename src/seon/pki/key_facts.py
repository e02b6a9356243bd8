"""Of what kind a certified key is, how strong, and what a signature was hashed with: read, not computed with."""

import hashlib
from dataclasses import dataclass

from seon.pki import ber
from seon.pki.ber import BrokenError, Element

RSA, EC, DSA, UNKNOWN = "RSA", "EC", "DSA", "unknown"
EXPLICIT = "explicit parameters"
"""The curve of a key that writes out what its curve is, instead of naming it."""
_KINDS = {
    "1.2.840.113549.1.1.1": RSA,
    "1.2.840.113549.1.1.7": RSA,
    "1.2.840.113549.1.1.10": RSA,
    "2.5.8.1.1": RSA,
    "1.2.840.10045.2.1": EC,
    "1.2.840.10040.4.1": DSA,
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
}
_BITS = {"Ed25519": 256, "Ed448": 456}
_CURVES = {
    "1.2.840.10045.3.1.1": ("secp192r1", 192),
    "1.2.840.10045.3.1.7": ("secp256r1", 256),
    "1.3.132.0.33": ("secp224r1", 224),
    "1.3.132.0.34": ("secp384r1", 384),
    "1.3.132.0.35": ("secp521r1", 521),
    "1.3.132.0.10": ("secp256k1", 256),
    "1.3.36.3.3.2.8.1.1.7": ("brainpoolP256r1", 256),
    "1.3.36.3.3.2.8.1.1.8": ("brainpoolP256t1", 256),
    "1.3.36.3.3.2.8.1.1.11": ("brainpoolP384r1", 384),
    "1.3.36.3.3.2.8.1.1.12": ("brainpoolP384t1", 384),
    "1.3.36.3.3.2.8.1.1.13": ("brainpoolP512r1", 512),
    "1.3.36.3.3.2.8.1.1.14": ("brainpoolP512t1", 512),
}
_HASHES = {
    "1.2.840.113549.2.5": "md5",
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_PSS = "1.2.840.113549.1.1.10"
_SIGNATURES = {
    "1.2.840.113549.1.1.2": "md2",
    "1.2.840.113549.1.1.4": "md5",
    "1.2.840.113549.1.1.5": "sha1",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
    "1.2.840.113549.1.1.14": "sha224",
    "1.2.840.113549.1.1.3": "md4",
    "1.3.14.3.2.3": "md5",
    "1.3.14.3.2.29": "sha1",
    "1.3.14.3.2.27": "sha1",
    "1.3.36.3.3.1.2": "ripemd160",
    "1.2.840.10045.4.1": "sha1",
    "1.2.840.10045.4.3.1": "sha224",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
    "1.2.840.10040.4.3": "sha1",
    "2.16.840.1.101.3.4.3.1": "sha224",
    "2.16.840.1.101.3.4.3.2": "sha256",
    "1.3.101.112": "",
    "1.3.101.113": "",
}


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What is known of a public key without using it."""

    kind: str
    """RSA, EC, Ed25519, Ed448, DSA or unknown."""
    bits: int
    """0 where they cannot be read."""
    curve: str
    """The name of an EC key's curve, EXPLICIT, or its number with dots where it has no name here; else empty."""
    digest: str
    """SHA-256 of SubjectPublicKeyInfo in DER, lower-case hex."""

    @property
    def text(self) -> str:
        """The kind in words, such as "RSA 2048" or "EC secp256r1"."""
        return f"{self.kind} {self.curve or self.bits or ''}".rstrip()


def key_facts(info: bytes) -> KeyFacts:
    """Return what is known of a key, from its SubjectPublicKeyInfo (RFC 5280 4.1.2.7)."""
    kind, bits, curve = UNKNOWN, 0, ""
    try:
        algorithm, key = ber.members(info, ber.whole(info), 2)
        identifier, *parameters = ber.members(info, algorithm, 2)
        kind = _KINDS.get(ber.dotted(ber.content(info, identifier, ber.OBJECT)), UNKNOWN)
        if kind == EC:
            curve, bits = _curve(info, parameters, key)
        elif kind == RSA:
            inner = ber.content(info, key, ber.BIT_STRING)[1:]
            bits = _bits_of_first(inner, ber.element_at(inner, 0, len(inner)))  # OpenSSL passes over what is behind it
        elif kind == DSA:
            bits = _bits_of_first(info, parameters[0])
        else:
            bits = _BITS.get(kind, 0)
    except (BrokenError, ValueError, IndexError):
        pass
    return KeyFacts(kind, bits, curve, hashlib.sha256(info).hexdigest())


def _curve(info: bytes, parameters: list[Element], key: Element) -> tuple[str, int]:
    by_point = (key.inside_end - key.inside - 2) // 2 * 8
    if not parameters or parameters[0].tag != ber.OBJECT:
        return EXPLICIT, by_point
    number = ber.dotted(ber.content(info, parameters[0], ber.OBJECT))
    return _CURVES.get(number, (number, by_point))


def _bits_of_first(octets: bytes, sequence: Element) -> int:
    """Return how many bits the first number in a sequence has."""
    number = ber.content(octets, ber.element_at(octets, sequence.inside, sequence.inside_end), ber.INTEGER)
    significant = number.lstrip(b"\0")
    return 8 * len(significant) - 8 + significant[0].bit_length() if significant else 0


def signature_hash(algorithm: bytes) -> str:
    """Return what a signature was hashed with, from its AlgorithmIdentifier; "" where its kind has a hash of its own.

    "unknown" for kinds that are not known here.
    """
    try:
        identifier, *parameters = ber.members(algorithm, ber.whole(algorithm), 2)
        number = ber.dotted(ber.content(algorithm, identifier, ber.OBJECT))
        if number != _PSS:
            return _SIGNATURES.get(number, UNKNOWN)
        return _hash_of_pss(algorithm, parameters[0])
    except (BrokenError, ValueError, IndexError):
        return UNKNOWN


def _hash_of_pss(octets: bytes, parameters: Element) -> str:
    """Return the hash of RSASSA-PSS-params (RFC 4055 3.1): SHA-1 where none is named."""
    named = [one for one in ber.members(octets, parameters, 4) if one.tag == 0xA0]
    if not named:
        return "sha1"
    identifier = ber.members(octets, ber.members(octets, named[0], 1)[0], 2)[0]
    return _HASHES.get(ber.dotted(ber.content(octets, identifier, ber.OBJECT)), UNKNOWN)
