from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from functional.postgresql import Cluster
from functional.processes import eventually
from seon.backend.postgresql import base
from seon.backend.postgresql.base import kept

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
MOST = 2


@pytest.fixture(autouse=True)
def keeping() -> Iterator[None]:
    kept.keep(MOST)
    yield
    connection.close()
    kept.keep(0)


def ask(question: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


def process() -> object:
    """Return which process of PostgreSQL answers this thread."""
    return ask("SELECT pg_backend_pid()")


def process_of_a_call() -> object:
    """Return which process answers a call, which leaves its connection when it ends."""
    try:
        return process()
    finally:
        connection.close()


def in_another_thread() -> object:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(process_of_a_call).result()


def test_a_call_takes_the_connection_that_another_one_has_left() -> None:
    before = process_of_a_call()
    assert [in_another_thread(), in_another_thread(), process()] == [before] * 3


def test_nobody_gets_a_connection_that_is_in_use() -> None:
    mine = process()
    assert in_another_thread() != mine


def test_a_connection_comes_without_what_the_one_before_did_with_it() -> None:
    before = process()
    ask("SELECT set_config('statement_timeout', '12345', false)")
    ask("SELECT pg_advisory_lock(1, 2)")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE left_over (n int)")
    connection.close()
    assert process() == before
    assert ask("SHOW statement_timeout") == "0"
    assert ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0
    assert ask("SELECT to_regclass('left_over')") is None
    assert ask("SHOW timezone") == "UTC"


def test_a_connection_that_was_ended_meanwhile_is_replaced_and_nobody_notices(cluster: Cluster) -> None:
    before = process_of_a_call()
    cluster.ask("seon", f"SELECT pg_terminate_backend({before}, 10000)")
    assert process() != before


def test_a_connection_that_is_left_within_a_transaction_is_ended() -> None:
    with transaction.atomic():
        before = process()
        connection.close()
    connection.close()
    assert process() != before


def test_one_that_was_idle_for_long_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    before = process_of_a_call()
    monkeypatch.setattr(base, "LONGEST_IDLE", -1.0)
    assert process() != before


def test_no_more_are_kept_than_the_process_was_told_to_keep(cluster: Cluster) -> None:
    at_once = Barrier(MOST + 1, timeout=20)

    def call() -> None:
        process()
        at_once.wait()
        connection.close()

    with ThreadPoolExecutor(MOST + 1) as pool:
        for done in [pool.submit(call) for _ in range(MOST + 1)]:
            done.result()
    question = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'seon' AND pid <> pg_backend_pid()"
    eventually(lambda: cluster.ask("seon", question) == [(MOST,)])
    kept.keep(0)
    eventually(lambda: cluster.ask("seon", question) == [(0,)])
    assert in_another_thread() != in_another_thread()
