"""What the API answers when its database cannot be written."""

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from django.db.backends.signals import connection_created
from django.test import RequestFactory
from django.utils import timezone

from seon.api_messages import TOKEN_HEADER
from seon.backend.acting.actors import owner
from seon.backend.api import calls
from seon.backend.journal.models import Entry
from seon.backend.trust.models import OwnCertificate
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
