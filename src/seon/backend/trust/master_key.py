"""The master key and the database belong together: no program starts on one without the other."""

from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection

from seon.backend.errors import OperatorError
from seon.backend.trust.models import Authority
from seon.backend.vault import WrongKeyError, open_vault

_NO_COPY = 'Without any copy: docs/operating.md, "A lost master key"'


def has_secrets() -> bool:
    """Whether the database has secrets under a master key. Raises OperatorError when it does not answer."""
    try:
        with connection.cursor() as cursor:
            tables = connection.introspection.table_names(cursor)
        return Authority._meta.db_table in tables and Authority.objects.exists()
    except DatabaseError as error:
        raise OperatorError(f"The database cannot be used: {str(error).splitlines()[0]}") from None


def check_master_key() -> None:
    """Raise OperatorError unless the master key is there and opens this database's secrets.

    A database without secrets agrees with every key.
    """
    kept = Authority.objects.values_list("kind", "key").first()
    if kept is None:
        return
    path = Path(settings.SEON_SECRET_FILE)
    require_master_key(path)
    try:
        open_vault(path).decrypt(f"authority:{kept[0]}", bytes(kept[1]))
    except WrongKeyError:
        raise OperatorError(
            f"The master key {path} is another one than that of this database, whose secrets it does not open. Put "
            f"the right one back there, or name its place in SEON_SECRET_FILE. {_NO_COPY}"
        ) from None


def require_master_key(path: Path) -> None:
    """Raise OperatorError if the master key of a database with secrets is missing: nobody makes a second one."""
    if not path.exists():
        raise OperatorError(
            f"The master key {path} is missing, and the database has secrets that no other key opens. Put its copy "
            f"back there, with mode 600 and owned by Seonapi's user, or name its place in SEON_SECRET_FILE. {_NO_COPY}"
        )
