"""Making an installation, step by step; each step looks first, so a second run changes nothing."""

# ruff: noqa: PLC0415 - models can be imported only after django.setup(), and the first step comes before it

import os
import secrets
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from seon.backend.acting.rights import ADMINISTRATOR
from seon.backend.errors import OperatorError
from seon.backend.home import Home, replace_private
from seon.backend.https import (
    LOOPBACK_NAMES,
    belong_together,
    hosts_in,
    needs_renewal,
    new_api_ca,
    new_server_certificate,
)
from seon.backend.own_names import own_hosts
from seon.backend.vault import new_master_key, read_master_key
from seon.pki import pem_of

MIN_PASSWORD = 12
FIRST_USER = "admin"


def make_directories(home: Home) -> list[str]:
    """Make the directories, before Django is loaded. Returns what was made. Raises OperatorError."""
    made = []
    try:
        for directory in (home.path, home.log_directory):
            if directory.is_dir():
                _check_private(directory)
            else:
                directory.mkdir(mode=0o700, parents=True)
                made.append(f"directory {directory}")
    except OSError as error:
        raise OperatorError(f"{error.filename or home.path}: {error.strerror}") from None
    return made


def _check_private(directory: Path) -> None:
    """Raise OperatorError for a directory in which another user could put a file in the place of one of ours."""
    if directory.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise OperatorError(f"Other users may write {directory}, which will hold the keys: type chmod 700 {directory}")


def make_master_key(secret_file: Path) -> list[str]:
    """Make the master key of a new installation; returns what was made.

    Raises OperatorError where it is lost, that of another database, or cannot be written: a second one would open none
    of the secrets that are there.
    """
    from seon.backend.schema import check_known
    from seon.backend.trust.master_key import check_master_key, has_secrets, require_master_key

    made = []
    check_known()
    if has_secrets():
        require_master_key(secret_file)
        check_master_key()
    elif not secret_file.exists():
        try:
            new_master_key(secret_file)
        except OSError as error:
            raise OperatorError(f"{secret_file}: {error.strerror}") from None
        made.append(f"master key {secret_file}: keep a copy apart from the database's backups")
    read_master_key(secret_file)
    return made


def make_authorities(home: Home, hosts: Sequence[str]) -> list[str]:
    """Make the link CA, the API CA and the https certificate, or one with more `hosts`. Raises OperatorError.

    A new certificate is for `hosts`, or without any for all that this host is called.
    """
    from django.db import transaction

    from seon.backend.trust.authorities import Kind, store_authority
    from seon.backend.trust.models import Authority
    from seon.link.identity import new_link_ca

    made = []
    makers: dict[Kind, Callable[[], object]] = {Kind.LINK: new_link_ca, Kind.API: new_api_ca}
    with transaction.atomic():
        for kind, make in makers.items():
            if not Authority.objects.filter(kind=kind).exists():
                store_authority(kind, *make())  # type: ignore[misc]  # both return key and certificate
                made.append(f"{kind.label} CA")
    with https_locked(home) as there:
        complete = bool(there) and home.api_ca.exists() and belong_together(home.https_key, home.https_certificate)
        if complete and not set(hosts) - set(there):
            return made
        names = list(dict.fromkeys([*LOOPBACK_NAMES, *there, *(hosts or there or own_hosts())]))
        renew_https(home, names)
    made.append(f"https certificate, for {', '.join(names)}")
    return made


@contextmanager
def https_locked(home: Home) -> Iterator[list[str]]:
    """Let nobody else renew the https certificate in here; yields the names in it, none if there is none.

    Raises OperatorError.
    """
    from django.db import transaction

    from seon.backend.trust.authorities import Kind
    from seon.backend.trust.models import Authority

    with transaction.atomic():
        # Two who add a name at once would each keep only their own. On SQLite the transaction itself is the lock.
        list(Authority.objects.select_for_update().filter(kind=Kind.API).values_list("pk"))
        yield hosts_in(home.https_certificate)


def renew_if_due(home: Home) -> bool:
    """Issue a new https certificate, for the same names, if the one that is there ends soon or its key is another's.

    Returns whether that was so. Raises OperatorError.
    """
    if not _is_due(home):
        return False
    with https_locked(home) as names:
        if not _is_due(home):
            return False  # another process of this installation was quicker
        renew_https(home, names)
    return True


def _is_due(home: Home) -> bool:
    return needs_renewal(home.https_certificate) or not belong_together(home.https_key, home.https_certificate)


def renew_https(home: Home, names: Sequence[str]) -> None:
    """Issue a new https key and certificate for these names, within `https_locked`. Raises OperatorError."""
    from seon.backend.trust.authorities import api_authority

    ca_key, ca = api_authority()
    key_pem, certificate_pem = new_server_certificate(ca_key, ca, names)
    replace_private(home.https_key, key_pem)
    # Its CA is shown in each handshake: behind a reverse proxy that demands a password for all, the client needs it.
    replace_private(home.https_certificate, certificate_pem + pem_of(ca).encode())
    replace_private(home.api_ca, pem_of(ca).encode())


def make_administrator(user: str | None, password: str | None) -> tuple[list[str], str, str | None]:
    """Make an administrator unless this user exists; without a name only if nobody administers yet.

    Returns what was made, its name, and the password if it was made up here.

    The roles are there already (acting/roles.py). Who was made a superuser by an older program gets the role, too:
    otherwise a list of that role's users would not show who may do everything. Raises OperatorError for a password
    that is too short.
    """
    from django.contrib.auth.models import Group, User
    from django.db import transaction

    role = Group.objects.get(name=ADMINISTRATOR)
    made = []
    for older in User.objects.filter(is_superuser=True).exclude(groups=role).order_by("username"):
        older.groups.add(role)
        made.append(f"role {ADMINISTRATOR} of user {older}")
    first = User.objects.filter(groups=role, is_active=True).order_by("pk").first()
    user = user or (first.get_username() if first else FIRST_USER)
    if User.objects.filter(username=user).exists():
        return made, user, None
    if password is not None and len(password) < MIN_PASSWORD:
        raise OperatorError(f"An administrator's password has at least {MIN_PASSWORD} characters")
    chosen = password if password is not None else secrets.token_urlsafe(18)
    with transaction.atomic():
        User.objects.create_superuser(user, password=chosen).groups.add(role)
    return [*made, f"administrator {user}"], user, chosen if password is None else None


def require(home: Home) -> None:
    """Raise OperatorError unless this is an installation that can be used."""
    if not home.https_certificate.exists() or not os.access(home.https_key, os.R_OK):
        raise OperatorError(f"{home.path} is no installation of Seonapi: run `seonapi init --home {home.path}` first")
