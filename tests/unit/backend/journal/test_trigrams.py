import pytest
from django.db import DatabaseError, connection

from seon.backend.journal import trigrams
from seon.backend.journal.models import Entry


def test_the_index_is_made_once_where_the_database_can_have_it() -> None:
    is_postgresql = connection.vendor == "postgresql"
    assert trigrams.is_there() == is_postgresql
    assert trigrams.make() == ("", "")
    if is_postgresql:
        drop()
        assert not trigrams.is_there()
        assert trigrams.make() == ("index of the system log's texts", "")
        assert trigrams.is_there()


def test_a_search_for_a_rare_text_uses_it() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has none: lists look through the newest rows there")
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
    rows = Entry.objects.filter(search__contains="straße").order_by()
    assert trigrams.NAME in rows.explain()


@pytest.mark.parametrize(("text", "can"), [("ab", False), ("a-b.c", False), ("abc", True), ("x mül y", True)])
def test_it_looks_only_for_what_has_three_letters_in_a_row(text: str, can: bool) -> None:
    assert trigrams.can_find(text) == (can and connection.vendor == "postgresql")


def test_without_the_right_to_make_it_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite needs no right")
    drop()
    try:
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE plain; DROP EXTENSION pg_trgm; SET ROLE plain")
        made, hindrance = trigrams.make()
        assert made == ""
        assert "permission denied" in hindrance
        assert "CREATE EXTENSION pg_trgm" in hindrance
        assert not trigrams.is_there()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE; DROP ROLE plain")
        trigrams.make()


def drop() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {trigrams.NAME}")


def test_an_error_of_the_database_is_no_traceback_but_a_hindrance(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        vendor = "postgresql"

        def cursor(self) -> None:
            raise DatabaseError("extension is not available\nHINT: more")

    monkeypatch.setattr(trigrams, "connection", Failing())
    monkeypatch.setattr(trigrams, "is_there", lambda: False)
    made, hindrance = trigrams.make()
    assert made == ""
    assert "(extension is not available)" in hindrance
