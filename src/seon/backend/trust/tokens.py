"""Security tokens: `seon1.<SHA-256 of the API CA's certificate>.<secret>` (docs/design.md, "Keys")."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from seon.backend.errors import OperatorError
from seon.backend.proxies.models import ProxyServer
from seon.backend.trust.authorities import Kind, certificate_of
from seon.backend.trust.models import Token
from seon.pki import fingerprint

PREFIX = "seon1"
MAX_SECRET = 200
"""Characters of a secret that are looked at; ours have 43."""


def new_token(name: str, proxy_ids: Sequence[str] = ()) -> str:
    """Make a token and return it: the only time that it exists outside its client. Raises OperatorError."""
    servers = list(ProxyServer.objects.filter(proxy_id__in=proxy_ids))
    unknown = set(proxy_ids) - {server.proxy_id for server in servers}
    if unknown:
        missing = min(unknown)
        raise OperatorError(f"No license was issued for {missing}: run `seonapi license issue {missing}` first")
    pin = fingerprint(certificate_of(Kind.API))
    secret = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            token = Token(name=name, digest=_digest(secret))
            token.save()
            token.servers.set(servers)
    except ValidationError as error:
        raise OperatorError(f"Token {name}: {'; '.join(error.messages)}") from None
    return f"{PREFIX}.{pin}.{secret}"


def token_of(secret: str) -> Token | None:
    """Return the token that a caller's secret proves, or None: unknown or withdrawn."""
    if not 0 < len(secret) <= MAX_SECRET:
        return None
    digest = _digest(secret)
    # The index sees a hash only: its timing tells nothing of the secret. The last word is constant-time all the same.
    token = Token.objects.filter(digest=digest, withdrawn_at=None).first()
    return token if token is not None and hmac.compare_digest(token.digest, digest) else None


def withdraw_token(name: str) -> None:
    """Withdraw a token: its client's calls are refused from now on. Raises OperatorError."""
    token = Token.objects.filter(name=name, withdrawn_at=None).first()
    if token is None:
        known = ", ".join(Token.objects.filter(withdrawn_at=None).values_list("name", flat=True)) or "none"
        raise OperatorError(f"There is no token {name!r} in force; there are: {known}")
    token.withdrawn_at = timezone.now()
    token.save()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
