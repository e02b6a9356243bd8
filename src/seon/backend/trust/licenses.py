"""Issuing licenses."""

import re
import string
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from seon.backend.configuration.versioned import take_turn
from seon.backend.errors import OperatorError
from seon.backend.journal.recording import record
from seon.backend.proxies.models import ProxyServer
from seon.backend.trust.authorities import link_authority
from seon.backend.trust.models import License
from seon.link.identity import IdentityError, issue_license, parse_proxy_id, serial_of
from seon.pki import certificate_in_pem

ENDED_DAYS = timedelta(days=30)
MOST_LICENSES = 10_000
"""As config.Licenses bounds them."""


def proxy_id_in(text: str) -> str:
    """Return the Proxy ID in what somebody has pasted: it alone, or the line that `seon_proxyserver2 -L` prints.

    Raises OperatorError, which says what is wrong with it.
    """
    words = text[:_MOST_PASTED].split()
    found = list(dict.fromkeys(word.lower() for word in words if _LIKE_A_PROXY_ID.fullmatch(word)))
    if problem := _problem_of(found, words[-1] if words else ""):
        raise OperatorError(problem, fields={"proxy_id": problem})
    return found[0]


def _problem_of(found: list[str], last: str) -> str:
    if len(found) > 1:
        return f"There are {len(found)} Proxy IDs in it: give the one of the server to be licensed"
    if not found:
        digits = len(last) - len(last.lstrip(string.hexdigits))
        seen = f"; this has {digits} hex digits" if digits else ""
        return f"A Proxy ID is 64 hex digits and 'px', as `seon_proxyserver2 -L` prints it{seen}: copy the whole line"
    try:
        parse_proxy_id(found[0])
    except IdentityError as error:
        return str(error)
    return ""


_MOST_PASTED = 10_000
_LIKE_A_PROXY_ID = re.compile("[0-9a-fA-F]{64}px", re.IGNORECASE)


def new_license(proxy_id: str, days: int, user: str, draft: Callable[[str], None] = lambda _: None) -> License:
    """Issue a license for the server with this Proxy ID, as `proxy_id_in` takes it. Raises OperatorError.

    `draft` writes its PEM where nobody looks yet; if that raises, nothing is issued and nothing is recorded. Whoever
    calls delivers it after the transaction: before that it may still be void.
    """
    proxy_id = proxy_id_in(proxy_id)
    try:
        pem = issue_license(*link_authority(), proxy_id, days)
    except IdentityError as error:
        raise OperatorError(str(error)) from None
    certificate = certificate_in_pem(pem)
    not_after = certificate.not_valid_after_utc
    with transaction.atomic():
        take_turn()  # a server that is removed just now is no other one's to license
        server, _ = ProxyServer.objects.get_or_create(proxy_id=proxy_id)
        issued = License(server=server, pem=pem, serial=serial_of(certificate), not_after=not_after, issued_by=user)
        issued.save()
        record("AUD-LICENSE", proxy_id=proxy_id, user=user, until=f"{not_after:%Y-%m-%d %H:%M} UTC")
        draft(pem)
    return issued


def serials_in_force(servers: QuerySet[ProxyServer]) -> tuple[str, ...]:
    """Return the serials of the licenses of some servers that were not withdrawn.

    One that has ended stays among them for a while: its server closes the external port by itself, and lets sessions
    end. Its link is not to end as one whose license was withdrawn.
    """
    since = timezone.now() - ENDED_DAYS
    found = License.objects.filter(server__in=servers, withdrawn_at=None, not_after__gt=since)
    return tuple(found.order_by("serial").values_list("serial", flat=True)[:MOST_LICENSES])


def known_license(serial: str) -> License:
    """Return the license with this serial. Raises OperatorError."""
    found = License.objects.select_related("server").filter(serial=serial.strip().upper()).first()
    if found is None:
        raise OperatorError(f"There is no license {serial[:60]!r}: `seonapi license list` shows their serials")
    return found
