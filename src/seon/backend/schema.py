"""The form of the database: made and brought up to date by Django's migrations, and known for what it is.

Compatibility begins with the first release: `seonapi init` brings every released form up to date. Databases made
before that have migrations that are not here any more, or tables that these migrations would have made otherwise.
"""

# ruff: noqa: PLC0415 - Django's parts can be imported only after django.setup()

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from seon.backend.errors import OperatorError, disk_full

if TYPE_CHECKING:
    from django.apps import AppConfig

UNRELEASED = frozenset(
    {"0002_session_rules", "0003_hosts_and_addresses", "0004_severities", "0002_hosts_and_addresses"}
)
"""Migrations before the first release. A later one must not have such a name."""
_MOST_NAMED = 5
_MADE_ANEW = (
    "The database was made by an unreleased version of Seon SmartProxy and cannot be brought up to date. Make the "
    "installation anew: move its directory away, or take another one, with an empty database, and run `seonapi init`"
)


def migrate() -> list[str]:
    """Bring the database to this build's form; returns what was made.

    Raises OperatorError when it cannot be reached, or cannot be brought up to date.
    """
    from django.core.management import call_command
    from django.db import DatabaseError, connection

    try:
        if is_current():
            return []
        older = is_older()
        changes = _pending()
        if connection.vendor == "sqlite" and not older:
            # Hundreds of small transactions on a file that does not hold anything yet.
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA synchronous=OFF")
        call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as error:
        raise disk_full(error) or OperatorError(f"The database cannot be used: {str(error).splitlines()[0]}") from None
    finally:
        connection.close()
    return [f"database of this version, by {_counted(changes)}"] if older else ["database"]


def is_current() -> bool:
    """Whether the database has this build's form; False when migrations are to be run.

    Raises OperatorError for a form that no migration of this build begins with, DatabaseError when there is no answer.
    """
    check_known()
    if _pending():
        return False
    if not _tables_are_ours():
        raise OperatorError(_MADE_ANEW)  # its first migration had the name of ours, but made less
    return True


def is_older() -> bool:
    """Whether the database holds something, and `migrate` would change its form. Raises as `is_current` does."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    check_known()
    return bool(MigrationRecorder(connection).applied_migrations() and _pending())


def _pending() -> list[str]:
    """Return the migrations that are to be run, in their order."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return [f"{step.app_label}.{step.name}" for step, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def _counted(changes: list[str]) -> str:
    named = ", ".join(changes[:_MOST_NAMED])
    more = f" and {len(changes) - _MOST_NAMED} more" if len(changes) > _MOST_NAMED else ""
    return f"{len(changes)} changes: {named}{more}" if len(changes) > 1 else f"the change {named}"


def check_known() -> None:
    """Raise OperatorError if a migration was run that this build does not have. One question to the database."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    ours = {app.label: _migrations_of(app) for app in _our_apps()}
    applied = MigrationRecorder(connection).applied_migrations()
    foreign = sorted((app, name) for app, name in applied if app in ours and name not in ours[app])
    if any(name in UNRELEASED for _, name in foreign):
        raise OperatorError(_MADE_ANEW)
    if foreign:
        raise OperatorError(
            f"The database was made by a newer version of Seon SmartProxy, which has {'.'.join(foreign[0])}: install "
            "that version, or a newer one, on this host"
        )


def _our_apps() -> "list[AppConfig]":
    from django.apps import apps

    return [app for app in apps.get_app_configs() if app.name.startswith("seon.") and _migrations_of(app)]


def _migrations_of(app: "AppConfig") -> set[str]:
    """Return the names of its migrations. Their files are listed, not loaded: this is asked by every command."""
    try:
        package = import_module(f"{app.name}.migrations")
    except ModuleNotFoundError:
        return set()
    return {module.name for module in iter_modules(package.__path__)}


def _tables_are_ours() -> bool:
    """Whether every table has the columns that its model has."""
    from django.db import connection

    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        for model in (model for app in _our_apps() for model in app.get_models()):
            table, wanted = model._meta.db_table, {field.column for field in model._meta.local_concrete_fields}
            if table not in there:
                return False
            if {column.name for column in connection.introspection.get_table_description(cursor, table)} != wanted:
                return False
    return True
