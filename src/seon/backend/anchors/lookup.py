"""Which trust anchor somebody means."""

import re

from seon.backend.anchors.models import Anchor
from seon.backend.errors import OperatorError

_LEAST = 8
"""Hex digits of a SHA-256 that are enough."""


def find_anchor(text: str) -> Anchor:
    """Return the trust anchor of this name, or whose SHA-256 begins like that. Raises OperatorError.

    A whole SHA-256 comes before a name: somebody may have named an anchor after another one.
    """
    wanted = re.sub(r"[\s:]", "", text).lower()
    exact = Anchor.objects.filter(fingerprint=wanted).first() or Anchor.objects.filter(name=text.strip()).first()
    if exact is not None:
        return exact
    found = list(Anchor.objects.filter(fingerprint__startswith=wanted)[:2]) if _is_beginning(wanted) else []
    if len(found) == 1:
        return found[0]
    what = "More than one trust anchor has a SHA-256 that begins with" if found else "There is no trust anchor"
    raise OperatorError(f"{what} {text[:80]!r}; see: seonapi anchor list")


def _is_beginning(text: str) -> bool:
    return len(text) >= _LEAST and re.fullmatch("[0-9a-f]+", text) is not None
