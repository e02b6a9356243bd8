"""What the clients have told last, for those who look: nothing here changes anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from django.utils import timezone

from seon.api_messages import STALE_SECONDS, LiveServer, LiveSession, LiveState
from seon.backend.configuration.versioned import read_version
from seon.backend.live.models import LastState

_decoder = msgspec.json.Decoder(LiveState)


@dataclass(frozen=True, slots=True)
class ClientLive:
    """One client and what it has told last."""

    name: str
    """Of the configured client that the token is for; of the token, where it is for none."""
    token: str
    address: str
    heard_at: datetime
    fresh: bool
    """Whether it was heard of within `STALE_SECONDS`: else nobody knows what runs now."""
    state: LiveState


@dataclass(frozen=True, slots=True)
class SessionLive:
    """A session that ran when its client was last heard of."""

    client: ClientLive
    session: LiveSession


@dataclass(frozen=True, slots=True)
class HostInForce:
    """A host, and whether the newest configuration is in force on it."""

    kind: Literal["client", "server"]
    name: str
    """The client's name, or the Proxy ID."""
    version: int
    is_newest: bool
    reason: str
    """Why nobody knows, or why it is not yet; empty where it is."""


def clients() -> list[ClientLive]:
    """Return every client that has ever told its state, by name; withdrawn tokens left out."""
    rows = LastState.objects.filter(token__withdrawn_at=None).select_related("token__client")
    since = timezone.now() - timedelta(seconds=STALE_SECONDS)
    found = [
        ClientLive(
            name=row.token.client.name if row.token.client else row.token.name,
            token=row.token.name,
            address=row.address,
            heard_at=row.heard_at,
            fresh=row.heard_at >= since,
            state=_decoder.decode(bytes(row.state)),
        )
        for row in rows
    ]
    return sorted(found, key=lambda client: (client.name, client.address))


def servers() -> list[tuple[ClientLive, LiveServer]]:
    """Return every server that a client is told to serve, with the client."""
    return [(client, server) for client in clients() for server in client.state.servers]


def sessions() -> list[SessionLive]:
    """Return the sessions that run, of clients that are heard of, the newest first."""
    found = [SessionLive(client, session) for client in clients() if client.fresh for session in client.state.sessions]
    return sorted(found, key=lambda live: -live.session.since)


def session(session_id: str) -> SessionLive | None:
    """Return a session that runs."""
    return next((live for live in sessions() if live.session.session == session_id), None)


def in_force() -> list[HostInForce]:
    """Return on which hosts the newest configuration is in force."""
    return list(_in_force(read_version()))


def _in_force(newest: int) -> Iterator[HostInForce]:
    for client in clients():
        said = "" if client.fresh else "the client is not heard of"
        yield _host("client", client.name, client.state.version, newest, said)
        for server in client.state.servers:
            name = server.proxy_id or server.place
            yield _host("server", name, server.version, newest, said or ("" if server.linked else server.reason))


def _host(kind: Literal["client", "server"], name: str, version: int, newest: int, said: str) -> HostInForce:
    is_newest = not said and version >= newest
    return HostInForce(kind, name, version, is_newest, said or ("" if is_newest else "on its way"))
