"""Many rows in one statement, or in one call of the database's driver.

Django makes an expression of each value and finds out anew for each how the database wants it: half of what it cost to
store an event (docs/benchmarks.md). SQLite gets plain values, by `executemany`. PostgreSQL gets one text of JSON, which
msgspec makes, and reads it itself.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from django.db import connection, models

_PLAIN = (models.CharField, models.TextField, models.IntegerField, models.BooleanField)
"""Fields whose values SQLite takes as they are. None of ours has more than that in `get_prep_value`."""


def insert_new(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model without keys, except those that a unique constraint has already."""
    if not rows:
        return
    fields = {str(field.column): field for field in _fields(rows[0]) if not field.primary_key}
    names = _names(fields)
    if connection.vendor != "postgresql":
        places = ", ".join(["%s"] * len(fields))
        # Names and types are the model's own, here and below.
        _executed_for_each(
            f"INSERT INTO {_table(rows[0])} ({names}) VALUES ({places}) ON CONFLICT DO NOTHING",  # noqa: S608
            _plain(rows, fields.values()),
        )
        return
    _executed_with_json(
        f"INSERT INTO {_table(rows[0])} ({names}) "  # noqa: S608
        f"SELECT {names} FROM {_given(fields)} ON CONFLICT DO NOTHING",
        rows,
        fields,
    )


def update_all(rows: Sequence[models.Model], but: Iterable[str] = ()) -> None:
    """Write all columns, except some, of rows of one model that are there, each by its key."""
    if not rows:
        return
    key = rows[0]._meta.pk
    assert key is not None
    left_out = {*but, key.attname}
    fields = {str(field.column): field for field in _fields(rows[0]) if field.attname not in left_out}
    quote, table, key_name = connection.ops.quote_name, _table(rows[0]), connection.ops.quote_name(str(key.column))
    if connection.vendor != "postgresql":
        values = ", ".join(f"{quote(column)} = %s" for column in fields)
        _executed_for_each(
            f"UPDATE {table} SET {values} WHERE {key_name} = %s",  # noqa: S608
            _plain(rows, [*fields.values(), key]),
        )
        return
    values = ", ".join(f"{quote(column)} = new.{quote(column)}" for column in fields)
    fields[str(key.column)] = key
    _executed_with_json(
        f"UPDATE {table} SET {values} FROM {_given(fields)} WHERE {table}.{key_name} = new.{key_name}",  # noqa: S608
        rows,
        fields,
    )


def _fields(row: models.Model) -> "Sequence[models.Field[Any, Any]]":
    return row._meta.concrete_fields


def _table(row: models.Model) -> str:
    return connection.ops.quote_name(row._meta.db_table)


def _names(columns: Iterable[str]) -> str:
    return ", ".join(map(connection.ops.quote_name, columns))


def _given(fields: "dict[str, models.Field[Any, Any]]") -> str:
    """Return the rows that PostgreSQL makes of a text of JSON, with the types of columns."""
    quote = connection.ops.quote_name
    types = ", ".join(f"{quote(column)} {field.rel_db_type(connection)}" for column, field in fields.items())
    return f"json_to_recordset(%s::json) AS new({types})"


def _executed_with_json(
    statement: str, rows: Sequence[models.Model], fields: "dict[str, models.Field[Any, Any]]"
) -> None:
    values = [{column: getattr(row, field.attname) for column, field in fields.items()} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(statement, [msgspec.json.encode(values).decode()])


def _executed_for_each(statement: str, values: Sequence[Sequence[Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


def _plain(rows: Sequence[models.Model], fields: "Iterable[models.Field[Any, Any]]") -> list[list[Any]]:
    """Return the values of rows as the driver wants them, a column at a time."""
    columns = []
    for field in fields:
        values = [getattr(row, field.attname) for row in rows]
        columns.append(values if isinstance(field, _PLAIN) else list(map(_maker(field), values)))
    return [list(row) for row in zip(*columns, strict=True)]


def _maker(field: "models.Field[Any, Any]") -> Callable[[Any], Any]:
    if isinstance(field, models.DateTimeField):
        return connection.ops.adapt_datetimefield_value
    return lambda value: field.get_db_prep_save(value, connection)
