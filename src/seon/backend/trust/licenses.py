"""Issuing licenses."""

from collections.abc import Callable

from django.db import transaction

from seon.backend.errors import OperatorError
from seon.backend.journal.recording import record
from seon.backend.proxies.models import ProxyServer
from seon.backend.trust.authorities import link_authority
from seon.backend.trust.models import License
from seon.link.identity import IdentityError, issue_license, parse_proxy_id
from seon.pki import certificate_in_pem


def new_license(proxy_id: str, days: int, user: str, deliver: Callable[[str], None] = lambda _: None) -> License:
    """Issue a license for the server with this Proxy ID, and record who did. Raises OperatorError.

    `deliver` gets its PEM; if that raises, nothing was issued and nothing is recorded.
    """
    proxy_id = proxy_id.strip()
    try:
        parse_proxy_id(proxy_id)
        pem = issue_license(*link_authority(), proxy_id, days)
    except IdentityError as error:
        raise OperatorError(str(error)) from None
    not_after = certificate_in_pem(pem).not_valid_after_utc
    with transaction.atomic():
        server, _ = ProxyServer.objects.get_or_create(proxy_id=proxy_id)
        issued = License(server=server, pem=pem, not_after=not_after, issued_by=user)
        issued.save()
        record("AUD-LICENSE", proxy_id=proxy_id, user=user, until=f"{not_after:%Y-%m-%d %H:%M} UTC")
        deliver(pem)  # the last act: what is rolled back was not seen by anybody
    return issued
