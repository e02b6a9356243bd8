"""The typed configuration, made from the models: one version of everything, for the client at one address."""

from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

import msgspec
from django.db import DatabaseError

from seon.addresses import identifying
from seon.backend.anchors.models import Anchor
from seon.backend.configuration.admission import general_rules
from seon.backend.configuration.bounds import LIMITS
from seon.backend.configuration.lines import entries_of
from seon.backend.configuration.models import CLIENT_IDLE_MARGIN, Settings, TracedSession
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.partners.carried import Partners
from seon.backend.proxies.models import Listener, ProxyClient, ProxyServer
from seon.backend.rendering import NEWEST, Formats, render
from seon.backend.revocation.models import HeldList
from seon.backend.session_rules.demands import struct_of
from seon.backend.session_rules.models import rules_of
from seon.backend.trust.licenses import serials_in_force
from seon.backend.trust.models import Token
from seon.backend.trust.own import in_use, switch_due
from seon.backend.trust.tokens import standings
from seon.config import Anchor as AnchorShown
from seon.config import (
    ClientConfiguration,
    Limits,
    OutgoingListener,
    ReceiveDaemon,
    RevocationList,
    ServerConfiguration,
    ServerSettings,
    SessionRules,
)
from seon.config import OwnCertificate as OwnCertificateShown
from seon.link.standing import Standing

_TRIES = 10


class Snapshot(NamedTuple):
    """What the models say, under the number of their version."""

    version: int
    server: ServerConfiguration
    client: ClientConfiguration
    servers: Mapping[str, ServerSettings]
    """By the Proxy IDs of the servers that the client may serve."""
    standings: Mapping[str, Standing]
    """Of the same servers: which clients each may be linked by."""


def encoded_snapshot(client_address: str, formats: Formats = NEWEST, token: Token | None = None) -> bytes:
    """Return the `ProxyConfiguration` for the client at this address, as JSON; its parts were proved to decode.

    `token`: the client's; None: as for one that names no servers.

    The version is read before and after: a snapshot never mixes two versions, and takes no lock.
    Raises OperatorError when what is stored is not a valid configuration, VersionError when it cannot be said in a
    format that its readers know.
    """
    with suppress(DatabaseError):  # where nothing can be written, what is in force is still told
        switch_due()
    for _ in range(_TRIES):
        version = read_version()
        snapshot = build(version, client_address, token)
        if read_version() == version:
            _prove(snapshot)
            return render(*snapshot, formats)
    raise OperatorError("The configuration changes faster than it can be read; try again")


def build(version: int, client_address: str, token: Token | None = None) -> Snapshot:
    """Return what the models say now, under this version number."""
    servers = token.allowed() if token else ProxyServer.objects.all()
    own = {server.proxy_id: server for server in servers}
    settings = Settings.load()
    rules, traced = _session_rules(settings), tuple(TracedSession.objects.values_list("session", flat=True))
    partners = Partners()
    limits = Limits(**{name: getattr(settings, name) for name in LIMITS})
    return Snapshot(
        version=version,
        server=ServerConfiguration(
            external_address=settings.external_address,
            external_port=settings.external_port,
            outgoing_address=settings.outgoing_address,
            own_certificate=_own_certificate(),
            partners=tuple(partners.of_server()),
            anchors=_anchors(),
            admission=general_rules(settings),
            load_balancers=entries_of(settings.load_balancers),
            exempt_networks=entries_of(settings.exempt_networks),
            limits=limits,
            crls=_crls(),
            rules=rules,
            traced_sessions=traced,
        ),
        client=ClientConfiguration(
            receive_daemon=_receive_daemon(settings, client_at(client_address)),
            listeners=_listeners(client_address),
            partners=tuple(partners.of_client()),
            limits=_of_client(limits),
            rules=rules,
            traced_sessions=traced,
            licenses=serials_in_force(servers),
            server_limits=_server_limits(own, limits),
        ),
        servers={proxy_id: _server_settings(server, limits) for proxy_id, server in own.items()},
        standings=standings(own.values(), version) if own else {},
    )


def client_at(address: str) -> ProxyClient | None:
    """Return the client that is known by this address."""
    return ProxyClient.objects.filter(address=str(identifying(address))).first()


def _of_client(limits: Limits) -> Limits:
    return msgspec.structs.replace(limits, idle_seconds=limits.idle_seconds + CLIENT_IDLE_MARGIN)


def _server_limits(own: Mapping[str, ProxyServer], general: Limits) -> dict[str, Limits]:
    """Return a client's limits while it is linked to a server that has its own, by Proxy ID."""
    return {
        proxy_id: _of_client(Limits(**{**msgspec.structs.asdict(general), **differing}))
        for proxy_id, server in own.items()
        if (differing := server.own_limits())
    }


def _server_settings(server: ProxyServer, general: Limits) -> ServerSettings:
    differing = server.own_limits()
    return ServerSettings(
        external_address=server.external_address or None,
        external_port=server.external_port,
        outgoing_address=server.outgoing_address or None,
        limits=msgspec.structs.replace(general, **differing) if differing else None,
    )


def _prove(snapshot: Snapshot) -> None:
    for part in (snapshot.server, snapshot.client, *snapshot.servers.values(), *snapshot.standings.values()):
        try:
            msgspec.json.decode(msgspec.json.encode(part), type=type(part))
        except msgspec.ValidationError as error:
            raise OperatorError(f"The stored configuration is not valid: {error}") from None


def _own_certificate() -> OwnCertificateShown | None:
    own = in_use()
    return OwnCertificateShown(id=own.fingerprint, chain=own.chain) if own else None


def _anchors() -> tuple[AnchorShown, ...]:
    return tuple(
        AnchorShown(certificate=anchor.pem, asserts_odette_ids=anchor.asserts_odette_ids)
        for anchor in Anchor.objects.order_by("fingerprint")
    )


def _crls() -> tuple[RevocationList, ...]:
    held = HeldList.objects.select_related("place__issuer").order_by("place")
    return tuple(RevocationList(sha256=one.sha256, issuer=one.place.issuer.pem, url=one.place.url) for one in held)


def _receive_daemon(settings: Settings, client: ProxyClient | None) -> ReceiveDaemon | None:
    host, port = settings.receive_daemon_host, settings.receive_daemon_port
    if client:
        host, port = client.receive_daemon_host or host, client.receive_daemon_port or port
    return ReceiveDaemon(host=host, port=port) if host else None


def _listeners(client_address: str) -> tuple[OutgoingListener, ...]:
    mine = Listener.objects.filter(client__address=str(identifying(client_address))).select_related("partner")
    return tuple(
        OutgoingListener(port=listener.port, partner=listener.partner.identifier, address=listener.address)
        for listener in mine
    )


def _session_rules(settings: Settings) -> SessionRules:
    own = rules_of(settings)
    return struct_of(SessionRules, own.value_of, {row.rule: row.severity for row in settings.rules.all()})
