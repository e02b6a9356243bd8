"""The typed configuration, made from the models: one version of everything, for the client at one address."""

from collections.abc import Iterable
from typing import Literal, NamedTuple, cast

import msgspec

from seon.addresses import identifying
from seon.backend.configuration.bounds import LIMITS
from seon.backend.configuration.lines import entries_of
from seon.backend.configuration.models import CLIENT_IDLE_MARGIN, RuleRow, Settings, TracedSession
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.partners.models import Partner
from seon.backend.proxies.models import Listener
from seon.backend.rendering import NEWEST, Formats, render
from seon.backend.trust.models import Blob
from seon.backend.trust.own import in_use, switch_due
from seon.config import (
    ClientConfiguration,
    ClientPartner,
    FileRules,
    Limits,
    OutgoingListener,
    PartnerFileRules,
    PartnerRules,
    Profile,
    ReceiveDaemon,
    ServerConfiguration,
    ServerPartner,
    SessionRules,
    Severity,
)
from seon.config import OwnCertificate as OwnCertificateShown

Direction = Literal["incoming", "outgoing"]
_TRIES = 10


class Snapshot(NamedTuple):
    """What the models say, under the number of their version."""

    version: int
    server: ServerConfiguration
    client: ClientConfiguration


def encoded_snapshot(client_address: str, formats: Formats = NEWEST) -> bytes:
    """Return the `ProxyConfiguration` for the client at this address, as JSON; its parts were proved to decode.

    The version is read before and after: a snapshot never mixes two versions, and takes no lock.
    Raises OperatorError when what is stored is not a valid configuration, VersionError when it cannot be said in a
    format that its readers know.
    """
    switch_due()
    for _ in range(_TRIES):
        version = read_version()
        snapshot = build(version, client_address)
        if read_version() == version:
            _prove(snapshot)
            return render(*snapshot, formats)
    raise OperatorError("The configuration changes faster than it can be read; try again")


def build(version: int, client_address: str) -> Snapshot:
    """Return what the models say now, under this version number."""
    settings = Settings.load()
    rules, traced = _session_rules(settings), tuple(TracedSession.objects.values_list("session", flat=True))
    partners = list(Partner.objects.prefetch_related("codes", "certificates", "rules"))
    limits = Limits(**{name: getattr(settings, name) for name in LIMITS})
    client_limits = msgspec.structs.replace(limits, idle_seconds=settings.idle_seconds + CLIENT_IDLE_MARGIN)
    return Snapshot(
        version=version,
        server=ServerConfiguration(
            external_address=settings.external_address,
            external_port=settings.external_port,
            outgoing_address=settings.outgoing_address,
            own_certificate=_own_certificate(),
            partners=tuple(_server_partner(partner) for partner in partners),
            crls=tuple(Blob.objects.order_by("pk").values_list("pk", flat=True)),
            limits=limits,
            rules=rules,
            traced_sessions=traced,
        ),
        client=ClientConfiguration(
            receive_daemon=_receive_daemon(settings),
            listeners=_listeners(client_address),
            partners=tuple(_client_partner(partner) for partner in partners),
            limits=client_limits,
            rules=rules,
            traced_sessions=traced,
        ),
    )


def _prove(snapshot: Snapshot) -> None:
    for part in (snapshot.server, snapshot.client):
        try:
            msgspec.json.decode(msgspec.json.encode(part), type=type(part))
        except msgspec.ValidationError as error:
            raise OperatorError(f"The stored configuration is not valid: {error}") from None


def _own_certificate() -> OwnCertificateShown | None:
    own = in_use()
    return OwnCertificateShown(id=own.fingerprint, chain=own.chain) if own else None


def _receive_daemon(settings: Settings) -> ReceiveDaemon | None:
    if not settings.receive_daemon_host:
        return None
    return ReceiveDaemon(host=settings.receive_daemon_host, port=settings.receive_daemon_port)


def _listeners(client_address: str) -> tuple[OutgoingListener, ...]:
    mine = Listener.objects.filter(client__address=str(identifying(client_address))).select_related("partner")
    return tuple(
        OutgoingListener(port=listener.port, partner=listener.partner.identifier, address=listener.address)
        for listener in mine
    )


def _codes(partner: Partner) -> tuple[str, ...]:
    return tuple(code.code for code in partner.codes.all())


def _session_rules(settings: Settings) -> SessionRules:
    def files(prefix: Direction) -> FileRules:
        return FileRules(
            max_octets=getattr(settings, f"{prefix}_max_octets"),
            names=entries_of(getattr(settings, f"{prefix}_names")),
            destinations=_file_codes(getattr(settings, f"{prefix}_destinations")),
            originators=_file_codes(getattr(settings, f"{prefix}_originators")),
        )

    return SessionRules(
        profile=cast(Profile, settings.profile),
        rules=_severities(settings.rules.all()),
        level_5_only=settings.level_5_only,
        secure_authentication=settings.secure_authentication,
        esid_names_rule=settings.esid_names_rule,
        incoming=files("incoming"),
        outgoing=files("outgoing"),
    )


def _partner_rules(partner: Partner) -> PartnerRules:
    def files(prefix: Direction) -> PartnerFileRules:
        return PartnerFileRules(
            max_octets=getattr(partner, f"{prefix}_max_octets"),
            names=entries_of(getattr(partner, f"{prefix}_names")) or None,
            destinations=_own_file_codes(getattr(partner, f"{prefix}_destinations")),
            originators=_own_file_codes(getattr(partner, f"{prefix}_originators")),
        )

    return PartnerRules(
        profile=cast(Profile, partner.profile) if partner.profile else None,
        rules=_severities(partner.rules.all()),
        level_5_only=partner.level_5_only,
        secure_authentication=partner.secure_authentication,
        esid_names_rule=partner.esid_names_rule,
        incoming=files("incoming"),
        outgoing=files("outgoing"),
    )


def _severities(rows: Iterable[RuleRow]) -> dict[str, Severity]:
    return {row.rule: cast(Severity, row.severity) for row in rows}


def _file_codes(text: str) -> tuple[str, ...]:
    """Return codes for the typed configuration, where every code is no code at all."""
    entries = entries_of(text)
    return () if "*" in entries else entries


def _own_file_codes(text: str) -> tuple[str, ...] | None:
    return _file_codes(text) if text else None


def _server_partner(partner: Partner) -> ServerPartner:
    return ServerPartner(
        id=partner.identifier,
        name=partner.name,
        enabled=partner.enabled,
        ssid_codes=_codes(partner),
        pins=tuple(certificate.fingerprint for certificate in partner.certificates.all()),
        host=partner.host,
        port=partner.port,
        rules=_partner_rules(partner),
        trace=partner.trace,
    )


def _client_partner(partner: Partner) -> ClientPartner:
    return ClientPartner(
        id=partner.identifier,
        name=partner.name,
        enabled=partner.enabled,
        ssid_codes=_codes(partner),
        rules=_partner_rules(partner),
        trace=partner.trace,
    )
