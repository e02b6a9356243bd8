"""The PID file: in the program's directory, made whole, locked, removed only by the process that took it (mission D2).

The lock says whether the program runs; the number in the file is for people and scripts. It is a record lock of fcntl:
it is kept over exec and not inherited by a fork, so that a session process, which may outlive its main, does not hold
it. It has one trap: it is lost as soon as its process closes any descriptor of the file. So a process that has taken a
PID file never opens that file again; it looks at it by its name and its own descriptor only.

SECURITY: everybody may read the file, and so lock it for reading (F_RDLCK) as soon as its program is dead. Ours lock
for writing, which only the file's owner can. So a lock for reading is a stranger's, and says that none of ours runs.
"""

import contextlib
import errno
import fcntl
import os
import re
import secrets
import shlex
import stat
import struct
import time
from collections.abc import Iterator
from pathlib import Path

from seon.daemon.home import StartError, where
from seon.events import shown

OPTION = "--replace-stale-pid"
_MODE = 0o644
_MAX_CONTENT = 20
"""Octets of a PID file; a longer file is none."""
_TRIES = 20
"""How often a file may come and go under us before that is an error: each time another program has ended."""
_GUARD_SECONDS = 0.01
"""Between two tries while another start takes over the file."""
_FLOCK = struct.Struct("hhqqi4x")
"""The kernel's `struct flock`: type, whence, start, length, process id."""
_OPEN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""How what may be anything is opened: no link is followed, and no FIFO or terminal is waited for or taken."""
_HELD: set[tuple[int, int]] = set()
"""Device and inode of the files that this process, or the one that has forked it, has taken."""


class PidFile:
    """A running program's mark. Make one with `take` or `adopted`."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._owner = os.getpid()
        _HELD.add(_identity(os.fstat(descriptor)))

    @classmethod
    def take(cls, path: Path, *, replace_stale: bool = False) -> "PidFile":
        """Make the file and lock it for this process. Raises StartError that names the process if there is one already.

        `replace_stale`: take the place of a program that has ended without removing its file.
        """
        content = f"{os.getpid()}\n".encode()
        try:
            for _ in range(_TRIES):
                descriptor = _make(path, content)
                if descriptor is None and replace_stale:
                    descriptor = _take_over(path, content)
                elif descriptor is None:
                    _refuse(path)
                if descriptor is not None:
                    return cls(path, descriptor)
        except OSError as error:
            raise StartError(f"The PID file {path} cannot be made: {error.strerror}.\n{where(path.parent)}") from error
        raise StartError(
            f"The PID file {path} comes and goes: something starts the program again and again.\n{where(path.parent)}"
        )

    @classmethod
    def adopted(cls, path: Path, descriptor: int) -> "PidFile":
        """Go on with a file that this process took before it executed itself anew: the lock is kept."""
        os.set_inheritable(descriptor, False)
        return cls(path, descriptor)

    def fileno(self) -> int:
        """Return the descriptor: it holds the lock, and stays open to the end of the process."""
        return self._descriptor

    def remove(self) -> bool:
        """Remove the file; return whether that was done.

        Only the process that took it removes it, and only if its name still leads to this file. The lock stays.
        """
        if self._owner != os.getpid():
            return False
        with contextlib.suppress(OSError):
            if _names(self._path, self._descriptor):
                self._path.unlink()
                return True
        return False


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _names(path: Path, descriptor: int) -> bool:
    """Whether a path leads to this open file. It opens nothing."""
    try:
        return _identity(path.lstat()) == _identity(os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _make(path: Path, content: bytes, *, replace: bool = False) -> int | None:
    """Return the descriptor of a new file, locked and with its content, or None if there is one. Raises OSError.

    `replace`: it takes the place of one that was found to be stale, by who has the guard.
    """
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(draft, flags, 0o600)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.fchmod(descriptor, _MODE)  # whatever the umask is; only now, lest a stranger locks it first
        os.write(descriptor, content)
        os.fsync(descriptor)  # after a power failure an empty file would name no process
        # In one step, with its content and its lock: nobody ever sees an empty one, or one that seems to be stale.
        if replace:
            draft.replace(path)
        else:
            os.link(draft, path, follow_symlinks=False)
    except FileExistsError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    return descriptor


def _take_over(path: Path, content: bytes) -> int | None:
    """Return the descriptor of a stale file, locked and written over, or None if it has gone. Raises StartError.

    It is never removed first: of two that do this at once, one would remove the other's.
    """
    with _guard(path) as alone:
        return _taken_over(path, content) if alone else None


@contextlib.contextmanager
def _guard(path: Path) -> Iterator[bool]:
    """Give whether this process is the only one that takes over that file: by a lock that no stranger can hold.

    The guard is a file beside it, for its owner only. Who has locked it removes it; who has opened it before that sees
    then that it is no longer there.
    """
    guard = path.with_name(f"{path.name}.guard")
    descriptor = os.open(guard, os.O_RDWR | os.O_CREAT | _OPEN, 0o600)
    try:
        if not _locked(descriptor):
            time.sleep(_GUARD_SECONDS)
            yield False
            return
        alone = _names(guard, descriptor)
        try:
            yield alone
        finally:
            if alone:
                guard.unlink()
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Lock a file for this process; return whether that was possible: another may hold it. Raises OSError."""
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return False
    return True


def _taken_over(path: Path, content: bytes) -> int | None:
    """Do what `_take_over` says, alone."""
    descriptor = _opened(path, os.O_RDWR)
    if descriptor is None:
        return None
    taken = False
    try:
        if not _locked(descriptor):
            if _holder(descriptor) is None:  # it has ended in this moment
                return None
            if _reader(descriptor) and _names(path, descriptor) and _is_a_pid_file(descriptor):
                return _make(path, content, replace=True)
            raise StartError(_who(path, descriptor))
        if not _names(path, descriptor):
            return None
        if not _is_a_pid_file(descriptor):
            raise StartError(_who(path, descriptor))
        old = os.pread(descriptor, _MAX_CONTENT + 1, 0)
        # Never empty, and never with the end of a longer number, whoever looks at it and wherever we are killed.
        os.pwrite(descriptor, content.ljust(len(old), b"\n"), 0)
        os.ftruncate(descriptor, len(content))
        os.fchmod(descriptor, _MODE)
        os.fsync(descriptor)
        taken = True
    finally:
        if not taken:
            os.close(descriptor)
    return descriptor


def _refuse(path: Path) -> None:
    """Raise StartError that says whose the file is; return if it has gone."""
    descriptor = _opened(path, os.O_RDONLY)
    if descriptor is None:
        return
    try:
        text = _who(path, descriptor)
        if _names(path, descriptor):
            raise StartError(text)
    finally:
        os.close(descriptor)


def _opened(path: Path, mode: int) -> int | None:
    """Open what stands in the file's place, or return None if it has gone. Raises StartError if it is no file."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise StartError(_advice(path, f"is no file but {_kind(status.st_mode)}: look at it, move it away"))
        if _identity(status) in _HELD:
            raise StartError(_advice(path, f"exists: this process, {os.getpid()}, has taken it already"))
        descriptor = os.open(path, mode | _OPEN)
    except FileNotFoundError:
        return None
    except OSError as error:
        todo = f"if no program runs with it, type: rm {shlex.quote(str(path))}"
        raise StartError(_advice(path, f"exists and cannot be read ({error.strerror}); {todo}")) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # it has changed meanwhile
        os.close(descriptor)
        return None
    return descriptor


def _kind(mode: int) -> str:
    names = {stat.S_IFDIR: "a directory", stat.S_IFLNK: "a symbolic link", stat.S_IFIFO: "a FIFO"}
    return names.get(stat.S_IFMT(mode), "a device or a socket")


def _advice(path: Path, problem: str) -> str:
    return f"The PID file {path} {problem}.\n{where(path.parent)}"


def _number(content: bytes) -> int | None:
    """Return the process id in a PID file, None if it is not one."""
    found = re.fullmatch(rb"\s{0,9}([1-9][0-9]{0,9})\s{0,19}", content) if len(content) <= _MAX_CONTENT else None
    number = int(found[1]) if found else 0
    return number if 0 < number < 2**31 else None


def _who(path: Path, descriptor: int) -> str:
    """Say what an existing file means: our program runs, another program got the number, or nobody has it."""
    content = os.pread(descriptor, _MAX_CONTENT + 1, 0)
    number = _number(content)
    holder = _holder(descriptor)
    remove = f"type: rm {shlex.quote(str(path))}, or start with {OPTION}"
    if holder is not None and not _reader(descriptor):
        return _advice(path, _running(number, holder))
    if not content:
        return _advice(path, f"exists, but is empty; no program of ours runs with it: {remove}")
    if number is None:
        text = shown(content[:_MAX_CONTENT].decode("utf-8", "replace"))
        return _advice(
            path,
            f"exists and cannot be understood: it begins with '{text}' and is no PID file of ours; "
            "look at it, move it away",
        )
    return _advice(path, _not_running(number, remove) + _locked_by(_reader(descriptor)))


def _not_running(number: int, remove: str) -> str:
    """Say who has the number of a file that nobody has locked. `remove`: how one gets rid of the file."""
    if number == os.getpid():  # usual in a container: there each start has the number 1
        return f"exists, but its process has ended, and this one has got the number {number}: {remove}"
    title = _title(number)
    if title is None:
        return f"exists, but process {number} in it is dead: {remove}"
    if title.startswith("seon"):
        return (
            f"exists, and process {number} in it ({title}) does not hold its lock: is it of an older version? "
            f"Then end it first, type: kill {number}. If it has to do with another directory, {remove}"
        )
    return (
        f"exists, and process {number} in it is another program ({title}), which got the number after ours had ended: "
        f"{remove}"
    )


def _running(number: int | None, holder: int) -> str:
    """Say who holds the lock. `holder`: 0 if it has no number here, less if it is on another host."""
    if holder > 0:
        more = "" if number == holder else f" (the file says {number})"
        return f"exists: process {holder} is running{more}; end it first, type: kill {holder}"
    place = "in another PID namespace, for example a container" if holder == 0 else "on another host"
    named = f"; there it is process {number}" if number else ""
    return f"exists: the program is running {place}{named}; end it there first"


def _holder(descriptor: int) -> int | None:
    """Return the id of the process that holds the lock, None if nobody does (or we ourselves do)."""
    kind, pid = _lock(descriptor)
    return None if kind == fcntl.F_UNLCK else pid


def _reader(descriptor: int) -> int | None:
    """Return the id of a process that has locked the file for reading, None if nobody has."""
    kind, pid = _lock(descriptor)
    return pid if kind == fcntl.F_RDLCK else None


def _locked_by(reader: int | None) -> str:
    """Say who has locked the file, though it is no program of ours."""
    return (
        "" if reader is None else f". Process {reader}, which is none of ours, holds a lock on it; that does not matter"
    )


def _lock(descriptor: int) -> tuple[int, int]:
    """Return what kind of lock is in the way of ours, F_UNLCK if none is, and the process that holds it."""
    asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    kind, _, _, _, pid = _FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    return kind, int(pid)


def _is_a_pid_file(descriptor: int) -> bool:
    """Whether it may be written over: an empty one is what a power failure leaves. Anything else may be of use."""
    content = os.pread(descriptor, _MAX_CONTENT + 1, 0)
    return not content or _number(content) is not None


def _title(number: int) -> str | None:
    """Return what a process calls itself, None if there is none. One that nobody has waited for yet has ended."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass  # another user's
    try:
        state = Path(f"/proc/{number}/stat").read_text(errors="replace").rpartition(") ")[2][:1]
        with Path(f"/proc/{number}/cmdline").open("rb") as file:
            words = file.read(80).replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        return "of another user"
    return None if state in ("Z", "X") else shown(words) or "of the kernel"
