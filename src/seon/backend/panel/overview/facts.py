"""What is known of the installation at this moment, in one value: what is judged, and what the overview shows.

`gather` asks for all of it, in about 20 short questions; each is bounded, since the page asks every 2 seconds.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from seon.api_messages import LiveServer
from seon.backend.configuration.models import Settings
from seon.backend.configuration.versioned import read_version
from seon.backend.home import current_home
from seon.backend.journal.file_lists import last_file
from seon.backend.journal.models import Entry, Session
from seon.backend.live.lists import ClientLive, clients
from seon.backend.partners.models import Partner
from seon.backend.proxies.models import Listener, ProxyServer
from seon.backend.queue.expiry import Ending, endings_until
from seon.backend.queue.lists import FAILED, JobState, ServiceState, events_service, jobs, queue_daemon
from seon.backend.revocation.overdue import overdue_lists
from seon.backend.script.lists import QueueState, queue_state
from seon.backend.trust.models import Token
from seon.backend.trust.own import in_use

SOON = timedelta(days=60)
MOST_NAMED = 20
"""Overdue lists that are named."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a client says of one of its servers."""

    client: ClientLive
    server: LiveServer

    @property
    def up(self) -> bool:
        """Whether the link stands, as far as anybody knows now."""
        return self.client.fresh and self.server.linked


@dataclass(frozen=True, slots=True)
class Server:
    """A server that has a license, or that a client is told to serve."""

    name: str
    proxy_id: str
    """Empty: it has never been linked."""
    limit: int
    """Sessions at once."""
    licensed: bool = True
    """Whether a license was issued for it, whatever has become of that."""
    license_until: datetime | None = None
    """None: no license counts, it was withdrawn."""
    links: tuple[Link, ...] = ()

    @property
    def link(self) -> Link | None:
        """The best link to it."""
        return min(self.links, key=lambda link: (not link.up, not link.server.external_open), default=None)

    @property
    def up(self) -> bool:
        """Whether a client has a link to it."""
        return self.link is not None and self.link.up

    @property
    def takes_sessions(self) -> bool:
        """Whether partners can reach it."""
        return self.up and self.link is not None and self.link.server.external_open


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it. A default is what a sound installation has."""

    now: datetime
    servers: tuple[Server, ...] = ()
    clients: tuple[ClientLive, ...] = ()
    version: int = 0
    changed_at: datetime | None = None
    """When somebody has changed something last."""
    tokens: int = 1
    """In force."""
    partners: int = 1
    """Enabled."""
    listeners: int = 1
    own_until: datetime | None = None
    """The end of the own certificate in use; None: none is."""
    receive_daemon: str = ""
    had_session: bool = True
    last_file: datetime | None = None
    """When the last file was transferred; None: none ever was."""
    daemon: ServiceState | None = None
    events: ServiceState | None = None
    failed_jobs: tuple[JobState, ...] = ()
    script: QueueState = field(default_factory=lambda: QueueState("", 0, 0, 0, 0))
    overdue: tuple[str, ...] = ()
    """The CAs whose revocation lists are overdue, `MOST_NAMED` at most."""
    revocation: str = "hard"
    """What an overdue list does: the setting admission_revocation."""
    endings: tuple[Ending, ...] = ()
    """What ends within `SOON`, the next first."""
    free_octets: int = 10**12
    """On the disk of the home."""

    @property
    def heard(self) -> tuple[ClientLive, ...]:
        """The clients that are heard of now."""
        return tuple(client for client in self.clients if client.fresh)

    @property
    def sessions(self) -> int:
        """Sessions that run now."""
        return sum(len(client.state.sessions) for client in self.heard)

    @property
    def limit(self) -> int:
        """Sessions that can run at once on the servers that are linked."""
        return sum(server.limit for server in self.servers if server.up)


def gather() -> Facts:
    """Return what is known now."""
    now, settings, told = timezone.now(), Settings.load(), clients()
    own = in_use()
    return Facts(
        now=now,
        servers=tuple(_servers(told, settings)),
        clients=tuple(told),
        version=read_version(),
        changed_at=_newest(Entry.objects.filter(code="AUD-CHANGE").values_list("received_at", flat=True)),
        tokens=_in_force().count(),
        partners=Partner.objects.filter(enabled=True).count(),
        listeners=Listener.objects.count(),
        own_until=own.not_after if own else None,
        receive_daemon=settings.receive_daemon_host or next((client.state.receive_daemon for client in told), ""),
        had_session=Session.objects.order_by().exists(),
        last_file=(file.ended_at or file.at) if (file := last_file()) else None,
        daemon=queue_daemon(),
        events=events_service(),
        failed_jobs=tuple(job for job in jobs() if job.state == FAILED),
        script=queue_state(),
        overdue=tuple(_overdue(now)),
        revocation=settings.admission_revocation,
        endings=tuple(endings_until(now + SOON)),
        free_octets=shutil.disk_usage(current_home().path).free,
    )  # fmt: skip


def _in_force() -> "QuerySet[Token]":
    return Token.objects.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), withdrawn_at=None)


def _newest(moments: "QuerySet[Any]") -> datetime | None:
    found: datetime | None = moments.first()
    return found


def _overdue(now: datetime) -> list[str]:
    names = dict.fromkeys(str(held.place.issuer) for held in overdue_lists(now))
    return list(names)[:MOST_NAMED]


def _servers(told: Sequence[ClientLive], settings: Settings) -> list[Server]:
    """Return the servers by name: those with a row, and those that only a client knows, by their place."""
    links = [Link(client, server) for client in told for server in client.state.servers]
    until = Max("licenses__not_after", filter=Q(licenses__withdrawn_at=None))
    rows = ProxyServer.objects.annotate(until=until, issued=Max("licenses__not_after"))
    found = [
        Server(
            name=str(row),
            proxy_id=row.proxy_id,
            limit=row.sessions if row.sessions is not None else settings.sessions,
            licensed=row.issued is not None,
            license_until=row.until,
            links=tuple(link for link in links if link.server.proxy_id == row.proxy_id),
        )
        for row in rows
    ]
    known = {server.proxy_id for server in found}
    places = dict.fromkeys(link.server.place for link in links if link.server.proxy_id not in known)
    for place in places:
        theirs = tuple(link for link in links if link.server.place == place and link.server.proxy_id not in known)
        found.append(Server(place, "", settings.sessions, licensed=False, links=theirs))
    return found
