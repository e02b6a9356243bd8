"""Rights and roles: who may do what. An act names the one right that it takes (acts.py).

A right is a permission of Django, `acting.<right>`, so that groups and users can have it; a role is a group that
`seonapi init` makes and keeps as it stands here.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Right(StrEnum):
    """What somebody may do; the value is the name of Django's permission."""

    READ = "read"
    CONFIGURE = "configure"
    PARTNERS = "partners"
    SWITCH_PARTNERS = "switch_partners"
    TRUST = "trust"
    SESSIONS = "sessions"
    LOG = "log"
    IGNORE = "ignore"
    SCRIPT = "script"
    USERS = "users"
    QUEUE = "queue"

    @property
    def meaning(self) -> str:
        """What it allows, in words."""
        return MEANINGS[self]

    @property
    def permission(self) -> str:
        """Its name as Django asks for it."""
        return f"acting.{self.value}"


MEANINGS: Mapping[Right, str] = MappingProxyType(
    {
        Right.READ: "see everything but secrets",
        Right.CONFIGURE: "change settings, servers, clients, listening ports and names of this host",
        Right.PARTNERS: "add, change and remove partners",
        Right.SWITCH_PARTNERS: "enable and disable partners",
        Right.TRUST: "change own certificates, trust anchors, revocation lists, licenses and security tokens",
        Right.SESSIONS: "trace and end sessions",
        Right.LOG: "change the log files",
        Right.IGNORE: "add, change and remove ignore rules",
        Right.SCRIPT: "choose and try the event script",
        Right.USERS: "add, change and remove users, and so give every right to anybody, also to oneself",
        Right.QUEUE: "run jobs of the queue daemon",
    }
)
ADMINISTRATOR = "administrator"
"""The role that has every right; who has it is a superuser of Django, too, so that the panel shows it every page."""
ROLES: Mapping[str, frozenset[Right]] = MappingProxyType(
    {
        ADMINISTRATOR: frozenset(Right),
        "operator": frozenset({Right.READ, Right.SESSIONS, Right.LOG, Right.IGNORE, Right.SWITCH_PARTNERS}),
        "auditor": frozenset({Right.READ}),
    }
)
"""The groups that `seonapi init` makes, and their rights."""
