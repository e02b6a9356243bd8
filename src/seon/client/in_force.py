"""What the client is at one moment: the configuration in force and what is made from it. Built whole, then swapped."""

from dataclasses import dataclass, replace
from typing import Any

import msgspec

from seon.admission.judgement import Judgements, UnusableError, judge_all
from seon.config import ClientConfiguration, ClientPartner
from seon.daemon.assigning import assignment
from seon.daemon.session_table import Claim
from seon.session.assignment import Assignment, Direction


class NotUsable(Exception):  # noqa: N818  # it is about a configuration, not about us
    """A configuration cannot be put in force; the one before stays."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A configuration with all that is made from it once."""

    configuration: ClientConfiguration
    judgements: Judgements[ClientPartner]

    def partner(self, partner_id: str) -> ClientPartner | None:
        """Return an enabled partner by its id."""
        partner = self.judgements.partners.get(partner_id)
        return partner if partner and partner.enabled else None

    def barred(self, claim: Claim) -> str:
        """Say why there may be no such session: its partner is disabled or removed."""
        return "" if self.partner(claim.partner) else f"partner {claim.partner} is not known inside or disabled"

    def at(self, proxy_id: str) -> "InForce":
        """Return the same with the limits of this server, where it has limits of its own."""
        limits = self.configuration.server_limits.get(proxy_id)
        if limits is None:
            return self
        return replace(self, configuration=msgspec.structs.replace(self.configuration, limits=limits))

    def assignment(self, partner: ClientPartner, direction: Direction, **what: Any) -> Assignment:
        """Return what a session with this partner is for; `what` is all that the configuration does not say."""
        return assignment("inside", direction, partner, self.judgements, self.configuration, **what)


EMPTY = InForce(ClientConfiguration(), Judgements())
"""Before the first configuration: no sessions."""


def put_in_force(configuration: ClientConfiguration) -> InForce:
    """Build everything that a configuration needs. Raises NotUsable."""
    try:
        return InForce(configuration, judge_all(configuration.partners, configuration.rules))
    except UnusableError as error:
        raise NotUsable(str(error)) from error
