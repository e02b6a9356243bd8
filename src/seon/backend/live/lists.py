"""What the clients have told last, for those who look: nothing here changes anything."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from django.utils import timezone

from seon.api_messages import STALE_SECONDS, LiveServer, LiveSession, LiveState
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.journal.sessions import LEAST_CHARACTERS
from seon.backend.live.models import LastState
from seon.backend.live.orders import Place
from seon.backend.proxies.models import ProxyClient
from seon.decoding import MalformedError, decode

_SHOWN = 20
"""Clients that an error names."""
_decoder = msgspec.json.Decoder(LiveState)


@dataclass(frozen=True, slots=True)
class ClientLive:
    """One client and what it has told last."""

    name: str
    """Of the configured client at this address; of the token, where there is none."""
    token: str
    address: str
    place: Place
    """Whom an order for it is given to."""
    heard_at: datetime
    fresh: bool
    """Whether it was heard of within `STALE_SECONDS`: else nobody knows what runs now."""
    state: LiveState

    @property
    def key(self) -> str:
        """What names it and no other client."""
        return f"{self.token}/{self.address}"


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
    """Return every client that has ever told its state, by name; withdrawn tokens left out.

    What an older build has kept and this one cannot read is left out, too: its client tells it anew.
    """
    rows = LastState.objects.filter(token__withdrawn_at=None).select_related("token")
    names = dict(ProxyClient.objects.values_list("address", "name"))
    found = [client for row in rows for client in _read(row, names)]
    return sorted(found, key=lambda client: (client.name, client.address))


def _read(row: LastState, names: Mapping[str, str]) -> Iterator[ClientLive]:
    try:
        state = decode(_decoder, bytes(row.state))
    except MalformedError:
        return
    yield ClientLive(
        name=names.get(row.address, row.token.name),
        token=row.token.name,
        address=row.address,
        place=Place(row.token_id, row.address),
        heard_at=row.heard_at,
        fresh=row.heard_at >= timezone.now() - timedelta(seconds=STALE_SECONDS),
        state=state,
    )


def client(name: str) -> ClientLive:
    """Return the client of this name, address, token, or `TOKEN/ADDRESS`, if it is heard of.

    Raises OperatorError, also where several are meant.
    """
    found = [one for one in clients() if name in (one.key, one.name, one.address, one.token)]
    fresh = [one for one in found if one.fresh]
    if len(fresh) == 1:
        return fresh[0]
    if fresh:
        keys = ", ".join(one.key for one in fresh[:_SHOWN])
        raise OperatorError(f"Several clients are named {name[:60]!r}: say which one by its token and address: {keys}")
    if found:
        last = max(one.heard_at for one in found)
        raise OperatorError(
            f"The client {name[:60]!r} is not heard of since {last:%Y-%m-%d %H:%M:%S} UTC: it does not run, or does "
            "not reach Seonapi. Look at its log on its host"
        )
    known = ", ".join(sorted({one.name for one in clients()})[:_SHOWN]) or "none"
    raise OperatorError(f"No client {name[:60]!r} has told Seonapi what runs; heard of are: {known}")


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


def session_named(text: str) -> SessionLive:
    """Return the session that runs with this id, or the only one that begins with it. Raises OperatorError."""
    text = text.strip()
    if len(text) < LEAST_CHARACTERS:
        raise OperatorError(f"A session is named by its id, or by its first {LEAST_CHARACTERS} characters or more")
    found = [live for live in sessions() if live.session.session.startswith(text)]
    exact = [live for live in found if live.session.session == text]
    if len(exact or found) > 1:
        raise OperatorError(f"More than one session that runs begins with {text[:60]!r}: give more of its id")
    if not found:
        raise OperatorError(f"No session that runs begins with {text[:60]!r}; see: seonapi live")
    return (exact or found)[0]


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
