"""Security tokens: `seon1.<SHA-256 of the API CA's certificate>.<secret>` (docs/design.md, "Keys")."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from seon.backend.errors import OperatorError
from seon.backend.proxies.models import ProxyServer
from seon.backend.trust.authorities import Kind, certificate_of, link_authority
from seon.backend.trust.models import Token, TokenUse
from seon.link.standing import MOST_MARKS, Standing, signed
from seon.pki import fingerprint

PREFIX = "seon1"
MAX_SECRET = 200
"""Characters of a secret that are looked at; ours have 43."""
USE_NOTED = timedelta(minutes=1)
"""The last use of a token is written at most so often."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a caller's secret proves, if it does."""

    token: Token | None = None
    until: datetime | None = None
    """When it will prove nothing any more; None: as long as nobody changes the token."""
    mark: str = ""
    """Of this secret, for certificates that are issued for it."""
    flaw: str = ""
    """Why it proves nothing, in words for the caller and the log, without the secret."""


def new_secret() -> tuple[str, str]:
    """Return a new token as its client takes it, and the hash of its secret."""
    secret = secrets.token_urlsafe(32)
    return f"{PREFIX}.{fingerprint(certificate_of(Kind.API))}.{secret}", digest_of(secret)


def proof_of(secret: str) -> Proof:
    """Return what a caller's secret proves now."""
    if not secret:
        return Proof(flaw="no security token")
    if len(secret) > MAX_SECRET:
        return Proof(flaw="unknown security token")
    digest, now = digest_of(secret), timezone.now()
    # The index sees a hash only: its timing tells nothing of the secret. The last word is constant-time all the same.
    token = Token.objects.select_related("client").filter(Q(digest=digest) | Q(former_digest=digest)).first()
    if token is None:
        return Proof(flaw="unknown security token")
    is_former = not hmac.compare_digest(token.digest, digest)
    until = _earlier(token.expires_at, token.former_until if is_former else None)
    if is_former and not hmac.compare_digest(token.former_digest, digest):
        flaw = "unknown security token"
    elif token.withdrawn_at is not None:
        flaw = f"the security token {token.name} was withdrawn"
    elif token.expires_at is not None and token.expires_at <= now:
        flaw = f"the security token {token.name} expired at {token.expires_at:%Y-%m-%d %H:%M} UTC"
    elif until is not None and until <= now:
        flaw = f"the security token {token.name} was rotated, and this secret counted until {until:%Y-%m-%d %H:%M} UTC"
    else:
        return Proof(token, until, mark_of(digest))
    return Proof(flaw=flaw)


def note_use(token: Token, address: str) -> None:
    """Remember that a token was used now, from this address; written at most once a minute."""
    now = timezone.now()
    last = TokenUse.objects.filter(token=token).first()
    if last is None:
        with transaction.atomic():
            TokenUse.objects.get_or_create(token=token, defaults={"at": now, "address": address})
    elif last.at <= now - USE_NOTED or last.at > now:
        TokenUse.objects.filter(pk=last.pk, at=last.at).update(at=now, address=address)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((moment for moment in (one, other) if moment is not None), default=None)


def digest_of(secret: str) -> str:
    """Return the SHA-256 of a secret, hex: all that is stored of it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def mark_of(digest: str) -> str:
    """Return what stands for a secret in certificates that were issued for it (link.standing)."""
    return hashlib.sha256(b"seon token mark 1 " + digest.encode()).hexdigest()[:32]


def standings(servers: Iterable[ProxyServer], version: int) -> dict[str, Standing]:
    """Return for each server the clients that may be linked to it in this version, signed. Raises OperatorError."""
    now, ca_key = timezone.now(), link_authority()[0]
    marks: dict[str, dict[str, float]] = {server.proxy_id: {} for server in servers}
    in_force = Token.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), withdrawn_at=None)
    for token in in_force.prefetch_related("servers").order_by("-pk")[: MOST_MARKS // 2]:
        mine = [server.proxy_id for server in token.servers.all()] or list(marks)
        counting = {mark_of(token.digest): token.expires_at}
        if token.former_digest and token.former_until and token.former_until > now:
            counting[mark_of(token.former_digest)] = _earlier(token.expires_at, token.former_until)
        for proxy_id in marks.keys() & mine:
            marks[proxy_id] |= {mark: until.timestamp() if until else 0.0 for mark, until in counting.items()}
    return {
        proxy_id: signed(ca_key, Standing(proxy_id, version, now.timestamp(), counting))
        for proxy_id, counting in marks.items()
    }


def known_token(name: str) -> Token:
    """Return the token of this name, whatever its state. Raises OperatorError."""
    found = Token.objects.filter(name=name).first()
    if found is None:
        raise OperatorError(f"There is no token {name[:60]!r}: `seonapi token list` shows their names")
    return found
