"""Reads certificates, private keys and certificate requests, in PEM and DER."""

from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from seon.pki.values import Certificate, KeyLockedError, PkiError, PrivateKey, PublicKey, WrongPasswordError, saying

_PEM_BEGIN = b"-----BEGIN"


def certificates_in(octets: bytes) -> list[Certificate]:
    """Return the certificates in PEM, at least one and in the file's order, or the one in DER. Raises PkiError."""
    return certificates_in_pem(octets) if _PEM_BEGIN in octets else [certificate_in_der(octets)]


def certificates_in_pem(pem: bytes | str) -> list[Certificate]:
    """Return the certificates in PEM, at least one and in their order. Raises PkiError."""
    with saying("no certificate in PEM can be read"):
        return x509.load_pem_x509_certificates(_octets(pem))


def certificate_in_pem(pem: bytes | str) -> Certificate:
    """Return the first certificate in PEM; what follows it is not looked at. Raises PkiError."""
    with saying("no certificate in PEM can be read"):
        return x509.load_pem_x509_certificate(_octets(pem))


def certificate_in_der(der: bytes) -> Certificate:
    """Return the certificate. Raises PkiError."""
    with saying("no certificate in DER can be read"):
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
    with saying("no private key can be read"):
        try:
            return load(octets, None)
        except TypeError as error:  # a password is missing
            if not password:
                raise KeyLockedError("the private key is protected by a password") from error
    with saying("the private key is protected in a way that is not supported here"):
        try:
            return load(octets, password)
        except ValueError as error:
            raise WrongPasswordError("the password of the private key is wrong") from error


def key_in_request(pem: str) -> PublicKey:
    """Return the public key in a certificate request (PKCS#10), which was signed with it.

    Nothing else that a request says is looked at. Raises PkiError.
    """
    with saying("the certificate request cannot be read"):
        request = x509.load_pem_x509_csr(_octets(pem))
        if not request.is_signature_valid:
            raise PkiError("the certificate request is not signed by its own key")
        return request.public_key()


def _octets(pem: bytes | str) -> bytes:
    return pem.encode() if isinstance(pem, str) else pem
