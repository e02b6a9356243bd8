"""The way in: what a session process does from the fork to its end, by its host and its direction."""

import socket

from seon.process.levels import Level
from seon.session import dmz, inside
from seon.session.assignment import Assignment, Connections
from seon.session.main_line import MainLine

_WAYS = {
    ("dmz", "incoming"): dmz.join,
    ("dmz", "outgoing"): dmz.dial_partner,
    ("inside", "incoming"): inside.take_in,
    ("inside", "outgoing"): inside.let_out,
}


def begin(assignment: Assignment, connections: Connections, sock: socket.socket, verbosity: Level = Level.INFO) -> int:
    """Be the session process, `sock` being its end of the line; return its exit status."""
    main = MainLine(sock, tracing=assignment.trace, drain_seconds=assignment.limits.drain_seconds, verbosity=verbosity)
    _WAYS[assignment.hop, assignment.direction](main, assignment, connections)
    main.say_goodbye()
    return 0
