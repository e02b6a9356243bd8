"""Many rows in one statement.

Django gives PostgreSQL an array for each column, and psycopg makes their texts in Python: half of what it cost to store
an event (docs/benchmarks.md). One text of JSON is made by msgspec, and read by PostgreSQL itself.
"""

from collections.abc import Sequence

import msgspec
from django.db import connection, models


def insert_new(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model without keys, except those that a unique constraint has already."""
    if not rows:
        return
    model = type(rows[0])
    if connection.vendor != "postgresql":
        model._default_manager.bulk_create(rows, ignore_conflicts=True)
        return
    fields = {str(field.column): field for field in model._meta.concrete_fields if not field.primary_key}
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, fields))
    types = ", ".join(f"{quote(column)} {field.db_type(connection)}" for column, field in fields.items())
    values = [{column: getattr(row, field.attname) for column, field in fields.items()} for row in rows]
    with connection.cursor() as cursor:
        # Names and types are the model's own.
        cursor.execute(
            f"INSERT INTO {quote(model._meta.db_table)} ({names}) "  # noqa: S608
            f"SELECT {names} FROM json_to_recordset(%s::json) AS new({types}) ON CONFLICT DO NOTHING",
            [msgspec.json.encode(values).decode()],
        )
