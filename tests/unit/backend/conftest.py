"""Django in this process, and for each test an installation of its own (a copy of one made once)."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import certificates
from seon.backend.home import Home
from seon.backend.loading import load_django
from seon.link.identity import proxy_id_of
from seon.pki import new_ed25519_key

# Models can be imported only after this; without SEON_HOME the settings reach nothing.
for variable in ("SEON_HOME", "SEON_SECRET_FILE", "SEON_DATABASE_URL", "SEON_BASIC_AUTH_FILE"):
    os.environ.pop(variable, None)
load_django()
del os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `seonapi init` makes, without an administrator."""
    from seon.backend import installation, schema

    home = Home(tmp_path_factory.mktemp("fresh") / "home")
    installation.make_directories(home, home.secret_file)
    with pytest.MonkeyPatch.context() as patch:
        _point_at(home, patch)
        schema.migrate()
        from seon.backend.acting.roles import make_roles

        make_roles()
        installation.make_authorities(home, ["localhost"])
        _leave()
    return home.path


@pytest.fixture(autouse=True)
def home(fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """The test's own installation; the models of this process are on its database."""
    mine = Home(tmp_path / "home")
    shutil.copytree(fresh, mine.path)
    monkeypatch.setenv("SEON_HOME", str(mine.path))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "seon.backend.settings")
    _point_at(mine, monkeypatch)
    umask = os.umask(0o077)
    yield mine
    os.umask(umask)
    _leave()


def _point_at(home: Home, patch: pytest.MonkeyPatch) -> None:
    """Let the models of this process use another installation."""
    from django.conf import settings
    from django.db import connection

    connection.close()
    patch.setattr(settings, "SEON_SECRET_FILE", str(home.secret_file))
    patch.setitem(connection.settings_dict, "NAME", str(home.database_file))


def _leave() -> None:
    from django.db import connection

    connection.close()


@pytest.fixture
def certificate_of() -> Callable[..., certificates.Made]:
    return certificates.make


@pytest.fixture
def proxy_id() -> str:
    return proxy_id_of(new_ed25519_key().public_key())
