"""Django in this process, and for each test an installation of its own (a copy of one made once)."""

import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from asgiref.sync import SyncToAsync
from django.db.utils import ConnectionHandler

sys.path.insert(0, str(Path(__file__).parent))

from fresh_rows import FreshRows

import certificates
from functional.postgresql import Cluster, running_cluster
from seon.backend import logs
from seon.backend.databases import database as database_settings
from seon.backend.home import Home
from seon.backend.loading import load_django
from seon.link.identity import proxy_id_of
from seon.pki import new_ed25519_key

# Models can be imported only after this; without SEON_HOME the settings reach nothing.
for variable in ("SEON_HOME", "SEON_SECRET_FILE", "SEON_DATABASE_URL", "SEON_BASIC_AUTH_FILE"):
    os.environ.pop(variable, None)
load_django()
del os.environ["DJANGO_SETTINGS_MODULE"]


ON_BOTH = (
    "acting/test_*.py", "hosts/test_*.py", "journal/test_*.py", "configuration/test_keys.py",
    "configuration/test_versioned.py", "trust/test_own.py", "script/test_queueing.py", "script/test_runs.py",
    "script/test_service.py", "trust/test_token_actions.py", "trust/test_license_actions.py",
    "revocation/test_keeping.py", "revocation/test_places.py", "counting/test_*.py",
    "live/test_keeping.py", "live/test_orders.py",
)  # fmt: skip
"""Tests that run on SQLite and on PostgreSQL: those of what depends on the database."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of some subjects on both databases."""
    if any(metafunc.definition.path.match(pattern) for pattern in ON_BOTH):
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database that the test runs on."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `seonapi init` makes, without an administrator."""
    return _made(tmp_path_factory.mktemp("fresh"), "")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server for all tests of this process."""
    with running_cluster() as running:
        yield running


@pytest.fixture(scope="session")
def fresh_on_postgresql(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FreshRows]:
    """The same with its database in a cluster, and what makes that fresh again."""
    url = cluster.new_database("seon")
    return _made(tmp_path_factory.mktemp("fresh-on-postgresql"), url), FreshRows.keep(url)


def _made(directory: Path, url: str) -> Path:
    from seon.backend import installation, schema

    home = Home(directory / "home")
    installation.make_directories(home)
    with pytest.MonkeyPatch.context() as patch:
        _point_at(home, patch, url)
        installation.make_master_key(home.secret_file)
        schema.migrate()
        from seon.backend.acting.roles import make_roles
        from seon.backend.journal import trigrams

        make_roles()
        trigrams.make()
        installation.make_authorities(home, ["localhost"])
        _leave()
    return home.path


@pytest.fixture(autouse=True)
def home(
    database: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Home]:
    """The test's own installation; the models of this process are on its database."""
    mine, url = Home(tmp_path / "home"), ""
    if database == "postgresql":
        place, rows = request.getfixturevalue("fresh_on_postgresql")
        shutil.copytree(place, mine.path)
        rows.restore()
        url = rows.url
        monkeypatch.setenv("SEON_DATABASE_URL", url)
    else:
        shutil.copytree(request.getfixturevalue("fresh"), mine.path)
    monkeypatch.setenv("SEON_HOME", str(mine.path))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "seon.backend.settings")
    _point_at(mine, monkeypatch, url)
    umask = os.umask(0o077)
    yield mine
    os.umask(umask)
    _leave()


@pytest.fixture(autouse=True)
def own_log_files() -> Iterator[None]:
    """The log files that a test opens, or a command in it, are closed after it, and levels are those of before."""
    loggers = [
        logging.getLogger(name) for name in ("", logs.OURS, logs.API_LINES, "axes", "django.request", "django.security")
    ]
    before = [(logger, logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, level, propagate in before:
        for handler in [handler for handler in logger.handlers if isinstance(handler, logs.LogFile)]:
            logger.removeHandler(handler)
            handler.close()
        logger.setLevel(level)
        logger.propagate = propagate


def _point_at(home: Home, patch: pytest.MonkeyPatch, url: str) -> None:
    """Let the models of this process use another installation."""
    from django.conf import settings
    from django.contrib.contenttypes.models import ContentType
    from django.db import connections

    _leave()
    patch.setattr(settings, "SEON_SECRET_FILE", str(home.secret_file))
    # Its own copy with the defaults: also threads of a test find the test's database there.
    mine = ConnectionHandler().configure_settings({"default": database_settings(url, home)})
    patch.setitem(connections.settings, "default", mine["default"])
    ContentType.objects.clear_cache()  # by number, and another database has others


def _leave() -> None:
    """Close the connections of this process and forget them: the next ones may be to another kind of database."""
    _leave_in_this_thread()
    for executor in _executors():
        if executor._threads:
            executor.submit(_leave_in_this_thread).result()


def _executors() -> Iterator[ThreadPoolExecutor]:
    """Yield those in which asynchronous calls do what is synchronous, and read the version: one thread each."""
    yield SyncToAsync.single_thread_executor
    if calls := sys.modules.get("seon.backend.api.calls"):
        yield calls.watch._pool


def _leave_in_this_thread() -> None:
    from django.db import connections

    connections["default"].close()
    del connections["default"]


@pytest.fixture
def certificate_of() -> Callable[..., certificates.Made]:
    return certificates.make


@pytest.fixture
def proxy_id() -> str:
    return proxy_id_of(new_ed25519_key().public_key())
