"""The company's own certificates: stored with their keys encrypted, one of them in use."""

from django.db import transaction

from seon.backend.certificates import check_belongs, describe_certificate, read_chain, read_key
from seon.backend.errors import OperatorError
from seon.backend.trust.models import OwnCertificate
from seon.backend.vault import vault


def add_own_certificate(name: str, chain: bytes, key: bytes, password: bytes | None = None) -> OwnCertificate:
    """Store a certificate with its chain and key, and put it in use in the place of the one before.

    Raises OperatorError, also when key and certificate do not belong together or it is already stored.
    """
    certificates = read_chain(chain)
    key_pem = read_key(key, password)
    check_belongs(certificates[0], key_pem)
    found = describe_certificate(certificates[0])
    if OwnCertificate.objects.filter(fingerprint=found.fingerprint).exists():
        raise OperatorError("This certificate is already stored")
    with transaction.atomic():
        OwnCertificate.objects.filter(in_use=True).update(in_use=False)
        own = OwnCertificate(
            name=name or found.subject[:120],
            chain="".join(describe_certificate(certificate).pem for certificate in certificates),
            key=vault().encrypt(_record(found.fingerprint), key_pem),
            fingerprint=found.fingerprint,
            subject=found.subject,
            not_after=found.not_after,
            in_use=True,
        )
        own.save()
    return own


def private_key_of(own: OwnCertificate) -> bytes:
    """Return the private key, PKCS#8 PEM. Raises OperatorError."""
    return vault().decrypt(_record(own.fingerprint), bytes(own.key))


def _record(fingerprint: str) -> str:
    return f"own-certificate:{fingerprint}"
