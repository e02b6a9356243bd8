"""What the client says of the inside to the server: its name, and why a session is refused.

The DMZ host may be in an attacker's hands, and its log and `ps` show what it is told. So no host, path or address of
the inside is in it. The server sees one address by itself: the one that the client dials from.
"""

import hashlib
import socket
from pathlib import Path

from seon.daemon import home as homes

_MACHINE = Path("/etc/machine-id")
_STATION = "receive daemon: "
"""How a reason begins that names the receive daemon's host and port (`client.sessions`)."""


def client_name() -> str:
    """Return the client's name: the same after a restart, so that its new link takes the place of the old one.

    Clients in two directories, or on two hosts, have two names, also with one security token. The link certificate
    carries no name. The host's machine id is hashed with the rest: without it nobody can try host names until one fits.
    """
    try:
        machine = _MACHINE.read_text()
    except (OSError, UnicodeDecodeError):
        machine = ""  # a container without one
    known = f"{machine}:{socket.gethostname()}:{homes.directory()}"
    return f"client-{hashlib.sha256(known.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def told_outside(reason: str) -> str:
    """Return why a session is refused as the server may know it. The client's log and the journal have all of it."""
    return "the receive daemon cannot be reached, the client's log says why" if reason.startswith(_STATION) else reason
