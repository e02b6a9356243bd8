"""The company's own certificates and keys as they are stored: found, opened, put in use. Acts: own_actions.py."""

from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from seon import pki
from seon.backend.acting import audit
from seon.backend.acting.actors import itself
from seon.backend.configuration.versioned import raise_version, take_turn
from seon.backend.errors import OperatorError
from seon.backend.journal.recording import record
from seon.backend.trust.chains import Chain, ordered
from seon.backend.trust.models import ChainCertificate, OwnCertificate, OwnKey
from seon.backend.vault import vault
from seon.pki import Certificate, PrivateKey

SHORT = 12
"""Characters of a SHA-256 that are shown where people read it."""
MIN_REFERENCE = 6
Row = TypeVar("Row", OwnCertificate, OwnKey)


def private_key_of(own: OwnCertificate) -> bytes:
    """Return the private key, PKCS#8 PEM. Raises OperatorError."""
    return vault().decrypt(_record(own.key.digest), bytes(own.key.sealed))


def keep_key(name: str, kind: str, key: PrivateKey, request: str = "") -> OwnKey:
    """Store a private key, encrypted, unless it is stored already; return what is stored."""
    digest = pki.key_digest(pki.public_half(key))
    stored = OwnKey.objects.filter(digest=digest).first()
    if stored is not None:
        return stored
    own = OwnKey(name=name[:120], digest=digest, kind=kind, request=request)
    own.sealed = vault().encrypt(_record(digest), pki.pem_of_key(key))
    own.save()
    return own


def _record(digest: str) -> str:
    return f"own-key:{digest}"


# --- finding --------------------------------------------------------------------------------------------------------


def find_own(reference: str) -> OwnCertificate:
    """Return the certificate with this name or beginning of its SHA-256. Raises OperatorError."""
    found = _referred(OwnCertificate.objects.select_related("key"), reference, "fingerprint")
    if len(found) == 1:
        return found[0]
    raise _not_one("own certificate", reference, [(own.name, own.fingerprint) for own in found])


def find_waiting(reference: str) -> OwnKey:
    """Return the key that waits for its certificate, by its name or the beginning of its SHA-256.

    Raises OperatorError.
    """
    found = _referred(waiting_keys(), reference, "digest")
    if len(found) == 1:
        return found[0]
    raise _not_one("certificate request", reference, [(key.name, key.digest) for key in found])


def waiting_keys() -> QuerySet[OwnKey]:
    """Return the keys that have no certificate yet."""
    return OwnKey.objects.filter(certificates=None)


def _referred(rows: QuerySet[Row], reference: str, digest: str) -> list[Row]:
    by_name = list(rows.filter(name=reference)[:10])
    if by_name or len(reference) < MIN_REFERENCE:
        return by_name
    return list(rows.filter(Q((f"{digest}__startswith", reference.lower())))[:10])


def _not_one(what: str, reference: str, found: list[tuple[str, str]]) -> OperatorError:
    if not found:
        return OperatorError(
            f"There is no {what} {reference!r}: give its name, or at least {MIN_REFERENCE} characters of its id, "
            "as `seonapi certificate list` shows them"
        )
    several = ", ".join(f"{name} ({digest[:SHORT]})" for name, digest in found)
    return OperatorError(f"{reference!r} is more than one {what}: {several}; give the id")


def in_use() -> OwnCertificate | None:
    """Return the certificate in use."""
    return OwnCertificate.objects.filter(in_use=True).first()


def used_before() -> OwnCertificate | None:
    """Return the certificate that was in use before the one that is now."""
    return OwnCertificate.objects.filter(in_use=False).exclude(used_at=None).order_by("-used_at").first()


# --- chains ---------------------------------------------------------------------------------------------------------


def stored_authorities() -> list[Certificate]:
    """Return what chains can be completed with: what is above other certificates, and what was given for that."""
    pems = [ca.pem for ca in ChainCertificate.objects.all()]
    above = [held for own in OwnCertificate.objects.all() for held in pki.certificates_in_pem(own.chain)[1:]]
    return [*map(pki.certificate_in_pem, pems), *above]


def chain_of(own: OwnCertificate, at: datetime | None = None) -> Chain:
    """Return a stored certificate's chain, completed from what is stored for the time `at` (None: now)."""
    leaf, *above = pki.certificates_in_pem(own.chain)
    return ordered(leaf, above, stored_authorities(), at)


# --- using ----------------------------------------------------------------------------------------------------------


def put_in_use(own: OwnCertificate) -> OwnCertificate | None:
    """Put a certificate in use, inside the caller's transaction; return the one that was in use before.

    That is the same one if it was in use already.
    """
    raise_version()  # first: whoever else changes what is in use waits here
    rows = list(OwnCertificate.objects.filter(Q(in_use=True) | Q(pk=own.pk)))
    before = next((row for row in rows if row.in_use), None)
    mine = next(row for row in rows if row.pk == own.pk)
    if before is not None and before.pk != mine.pk:
        before.in_use = False
        before.save()
    if before is None or before.pk != mine.pk:
        mine.used_at = timezone.now()
    mine.in_use, mine.use_from = True, None
    mine.save()
    own.refresh_from_db()
    return before


def switch_due(now: datetime | None = None) -> str:
    """Put in use what was planned to be in use by now; return what was done in a line, "" for nothing.

    Several programs ask, and often. The first one switches, and the configuration version rises in the same
    transaction: so the clients' waiting calls see it as they see every other change.
    """
    now = now or timezone.now()
    planned = OwnCertificate.objects.filter(use_from__lte=now).order_by("use_from", "pk")
    if not planned.exists():
        return ""
    with transaction.atomic():
        take_turn()
        due = list(planned.all())
        if not due:
            return ""  # another program was quicker
        with audit.collected("certificate.planned", itself("Seonapi")):
            for passed in due[:-1]:  # a later one is due as well
                passed.use_from = None
                passed.save()
            return _switch(due[-1], now)


def _switch(own: OwnCertificate, now: datetime) -> str:
    named = {"subject": own.subject, "fingerprint": own.fingerprint}
    if own.not_after <= now:  # Seonapi was not running for longer than the certificate was valid
        own.use_from = None
        own.save()
        record("CFG-OWNBAD", reason=f"it has expired meanwhile, at {own.not_after:%Y-%m-%d %H:%M} UTC", **named)
        return f"own certificate {own} has expired before it came into use"
    before = put_in_use(own)
    record("CFG-OWN", before=before.subject if before else "", **named)
    return f"own certificate {own} is in use from now on, as planned"
