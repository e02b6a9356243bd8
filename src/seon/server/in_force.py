"""What the server is at one moment: configuration in force, trust, contexts. Built whole, then swapped."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from seon.addresses import AddressError, canonical
from seon.admission.codes import Admitted, Refused
from seon.admission.evidence import Evidence, again, collect
from seon.admission.judgement import Judgements, UnusableError, judging
from seon.admission.partners import is_from_elsewhere
from seon.admission.revocation import RevocationLists
from seon.admission.trust import TrustSet, compiling
from seon.admission.verdict import Rules, judge
from seon.config import ServerConfiguration, ServerPartner
from seon.daemon.assigning import assignment
from seon.daemon.session_table import Claim
from seon.daemon.slices import in_slices
from seon.link.identity import IdentityError
from seon.link.messages import Delivery
from seon.link.sealing import EphemeralKey, wipe
from seon.net.channel import TlsError
from seon.net.context import KeyedContext
from seon.net.networks import Networks
from seon.pki import PeerCertificate
from seon.process.memory import scrub_freed
from seon.server.contexts import contexts_of, old_networks
from seon.server.delivered import NotUsable, reading
from seon.session.assignment import Assignment, Direction

NO_LISTS = RevocationLists()
"""What is known of revocation before there is a list."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A configuration with all that is made from it once. `gate` and `dialler` are None without a certificate.

    The lists of revoked certificates are not of a configuration: they come and change without a new one. So they are an
    argument wherever they count.
    """

    version: int
    configuration: ServerConfiguration
    judgements: Judgements[ServerPartner]
    trust: TrustSet = field(default_factory=TrustSet)
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

    def admit(
        self, certificate: PeerCertificate, sent: Sequence[PeerCertificate], source: str, lists: RevocationLists
    ) -> tuple[Evidence, Admitted | Refused]:
        """Say who a certificate's holder is, now. `sent`: what came beside the certificate."""
        now = time.time()
        evidence = collect(certificate, sent, source, self.trust, lists, now)
        return evidence, judge(evidence, Rules(self.trust), now)

    def is_pinned(self, certificate: PeerCertificate) -> bool:
        """Whether a certificate is some partner's pin, so that what was sent beside it says nothing."""
        return certificate.fingerprint in self.trust.by_pin

    def knows(self, certificate: PeerCertificate) -> bool:
        """Whether the TLS handshake with this certificate may go on.

        What an anchor may have issued is decided after it: only then the chain is there.
        """
        if self.trust.takes_unpinned and not self.is_pinned(certificate):
            return True
        return isinstance(self.admit(certificate, (), "", NO_LISTS)[1], Admitted)

    def partner(self, partner_id: str) -> ServerPartner | None:
        """Return an enabled partner by its id."""
        partner = self.judgements.partners.get(partner_id)
        return partner if partner and partner.enabled else None

    def barred(self, claim: Claim, lists: RevocationLists) -> str:
        """Say why there may be no such session: by its partner, and by what its certificate was admitted for."""
        partner = self.partner(claim.partner)
        if partner is None:
            return f"partner {claim.partner} is not known or disabled"
        if claim.direction == "incoming" and is_from_elsewhere(partner, claim.source):
            return f"partner {claim.partner} may not come from this address any more"
        if claim.evidence is None:
            return ""
        rules = Rules(self.trust, partner if claim.direction == "outgoing" else None)
        at = claim.evidence.at  # what expires in a session does not end it, and neither does a list that gets too old
        verdict = judge(again(claim.evidence, self.trust, lists, at), rules, at)
        if isinstance(verdict, Refused):
            return f"partner {claim.partner} is not admitted any more, {verdict.verdict}: {verdict.reason}"
        if verdict.partner.id != partner.id:
            return f"the certificate is no longer one of partner {claim.partner}, but of {verdict.partner.id}"
        return ""

    def witnessed(self, shown: Sequence[PeerCertificate], lists: RevocationLists) -> Evidence:
        """Return the evidence of a partner that a session process has dialled: its certificate, and those beside it."""
        leaf, *sent = shown
        return collect(leaf, sent, "", self.trust, lists, time.time())

    def assignment(self, partner: ServerPartner, direction: Direction, **what: Any) -> Assignment:
        """Return what a session with this partner is for; `what` is all that the configuration does not say."""
        return assignment("dmz", direction, partner, self.judgements, self.configuration, **what)

    def missing(self) -> str:
        """Say what keeps the external port closed, "" if nothing does."""
        return "" if self.gate else "a certificate for the external port (seonapi certificate add --use)"


EMPTY = InForce(0, ServerConfiguration(), Judgements())
"""Before the first configuration: nobody may enter."""


async def put_in_force(delivery: Delivery, ephemeral: EphemeralKey) -> InForce:
    """Build everything a configuration needs, in slices: 10,000 partners take longer than a main may pause.

    The partners' TLS key is in the clear only inside `_with_contexts`. Raises NotUsable.
    """
    configuration = await in_slices(reading(delivery))
    _check_addresses(configuration)
    try:
        judgements = await in_slices(judging(configuration.partners, configuration.rules))
        trust = await in_slices(compiling(configuration))
    except UnusableError as error:
        raise NotUsable(str(error)) from error
    networks = await in_slices(old_networks(configuration))
    made = InForce(delivery.version, configuration, judgements, trust, old_networks=networks)
    return _with_contexts(made, delivery, ephemeral)


def _with_contexts(made: InForce, delivery: Delivery, ephemeral: EphemeralKey) -> InForce:
    own = made.configuration.own_certificate
    if own is None:
        return made
    if delivery.sealed_key is None or delivery.sealed_key.certificate_id != own.id:
        raise NotUsable("the key of our certificate is missing")
    try:
        key = ephemeral.open(delivery.sealed_key)
        try:
            anchors, networks = tuple(made.trust.anchors), made.old_networks
            contexts = contexts_of(made.configuration, key, made.knows, _anyone, anchors, networks)
        finally:
            wipe(key)
            scrub_freed()
    except (IdentityError, TlsError) as error:
        raise NotUsable(str(error)) from error
    return replace(made, **contexts._asdict())


def _check_addresses(configuration: ServerConfiguration) -> None:
    for address in (configuration.external_address, configuration.outgoing_address):
        try:
            if address:
                canonical(address)
        except AddressError as error:
            raise NotUsable(str(error)) from error


def _anyone(_: PeerCertificate) -> bool:
    """In outgoing handshakes: the session process judges the certificate right after (session.dmz)."""
    return True
