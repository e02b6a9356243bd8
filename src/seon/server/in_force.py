"""What the server is at one moment: configuration in force, contexts, running sessions. Built whole, then swapped."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from seon.addresses import AddressError, canonical
from seon.admission.identity import Identity, identity_of
from seon.admission.judgement import Judgements, UnusableError, judge_all
from seon.admission.partners import Refused, by_pin, find_partner, is_from_elsewhere
from seon.build import this_build
from seon.config import FORMAT, OLDEST_FORMAT, ServerConfiguration, ServerPartner, ServerSettings
from seon.daemon.assigning import assignment
from seon.daemon.session_table import Claim
from seon.decoding import MalformedError, decode
from seon.link.identity import IdentityError
from seon.link.messages import Delivery
from seon.link.sealing import EphemeralKey, wipe
from seon.link.versions import Side, VersionError, agreed
from seon.net.channel import TlsError
from seon.net.context import KeyedContext
from seon.net.networks import Networks
from seon.pki import PeerCertificate
from seon.process.memory import scrub_freed
from seon.server.contexts import contexts_of
from seon.session.assignment import Assignment, Direction

_decoder = msgspec.json.Decoder(ServerConfiguration)
_settings_decoder = msgspec.json.Decoder(ServerSettings)


class NotUsable(Exception):  # noqa: N818  # it is about a configuration, not about us
    """A configuration cannot be put in force; the one before stays."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A configuration with all that is made from it once. `gate` and `dialler` are None without a certificate."""

    version: int
    configuration: ServerConfiguration
    judgements: Judgements[ServerPartner]
    pins: Mapping[str, ServerPartner]
    """Partners by the fingerprints of their certificates."""
    gate: KeyedContext | None = None
    dialler: KeyedContext | None = None
    old_gate: KeyedContext | None = None
    """For callers from `old_networks`; None where no partner needs it, and so `old_dialler`."""
    old_dialler: KeyedContext | None = None
    old_networks: Networks = field(default_factory=Networks)

    def gate_for(self, address: str) -> KeyedContext:
        """Return the context for who calls from a literal address: there is one."""
        assert self.gate
        return self.old_gate if self.old_gate and address in self.old_networks else self.gate

    def dialler_for(self, partner: ServerPartner) -> KeyedContext:
        """Return the context with which a partner is dialled: there is one."""
        assert self.dialler
        return self.old_dialler if self.old_dialler and partner.old_tls else self.dialler

    def admit(self, certificate: PeerCertificate) -> tuple[Identity, ServerPartner | Refused]:
        """Say who a certificate's holder is, now."""
        identity = identity_of(certificate)
        return identity, find_partner(identity, self.pins, time.time())

    def knows(self, certificate: PeerCertificate) -> bool:
        """Whether the TLS handshake with this certificate may go on."""
        return isinstance(self.admit(certificate)[1], ServerPartner)

    def partner(self, partner_id: str) -> ServerPartner | None:
        """Return an enabled partner by its id."""
        partner = self.judgements.partners.get(partner_id)
        return partner if partner and partner.enabled else None

    def barred(self, claim: Claim) -> str:
        """Say why there may be no such session: its partner is off, removed, or lost certificate or network."""
        partner = self.partner(claim.partner)
        if partner is None:
            return f"partner {claim.partner} is not known or disabled"
        if claim.fingerprint and claim.fingerprint not in partner.pins:
            return f"the certificate is no longer one of partner {claim.partner}"
        if claim.direction == "incoming" and is_from_elsewhere(partner, claim.source):
            return f"partner {claim.partner} may not come from this address any more"
        return ""

    @property
    def blobs(self) -> tuple[str, ...]:
        """The blobs that the configuration names: SHA-256, each once."""
        return tuple(dict.fromkeys(one.sha256 for one in self.configuration.crls))

    def assignment(self, partner: ServerPartner, direction: Direction, **what: Any) -> Assignment:
        """Return what a session with this partner is for; `what` is all that the configuration does not say."""
        return assignment("dmz", direction, partner, self.judgements, self.configuration, **what)

    def missing(self) -> str:
        """Say what keeps the external port closed, "" if nothing does."""
        return "" if self.gate else "a certificate for the external port (seonapi certificate add --use)"


EMPTY = InForce(0, ServerConfiguration(), Judgements(), {})
"""Before the first configuration: nobody may enter."""


def put_in_force(delivery: Delivery, ephemeral: EphemeralKey) -> InForce:
    """Build everything a configuration needs. The partners' TLS key is in the clear only inside this function.

    Raises NotUsable.
    """
    configuration = _configuration_of(delivery)
    _check_addresses(configuration)
    try:
        judgements = judge_all(configuration.partners, configuration.rules)
        pins = by_pin(configuration.partners)
    except UnusableError as error:
        raise NotUsable(str(error)) from error
    made = InForce(delivery.version, configuration, judgements, pins)
    own = configuration.own_certificate
    if own is None:
        return made
    if delivery.sealed_key is None or delivery.sealed_key.certificate_id != own.id:
        raise NotUsable("the key of our certificate is missing")
    try:
        key = ephemeral.open(delivery.sealed_key)
        try:
            contexts = contexts_of(configuration, key, made.knows, _anyone)
        finally:
            wipe(key)
            scrub_freed()
    except (IdentityError, TlsError) as error:
        raise NotUsable(str(error)) from error
    return replace(made, **contexts._asdict())


def _configuration_of(delivery: Delivery) -> ServerConfiguration:
    """Read the servers' part and this server's own, which have crossed the client as they came from Seonapi.

    Raises NotUsable.
    """
    ours = Side("this server", this_build().short, OLDEST_FORMAT, FORMAT)
    try:
        agreed("configuration format", ours, Side("Seonapi", "", delivery.format, delivery.format))
        own = decode(_settings_decoder, bytes(delivery.settings))
        return decode(_decoder, bytes(delivery.configuration)).with_settings(own)
    except (VersionError, MalformedError) as error:
        raise NotUsable(str(error)) from error


def _check_addresses(configuration: ServerConfiguration) -> None:
    for address in (configuration.external_address, configuration.outgoing_address):
        try:
            if address:
                canonical(address)
        except AddressError as error:
            raise NotUsable(str(error)) from error


def _anyone(_: PeerCertificate) -> bool:
    """In outgoing handshakes: the session process compares with the dialled partner right after (check_dialled)."""
    return True
