import time

import pytest
from django.db import OperationalError, connection

from seon.backend.journal.deadlines import TimeOverError, at_most
from seon.backend.journal.models import Entry

ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}


def ask(question: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(question)
        cursor.fetchall()


def test_a_question_that_takes_too_long_is_given_up_and_the_next_one_is_not() -> None:
    began = time.monotonic()
    with pytest.raises(TimeOverError), at_most(0.1):
        ask(ENDLESS[connection.vendor])
    assert time.monotonic() - began < 10
    with at_most(30):
        assert Entry.objects.count() == 0
    assert Entry.objects.count() == 0


def test_the_limit_holds_only_for_what_is_asked_within() -> None:
    with at_most(0.05):
        Entry.objects.count()
    if connection.vendor == "postgresql":
        ask("SELECT pg_sleep(0.1)")
    else:
        ask("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n")


def test_without_any_time_nothing_is_asked() -> None:
    with pytest.raises(TimeOverError), at_most(0):
        raise AssertionError("asked")


def test_another_error_of_the_database_is_told_as_it_is() -> None:
    with pytest.raises(OperationalError, match="other"), at_most(60):
        raise OperationalError("other")
