"""Certificates and revocation lists for the table of cases: with whatever is wrong in them, and real keys.

What `cryptography` does not make any more (SHA-1), or makes slowly (a list of many entries), is put together here.
"""

import datetime as dt
import functools
import hashlib
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
PURPOSES = {"client": ExtendedKeyUsageOID.CLIENT_AUTH, "server": ExtendedKeyUsageOID.SERVER_AUTH}


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, as a peer shows it: DER that nobody has judged."""

    der: bytes
    key: Key

    @property
    def certificate(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.der)

    @property
    def pem(self) -> str:
        return ssl.DER_cert_to_PEM_cert(self.der)

    @property
    def key_der(self) -> bytes:
        return self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    @property
    def serial(self) -> int:
        return self.certificate.serial_number


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@functools.cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """Return an RSA key; all certificates with one of this size share it."""
    return _large_key(*_PRIMES[bits]) if bits in _PRIMES else rsa.generate_private_key(65_537, bits)


_PRIMES = {8_192: (2**4_423 - 1, 2**3_769 - 2_271), 16_384: (2**11_213 - 1, 2**5_171 - 2_157)}
"""Of large keys, by their bits: to find others takes minutes."""


def _large_key(p: int, q: int) -> rsa.RSAPrivateKey:
    e = 65_537
    d = pow(e, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(e, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def named(common_name: str, odette_ids: Sequence[str] = ()) -> x509.Name:
    """Return a name: Odette IDs stand in serialNumber, each in an RDN of its own."""
    return x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
        + [x509.NameAttribute(NameOID.SERIAL_NUMBER, one) for one in odette_ids]
    )


def issue(  # each of them is something that a case has wrong
    common_name: str,
    issuer: Issued | None = None,
    *,
    key: Key | None = None,
    bits: int = 0,
    odette_ids: Sequence[str] = (),
    uris: Sequence[str] = (),
    ca: bool = False,
    path_length: int | None = None,
    days: tuple[float, float] = (-1, 30),
    purposes: Sequence[str] | None = ("client", "server"),
    points: Sequence[str] = (),
    fill: int = 0,
) -> Issued:
    """Return a certificate, self-signed where there is no issuer.

    `bits`: of an RSA key. `days`: from and to, counted from now. `purposes`: of the extended key usage; None: it has
    none. `fill`: octets of an extension that nobody knows.
    """
    key = key or (rsa_key(bits) if bits else new_key())
    name = named(common_name, odette_ids)
    extensions: list[tuple[x509.ExtensionType, bool]] = [(x509.BasicConstraints(ca, path_length if ca else None), True)]
    if purposes is not None and not ca:
        extensions.append((x509.ExtendedKeyUsage([PURPOSES[one] for one in purposes]), False))
    if uris:
        extensions.append((x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in uris]), False))
    if points:
        extensions.append((x509.CRLDistributionPoints([_point(url) for url in points]), False))
    if fill:
        extensions.append(
            (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), bytes(fill)), False)
        )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + dt.timedelta(days=days[0]))
        .not_valid_after(NOW + dt.timedelta(days=days[1]))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    signed = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    return Issued(signed.public_bytes(Encoding.DER), key)


def _point(url: str) -> x509.DistributionPoint:
    return x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)


# --- by hand ----------------------------------------------------------------------------------------------------------

_RSA_SHA256, _RSA_SHA1 = bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d010105")
_SHA1_INFO = bytes.fromhex("3021300906052b0e03021a05000414")
_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")


def with_sha1(made: Issued, signer: rsa.RSAPrivateKey) -> Issued:
    """Return the same certificate signed with SHA-1 by the RSA key of its issuer (RFC 8017 8.2.1, 9.2)."""
    size = signer.key_size // 8
    der = made.der.replace(_RSA_SHA256, _RSA_SHA1)
    tbs = made.certificate.tbs_certificate_bytes.replace(_RSA_SHA256, _RSA_SHA1)
    digest = _SHA1_INFO + hashlib.sha1(tbs).digest()
    padded = b"\0\1" + b"\xff" * (size - 3 - len(digest)) + b"\0" + digest
    numbers = signer.private_numbers()
    signature = pow(int.from_bytes(padded, "big"), numbers.d, numbers.public_numbers.n).to_bytes(size, "big")
    return Issued(der[:-size] + signature, made.key)


def revocation_list(
    issuer: Issued,
    serials: Iterable[int] = (),
    *,
    days: tuple[float, float] = (-1, 7),
    points: Sequence[str] = (),
    signer: Issued | None = None,
) -> bytes:
    """Return a list (RFC 5280 5) in DER, signed by the EC key of its issuer, or of somebody else.

    `days`: of thisUpdate and nextUpdate, from now. `points`: what it is for; none: for all of its issuer's.
    """
    begin, end = (_time(NOW + dt.timedelta(days=day)) for day in days)
    entries = b"".join(_entry(serial, begin) for serial in serials)
    extensions = _extension("551d14", _tlv(2, b"\1"), critical=False)
    if points:
        full_name = [x509.UniformResourceIdentifier(url) for url in points]
        scope = x509.IssuingDistributionPoint(full_name, None, False, False, None, False, False)
        extensions += _extension("551d1c", scope.public_bytes(), critical=True)
    tbs = _tlv(
        0x30,
        _tlv(2, b"\1") + _ECDSA_SHA256 + issuer.certificate.subject.public_bytes() + begin + end
        + (_tlv(0x30, entries) if entries else b"") + _tlv(0xA0, _tlv(0x30, extensions)),
    )  # fmt: skip
    key = (signer or issuer).key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return _tlv(0x30, tbs + _ECDSA_SHA256 + _tlv(3, b"\0" + key.sign(tbs, ec.ECDSA(hashes.SHA256()))))


def _entry(serial: int, when: bytes) -> bytes:
    return _tlv(0x30, _tlv(2, serial.to_bytes(serial.bit_length() // 8 + 1, "big")) + when)


def _extension(oid: str, value: bytes, *, critical: bool) -> bytes:
    return _tlv(0x30, _tlv(6, bytes.fromhex(oid)) + (b"\1\1\xff" if critical else b"") + _tlv(4, value))


def _time(when: dt.datetime) -> bytes:
    return _tlv(0x17, when.strftime("%y%m%d%H%M%SZ").encode())


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content
