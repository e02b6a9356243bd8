"""X.509: the one place that reads and makes certificates, private keys and certificate requests.

Much of what is read here was written by strangers: partners show certificates, clients send requests, administrators
bring files. Of a certificate that was read, `not_valid_before_utc`, `not_valid_after_utc`, `serial_number` and `==` are
safe to use. Everything else is parsed only when somebody asks for it, and can turn out to be nonsense then: ask for it
by the functions here. They raise PkiError and nothing else; no exception of `cryptography` gets out.

Private keys for TLS do not pass here: net.context loads them with no Python object that would hold a copy.
"""

import datetime as dt
import hashlib
import ipaddress
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeVar, cast, get_args

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes, PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Certificate = x509.Certificate
PublicKey = CertificatePublicKeyTypes
PrivateKey = PrivateKeyTypes
SigningKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
"""What certificates and requests are signed with here."""
Extension = TypeVar("Extension", bound=x509.ExtensionType)

BACKDATED = dt.timedelta(hours=1)
"""New certificates begin that much before now: the clocks of two hosts may differ."""
LONGEST_NAME = 500
"""Characters of a subject or issuer that are shown."""
UNREADABLE = "(unreadable)"
_PEM_BEGIN = b"-----BEGIN"


class PkiError(ValueError):
    """A certificate, key or request that cannot be read, used or made; the text says what is wrong with it."""


class KeyLockedError(PkiError):
    """A private key that only its password opens, and none was given."""


class WrongPasswordError(PkiError):
    """The password that was given does not open the private key."""


class Purpose(StrEnum):
    """What a certificate's key may be used for (extended key usage), as a dotted object identifier."""

    SERVER = ExtendedKeyUsageOID.SERVER_AUTH.dotted_string
    CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string
    ANY = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE.dotted_string


@dataclass(frozen=True, slots=True)
class AlternativeNames:
    """For whom or what a certificate is, besides its subject (subject alternative name)."""

    uris: Sequence[str] = ()
    hosts: Sequence[str] = ()
    """DNS names, in ASCII."""
    addresses: Sequence[ipaddress.IPv4Address | ipaddress.IPv6Address] = ()


@contextmanager
def _saying(problem: str) -> Iterator[None]:
    """Turn whatever goes wrong inside into a PkiError with this text."""
    try:
        yield
    except PkiError:
        raise
    except Exception as error:  # cryptography says "malformed" in a dozen classes that have no other base
        raise PkiError(problem) from error


# --- Reading files and messages -------------------------------------------------------------------------------------


def certificates_in(octets: bytes) -> list[Certificate]:
    """Return the certificates in PEM, at least one and in the file's order, or the one in DER. Raises PkiError."""
    return certificates_in_pem(octets) if _PEM_BEGIN in octets else [certificate_in_der(octets)]


def certificates_in_pem(pem: bytes | str) -> list[Certificate]:
    """Return the certificates in PEM, at least one and in their order. Raises PkiError."""
    with _saying("no certificate in PEM can be read"):
        return x509.load_pem_x509_certificates(_octets(pem))


def certificate_in_pem(pem: bytes | str) -> Certificate:
    """Return the first certificate in PEM; what follows it is not looked at. Raises PkiError."""
    with _saying("no certificate in PEM can be read"):
        return x509.load_pem_x509_certificate(_octets(pem))


def certificate_in_der(der: bytes) -> Certificate:
    """Return the certificate. Raises PkiError."""
    with _saying("no certificate in DER can be read"):
        return x509.load_der_x509_certificate(der)


def private_key_in(octets: bytes | bytearray, password: bytes | None = None) -> PrivateKey:
    """Return the private key in PEM or DER. A password for a key that has none is not looked at.

    Raises KeyLockedError, WrongPasswordError, PkiError.
    """
    return _private_key(load_pem_private_key if _PEM_BEGIN in octets else load_der_private_key, octets, password)


def private_key_in_pem(pem: bytes | bytearray) -> PrivateKey:
    """Return the private key in PEM that no password protects. Raises KeyLockedError, PkiError."""
    return _private_key(load_pem_private_key, pem, None)


def _private_key(
    load: Callable[[bytes | bytearray, bytes | None], PrivateKey], octets: bytes | bytearray, password: bytes | None
) -> PrivateKey:
    with _saying("no private key can be read"):
        try:
            return load(octets, None)
        except TypeError as error:  # a password is missing
            if not password:
                raise KeyLockedError("the private key is protected by a password") from error
    with _saying("the private key is protected in a way that is not supported here"):
        try:
            return load(octets, password)
        except ValueError as error:
            raise WrongPasswordError("the password of the private key is wrong") from error


def key_in_request(pem: str) -> PublicKey:
    """Return the public key in a certificate request (PKCS#10), which was signed with it.

    Nothing else that a request says is looked at. Raises PkiError.
    """
    with _saying("the certificate request cannot be read"):
        request = x509.load_pem_x509_csr(_octets(pem))
        if not request.is_signature_valid:
            raise PkiError("the certificate request is not signed by its own key")
        return request.public_key()


def _octets(pem: bytes | str) -> bytes:
    return pem.encode() if isinstance(pem, str) else pem


# --- What a certificate says ----------------------------------------------------------------------------------------


def fingerprint(certificate: Certificate) -> str:
    """Return the SHA-256 of a certificate's DER form, lower-case hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def pem_of(certificate: Certificate) -> str:
    """Return a certificate as PEM text."""
    return certificate.public_bytes(Encoding.PEM).decode()


def subject_of(certificate: Certificate) -> str:
    """Return the subject as RFC 4514 text, cut to LONGEST_NAME; UNREADABLE where it is: a name decides nothing.

    Who made the certificate chose its characters: what cannot be printed is escaped, as RFC 4514 allows for all.
    """
    return _shown(lambda: certificate.subject)


def issuer_of(certificate: Certificate) -> str:
    """Return the issuer in the same way."""
    return _shown(lambda: certificate.issuer)


_NAMES = {NameOID.SERIAL_NUMBER: "serialNumber"}
"""Names that RFC 4514 lacks and RFC 4519 has: Odette IDs stand there."""


def _shown(name: Callable[[], x509.Name]) -> str:
    try:
        text = name().rfc4514_string(_NAMES)
        return "".join(c if c.isprintable() else _in_hex(c) for c in text)[:LONGEST_NAME]
    except Exception:  # as in `_saying`
        return UNREADABLE


def _in_hex(char: str) -> str:
    return "".join(f"\\{octet:02X}" for octet in char.encode())


def issuer_in_der(certificate: Certificate) -> bytes:
    """Return the issuer's name as DER. Raises PkiError."""
    with _saying("the name of the certificate's issuer cannot be read"):
        return certificate.issuer.public_bytes()


def signature_hash_of(certificate: Certificate) -> str:
    """Return what its issuer hashed with, such as "sha256"; "" where the kind of signature has a hash of its own.

    Raises PkiError.
    """
    with _saying("the kind of the certificate's signature is not known"):
        algorithm = certificate.signature_hash_algorithm
        return algorithm.name if algorithm else ""


def public_key_of(certificate: Certificate) -> PublicKey:
    """Return the certified key. Raises PkiError, also for a type of key that is not known here."""
    with _saying("the certificate's key cannot be read"):
        return certificate.public_key()


def public_half(key: PrivateKey) -> PublicKey:
    """Return the public key of a private one. Raises PkiError for a kind that no certificate can hold."""
    public = key.public_key()
    if not isinstance(public, get_args(CertificatePublicKeyTypes)):  # Diffie-Hellman; cryptography warns at its name
        raise PkiError("it is a Diffie-Hellman key, which no certificate can hold")
    return cast(PublicKey, public)


def key_digest(key: PublicKey) -> str:
    """Return the SHA-256 of a public key (SubjectPublicKeyInfo in DER), lower-case hex."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def is_key_of(key: PrivateKey, certificate: Certificate) -> bool:
    """Whether a private key is the certificate's. Raises PkiError where the certificate's key cannot be read."""
    return key.public_key() == public_key_of(certificate)


def purposes_of(certificate: Certificate) -> list[str] | None:
    """Return what the key may be used for, dotted (Purpose has those we know); None where it is not said.

    Raises PkiError.
    """
    usages = _extension(certificate, x509.ExtendedKeyUsage)
    return None if usages is None else [usage.dotted_string for usage in usages]


def may_sign(certificate: Certificate) -> bool:
    """Whether the key may make signatures, as every handshake of TLS 1.3 needs (key usage). Raises PkiError."""
    usage = _extension(certificate, x509.KeyUsage)
    return usage is None or usage.digital_signature


def alternative_names_of(certificate: Certificate) -> AlternativeNames | None:
    """Return the subject alternative names, or None where the certificate has none. Raises PkiError."""
    names = _extension(certificate, x509.SubjectAlternativeName)
    if names is None:
        return None
    return AlternativeNames(
        uris=names.get_values_for_type(x509.UniformResourceIdentifier),
        hosts=names.get_values_for_type(x509.DNSName),
        addresses=[
            address
            for address in names.get_values_for_type(x509.IPAddress)
            if isinstance(address, ipaddress.IPv4Address | ipaddress.IPv6Address)  # networks are for constraints only
        ],
    )


def key_identifier_of(certificate: Certificate) -> bytes:
    """Return what stands for the key: what the certificate says, or what is made from the key where it is silent.

    Raises PkiError.
    """
    said = _extension(certificate, x509.SubjectKeyIdentifier)
    if said is not None:
        return said.digest
    return x509.SubjectKeyIdentifier.from_public_key(public_key_of(certificate)).digest


def is_ca(certificate: Certificate) -> bool:
    """Whether a certificate may issue others. Raises PkiError."""
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def key_usages_of(certificate: Certificate) -> frozenset[str] | None:
    """Return what the key may do (key usage), in the words of RFC 5280 4.2.1.3; None where it is not said.

    Raises PkiError.
    """
    usage = _extension(certificate, x509.KeyUsage)
    if usage is None:
        return None
    words = {
        "digitalSignature": usage.digital_signature,
        "nonRepudiation": usage.content_commitment,
        "keyEncipherment": usage.key_encipherment,
        "dataEncipherment": usage.data_encipherment,
        "keyAgreement": usage.key_agreement,
        "keyCertSign": usage.key_cert_sign,
        "cRLSign": usage.crl_sign,
    }
    return frozenset(word for word, said in words.items() if said)


def is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether a certificate names this issuer and its key has signed it. Whether the issuer may, `is_ca` says."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # as in `_saying`; a signature that cannot be checked proves nothing
        return False
    return True


def names_issuer(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether a certificate names this issuer, and its key where both say which. It proves nothing.

    For signatures made with SHA-1 or MD5, which cannot be checked here.
    """
    try:
        said = _extension(certificate, x509.AuthorityKeyIdentifier)
        of_issuer = _extension(issuer, x509.SubjectKeyIdentifier)
        same = not said or not of_issuer or said.key_identifier in (None, of_issuer.digest)
        return same and certificate.issuer == issuer.subject
    except Exception:  # as in `_saying`
        return False


def _extension(certificate: Certificate, kind: type[Extension]) -> Extension | None:
    with _saying("the certificate's extensions cannot be read"):
        try:
            return certificate.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None


# --- Making keys and requests ---------------------------------------------------------------------------------------


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
    with _saying(f"{common_name!r} cannot be a certificate's name"):
        return request.sign(key, _hash_for(key)).public_bytes(Encoding.PEM).decode()


# --- Making certificates --------------------------------------------------------------------------------------------


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
    names: AlternativeNames = AlternativeNames()


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
    with _saying("the CA's name cannot be read"):
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
    with _saying(f"a certificate cannot end at {until}"):
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
        with _saying(f"{uri!r} is no URI that a certificate can hold"):
            names.append(x509.UniformResourceIdentifier(uri))
    for host in said.hosts:
        with _saying(f"{host!r} is no host name that a certificate can hold"):
            names.append(x509.DNSName(host))
    names += map(x509.IPAddress, said.addresses)
    if names:
        yield x509.SubjectAlternativeName(names)


def _name(common_name: str, serial_number: str = "") -> x509.Name:
    with _saying(f"{common_name!r} or {serial_number!r} cannot be in a certificate's name"):
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
    with _saying("the certificate cannot be signed"):
        return builder.sign(key, _hash_for(key))


def _hash_for(key: SigningKey) -> hashes.SHA256 | None:
    """Return what is hashed with before signing; Ed25519 has a hash of its own."""
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
