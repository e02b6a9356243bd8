"""What can be done with servers, clients and their listening ports.

Each act waits for its turn first (`take_turn`): it saves whole rows, and must not undo what another one changes.
"""

from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from seon.addresses import AddressError, client_address, shown
from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.configuration.bounds import LIMITS
from seon.backend.configuration.values import by_field, read_value, told
from seon.backend.configuration.versioned import take_turn
from seon.backend.errors import OperatorError
from seon.backend.partners.models import Partner
from seon.backend.proxies.models import Listener, ProxyClient, ProxyServer

_SHOWN = 20
"""Listening ports, or partners, that an error names."""


@act("listener.add", Right.CONFIGURE)
def add_listener(_: Actor, client: str, port: int, partner: str, address: str = "127.0.0.1") -> Listener:
    """Add a listening port to a client named as `client_named` takes it.

    Raises OperatorError; nothing is stored then.
    """
    take_turn()
    found = _known_partner(partner)
    return _saved(Listener(client=client_named(client), port=port, partner=found, address=address))


@act("listener.change", Right.CONFIGURE)
def change_listener(
    _: Actor, client: str, port: int, address: str = "", *, to: tuple[str, int] | None = None, partner: str = ""
) -> Listener:
    """Change a listening port, named as `known_listener` takes it; what is not said stays.

    `to`: its new address and port. Raises OperatorError; nothing is stored then.
    """
    take_turn()
    listener = known_listener(client, port, address)
    if to is not None:
        listener.address, listener.port = to
    if partner:
        listener.partner = _known_partner(partner)
    return _saved(listener)


@act("listener.remove", Right.CONFIGURE)
def remove_listener(_: Actor, client: str, port: int, address: str = "") -> None:
    """Remove a listening port, named as `known_listener` takes it. Raises OperatorError."""
    take_turn()
    known_listener(client, port, address).delete()


@act("client.add", Right.CONFIGURE)
def add_client(_: Actor, name: str, address: str, /, **settings: str) -> ProxyClient:
    """Add a client by the address that it calls from; `settings` as `change_client` takes them.

    Raises OperatorError.
    """
    client = ProxyClient()
    _assign(client, {"name": name, "address": address, **settings}, CLIENT_KEYS)
    return client


@act("client.change", Right.CONFIGURE)
def change_client(_: Actor, client: str, /, **settings: str) -> ProxyClient:
    """Change a client: name, address, receive_daemon_host, receive_daemon_port; an empty text is "as in general".

    Raises OperatorError.
    """
    take_turn()
    found = known_client(client)
    _assign(found, settings, CLIENT_KEYS)
    return found


@act("client.remove", Right.CONFIGURE)
def remove_client(_: Actor, client: str) -> ProxyClient:
    """Remove a client with its listening ports. Raises OperatorError, also while a token in force is only for it.

    Tokens for it that were withdrawn or have expired stay without a client, and withdrawn: none of them may come back,
    with another end, as one for every client.
    """
    take_turn()
    found = known_client(client)
    now = timezone.now()
    for token in found.tokens.exclude(Q(withdrawn_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))):
        token.client, token.withdrawn_at = None, token.withdrawn_at or now
        token.save()
    names = ", ".join(found.tokens.values_list("name", flat=True))
    if names:
        raise OperatorError(
            f"Client {found} has tokens of its own ({names}): give them to another one first "
            "(seonapi token change NAME --client CLIENT)"
        )
    found.delete()
    return found


@act("server.change", Right.CONFIGURE)
def change_server(_: Actor, server: str, /, **settings: str) -> ProxyServer:
    """Change a server: its name, external port and address, outgoing address, limits; empty is "as in general".

    Raises OperatorError.
    """
    take_turn()
    found = known_server(server)
    _assign(found, settings, SERVER_KEYS)
    return found


@act("server.remove", Right.CONFIGURE)
def remove_server(_: Actor, server: str) -> ProxyServer:
    """Remove a server with its licenses: its link ends within 5 s.

    Raises OperatorError, also while it is the only one that a token may serve: without any server of its own, a token
    may serve every one.
    """
    take_turn()
    found = known_server(server)
    only = [token.name for token in found.token_set.filter(withdrawn_at=None) if token.servers.count() == 1]
    if only:
        raise OperatorError(
            f"Without the server {found}, tokens that are for it alone would be for every server ({', '.join(only)}): "
            "withdraw them first, or give them another server (seonapi token change NAME --proxy-id ID)"
        )
    found.delete()
    return found


def _known_partner(identifier: str) -> Partner:
    found = Partner.objects.filter(identifier=identifier).first()
    if found is None:
        known = ", ".join(Partner.objects.values_list("identifier", flat=True)[:_SHOWN]) or "none yet"
        text = f"There is no partner {identifier[:60]!r}; there are: {known}"
        raise OperatorError(text, fields={"partner": text})
    return found


def _saved(listener: Listener) -> Listener:
    try:
        listener.save()
    except ValidationError as error:
        raise OperatorError(f"Listening port {listener.port}: {told(error)}", fields=by_field(error)) from None
    return listener


SERVER_KEYS = ("name", "external_address", "external_port", "outgoing_address", *LIMITS)
"""What can be set for a server."""
CLIENT_KEYS = ("name", "address", "receive_daemon_host", "receive_daemon_port")
"""What can be set for a client."""


def _assign(row: ProxyServer | ProxyClient, settings: Mapping[str, str], keys: Sequence[str]) -> None:
    """Set fields from texts and save. Raises OperatorError that names what may stand there."""
    for key, text in settings.items():
        if key not in keys:
            raise OperatorError(f"There is no setting {key[:60]!r} here; there are: {', '.join(keys)}")
        field = row._meta.get_field(key)
        assert isinstance(field, models.Field)
        setattr(row, key, read_value(row, field, text))
    row.save()


def known_server(text: str) -> ProxyServer:
    """Return the server with this Proxy ID, or else the one of this name. Raises OperatorError."""
    found = list(ProxyServer.objects.filter(proxy_id=text))
    if text and not found:
        found = list(ProxyServer.objects.filter(name=text)[:2])
    if len(found) == 1:
        return found[0]
    if found:
        raise OperatorError(f"Two servers are named {text!r}: give the Proxy ID")
    raise OperatorError(f"No license was issued for {text}: run `seonapi license issue {text}` first")


def client_named(text: str) -> ProxyClient:
    """Return the client `NAME/ADDRESS`, made if it is new, or the known one of this name or address.

    Raises OperatorError.
    """
    name, separator, entered = text.partition("/")
    if not separator:
        return known_client(text)
    try:
        address = client_address(entered)
        client, _ = ProxyClient.objects.get_or_create(name=name, defaults={"address": address})
    except AddressError as error:
        raise OperatorError(f"The client {name}: {error}") from None
    except ValidationError as error:
        raise OperatorError(f"The client {name}: {told(error)}") from None
    if client.address != address:
        raise OperatorError(f"The client {name} has the address {client.address}, not {address}")
    return client


def known_listener(client: str, port: int, address: str = "") -> Listener:
    """Return a listening port of a client named by name or address.

    `address` is needed where the client listens at several addresses on this port. Raises OperatorError.
    """
    of_client = Listener.objects.select_related("client", "partner").filter(client=known_client(client))
    rows = list(of_client.order_by("address", "port"))
    found = [row for row in rows if row.port == port and address in ("", row.address)]
    if len(found) == 1:
        return found[0]
    if found:
        there = ", ".join(row.address for row in found)
        raise OperatorError(f"The client {client} listens on port {port} at {there}: say which one by --address")
    ports = ", ".join(shown(row.address, row.port) for row in rows[:_SHOWN]) or "none"
    where = f" at {address}" if address else ""
    raise OperatorError(f"The client {client} has no listening port {port}{where}; it has: {ports}")


def known_client(text: str) -> ProxyClient:
    """Return the client with this name or address, or with both (`NAME/ADDRESS`). Raises OperatorError."""
    name, _, entered = text.partition("/")
    client = ProxyClient.objects.filter(name=text).first()
    if client is None:
        try:
            at = ProxyClient.objects.filter(address=client_address(entered or text))
            client = at.filter(name=name).first() if entered else at.first()
        except AddressError:
            client = None
    if client is None:
        raise OperatorError(
            f"There is no client {text!r}: `seonapi client list` shows all, "
            "and `seonapi client add NAME ADDRESS` adds one"
        )
    return client
