"""What can be done with what runs: each act gives an order to one client, which carries it out and says so.

An act returns the order. What became of it, `orders.ended` says.
"""

from seon.backend.acting import audit
from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.errors import OperatorError
from seon.backend.live import lists
from seon.backend.live.models import LiveOrder
from seon.backend.live.orders import give, words

REASONS = {99: "99: unspecified reason", 5: "05: local site emergency close"}
"""The reasons of an ESID with which a session can be ended, in the words of RFC 5024 §5.3.9."""


@act("session.kill", Right.SESSIONS)
def kill_session(by: Actor, session: str, reason: int = 99) -> LiveOrder:
    """End a session that runs, with an ESID to both sides: reason 99 (unspecified) or 05 (emergency close).

    `session`: its id, or the first 8 characters of it or more. Raises OperatorError.
    """
    if reason not in REASONS:
        raise OperatorError(f"The reason is {' or '.join(f'{known:02}' for known in REASONS)}, not {reason}")
    found = lists.session_named(session)
    return _ordered(by, found.client, "kill", found.session.session, reason)


@act("client.drain", Right.CONFIGURE)
def drain_client(by: Actor, client: str) -> LiveOrder:
    """Let no session begin at a client any more, in either direction; those that run go on. Raises OperatorError.

    `client`: as `lists.client` takes it; so everywhere here.
    """
    return _ordered(by, lists.client(client), "drain")


@act("client.resume", Right.CONFIGURE)
def resume_client(by: Actor, client: str) -> LiveOrder:
    """Let sessions begin again at a client that was drained. Raises OperatorError."""
    return _ordered(by, lists.client(client), "resume")


@act("client.end-link", Right.CONFIGURE)
def end_link(by: Actor, client: str) -> LiveOrder:
    """Let a client say Bye to its server and end; the external port closes. Raises OperatorError."""
    return _ordered(by, lists.client(client), "end-link")


def _ordered(by: Actor, client: lists.ClientLive, what: str, session: str = "", reason: int = 99) -> LiveOrder:
    order = give(by, client.place, what, session, reason)
    audit.note(f"client {client.name} at {client.address}", f"ordered: {words(order)}")
    return order
