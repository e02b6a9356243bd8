"""Makes keys, certificate requests and certificates."""

import datetime as dt
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from seon.pki.facts import public_key_of
from seon.pki.values import AlternativeNames, Certificate, PkiError, PrivateKey, PublicKey, Purpose, SigningKey, saying

BACKDATED = dt.timedelta(hours=1)
"""New certificates begin that much before now: the clocks of two hosts may differ."""


def new_ecdsa_key(bits: Literal[256, 384] = 256) -> ec.EllipticCurvePrivateKey:
    """Return a new key on P-256 or P-384."""
    return ec.generate_private_key(ec.SECP256R1() if bits == 256 else ec.SECP384R1())


def new_rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """Return a new key. Takes up to some seconds."""
    return rsa.generate_private_key(65_537, bits)


def new_ed25519_key() -> ed25519.Ed25519PrivateKey:
    """Return a new key."""
    return ed25519.Ed25519PrivateKey.generate()


def pem_of_key(key: PrivateKey) -> bytes:
    """Return a private key as PKCS#8 PEM without encryption; the caller is the only holder, and may wipe it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def new_request(
    key: SigningKey,
    common_name: str,
    *,
    serial_number: str = "",
    purposes: Sequence[Purpose] = (),
    names: AlternativeNames | None = None,
) -> str:
    """Return a certificate request (PKCS#10) as PEM; the arguments mean what they mean in `Leaf`.

    Raises PkiError for names that no certificate can hold.
    """
    subject = _name(common_name, serial_number)
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    for extension in _for_whom(purposes, names or AlternativeNames()):
        request = request.add_extension(extension, critical=False)
    with saying(f"{common_name!r} cannot be a certificate's name"):
        return request.sign(key, _hash_for(key)).public_bytes(Encoding.PEM).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """What a new certificate says that may issue nothing."""

    common_name: str
    until: dt.datetime
    since: dt.datetime | None = None
    """None: BACKDATED before now."""
    serial_number: str = ""
    """In the subject, where Odette's certificates have the station's code; the certificate's own number is random."""
    purposes: Sequence[Purpose] = ()
    only_these_purposes: bool = False
    """Whether a reader that does not understand purposes must refuse the certificate (a critical extension)."""
    names: AlternativeNames = field(default_factory=AlternativeNames)


def new_authority(key: SigningKey, common_name: str, until: dt.datetime) -> Certificate:
    """Return the self-signed certificate of a CA that issues leaves only. Raises PkiError."""
    name = _name(common_name)
    return _signed(
        _builder(name, name, key.public_key(), None, until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True),
        key,
    )


def issue(ca_key: SigningKey, ca: Certificate, key: PublicKey, leaf: Leaf) -> Certificate:
    """Return a certificate of this CA for a public key. Raises PkiError for names that no certificate can hold."""
    with saying("the CA's name cannot be read"):
        issuer = ca.subject
    builder = (
        _builder(_name(leaf.common_name, leaf.serial_number), issuer, key, leaf.since, leaf.until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
    )
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    return _signed(_for_the_leaf(builder, leaf).add_extension(authority, critical=False), ca_key)


def self_signed(key: SigningKey, leaf: Leaf) -> Certificate:
    """Return a self-signed certificate, as stations have them. Raises PkiError for names that none can hold."""
    name = _name(leaf.common_name, leaf.serial_number)
    builder = _builder(name, name, key.public_key(), leaf.since, leaf.until)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return _signed(_for_the_leaf(builder, leaf), key)


def stand_in_for(certificate: Certificate) -> Certificate:
    """Return a certificate with another public key of the same type and size, and no private key anywhere.

    Raises PkiError for other types than RSA, EC and Ed25519.
    """
    key = _other_than(public_key_of(certificate))
    name, tomorrow = _name("no key here"), dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    return _signed(_builder(name, name, key, None, tomorrow), new_ed25519_key())


def _other_than(key: PublicKey) -> PublicKey:
    if isinstance(key, rsa.RSAPublicKey):  # any odd number of that size serves: nobody will use it
        modulus = secrets.randbits(key.key_size) | 1 << (key.key_size - 1) | 1
        return rsa.RSAPublicNumbers(65_537, modulus).public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return ec.generate_private_key(key.curve).public_key()
    if isinstance(key, ed25519.Ed25519PublicKey):
        return new_ed25519_key().public_key()
    raise PkiError(f"certificates with a key of type {type(key).__name__} are not supported; use RSA, EC or Ed25519")


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, since: dt.datetime | None, until: dt.datetime
) -> x509.CertificateBuilder:
    with saying(f"a certificate cannot end at {until}"):
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(since or dt.datetime.now(dt.UTC) - BACKDATED)
            .not_valid_after(until)
        )


def _for_the_leaf(builder: x509.CertificateBuilder, leaf: Leaf) -> x509.CertificateBuilder:
    for extension in _for_whom(leaf.purposes, leaf.names):
        critical = leaf.only_these_purposes and isinstance(extension, x509.ExtendedKeyUsage)
        builder = builder.add_extension(extension, critical=critical)
    return builder


def _for_whom(purposes: Sequence[Purpose], said: AlternativeNames) -> Iterator[x509.ExtensionType]:
    if purposes:
        yield x509.ExtendedKeyUsage([x509.ObjectIdentifier(purpose) for purpose in purposes])
    names: list[x509.GeneralName] = []
    for uri in said.uris:
        with saying(f"{uri!r} is no URI that a certificate can hold"):
            names.append(x509.UniformResourceIdentifier(uri))
    for host in said.hosts:
        with saying(f"{host!r} is no host name that a certificate can hold"):
            names.append(x509.DNSName(host))
    names += map(x509.IPAddress, said.addresses)
    if names:
        yield x509.SubjectAlternativeName(names)


def _name(common_name: str, serial_number: str = "") -> x509.Name:
    with saying(f"{common_name!r} or {serial_number!r} cannot be in a certificate's name"):
        parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
        if serial_number:
            parts.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial_number))
        return x509.Name(parts)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(builder: x509.CertificateBuilder, key: SigningKey) -> Certificate:
    with saying("the certificate cannot be signed"):
        return builder.sign(key, _hash_for(key))


def _hash_for(key: SigningKey) -> hashes.SHA256 | None:
    """Return what is hashed with before signing; Ed25519 has a hash of its own."""
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
