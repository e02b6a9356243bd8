"""What the configuration in force says of a session: the part of its assignment that both hosts make alike."""

from collections.abc import Callable
from typing import Any

from seon.admission.judgement import Judgement, Judgements
from seon.admission.limits import limits_of
from seon.config import ClientConfiguration, ClientPartner, ServerConfiguration, ServerPartner
from seon.oftp2.demands import Demands
from seon.oftp2.rules import Policy
from seon.session.assignment import Assignment, Direction, Hop, partner_side

NOBODYS = Judgement(Policy("strict"), Demands(), names_rules=False)
"""For a partner that was removed while its session was being brought about: there will be none."""


def assignment(  # what differs from session to session, and what comes from the configuration
    hop: Hop,
    direction: Direction,
    partner: ServerPartner | ClientPartner,
    judgements: Judgements[Any],
    configuration: ServerConfiguration | ClientConfiguration,
    *,
    session: str,
    **what: Any,
) -> Assignment:
    """Return the assignment of a session; `what` is all that differs from session to session."""
    judged = judgements.by_side.get((partner.id, partner_side(direction)), NOBODYS)
    return Assignment(
        session=session,
        partner=partner.id,
        direction=direction,
        hop=hop,
        limits=limits_of(partner, configuration.limits),
        partner_codes=partner.ssid_codes,
        policy=judged.policy,
        demands=judged.demands,
        names_rules=judged.names_rules,
        trace=partner.trace or session in configuration.traced_sessions,
        **what,
    )


def traced_by(configuration: ServerConfiguration | ClientConfiguration) -> Callable[[Assignment], bool]:
    """Return what says whether a session that runs is to write a trace by this configuration."""
    partners = {partner.id for partner in configuration.partners if partner.trace}
    return lambda running: running.partner in partners or running.session in configuration.traced_sessions
