"""Revocation lists of all kinds: by a library where it makes them, octet by octet where it does not."""

import datetime as dt
from collections.abc import Iterable, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certificates import Extensions, Made

REVOKED_AT = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
SHA256_ECDSA = bytes.fromhex("300a06082a8648ce3d040302")


def make_list(
    issuer: Made,
    serials: Iterable[int] = (),
    *,
    age_days: float = 1,
    days: float = 30,
    extensions: Extensions = (),
    entry_extensions: Extensions = (),
    hash_algorithm: hashes.HashAlgorithm | None = None,
    pss: bool = False,
) -> bytes:
    """Return a list in DER that was made `age_days` ago and is good for so many days from then."""
    made = dt.datetime.now(dt.UTC) - dt.timedelta(days=age_days)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(made)
        .next_update(made + dt.timedelta(days=days))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(REVOKED_AT)
        for extension, critical in entry_extensions:
            entry = entry.add_extension(extension, critical=critical)
        builder = builder.add_revoked_certificate(entry.build())
    own_hash = None if isinstance(issuer.key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    way = padding.PSS(padding.MGF1(hashes.SHA384()), 32) if pss else None
    return builder.sign(issuer.key, hash_algorithm or own_hash, rsa_padding=way).public_bytes(Encoding.DER)


def point(**fields: object) -> Extensions:
    """Return the extension that says for what a list is."""
    known = {"full_name": None, "relative_name": None, "only_contains_user_certs": False,
             "only_contains_ca_certs": False, "only_some_reasons": None, "indirect_crl": False,
             "only_contains_attribute_certs": False}  # fmt: skip
    return [(x509.IssuingDistributionPoint(**{**known, **fields}), True)]


def uris(*names: str) -> list[x509.UniformResourceIdentifier]:
    """Return names of a distribution point."""
    return [x509.UniformResourceIdentifier(name) for name in names]


# --- octet by octet ---------------------------------------------------------------------------------------------------


def tlv(tag: int, *contents: bytes) -> bytes:
    """Return an ASN.1 element."""
    inside = b"".join(contents)
    if len(inside) < 0x80:
        return bytes([tag, len(inside)]) + inside
    length = len(inside).to_bytes((len(inside).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + inside


def entry(serial: bytes, when: bytes = b"260102030405Z", rest: bytes = b"", tag: int = 0x17) -> bytes:
    """Return an entry; `serial` is the content of an INTEGER."""
    return tlv(0x30, tlv(2, serial), tlv(tag, when), rest)


def by_hand(
    issuer: Made, entries: bytes | None, parts: Sequence[bytes] = (), times: Sequence[bytes] | None = None
) -> bytes:
    """Return a list that this EC key has signed: `times` and `parts` are what it says of time, and what stands last."""
    now = dt.datetime.now(dt.UTC)
    usual = [
        tlv(0x17, (now + dt.timedelta(days=days)).strftime("%y%m%d%H%M%SZ").encode()) for days in (-1, 30)
    ]  # fmt: skip
    revoked = [] if entries is None else [tlv(0x30, entries)]
    name = issuer.certificate.subject.public_bytes()
    signed = tlv(0x30, tlv(2, b"\x01"), SHA256_ECDSA, name, *(usual if times is None else times), *revoked, *parts)
    return signed_list(issuer, signed)


def signed_list(issuer: Made, signed: bytes, algorithm: bytes = SHA256_ECDSA) -> bytes:
    """Return a list of these octets."""
    assert isinstance(issuer.key, ec.EllipticCurvePrivateKey)
    signature = issuer.key.sign(signed, ec.ECDSA(hashes.SHA256()))
    return tlv(0x30, signed, algorithm, tlv(3, b"\0", signature))


def many(count: int) -> bytes:
    """Return entries with usual serial numbers that are not in order; that of number n is `serial_of(n)`."""
    reason = bytes.fromhex("300c300a0603551d1504030a0101")
    return b"".join(entry(_content(serial_of(number)), rest=reason) for number in range(count))


def serial_of(number: int) -> int:
    """Return the serial number of an entry of `many`."""
    return (number + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**127


def _content(serial: int) -> bytes:
    return serial.to_bytes(serial.bit_length() // 8 + 1, "big")


def rsa_key(bits: int = 2_048) -> rsa.RSAPrivateKey:
    """Return a key."""
    return rsa.generate_private_key(65_537, bits)
