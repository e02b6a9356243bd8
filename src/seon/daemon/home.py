"""The program's directory: identity key, log, PID file, spool. SEON_HOME replaces it.

Who may write there decides what the program is: who can change its key, remove its PID file or put a link in the place
of its log is in its place. So a directory is right only if nobody but the service and root can do that.
"""

import grp
import os
import pwd
import shlex
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "SEON_HOME"
EXIT_START = 1
"""Exit status of a program that could not start."""


class StartError(Exception):
    """The program cannot start; the text says why and what to do.

    It may name what a terminal would obey, in a path for example: all that is not printable is escaped.
    """

    def __init__(self, text: str) -> None:
        super().__init__("".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text))


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where the identity key is, and whose it is."""

    path: Path
    """The directory."""
    owner: int
    """User id: whom a new key is given to, and who may own an old one besides root."""
    group: int
    """Group id of a new key."""
    note: str
    """What a person should know once a key was made here; "" if nothing."""


def directory() -> Path:
    """Return SEON_HOME, or the directory of the program itself: an absolute path, nothing of it looked at.

    Raises StartError if it is named relative to a working directory that was removed.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return Path(os.path.normpath(from_here(Path(named))))  # keeps links
    return Path(os.path.realpath(from_here(Path(sys.argv[0])))).parent


def from_here(path: Path) -> Path:
    """Return a path as an absolute one. Raises StartError if the working directory was removed."""
    try:
        return path.absolute()
    except FileNotFoundError:
        raise StartError(
            f"{path} is relative to the working directory, which was removed: give the whole path, or type: cd /"
        ) from None


def home() -> Path:
    """Return the program's directory. Raises StartError if it is none, or if others could change what lies there."""
    path = directory()
    status = _looked_at(path)
    problem = _problem(path, status, os.geteuid())
    if problem:
        raise StartError(f"{problem}.\n{where(path)}")
    return path


def home_for_identity() -> KeyPlace:
    """Return where `-L` finds or makes the identity key. Raises StartError.

    Root may do that for a service user, in a directory that is this user's: the key is then the user's.
    """
    user = os.geteuid()
    if user != 0:
        return KeyPlace(home(), user, os.getegid(), "")
    path = directory()
    status = _looked_at(path)
    problem = _problem(path, status, status.st_uid)
    if status.st_uid == 0 and _group_may_write(status) and not problem:
        problem = (
            f"{path} belongs to root and is shared with the group {_group(status)}, so the user that the service runs "
            f"as must make the identity key. Type: {_as_user('USER', '-L')}"
        )
    if problem:
        raise StartError(f"{problem}.\n{where(path)}")
    return KeyPlace(path, status.st_uid, status.st_gid, "" if status.st_uid else _made_for_root(path))


def _made_for_root(path: Path) -> str:
    return (
        f"The identity key was made for root, since {path} belongs to root. If the service runs as another user, "
        f"type: chown -R USER {_quoted(path)}"
    )


def where(path: Path) -> str:
    """Return which directory is the program's and how another becomes it: the end of each message about a file."""
    if os.environ.get(VARIABLE):
        return f"The program's directory is {path}: {VARIABLE} names it."
    return f"The program's directory is {path}, where the program lies; {VARIABLE} can name another."


def is_for_programs_of_python(path: Path) -> bool:
    """Whether a directory is a virtual environment's bin, or another one where Python puts programs of packages."""
    others = (Path(sys.prefix, "bin"), Path("/usr/local/bin"), Path("/usr/bin"))
    return (path.parent / "pyvenv.cfg").is_file() or path in [other.resolve() for other in others]


def problem_of(path: Path, status: os.stat_result) -> str:
    """Say what is wrong with a directory for programs of its owner, and what to type; "" if nothing."""
    return _problem(path, status, status.st_uid)


def _looked_at(path: Path) -> os.stat_result:
    """Return the status of the directory. Raises StartError if it is none, or can be none of ours."""
    try:
        status = path.stat()
        is_pythons = is_for_programs_of_python(path.resolve())
    except (FileNotFoundError, NotADirectoryError):
        raise StartError(_not_a_directory(path)) from None
    except OSError as error:
        raise StartError(f"{path} cannot be looked at: {error.strerror}.\n{where(path)}") from None
    if is_pythons:
        raise StartError(
            f"{VARIABLE} is needed: {path} is where Python keeps its programs, and no place for key, log and PID file. "
            f"Make a directory for this program and type: export {VARIABLE}=DIRECTORY\n"
            "Or put the programs into that directory: seon programs DIRECTORY"
        )
    if not stat.S_ISDIR(status.st_mode):
        raise StartError(_not_a_directory(path))
    return status


def _not_a_directory(path: Path) -> str:
    return f"{VARIABLE} is {path}, which is not a directory; make it or name another"


def _problem(path: Path, status: os.stat_result, user: int) -> str:
    """Say what is wrong with a directory for a program that runs as a user, and what to type; "" if nothing."""
    name = _quoted(path)
    if status.st_mode & stat.S_IWOTH:
        return f"Every user of this host may write {path}; type: chmod o-w {name}"
    if status.st_uid == user:
        # With the sticky bit nobody of the group can remove or replace what the service has made.
        if _group_may_write(status) and not status.st_mode & stat.S_ISVTX:
            return f"The group {_group(status)} may write {path}; type: chmod g-w {name}"
        return ""
    if user == 0:
        owner = _user(status.st_uid)
        return (
            f"{path} belongs to the user {owner}, and root starts nothing there. Start as that user: "
            f"{_as_user(owner)}, or type: chown root {name}"
        )
    if status.st_uid != 0:
        return (
            f"{path} belongs to the user {_user(status.st_uid)}, and this is {_user(user)}. Start as that user, "
            f"or type: chown {_user(user)} {name}"
        )
    return _problem_of_roots(path, status, user)


def _problem_of_roots(path: Path, status: os.stat_result, user: int) -> str:
    """Say what is wrong with a directory of root's for another user's program."""
    name = _quoted(path)
    shared = stat.S_ISVTX | stat.S_IWGRP
    if status.st_mode & shared != shared or not os.access(path, os.W_OK | os.X_OK, effective_ids=True):
        return (
            f"{path} belongs to root, and {_user(user)} may not make files there safely. Give it to the service: "
            f"chown {_user(user)} {name}, or share it: chgrp GROUP {name} && chmod 1770 {name}, "
            f"where {_user(user)} is in GROUP and nobody else"
        )
    return ""


def _group_may_write(status: os.stat_result) -> bool:
    return bool(status.st_mode & stat.S_IWGRP)


def _as_user(user: str, *arguments: str) -> str:
    """Return what root types to start this program as another user."""
    return " ".join(["runuser", "-u", user, "--", _quoted(Path(sys.argv[0])), *arguments])


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(status: os.stat_result) -> str:
    try:
        return grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        return str(status.st_gid)


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
