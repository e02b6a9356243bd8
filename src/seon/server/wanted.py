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
    if moment.ending:
        return "the server is ending"
    if not moment.linked:
        return "no client is connected"
    if moment.license_problem:
        return f"the license does not hold: {moment.license_problem}"
    if not moment.in_force.version:
        return "the configuration has not come yet"
    if not moment.in_force.gate:
        return f"the configuration has not got {moment.in_force.missing()}"
    return ""
