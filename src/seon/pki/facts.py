"""What a certificate says."""

import hashlib
import ipaddress
from collections.abc import Callable
from typing import TypeVar, cast, get_args

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from seon.pki.values import (
    LONGEST_NAME,
    UNREADABLE,
    AlternativeNames,
    Certificate,
    PkiError,
    PrivateKey,
    PublicKey,
    saying,
)

Extension = TypeVar("Extension", bound=x509.ExtensionType)


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
    except Exception:  # as in `saying`
        return UNREADABLE


def _in_hex(char: str) -> str:
    return "".join(f"\\{octet:02X}" for octet in char.encode())


def issuer_in_der(certificate: Certificate) -> bytes:
    """Return the issuer's name as DER. Raises PkiError."""
    with saying("the name of the certificate's issuer cannot be read"):
        return certificate.issuer.public_bytes()


def signature_hash_of(certificate: Certificate) -> str:
    """Return what its issuer hashed with, such as "sha256"; "" where the kind of signature has a hash of its own.

    Raises PkiError.
    """
    with saying("the kind of the certificate's signature is not known"):
        algorithm = certificate.signature_hash_algorithm
        return algorithm.name if algorithm else ""


def public_key_of(certificate: Certificate) -> PublicKey:
    """Return the certified key. Raises PkiError, also for a type of key that is not known here."""
    with saying("the certificate's key cannot be read"):
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
    except Exception:  # as in `saying`; a signature that cannot be checked proves nothing
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
    except Exception:  # as in `saying`
        return False


def _extension(certificate: Certificate, kind: type[Extension]) -> Extension | None:
    with saying("the certificate's extensions cannot be read"):
        try:
            return certificate.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None
