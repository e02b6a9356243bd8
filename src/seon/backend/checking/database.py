"""The database, and whether its secrets open with this master key."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from seon.backend import schema
from seon.backend.checking.findings import Check, Found, error
from seon.backend.errors import OperatorError
from seon.backend.home import DATABASE_VARIABLE, SECRET_VARIABLE, Home
from seon.backend.journal.models import Entry
from seon.backend.loading import secret_file_of
from seon.backend.queue.models import Service
from seon.backend.trust.authorities import api_authority, link_authority
from seon.backend.trust.models import Authority

CLOCK = timedelta(seconds=60)
"""What a clock may be wrong by: as much as server and client may differ."""


def place() -> str:
    """Say where the database is, without its password."""
    there = connection.settings_dict
    if connection.vendor != "postgresql":
        return str(there["NAME"])
    return f"database {there['NAME']} on {there['HOST'] or 'this host'}"


def _reachable(home: Home) -> Iterator[Found]:
    try:
        current = schema.is_current()
    except OperatorError as trouble:
        yield error("the database is not of this version", place(), str(trouble))
        return
    except DatabaseError as trouble:
        reason = (str(trouble).splitlines() or ["no reason"])[0]
        advice = (
            f"does PostgreSQL run, and is {DATABASE_VARIABLE} right?" if connection.vendor == "postgresql"
            else "look at the file and its directory; if it is damaged, bring back a backup"
        )  # fmt: skip
        yield error(f"the database cannot be used: {reason}", place(), advice)
        return
    if not current:
        yield error("the database is not of this version", place(), f"type: seonapi init --home {home.path}")


def _writable(_: Home) -> Iterator[Found]:
    try:
        with transaction.atomic():
            Service.objects.create(name="check", seen_at=timezone.now())  # nobody sees it
            transaction.set_rollback(True)
    except DatabaseError as trouble:
        reason = (str(trouble).splitlines() or ["no reason"])[0]
        yield error(f"nothing can be written into the database: {reason}", place(), "make it writable for this user")


def _secrets(home: Home) -> Iterator[Found]:
    if Authority.objects.count() < len(Authority.Kind):
        yield error("the installation's CAs are missing", place(), f"type: seonapi init --home {home.path}")
        return
    try:
        link_authority()
        api_authority()
    except OperatorError:
        yield error(
            "the master key is not the one of this database: its secrets do not open", secret_file_of(home),
            f"bring back the one from the backup that belongs to it; {SECRET_VARIABLE} may name another file",
        )  # fmt: skip


def _clock(_: Home) -> Iterator[Found]:
    now = timezone.now()
    advice = "let both hosts follow a time server"
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            theirs = cursor.fetchone()[0]
        if abs(theirs - now) > CLOCK:
            seconds = round((theirs - now).total_seconds())
            yield error(f"the clocks of this host and of the database differ by {seconds} s", place(), advice)
    newest = Entry.objects.order_by("-pk").values_list("received_at", flat=True).first()
    if newest is not None and newest > now + CLOCK:
        yield error(
            f"the clock is wrong: the newest event came at {newest:%Y-%m-%d %H:%M} UTC, which is in the future",
            "this host's clock", "set the clock, and let it follow a time server",
        )  # fmt: skip


DATABASE = (Check("database", "the database can be used", _reachable),)
"""Where this finds something, no other check of the database can be made."""
CONTENT = (
    Check("writable", "the database can be written", _writable),
    Check("secrets", "the master key fits the database", _secrets),
    Check("clock", "the clock is right", _clock),
)
