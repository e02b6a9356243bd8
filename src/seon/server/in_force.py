"""What the server is at one moment: configuration in force, contexts, running sessions. Built whole, then swapped."""

import time
from dataclasses import dataclass

from cryptography import x509

from seon.addresses import AddressError, canonical
from seon.admission.identity import Identity, identity_of
from seon.admission.partners import Refused, find_partner
from seon.config import ServerConfiguration, ServerPartner
from seon.daemon.memory import scrub_freed
from seon.daemon.session import Task
from seon.link.identity import IdentityError
from seon.link.messages import Delivery
from seon.link.sealing import EphemeralKey, wipe
from seon.net.channel import TlsError
from seon.net.context import KeyedContext, partner_dialler, partner_listener


class NotUsable(Exception):  # noqa: N818  # it is about a configuration, not about us
    """A configuration cannot be put in force; the one before stays."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A configuration with the TLS contexts made from it. `gate` and `dialler` are None without a certificate."""

    version: int
    configuration: ServerConfiguration
    gate: KeyedContext | None
    dialler: KeyedContext | None

    def admit(self, certificate: x509.Certificate) -> tuple[Identity, ServerPartner | Refused]:
        """Say who a certificate's holder is, now."""
        identity = identity_of(certificate)
        return identity, find_partner(identity, self.configuration.partners, time.time())

    def knows(self, certificate: x509.Certificate) -> bool:
        """Whether the TLS handshake with this certificate may go on."""
        return isinstance(self.admit(certificate)[1], ServerPartner)

    def partner(self, partner_id: str) -> ServerPartner | None:
        """Return an enabled partner by its id."""
        return next((p for p in self.configuration.partners if p.id == partner_id and p.enabled), None)

    def bars(self, task: Task) -> bool:
        """Whether a running session may not go on: its partner is disabled, removed, or lost that certificate."""
        partner = self.partner(task.partner)
        return partner is None or (bool(task.fingerprint) and task.fingerprint not in partner.pins)

    def missing(self) -> str:
        """Say what keeps the external port closed, "" if nothing does."""
        return "" if self.gate else "a certificate for the external port (seonapi certificate add)"


EMPTY = InForce(0, ServerConfiguration(), None, None)
"""Before the first configuration: nobody may enter."""


def put_in_force(delivery: Delivery, ephemeral: EphemeralKey) -> InForce:
    """Build everything a configuration needs. The partners' TLS key is in the clear only inside this function.

    Raises NotUsable.
    """
    configuration = delivery.configuration
    _check_addresses(configuration)
    own = configuration.own_certificate
    if own is None:
        return InForce(delivery.version, configuration, None, None)
    if delivery.sealed_key is None or delivery.sealed_key.certificate_id != own.id:
        raise NotUsable("the key of our certificate is missing")
    made = InForce(delivery.version, configuration, None, None)
    try:
        key = ephemeral.open(delivery.sealed_key)
        try:
            gate = partner_listener(own.chain, key, made.knows)
            dialler = partner_dialler(own.chain, key, _anyone)
        finally:
            wipe(key)
            scrub_freed()
    except (IdentityError, TlsError) as error:
        raise NotUsable(str(error)) from error
    return InForce(delivery.version, configuration, gate, dialler)


def _check_addresses(configuration: ServerConfiguration) -> None:
    for address in (configuration.external_address, configuration.outgoing_address):
        try:
            if address:
                canonical(address)
        except AddressError as error:
            raise NotUsable(str(error)) from error


def _anyone(_: x509.Certificate) -> bool:
    """In outgoing handshakes: the session process compares with the dialled partner right after (check_dialled)."""
    return True
