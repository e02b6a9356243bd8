"""Live states for tests: what a client might tell of itself."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from seon.api_messages import LiveListener, LiveServer, LiveSession, LiveState
from seon.backend.acting.actors import owner
from seon.backend.live.keeping import keep
from seon.backend.live.models import LastState
from seon.backend.trust.models import Token
from seon.backend.trust.token_actions import new_token

RUN = "run-00000001"
SESSION = "0123456789abcdef0123456789abcdef"
ADDRESS = "10.0.0.5"
PROXY_ID = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511apx"  # RFC 8032 §7.1, test 1


def session(name: str = SESSION, **values: Any) -> LiveSession:
    """Return a session that runs."""
    given = {"partner": "acme", "direction": "incoming", "phase": "receiving", "since": 1_000.0, **values}
    return LiveSession(session=name, **given)


def server(**values: Any) -> LiveServer:
    """Return a server that is linked and has its external port open."""
    given = {
        "place": "dmz.example:2878", "linked": True, "since": 1_000.0, "proxy_id": PROXY_ID, "build": "0.1",
        "external_address": "0.0.0.0", "external_port": 6_619, "external_open": True, **values,
    }  # fmt: skip
    return LiveServer(**given)


def listener(**values: Any) -> LiveListener:
    """Return a listening port that is open."""
    return LiveListener(**{"address": "127.0.0.1", "port": 3_306, "partner": "acme", "open": True, **values})


def state(number: int = 1, **values: Any) -> LiveState:
    """Return a state, with nothing in it but what is said."""
    return LiveState(**{"run": RUN, "number": number, "build": "0.1", "since": 1_000.0, **values})


def token(name: str = "main") -> Token:
    """Return a security token, made if it is new."""
    if not Token.objects.filter(name=name).exists():
        new_token(owner(), name)
    return Token.objects.get(name=name)


def tell(told: LiveState | None = None, name: str = "main", address: str = ADDRESS, age: float = 0) -> Token:
    """Let a client have told its state, so many seconds ago."""
    ours = token(name)
    keep(ours, address, told or state(sessions=(session(),), servers=(server(),), listeners=(listener(),)))
    LastState.objects.filter(token=ours, address=address).update(heard_at=timezone.now() - timedelta(seconds=age))
    return ours
