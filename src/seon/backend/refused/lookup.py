"""Which refused certificate somebody means."""

import re

from seon.backend.errors import OperatorError
from seon.backend.refused.models import RefusedCertificate

_LEAST = 8
"""Hex digits of a SHA-256 that are enough."""


def find_refused(fingerprint: str) -> RefusedCertificate:
    """Return the refused certificate whose SHA-256 begins like that. Raises OperatorError."""
    wanted = re.sub(r"[\s:]", "", fingerprint).lower()
    if len(wanted) < _LEAST or re.search("[^0-9a-f]", wanted):
        raise OperatorError(f"{fingerprint[:80]!r} is no SHA-256: give at least its first {_LEAST} hex digits")
    found = list(RefusedCertificate.objects.filter(fingerprint__startswith=wanted)[:2])
    if len(found) != 1:
        many = "More than one refused certificate has" if found else "There is no refused certificate with"
        raise OperatorError(f"{many} a SHA-256 that begins with {wanted[:64]}; see: seonapi partner refused list")
    return found[0]
