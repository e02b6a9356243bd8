"""Distinguished names as people type them, brought into the one form in which certificates' names are compared."""

import re

from cryptography import x509
from cryptography.x509.oid import NameOID

from seon.pki import names
from seon.pki.values import PkiError

LONGEST = 2_000
"""Characters of a name, as config.py bounds it."""
_NAMES = {"serialNumber": NameOID.SERIAL_NUMBER}
_KEYWORDS = {
    "serialnumber": "serialNumber", "e": "1.2.840.113549.1.9.1", "email": "1.2.840.113549.1.9.1",
    "emailaddress": "1.2.840.113549.1.9.1", "s": "ST",
}  # fmt: skip
_PART = re.compile(r"(^|(?<!\\)[,+])\s*([A-Za-z][A-Za-z0-9-]*|[0-9.]+)\s*=\s*")
_END = re.compile(r"(?<=[^\\\s])\s+(?=[,+]|$)|(?<=\\\s)\s+(?=[,+]|$)")


def name_text(typed: str) -> str:
    """Return a distinguished name (RFC 4514: `CN=Acme,O=Acme AG,C=DE`) in its one form.

    Blanks around commas and the usual keywords in any case are taken. Raises PkiError.
    """
    if not typed.strip() or len(typed) > LONGEST:
        raise PkiError(f"a distinguished name has 1 to {LONGEST} characters, such as CN=Acme,O=Acme AG,C=DE")
    tidy = _END.sub("", _PART.sub(lambda part: f"{part[1]}{_keyword(part[2])}=", typed.lstrip()))
    try:
        name = x509.Name.from_rfc4514_string(tidy, _NAMES)
        return names.text_of(names.parts_of(name.public_bytes()))
    except Exception:  # cryptography says so in several classes
        raise PkiError(
            f"{typed[:80]!r} is no distinguished name (RFC 4514), such as CN=Acme,O=Acme AG,C=DE; "
            "`seonapi partner name add ID FILE` takes the names from a certificate"
        ) from None


def _keyword(word: str) -> str:
    return _KEYWORDS.get(word.lower(), word.upper())
