"""What is looked at before Django is loaded: the home, its files, and who may read them."""

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from seon import pki
from seon.backend.checking.findings import Check, Found, error, warning
from seon.backend.errors import OperatorError
from seon.backend.home import SECRET_VARIABLE, Home
from seon.backend.https import RENEW_DAYS, belong_together, names_in
from seon.backend.loading import secret_file_of
from seon.backend.vault import read_master_key
from seon.pki import PkiError

MAKE = "type: seonapi init --home"
LEAST_FREE = 100 * 1024 * 1024
"""Octets of free space; with less, a busy day may fill the disk."""
NO_FREE = 5 * 1024 * 1024
"""With less, nothing can be written soon."""
BASIC_AUTH = "SEON_BASIC_AUTH_FILE"


def _home(home: Home) -> Iterator[Found]:
    if not home.path.is_dir():
        yield error("there is no installation", home.path, f"{MAKE} {home.path}")
        return
    status = home.path.stat()
    if status.st_uid != os.geteuid():
        yield error(
            f"the home belongs to user {status.st_uid}, and this is user {os.geteuid()}",
            home.path, "run seonapi as the user whom the home belongs to, or change the home's owner",
        )  # fmt: skip
    for path in (home.path, home.log_directory, home.https_key, home.database_file):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            mode = "700" if path.is_dir() else "600"
            yield error("other users may look into it", path, f"type: chmod {mode} {path}")


def _master_key(home: Home) -> Iterator[Found]:
    path = secret_file_of(home)
    try:
        read_master_key(path)
    except OperatorError as trouble:
        advice = f"bring it back from your backup; {SECRET_VARIABLE} says where it is, if it is not in the home"
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            advice = f"type: chmod 600 {path}"
        yield error(f"the master key cannot be used: {trouble}", path, advice)


def _https(home: Home) -> Iterator[Found]:
    missing = [path for path in (home.https_certificate, home.https_key, home.api_ca) if not path.exists()]
    for path in missing:
        yield error("a file of the https certificate is missing", path, f"{MAKE} {home.path}")
    if missing:
        return
    now = datetime.now(UTC)
    try:
        certificate = pki.certificate_in_pem(home.https_certificate.read_bytes())
    except PkiError as trouble:
        advice = f"remove it, then {MAKE} {home.path} --host NAME for each name that clients use"
        yield error(f"the https certificate cannot be read: {trouble}", home.https_certificate, advice)
        return
    if not belong_together(home.https_key, home.https_certificate):
        yield error(
            "the https certificate and its key do not belong together", home.https_certificate,
            f"{MAKE} {home.path}; all its names stay",
        )  # fmt: skip
    yield from _https_time(home, certificate.not_valid_before_utc, certificate.not_valid_after_utc, now)
    if not set(names_in(home.https_certificate)) - {"localhost", "127.0.0.1", "[::1]"}:
        yield warning(
            "the https certificate is for loopback only: no other host can call Seonapi", home.https_certificate,
            f"if a client runs on another host: seonapi host add NAME --home {home.path}",
        )  # fmt: skip


def _https_time(home: Home, begins: datetime, ends: datetime, now: datetime) -> Iterator[Found]:
    where, restart = home.https_certificate, "start seonapi serve, which renews it by itself; if it runs, see its log"
    if ends <= now:
        yield error(f"the https certificate has ended, at {ends:%Y-%m-%d %H:%M} UTC", where, restart)
    elif ends - now < timedelta(days=RENEW_DAYS - 1):  # it was not renewed, though an hour is enough
        yield warning(f"the https certificate ends at {ends:%Y-%m-%d %H:%M} UTC", where, restart)
    if begins > now:
        advice = "set this host's clock, and let it follow a time server"
        yield error("the clock is wrong: the https certificate is not valid yet", where, advice)


def _log(home: Home) -> Iterator[Found]:
    if not home.log_directory.is_dir():
        yield error("the directory of the log files is missing", home.log_directory, f"{MAKE} {home.path}")
    elif not os.access(home.log_directory, os.W_OK | os.X_OK):
        yield error("log files cannot be written", home.log_directory, f"type: chmod 700 {home.log_directory}")
    for file in home.log_directory.glob("*.log"):
        if not file.is_file() or not os.access(file, os.W_OK):
            advice = "give it to Seonapi's user, or move it away: its program makes a new one"
            yield error("this log file cannot be written, and its program does not start", file, advice)


def _space(home: Home) -> Iterator[Found]:
    free = shutil.disk_usage(home.path).free
    advice = "make room: at a full disk nothing is stored any more"
    if free < NO_FREE:
        yield error(f"the disk is full: {free // 1024} KiB are free", home.path, advice)
    elif free < LEAST_FREE:
        yield warning(f"the disk is nearly full: {free // 1024 // 1024} MiB are free", home.path, advice)


def _basic_auth(_: Home) -> Iterator[Found]:
    name = os.environ.get(BASIC_AUTH, "")
    if not name:
        return
    path = Path(name)
    try:
        mode, text = stat.S_IMODE(path.stat().st_mode), path.read_text()
    except (OSError, UnicodeDecodeError) as trouble:
        reason = trouble.strerror if isinstance(trouble, OSError) else "it is no text"
        yield error(f"the password of the API cannot be read: {reason}", path, f"make it, or unset {BASIC_AUTH}")
        return
    if mode & 0o077:
        yield error("other users may read the password of the API", path, f"type: chmod 600 {path}")
    if ":" not in text:
        yield error("it has no password of the API", path, "write user:password into its first line")


HOME = Check("home", "the home belongs to its user alone", _home)
MASTER_KEY = Check("master-key", "the master key is there", _master_key)
HTTPS = Check("https", "the https certificate is good", _https)
FILES = (
    HOME,
    MASTER_KEY,
    HTTPS,
    Check("log", "log files can be written", _log),
    Check("space", "the disk has room", _space),
    Check("basic-auth", "the password of the API is well kept", _basic_auth),
)
"""The checks of files, in their order."""
