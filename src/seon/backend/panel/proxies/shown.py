"""What is said of servers and clients: what is stored of each beside what runs, in words and with a tone."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from django.utils import timezone
from django.utils.translation import gettext as _

from seon.addresses import shown
from seon.api_messages import LiveListener, LiveServer, LiveState
from seon.backend.configuration.versioned import read_version
from seon.backend.live import lists
from seon.backend.live.lists import ClientLive
from seon.backend.live.models import LiveOrder
from seon.backend.live.orders import Place
from seon.backend.proxies.models import ProxyClient, ProxyServer, UnknownCaller
from seon.backend.trust.models import License, TokenUse

SOON_DAYS = 30
"""A license that ends within so many days is warned of."""
MOST_PORTS = 20
"""Listening ports of one client that the list names: all of them, or those that are closed."""
TOLD = timedelta(minutes=5)
"""So long the last order stands beside a client."""
GOOD, WARN, BAD, IDLE = "s-good", "s-warn", "s-bad", ""


@dataclass(frozen=True, slots=True)
class Word:
    """A state: a word or two, its tone, and the reason."""

    text: str
    tone: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LicenseShown:
    """The license in force that ends last."""

    until: datetime
    days: int
    """Left."""
    of: int
    """Days that it was issued for."""
    tone: str


@dataclass(frozen=True)
class ServerShown:
    """A server and what it does now."""

    row: ProxyServer
    links: list[tuple[ClientLive, LiveServer]]
    """What clients have told of it, the best first."""
    newest: int
    """The configuration version that is to be in force."""

    @property
    def client(self) -> ClientLive | None:
        """The client whose word counts."""
        return self.links[0][0] if self.links else None

    @property
    def live(self) -> LiveServer | None:
        """The server as it was told of, while it is linked."""
        return self.links[0][1] if self.links and _linked(self.links[0]) else None

    @property
    def link(self) -> Word:
        """Whether it is linked."""
        if self.live:
            return Word(_("Linked"), GOOD)
        if not self.links:
            return Word(_("Not linked"), BAD, _("No client has a link to it. Start the server, then a client for it."))
        client, server = self.links[0]
        if not client.fresh:
            return Word(_("Not known"), IDLE, _("Client %s is not heard of.") % client.name)
        return Word(_("Not linked"), BAD, server.reason)

    @property
    def port(self) -> Word:
        """Whether partners can connect."""
        live = self.live
        if live is None:
            return Word(_("not known"), IDLE)
        if not live.external_open:
            return Word(_("closed"), BAD, live.external_reason or _("It waits for its configuration."))
        address = shown(live.external_address, live.external_port) if live.external_address else ""
        return Word(_("open"), GOOD, address or str(live.external_port))

    @property
    def configuration(self) -> Word:
        """Whether the newest configuration is in force."""
        return _configuration(self.live.version, self.newest) if self.live else Word(_("not known"), IDLE)

    @cached_property
    def license(self) -> LicenseShown | None:
        """Its license in force; None: it has none."""
        now = timezone.now()
        held = [one for one in self.row.licenses.all() if one.withdrawn_at is None and one.not_after > now]
        return _license(max(held, key=lambda one: one.not_after), now) if held else None


@dataclass(frozen=True)
class ClientShown:
    """A client, configured or not, and what it does now, if it was ever heard of."""

    row: ProxyClient | None
    live: ClientLive | None
    newest: int
    order: LiveOrder | None = None
    """The last one for it, while it is new."""

    @property
    def name(self) -> str:
        """The name that people know it by."""
        return self.live.name if self.live else str(self.row.name if self.row else "")

    @property
    def address(self) -> str:
        """From where it calls."""
        return self.live.address if self.live else str(self.row.address if self.row else "")

    @property
    def now(self) -> LiveState | None:
        """What runs, while somebody knows."""
        return self.live.state if self.live and self.live.fresh else None

    @property
    def state(self) -> Word:
        """Whether it runs."""
        if self.live is None:
            return Word(_("Never heard of"), IDLE, _("Start it on its host: it has not called Seonapi yet."))
        if self.now is None:
            return Word(_("Not heard of"), BAD, _("It does not run, or it does not reach Seonapi. See its log."))
        if self.now.draining:
            return Word(_("Draining"), WARN, _("No session begins. Those that run go on."))
        return Word(_("Runs"), GOOD)

    @property
    def configuration(self) -> Word:
        """Whether the newest configuration is in force."""
        return _configuration(self.now.version, self.newest) if self.now else Word(_("not known"), IDLE)

    @property
    def receive_daemon(self) -> Word:
        """Whether the station that takes incoming sessions is reached."""
        if self.now is None:
            return Word(_("not known"), IDLE)
        if not self.now.receive_daemon:
            return Word(_("none is set"), WARN, _("Incoming sessions are refused. Set it on the page Proxy."))
        if self.now.receive_daemon_reached is None:
            return Word(_("not asked yet"), IDLE)
        if self.now.receive_daemon_reached:
            return Word(_("reached"), GOOD)
        return Word(_("not reached"), BAD, self.now.receive_daemon_reason)

    @property
    def open_ports(self) -> int:
        """How many of its listening ports are open."""
        return sum(one.open for one in self.now.listeners) if self.now else 0

    @property
    def ports(self) -> list[LiveListener]:
        """Its listening ports, or where it has many, those that are not open."""
        every = self.now.listeners if self.now else ()
        return [one for one in every if len(every) <= MOST_PORTS or not one.open][:MOST_PORTS]


@dataclass(frozen=True, slots=True)
class Unknown:
    """An address from which a client calls that is in no entry."""

    address: str
    told_at: datetime
    tokens: list[str] = field(default_factory=list)
    """The tokens that were used from there last."""


def servers() -> list[ServerShown]:
    """Return every server."""
    newest, told = read_version(), lists.servers()
    rows = ProxyServer.objects.prefetch_related("licenses").order_by("name", "proxy_id")
    return [_server(row, told, newest) for row in rows]


def server(row: ProxyServer) -> ServerShown:
    """Return one server."""
    return _server(row, lists.servers(), read_version())


def clients() -> list[ClientShown]:
    """Return every client that is configured or was heard of."""
    newest, told, orders = read_version(), lists.clients(), _new_orders()
    rows = {row.address: row for row in ProxyClient.objects.all()}
    found = [ClientShown(rows.get(live.address), live, newest, orders.get(live.place)) for live in told]
    silent = rows.keys() - {live.address for live in told}
    found += [ClientShown(rows[address], None, newest) for address in silent]
    return sorted(found, key=lambda one: (one.name, one.address))


def unknown() -> list[Unknown]:
    """Return the addresses that no client has, the latest first."""
    known = ProxyClient.objects.values("address")
    callers = UnknownCaller.objects.exclude(address__in=known).order_by("-told_at")[:100]
    tokens: dict[str, list[str]] = {}
    for use in TokenUse.objects.filter(address__in=[one.address for one in callers]).select_related("token"):
        tokens.setdefault(use.address, []).append(use.token.name)
    return [Unknown(one.address, one.told_at, tokens.get(one.address, [])) for one in callers]


def _linked(link: tuple[ClientLive, LiveServer]) -> bool:
    return link[0].fresh and link[1].linked


def _server(row: ProxyServer, told: Iterable[tuple[ClientLive, LiveServer]], newest: int) -> ServerShown:
    links = [link for link in told if link[1].proxy_id == row.proxy_id]
    return ServerShown(row, sorted(links, key=lambda link: (not _linked(link), not link[0].fresh)), newest)


def _configuration(version: int, newest: int) -> Word:
    number = _("configuration %d") % version
    if version == newest:
        return Word(_("in force"), GOOD, number)
    return Word(_("not yet in force"), WARN, number if version else _("no configuration yet"))


def _license(held: License, now: datetime) -> LicenseShown:
    days = (held.not_after - now).days
    of = max((held.not_after - held.issued_at).days, days, 1)
    return LicenseShown(held.not_after, days, of, GOOD if days > SOON_DAYS else WARN)


def _new_orders() -> dict[Place, LiveOrder]:
    rows = LiveOrder.objects.filter(given_at__gt=timezone.now() - TOLD, session="").order_by("pk")
    return {Place(row.token_id, row.address): row for row in rows}
