from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from seon.backend.errors import OperatorError
from seon.backend.schema import UNRELEASED, check_known, is_current, migrate


def test_the_migrations_make_what_the_models_say() -> None:
    out = StringIO()
    call_command("makemigrations", check=True, dry_run=True, verbosity=1, stdout=out)
    assert "No changes" in out.getvalue()


def test_a_database_of_an_older_release_is_brought_up_to_date() -> None:
    assert is_current()
    assert migrate() == []
    call_command("migrate", "journal", "zero", verbosity=0)
    assert not is_current()
    (made,) = migrate()
    assert made.startswith("database of this version, by 2 changes: journal.0001_initial, journal.0002_")
    assert is_current()


@pytest.mark.parametrize(
    ("app", "name"),
    [("configuration", "0004_severities"), ("partners", "0002_session_rules"), ("proxies", "0002_hosts_and_addresses")],
)
def test_a_database_of_unreleased_migrations_must_be_made_anew(app: str, name: str) -> None:
    MigrationRecorder(connection).record_applied(app, name)
    for act in (check_known, migrate, is_current):
        with pytest.raises(OperatorError, match=r"unreleased version .* Make the installation anew"):
            act()


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE session_rules_sessionrules DROP COLUMN esid_names_rule",
        "ALTER TABLE partners_partner RENAME COLUMN trace TO traced",
        "DROP TABLE configuration_tracedsession",
    ],
)
def test_a_database_whose_first_migration_made_other_tables_must_be_made_anew(change: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(change)
    for act in (migrate, is_current):
        with pytest.raises(OperatorError, match=r"unreleased version .* Make the installation anew"):
            act()


def test_a_database_of_a_newer_version_is_named_as_such() -> None:
    MigrationRecorder(connection).record_applied("partners", "0099_of_a_later_year")
    for act in (check_known, migrate):
        with pytest.raises(
            OperatorError, match=r"newer version .*partners\.0099_of_a_later_year: install that version"
        ):
            act()


def test_no_migration_has_the_name_of_an_unreleased_one() -> None:
    from django.db.migrations.loader import MigrationLoader

    assert not UNRELEASED & {name for _, name in MigrationLoader(connection).disk_migrations}


def test_migrations_of_other_projects_are_not_ours_to_judge() -> None:
    MigrationRecorder(connection).record_applied("axes", "0099_of_a_later_year")
    check_known()
    assert is_current()
