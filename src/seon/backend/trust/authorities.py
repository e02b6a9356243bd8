"""The installation's CAs: made once by `seonapi init`, their keys opened only for the moment of signing."""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from seon.backend.errors import OperatorError
from seon.backend.trust.models import Authority
from seon.backend.vault import vault

Kind = Authority.Kind


def store_authority(kind: Kind, key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey, ca: x509.Certificate) -> None:
    """Store a new CA, its key encrypted at rest."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    certificate = ca.public_bytes(Encoding.PEM).decode()
    Authority.objects.create(kind=kind, certificate=certificate, key=vault().encrypt(_record(kind), pem))


def certificate_of(kind: Kind) -> x509.Certificate:
    """Return a CA's certificate. Raises OperatorError before `seonapi init`."""
    return x509.load_pem_x509_certificate(_authority(kind).certificate.encode())


def link_authority() -> tuple[Ed25519PrivateKey, x509.Certificate]:
    """Return key and certificate of the link CA. Raises OperatorError."""
    key = _key(Kind.LINK)
    assert isinstance(key, Ed25519PrivateKey)
    return key, certificate_of(Kind.LINK)


def api_authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """Return key and certificate of the API CA. Raises OperatorError."""
    key = _key(Kind.API)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key, certificate_of(Kind.API)


def _key(kind: Kind) -> object:
    return load_pem_private_key(vault().decrypt(_record(kind), bytes(_authority(kind).key)), None)


def _authority(kind: Kind) -> Authority:
    authority = Authority.objects.filter(kind=kind).first()
    if authority is None:
        raise OperatorError("This installation has no CAs yet: run `seonapi init`")
    return authority


def _record(kind: Kind) -> str:
    return f"authority:{kind.value}"
