"""What the API answers: live states and orders, and when its database cannot be written."""

import asyncio
import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.db.backends.signals import connection_created
from django.test import RequestFactory
from django.utils import timezone
from live_states import RUN, SESSION, session, state

from seon.api_messages import TOKEN_HEADER, LiveUnchanged, OrderDone, Orders, OrdersDone
from seon.backend.acting.actors import owner
from seon.backend.api import calls
from seon.backend.configuration.versioned import read_version
from seon.backend.journal.models import Entry
from seon.backend.live import lists
from seon.backend.live.models import LastState, OrderState
from seon.backend.live.orders import Place, ended, give
from seon.backend.trust.models import OwnCertificate, Token
from seon.backend.trust.own_actions import Addition, add_certificate
from seon.backend.trust.token_actions import new_token


@contextmanager
def only_read() -> Iterator[None]:
    """Refuse each change of the database, on connections made in here. (Each call for the configuration makes one.)"""

    def refuse(connection: Any, **_: Any) -> None:
        connection.cursor().execute("PRAGMA query_only=ON")

    connection_created.connect(refuse)
    try:
        yield
    finally:
        connection_created.disconnect(refuse)


def test_the_configuration_is_told_though_nothing_can_be_written(certificate_of: Callable[..., Any]) -> None:
    for made, start in ((certificate_of("old"), None), (certificate_of("new"), timezone.now() + dt.timedelta(days=1))):
        files = [made.pem.encode(), made.old_key_pem]
        add_certificate(owner(), Addition(files=files, use=True, use_from=start))
    secret = new_token(owner(), "main").rpartition(".")[2]
    OwnCertificate.objects.exclude(use_from=None).update(use_from=timezone.now())

    def in_use() -> str:
        request = RequestFactory().get("/configuration", headers={TOKEN_HEADER: secret}, REMOTE_ADDR="10.0.0.5")
        answer = asyncio.run(calls.configuration(request))
        assert answer.status_code == 200, answer.content
        told: str = msgspec.json.decode(answer.content)["server"]["own_certificate"]["id"]
        return OwnCertificate.objects.get(fingerprint=told).name

    with only_read():
        assert in_use() == "CN=old"
    assert not Entry.objects.filter(code="CLI-UNKNOWN").exists()
    assert in_use() == "CN=new"
    assert Entry.objects.filter(code="CLI-UNKNOWN").exists(), "it is told as soon as it can be written"


def called(name: str, token: str, body: bytes | None = None, address: str = "10.0.0.5", query: str = "") -> Any:
    """Call the API as a client does."""
    header = {TOKEN_HEADER: token.rpartition(".")[2]}
    factory = RequestFactory()
    if body is None:
        return asyncio.run(getattr(calls, name)(factory.get(f"/{name}{query}", headers=header, REMOTE_ADDR=address)))
    request = factory.post(f"/{name}", body, "application/json", headers=header, REMOTE_ADDR=address)
    return getattr(calls, name)(request)


def test_a_client_s_state_is_kept_and_one_that_is_not_known_is_asked_for() -> None:
    secret, whole = new_token(owner(), "main"), msgspec.json.encode(state(7, sessions=(session(),)))
    unchanged = msgspec.json.encode(LiveUnchanged(run=RUN, number=7))
    refused = called("live", secret, unchanged)
    assert refused.status_code == 409
    assert b"send all of it" in refused.content
    assert called("live", secret, whole).status_code == 204
    assert called("live", secret, unchanged).status_code == 204
    assert called("live", secret, unchanged, address="10.0.0.6").status_code == 409
    [told] = lists.sessions()
    assert (told.client.address, told.session.session) == ("10.0.0.5", SESSION)


@pytest.mark.parametrize(
    "wrong",
    [b"{}", b"[]", b'{"since":1}', msgspec.json.encode(state()).replace(b'"number":1', b'"number":0'),
     msgspec.json.encode(state()).replace(RUN.encode(), b"../../../x"),
     msgspec.json.encode(state()).replace(b'"version":0', b'"version":"0"')],
)  # fmt: skip
def test_what_is_no_state_is_refused_and_not_kept(wrong: bytes) -> None:
    assert called("live", new_token(owner(), "main"), wrong).status_code == 400
    assert not LastState.objects.exists()


def test_orders_ride_on_the_waiting_call_of_the_client_that_they_are_for() -> None:
    secret = new_token(owner(), "main")
    place = Place(Token.objects.get().pk, "10.0.0.5")
    given = give(owner(), place, "kill", SESSION)
    version = read_version()
    query = f"?known={version}&wait=0&orders=1"
    assert called("configuration", secret, query=f"?known={version}&wait=0").status_code == 204, "it asks for none"
    assert called("configuration", secret, query=query, address="10.0.0.6").status_code == 204
    answer = called("configuration", secret, query="?known=0&wait=0&orders=1")
    assert answer.status_code == 202, "before the configuration, which has changed too"
    [order] = msgspec.json.decode(answer.content, type=Orders).orders
    assert (order.id, order.what, order.session, order.reason) == (given.key, "kill", SESSION, 99)
    assert called("configuration", secret, query=query).status_code == 204
    done = msgspec.json.encode(OrdersDone(orders=(OrderDone(id=order.id, done=True),)))
    assert called("orders_done", secret, done, address="10.0.0.6").status_code == 204
    assert ended(given.pk) is None, "another client's word counts for nothing"
    assert called("orders_done", secret, done).status_code == 204
    over = ended(given.pk)
    assert over is not None
    assert over.state == OrderState.DONE


def test_an_order_wakes_a_waiting_call_within_half_a_second() -> None:
    secret = new_token(owner(), "main")
    place = Place(Token.objects.get().pk, "10.0.0.5")
    given_at = 0.0

    def order() -> None:
        nonlocal given_at
        give(owner(), place, "drain")
        given_at = time.monotonic()
        connection.close()

    timer = threading.Timer(0.6, order)
    timer.start()
    answer = called("configuration", secret, query=f"?known={read_version()}&wait=20&orders=1")
    assert answer.status_code == 202
    assert 0 < time.monotonic() - given_at < 0.5
