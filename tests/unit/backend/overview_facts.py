"""Facts of a made-up installation, in which everything works, and what of it is changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from live_states import PROXY_ID, server, state

from seon.api_messages import LiveServer
from seon.backend.live.lists import ClientLive
from seon.backend.live.orders import Place
from seon.backend.panel.overview.facts import Facts, Link, Server
from seon.backend.queue.lists import ServiceState

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
RUNS = ServiceState("queue", "inside", 7, "/srv/seon", NOW, NOW, away=False)
AWAY = replace(RUNS, seen_at=NOW - timedelta(minutes=10), away=True)


def linked(**other: Any) -> LiveServer:
    """A server with the newest configuration."""
    return server(**{"version": 5, **other})


def client(*, fresh: bool = True, heard: float = 1, name: str = "main", **other: Any) -> ClientLive:
    """A client that is heard of, and what it tells."""
    sound: dict[str, Any] = {
        "version": 5, "receive_daemon": "10.0.0.9:3305", "receive_daemon_reached": True, "servers": (linked(),),
    }  # fmt: skip
    at = NOW - timedelta(seconds=heard)
    return ClientLive(name, "token", "10.0.0.7", Place(1, "10.0.0.7"), at, fresh, state(**{**sound, **other}))


def facts(*clients: ClientLive, **other: Any) -> Facts:
    """Facts of these clients and one server that has a license; without clients of a sound one."""
    told = clients or (client(),)
    links = tuple(Link(one, server) for one in told for server in one.state.servers)
    dmz = Server("dmz", PROXY_ID, 100, license_until=NOW + timedelta(days=300), links=links)
    sound: dict[str, Any] = {
        "servers": (dmz,), "clients": told, "version": 5, "changed_at": NOW - timedelta(hours=1),
        "own_until": NOW + timedelta(days=300), "receive_daemon": "10.0.0.9", "last_file": NOW - timedelta(seconds=12),
        "daemon": RUNS, "events": RUNS,
    }  # fmt: skip
    return Facts(now=NOW, **{**sound, **other})


def of_server(known: Facts, **other: Any) -> Facts:
    """The same facts with something else of the server."""
    return replace(known, servers=(replace(known.servers[0], **other),))
