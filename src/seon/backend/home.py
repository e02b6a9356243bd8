"""SEON_HOME: the directory that holds all that Seonapi keeps on disk, and the names in it."""

import os
from dataclasses import dataclass
from pathlib import Path

from seon.backend.errors import OperatorError

VARIABLE = "SEON_HOME"
SECRET_VARIABLE = "SEON_SECRET_FILE"  # noqa: S105 - a name
DATABASE_VARIABLE = "SEON_DATABASE_URL"


@dataclass(frozen=True, slots=True)
class Home:
    """The layout of one installation's directory (mode 0700)."""

    path: Path

    @property
    def secret_file(self) -> Path:
        """The master key, unless SEON_SECRET_FILE names another place (better: another file system, another backup)."""
        return self.path / "secret.key"

    @property
    def database_file(self) -> Path:
        """The SQLite database, unless SEON_DATABASE_URL names a server."""
        return self.path / "seonapi.sqlite3"

    @property
    def https_key(self) -> Path:
        """The https server's private key, PKCS#8 PEM, mode 0600."""
        return self.path / "https.key"

    @property
    def https_certificate(self) -> Path:
        """The https server's certificate, PEM. The names in it are the names under which Seonapi answers."""
        return self.path / "https.pem"

    @property
    def api_ca(self) -> Path:
        """The API CA's certificate, PEM: for browsers and curl; clients fetch it by `GET ca`."""
        return self.path / "api-ca.pem"

    @property
    def backups(self) -> Path:
        """Copies of the database from before its form was changed; made with the first of them."""
        return self.path / "backups"

    @property
    def log_directory(self) -> Path:
        """Where the API's and the queue daemon's log files are."""
        return self.path / "log"


def current_home() -> Home:
    """Return the installation that SEON_HOME names. Raises OperatorError when it names none."""
    text = os.environ.get(VARIABLE, "")
    if not text:
        raise OperatorError(f"No installation named: give --home DIRECTORY or set {VARIABLE}")
    return Home(Path(text).resolve())


def write_private(path: Path, octets: bytes) -> None:
    """Create a file with mode 0600 and these octets; O_EXCL, so it never follows or replaces what is there.

    Raises FileExistsError.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())


def replace_private(path: Path, octets: bytes) -> None:
    """Put these octets in the place of a private file, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    write_private(draft, octets)
    draft.replace(path)
