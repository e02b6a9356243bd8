"""The installation's CAs: made once by `seonapi init`, their keys opened only for the moment of signing."""

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seon.backend.errors import OperatorError
from seon.backend.trust.models import Authority
from seon.backend.vault import vault
from seon.pki import Certificate, certificate_in_pem, pem_of, pem_of_key, private_key_in_pem

Kind = Authority.Kind


def store_authority(kind: Kind, key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey, ca: Certificate) -> None:
    """Store a new CA, its key encrypted at rest."""
    sealed = vault().encrypt(_record(kind), pem_of_key(key))
    Authority.objects.create(kind=kind, certificate=pem_of(ca), key=sealed)


def certificate_of(kind: Kind) -> Certificate:
    """Return a CA's certificate. Raises OperatorError before `seonapi init`."""
    return certificate_in_pem(_authority(kind).certificate)


def link_authority() -> tuple[Ed25519PrivateKey, Certificate]:
    """Return key and certificate of the link CA. Raises OperatorError."""
    key = _key(Kind.LINK)
    assert isinstance(key, Ed25519PrivateKey)
    return key, certificate_of(Kind.LINK)


def api_authority() -> tuple[ec.EllipticCurvePrivateKey, Certificate]:
    """Return key and certificate of the API CA. Raises OperatorError."""
    key = _key(Kind.API)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key, certificate_of(Kind.API)


def _key(kind: Kind) -> object:
    return private_key_in_pem(vault().decrypt(_record(kind), bytes(_authority(kind).key)))


def _authority(kind: Kind) -> Authority:
    authority = Authority.objects.filter(kind=kind).first()
    if authority is None:
        raise OperatorError("This installation has no CAs yet: run `seonapi init`")
    return authority


def _record(kind: Kind) -> str:
    return f"authority:{kind.value}"
