"""What this host allows a main: descriptors and processes, and whether the settings fit into that."""

import resource

from seon.config import Limits
from seon.daemon.home import StartError

DESCRIPTORS_A_SESSION = 3
"""Its line, its pidfd, and for a moment its connection."""
PORTS = 2
"""At which strangers have handshakes: each may have as many."""
LEAST_PLACES = 8
OTHER_DESCRIPTORS = 64
"""Listeners, control links, log, loop, and a reserve."""


def check_limits() -> None:
    """Raise StartError if so few descriptors are allowed that not even the main itself could work."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < OTHER_DESCRIPTORS:
        raise StartError(
            f"This program may open {hard} files at once, and needs at least {OTHER_DESCRIPTORS}: "
            "raise the limit (ulimit -n; LimitNOFILE= of its service)"
        )


def raise_limits() -> None:
    """Raise the soft limit of descriptors to the hard one: many sessions need more than the usual 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def misfit(limits: Limits) -> str:
    """Say which settings ask for more than this host allows this process, "" if none does."""
    descriptors = limits.sessions * DESCRIPTORS_A_SESSION + PORTS * limits.handshakes + OTHER_DESCRIPTORS
    sessions = f"{limits.sessions} sessions"
    both, processes = f"{sessions} and {limits.handshakes} handshakes", limits.sessions + 1
    checks = (
        (resource.RLIMIT_NOFILE, both, descriptors, "descriptors (ulimit -n; LimitNOFILE= of its service)"),
        (resource.RLIMIT_NPROC, sessions, processes, "processes (ulimit -u; LimitNPROC= or TasksMax= of its service)"),
    )
    found = []
    for which, those, needed, what in checks:
        allowed, _ = resource.getrlimit(which)
        if allowed != resource.RLIM_INFINITY and needed > allowed:
            found.append(f"{those} at once need {needed} {what}, and {allowed} are allowed")
    return "; ".join(found)


def places(wanted: int, limits: Limits) -> int:
    """Return how many handshakes one port may have at once: as many as wanted, or what descriptors there are for it.

    Without any left nothing could be accepted, and no stranger would have to give way to another.
    """
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return wanted
    left = allowed - limits.sessions * DESCRIPTORS_A_SESSION - OTHER_DESCRIPTORS
    return min(wanted, max(LEAST_PLACES, left // PORTS))
