"""Whether a program may be the event script: what holds when it is chosen, and again at each start.

Nobody but root and the user of Seonapi can change the file, or put another one in its place: neither the file nor a
directory above it is writable by group or others, and the path has no symbolic link. Then nothing can happen between
this look and the start that one of these two has not done; and both of them may do anything here anyway. A directory
with the sticky bit, such as /tmp, counts as not writable: in it nobody can replace what belongs to somebody else.
"""

import os
import pwd
import stat
from pathlib import Path

from seon.backend.errors import OperatorError
from seon.backend.script.models import LONGEST_PATH

DIRECTORY_VARIABLE = "SEON_EVENT_SCRIPTS"
"""If set: the only directory from which an event script is run."""


def check_script(text: str, home: Path | None) -> Path:
    """Return the path of a script that may be run. Raises OperatorError, which says what is wrong with it.

    `home`: the installation's directory; its owner may own the script, too.
    """
    path = Path(text)
    if len(text) > LONGEST_PATH or not path.is_absolute() or not text.isprintable():
        raise OperatorError(f"The event script must be an absolute path of at most {LONGEST_PATH} printable characters")
    _check_place(path)
    owners = {0, os.geteuid()}
    try:
        if home is not None:
            owners.add(home.stat().st_uid)
        real = Path(os.path.realpath(path, strict=True))
        if str(real) != text:
            raise OperatorError(f"The event script {text} must be given without symbolic links: as {real}")
        found = path.stat()
        for part in (path, *path.parents):
            _check_writers(part, owners)
    except OSError as error:
        raise OperatorError(f"The event script {text} cannot be used: {error.strerror}") from None
    if not stat.S_ISREG(found.st_mode):
        raise OperatorError(f"The event script {text} is not a regular file")
    if not os.access(path, os.X_OK):
        raise OperatorError(f"The event script {text} is not executable: chmod u+x {text}")
    return path


def check_user(home: Path) -> None:
    """Raise OperatorError unless we are the user of Seonapi: as root we would run what that user wrote."""
    owner = home.stat().st_uid
    if owner == os.geteuid():
        return
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:
        name = str(owner)
    raise OperatorError(
        f"The event script runs only as user {name}, whom {home} belongs to: begin what you type with "
        f"runuser -u {name} --"
    )


def _check_place(path: Path) -> None:
    allowed = os.environ.get(DIRECTORY_VARIABLE, "")
    if not allowed:
        return
    if not Path(allowed).is_absolute():
        raise OperatorError(f"{DIRECTORY_VARIABLE} must be an absolute path, not {allowed}")
    if not path.is_relative_to(allowed) or ".." in path.parts:
        raise OperatorError(f"The event script {path} is not in {allowed}: {DIRECTORY_VARIABLE} allows no other place")


def _check_writers(part: Path, owners: set[int]) -> None:
    found = part.stat()
    if found.st_uid not in owners:
        raise OperatorError(f"{part} must belong to root or to the user of Seonapi: chown root {part}")
    writable = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if writable and not (stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX):
        raise OperatorError(f"{part} may be written by its group or by others: chmod go-w {part}")
