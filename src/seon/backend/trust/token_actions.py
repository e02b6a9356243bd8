"""The acts of security tokens."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from seon.backend.acting import audit
from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.configuration.values import told
from seon.backend.configuration.versioned import take_turn
from seon.backend.errors import OperatorError
from seon.backend.proxies.actions import known_client, known_server
from seon.backend.proxies.models import ProxyServer
from seon.backend.trust.models import Token
from seon.backend.trust.tokens import new_secret

MOST_OVERLAP = timedelta(days=90)
"""How long two secrets of one token may count."""


@act("token.new", Right.TRUST)
def new_token(
    _: Actor, name: str, proxy_ids: Sequence[str] = (), *, client: str = "", expires_at: datetime | None = None
) -> str:
    """Make a token and return it: the only time that it exists outside its client.

    `client`: name or address of the only one that may use it. Raises OperatorError.
    """
    take_turn()  # a server that is removed just now is in no new token
    servers = _servers(proxy_ids)
    _check_ahead("a token's end", expires_at)
    text, digest = new_secret()
    token = Token(name=name, digest=digest, expires_at=expires_at, client=known_client(client) if client else None)
    try:
        token.save()
    except ValidationError as error:
        raise OperatorError(f"Token {name}: {told(error)}") from None
    _let_serve(token, servers)
    return text


@act("token.change", Right.TRUST)
def change_token(_: Actor, name: str, /, **changes: object) -> Token:
    """Change who may use a token (`client`), which servers it may serve (`proxy_ids`), or its end (`expires_at`).

    What is not named stays. Raises OperatorError.
    """
    unknown = set(changes) - {"client", "proxy_ids", "expires_at"}
    if unknown:
        raise OperatorError(f"A token has no {min(unknown)}; there are: client, expires_at, proxy_ids")
    token = _in_force(name)
    if "client" in changes:
        client = str(changes["client"] or "")
        token.client = known_client(client) if client else None
    if "expires_at" in changes:
        end = changes["expires_at"]
        assert end is None or isinstance(end, datetime)
        _check_ahead("a token's end", end)
        token.expires_at = end
    token.save()
    if "proxy_ids" in changes:
        proxy_ids = changes["proxy_ids"]
        assert isinstance(proxy_ids, Sequence)
        _let_serve(token, _servers(proxy_ids))
    return token


@act("token.rotate", Right.TRUST)
def rotate_token(_: Actor, name: str, overlap: timedelta = timedelta(days=1)) -> str:
    """Give a token a new secret and return it; the one before counts for `overlap` more, and those before it no more.

    Raises OperatorError.
    """
    if not timedelta(0) <= overlap <= MOST_OVERLAP:
        raise OperatorError(f"The secret before can count for 0 to {MOST_OVERLAP.days} days more")
    token = _in_force(name)
    text, digest = new_secret()
    token.former_digest, token.digest = token.digest, digest
    token.former_until = timezone.now() + overlap
    token.save()
    return text


@act("token.withdraw", Right.TRUST)
def withdraw_token(_: Actor, name: str) -> Token:
    """Withdraw a token: its client's calls are refused from now on, and its link ends within 5 s.

    Raises OperatorError.
    """
    token = _in_force(name)
    token.withdrawn_at = timezone.now()
    token.save()
    return token


def _in_force(name: str) -> Token:
    take_turn()  # a whole row is saved: who has read it before a withdrawal must not write it back after it
    token = Token.objects.filter(name=name, withdrawn_at=None).first()
    if token is None:
        known = ", ".join(Token.objects.filter(withdrawn_at=None).values_list("name", flat=True)) or "none"
        raise OperatorError(f"There is no token {name!r} in force; there are: {known}")
    return token


def _servers(proxy_ids: Sequence[str]) -> list[ProxyServer]:
    return [known_server(proxy_id) for proxy_id in dict.fromkeys(proxy_ids)]


def _let_serve(token: Token, servers: Sequence[ProxyServer]) -> None:
    before = {server.proxy_id for server in token.servers.all()}
    if before == {server.proxy_id for server in servers}:
        return
    with transaction.atomic():
        token.servers.set(servers)
    names = ", ".join(str(server) for server in servers) or "every licensed one"
    audit.note(f"security token {token}", f"servers: {names}")


def _check_ahead(what: str, moment: datetime | None) -> None:
    if moment is not None and moment <= timezone.now():
        raise OperatorError(f"{what} must be ahead; {moment:%Y-%m-%d %H:%M} UTC has passed")
