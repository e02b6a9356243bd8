"""Which ports the server is to have open: a value made of what there is at one moment."""

from dataclasses import dataclass

from seon.daemon.ports import Port
from seon.net.context import KeyedContext
from seon.server.in_force import InForce

INTERNAL, EXTERNAL = "internal", "external"
Terms = KeyedContext | InForce
"""What a connection is served by: at the internal port the context of the license, at the external one all of it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """All that decides about ports."""

    internal: tuple[str, int, KeyedContext]
    """Address and port of the internal port, and the context of the license in force."""
    in_force: InForce
    linked: bool
    license_problem: str
    ending: bool
    awaits_lists: bool = False
    """Whether the first revocation lists are waited for (server.first_lists)."""
    drained: bool = False
    """Whether clients are connected, and their administrator lets no session begin."""


def internal_port(moment: Moment) -> Port[Terms]:
    """Return the port on which clients come: always open."""
    address, number, context = moment.internal
    return Port(address, number, None, INTERNAL, context)


def wanted_ports(moment: Moment) -> tuple[tuple[Port[Terms], ...], str]:
    """Return the ports, and why the external one is not among them, or has changed."""
    internal = internal_port(moment)
    if why := _why_closed(moment):
        return (internal,), why
    configuration = moment.in_force.configuration
    external: Port[Terms] = Port(
        configuration.external_address, configuration.external_port, None, EXTERNAL, moment.in_force
    )
    return (internal, external), "its settings have changed"


def _why_closed(moment: Moment) -> str:
    problem, missing = moment.license_problem, moment.in_force.missing()
    checks = (
        (moment.ending, "the server is ending"),
        (moment.drained, "the client is drained: its administrator lets no session begin"),
        (not moment.linked, "no client is connected"),
        (problem, f"the license does not hold: {problem}"),
        (not moment.in_force.version, "the configuration has not come yet"),
        (missing, f"the configuration has not got {missing}"),
        (moment.awaits_lists, "the revocation lists have not come yet"),
    )
    return next((why for wrong, why in checks if wrong), "")
