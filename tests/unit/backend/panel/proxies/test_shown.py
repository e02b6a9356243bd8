from datetime import timedelta

import pytest
from django.utils import timezone
from live_states import ADDRESS, PROXY_ID, server, state, tell

from seon.backend.acting.actors import owner
from seon.backend.panel.proxies import shown
from seon.backend.proxies.actions import add_client
from seon.backend.proxies.models import ProxyServer, UnknownCaller
from seon.backend.trust.license_actions import issue_license
from seon.backend.trust.models import License


@pytest.fixture(autouse=True)
def one_server() -> None:
    issue_license(owner(), PROXY_ID, 365)


def test_the_word_of_a_client_that_is_heard_of_counts_before_that_of_one_that_is_not() -> None:
    tell(state(servers=(server(build="old"),)), "away", "10.0.0.6", age=60)
    tell(state(servers=(server(build="no link", linked=False),)), "other", "10.0.0.7")
    tell(state(servers=(server(build="new"),)))
    [one] = shown.servers()
    assert one.live is not None
    assert one.live.build == "new"
    assert one.client is not None
    assert one.client.name == "main"


@pytest.mark.parametrize(("days", "left", "tone"), [(300, 299, shown.GOOD), (31, 30, shown.WARN), (1, 0, shown.WARN)])
def test_the_days_of_the_license_that_ends_last_are_counted(days: int, left: int, tone: str) -> None:
    License.objects.update(not_after=timezone.now() + timedelta(days=days))
    issue_license(owner(), PROXY_ID, 365)
    License.objects.order_by("-pk")[0].delete()
    [one] = shown.servers()
    assert one.license is not None
    assert (one.license.days, one.license.tone) == (left, tone)
    assert one.license.of >= left
    License.objects.update(not_after=timezone.now())
    [one] = shown.servers()
    assert one.license is None


def test_a_client_is_shown_once_for_each_token_that_is_used_from_its_address() -> None:
    add_client(owner(), "inside1", ADDRESS)
    add_client(owner(), "inside2", "10.0.0.9")
    tell()
    tell(name="second")
    tell(name="third", address="10.0.0.77")
    assert [(one.name, one.address, one.live is not None) for one in shown.clients()] == [
        ("inside1", ADDRESS, True), ("inside1", ADDRESS, True), ("inside2", "10.0.0.9", False),
        ("third", "10.0.0.77", True),
    ]  # fmt: skip


def test_unknown_callers_are_named_with_their_token() -> None:
    from seon.backend.trust.tokens import note_use

    note_use(tell(address="10.0.0.9"), "10.0.0.9")
    for address in ("10.0.0.9", ADDRESS):
        UnknownCaller.objects.create(address=address, told_at=timezone.now())
    add_client(owner(), "inside1", ADDRESS)
    assert [(one.address, one.tokens) for one in shown.unknown()] == [("10.0.0.9", ["main"])]


def test_a_page_of_many_servers_and_clients_asks_the_database_no_more_often() -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def asked() -> int:
        with CaptureQueriesContext(connection) as statements:
            for one in shown.servers():
                assert one.license
            shown.clients()
            shown.unknown()
        return len(statements)

    tell()
    few = asked()
    for number in range(5):
        tell(name=f"t{number}", address=f"10.0.1.{number}")
    assert asked() == few
    assert ProxyServer.objects.count() == 1
