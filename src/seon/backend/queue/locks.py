"""Of each service one is active: the queue daemon, the event service. Who has the lock is, and nobody else.

The lock ends with its process, however that ends, so nobody has to clear it away. SQLite: a record lock on a file
beside the database, so that two homes with one database are kept apart too. PostgreSQL: an advisory lock of a session
of its own. The server ends it as soon as it notices that the session is gone. It is told to ask: a host that has lost
its power says nothing. (A pooler in between that shares sessions would break this: connect to PostgreSQL itself.)

A job that runs while the lock is lost goes on. So what a job does must be right when two do it at once.
"""

import errno
import fcntl
import logging
import os
import socket
from datetime import datetime
from typing import Protocol

from django.db import DatabaseError, InterfaceError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from seon.backend.home import current_home
from seon.backend.queue.models import Service

QUEUE = "queue"
EVENTS = "events"
_NUMBERS = {QUEUE: 1, EVENTS: 2}
"""The second half of the key of an advisory lock, which names the service."""
_OURS = 0x5E0A
"""The first half. Advisory locks belong to one database, which is ours alone."""
_NOTICE = {"tcp_keepalives_idle": 5, "tcp_keepalives_interval": 2, "tcp_keepalives_count": 3}
"""Seconds, seconds, times: after at most 11 s PostgreSQL notices that the host of a session is gone."""
_ASKING = {"connect_timeout": 5, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3,
           "tcp_user_timeout": 10_000}  # fmt: skip
"""The same at our end (libpq; the last in milliseconds): a question is not waited for without an end."""

log = logging.getLogger("seon.queue")


class Lock(Protocol):
    """Says whether this process is the active one of its service."""

    def take(self) -> bool:
        """Whether this process has the lock now; takes it if it is free. Does not wait. Raises DatabaseError."""

    def held(self) -> bool:
        """Whether this process has the lock still: to be asked before each piece of work."""

    def release(self) -> None:
        """Let another one have it."""


class FileLock:
    """A lock by a file beside the SQLite database.

    A record lock is lost when its process closes any descriptor of the file. So the file of each service is opened by
    one FileLock in a process at most.
    """

    _opened: dict[str, int] = {}  # noqa: RUF012 - of the process, like the locks themselves

    def __init__(self, service: str) -> None:
        self._path = f"{connection.settings_dict['NAME']}.{service}.lock"

    def take(self) -> bool:
        """Take the lock if it is free. Raises OSError where the file cannot be made."""
        if self.held():
            return True
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            return False
        self._opened[self._path] = descriptor
        return True

    def held(self) -> bool:
        """Whether this process has it."""
        return self._path in self._opened

    def release(self) -> None:
        """Give it back. The file stays: to remove it would let two take it."""
        descriptor = self._opened.pop(self._path, None)
        if descriptor is not None:
            os.close(descriptor)


class AdvisoryLock:
    """A lock by a session of PostgreSQL that does nothing else."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._number = _NUMBERS[service]
        self._session: BaseDatabaseWrapper | None = None

    def take(self) -> bool:
        """Take the lock if it is free. Raises DatabaseError where PostgreSQL cannot be asked."""
        if self.held():
            return True
        self._session = session = self._new_session()
        try:
            with session.cursor() as cursor:
                for name, value in _NOTICE.items():
                    cursor.execute(f"SET {name} = {value}")
                cursor.execute("SET idle_session_timeout = 0")  # it is idle all the time
                cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_OURS, self._number])
                taken = bool(cursor.fetchone()[0])
        except (DatabaseError, InterfaceError):
            self.release()
            raise
        if not taken:
            self.release()
        return taken

    def held(self) -> bool:
        """Ask the session itself: the lock lives exactly as long as it does."""
        if self._session is None:
            return False
        try:
            with self._session.cursor() as cursor:
                cursor.execute("SELECT 1")
            return True
        except (DatabaseError, InterfaceError):
            log.warning("The database session that made this %s service the active one is gone", self._service)
            self.release()
            return False

    def release(self) -> None:
        """End the session, and the lock with it."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _new_session(self) -> BaseDatabaseWrapper:
        session = connections.create_connection("default")
        name = {"application_name": f"seon {self._service} {socket.gethostname()} {os.getpid()}"[:63]}
        options = {**session.settings_dict.get("OPTIONS", {}), **_ASKING, **name}
        session.settings_dict = {**session.settings_dict, "OPTIONS": options}
        session.inc_thread_sharing()  # a service may ask from another thread than the one that has begun it
        return session


def lock_of(service: str) -> Lock:
    """Return the lock of a service: `QUEUE` or `EVENTS`. It is not taken yet."""
    return AdvisoryLock(service) if connection.vendor == "postgresql" else FileLock(service)


def became_active(service: str) -> None:
    """Write down that this process is the active one now."""
    now = timezone.now()
    home = str(current_home().path)[:1_000]
    mine = {"host": socket.gethostname()[:255], "pid": os.getpid(), "home": home, "since": now, "seen_at": now}
    Service.objects.update_or_create(name=service, defaults=mine)


def seen(service: str) -> None:
    """Write down that the active one, which this process is, does something."""
    Service.objects.filter(name=service).update(seen_at=timezone.now())


def active(service: str) -> str:
    """Return who has the lock, or had it last, in words: `process 12 on host x (home /srv/seon), since ...`."""
    found = Service.objects.filter(name=service).exclude(host="").first()
    if found is None:
        return "a process that has not said yet which one it is"
    since = f", since {_moment(found.since)}" if found.since else ""
    return f"process {found.pid} on {found.host} (home {found.home}){since}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
