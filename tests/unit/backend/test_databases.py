from pathlib import Path

import pytest
from django.db import connection

from seon.backend.databases import database
from seon.backend.errors import OperatorError
from seon.backend.home import Home


def test_sqlite_in_wal_mode_is_the_default(home: Home) -> None:
    assert database("", home)["NAME"] == str(home.database_file)
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert cursor.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_without_a_home_nothing_is_reached() -> None:
    assert database("", None)["NAME"] == ":memory:"


def test_a_url_names_a_postgresql_server() -> None:
    settings = database("postgres://user:pass@db.example:5433/seon", Home(Path("/nowhere")))
    assert settings["ENGINE"] == "seon.backend.postgresql"
    assert (settings["HOST"], settings["PORT"], settings["NAME"]) == ("db.example", 5433, "seon")


def test_another_kind_of_database_is_refused_without_showing_the_url() -> None:
    with pytest.raises(OperatorError) as caught:
        database("mysql://user:pass@db/seon", None)
    assert "pass" not in str(caught.value)
