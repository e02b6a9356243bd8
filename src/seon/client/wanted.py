"""Which ports the client is to have open: one for each partner that the send daemon reaches, while there is a link."""

from seon.config import ClientConfiguration
from seon.daemon.ports import Port

CONNECTIONS = 64
"""Connections of one port that are being taken over at once."""


def wanted_ports(configuration: ClientConfiguration, *, linked: bool) -> tuple[Port[None], ...]:
    """Return the ports. Without a link to a server nobody could be reached through them."""
    listeners = configuration.listeners if linked else ()
    return tuple(Port(one.address, one.port, CONNECTIONS, one.partner, None) for one in listeners)
