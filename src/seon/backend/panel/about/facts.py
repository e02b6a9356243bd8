"""Which programs in which versions this installation consists of, and where its things are."""

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import django
from cryptography.hazmat.backends.openssl.backend import backend
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.apilog.models import ApiLog
from seon.backend.checking.database import place
from seon.backend.home import current_home
from seon.backend.live.lists import clients
from seon.backend.loading import secret_file_of
from seon.build import this_build

DOCUMENTS = (
    ("operating.md", gettext_lazy("install, start, update and back up")),
    ("administration.md", gettext_lazy("partners, certificates, licenses, day by day")),
    ("panel.md", gettext_lazy("these pages")),
    ("troubleshooting.md", gettext_lazy("what to do when something does not work")),
    ("commands.md", gettext_lazy("every command with its options")),
    ("events.md", gettext_lazy("every event with its code")),
    ("rules.md", gettext_lazy("every rule that the proxy checks in a session")),
    ("logging.md", gettext_lazy("log files, their places and levels")),
    ("api.md", gettext_lazy("the calls of clients and programs")),
)
"""The documents in the directory docs of the source, and what each one tells."""


class Fact(NamedTuple):
    """Something with its name."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Program:
    """A client or a server that was heard of."""

    kind: str
    name: str
    where: str
    build: str
    same: bool
    """Whether it is of the same version as Seonapi."""
    fresh: bool
    """Whether it is heard of now."""


def versions() -> list[Fact]:
    """Return the versions of what Seonapi itself runs on."""
    return [
        Fact("Seonapi", str(this_build())),
        Fact("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        Fact("Django", django.get_version()),
        Fact("OpenSSL", backend.openssl_version_text()),
        Fact(_("Database"), _database()),
        Fact(_("System"), f"{platform.system()} {platform.release()}, {platform.machine()}"),
    ]


def _database() -> str:
    connection.ensure_connection()
    version = ".".join(map(str, connection.get_database_version()))
    return f"{connection.display_name} {version}"


def programs() -> Iterator[Program]:
    """Yield every client that was heard of, each followed by the servers that it serves."""
    ours = this_build().version
    for client in clients():
        build = client.state.build
        yield Program(_("client"), client.name, client.address, build, _is_of(build, ours), client.fresh)
        for server in client.state.servers:
            name = server.proxy_id or _("not known yet")
            same = not server.build or _is_of(server.build, ours)
            fresh = client.fresh and server.linked
            yield Program(_("server"), name, server.place, server.build, same, fresh)


def _is_of(build: str, version: str) -> bool:
    return build.partition(",")[0].strip() == version


def places() -> list[Fact]:
    """Return where this installation has its things, on the host that shows the page."""
    home = current_home()
    return [
        Fact(_("Host"), platform.node()),
        Fact(_("Home"), str(home.path)),
        Fact(_("Database"), place()),
        Fact(_("Log files"), str(home.log_directory)),
        Fact(_("API log"), ApiLog.load().path or str(home.log_directory / "seonapi.log")),
        Fact(_("Master key (keep a copy apart from backups)"), str(secret_file_of(home))),
        Fact(_("CA certificate for browsers"), str(home.api_ca)),
    ]
