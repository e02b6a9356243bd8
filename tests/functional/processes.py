"""Looking at processes from outside, as an administrator would: /proc and nothing else."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Seen:
    """A process. `session` is the kernel's session id: all that a started program forks keeps its program's."""

    pid: int
    parent: int
    session: int
    state: str
    title: str
    started: int
    """In ticks since the host's boot. Numbers begin anew at some time, so they do not tell which process is newer."""


def of_programs(leaders: Iterable[int]) -> list[Seen]:
    """Return the living processes and zombies of programs that were started as session leaders."""
    wanted = set(leaders)
    return [seen for seen in _all() if seen.session in wanted]


def _all() -> Iterator[Seen]:
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
                title = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:
                continue
            state, parent, _, session, *rest = stat.rpartition(") ")[2].split()
            yield Seen(int(entry.name), int(parent), int(session), state, title, started=int(rest[15]))


def descriptors(pid: int) -> dict[int, str]:
    """Return what a process has open: number to what /proc says it is."""
    found = {}
    for entry in (PROC / str(pid) / "fd").iterdir():
        try:
            found[int(entry.name)] = str(entry.readlink())
        except OSError:
            continue
    return found


def threads(pid: int) -> int:
    """Return how many threads a process has."""
    return len(list((PROC / str(pid) / "task").iterdir()))


def resident_kib(pid: int) -> int:
    """Return the resident memory of a process in KiB."""
    for line in (PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise ProcessLookupError(pid)


def wake_ups(pid: int) -> int:
    """Return how often a process has waited for something, and was woken, since it started."""
    for line in (PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("voluntary_ctxt_switches:"):
            return int(line.split()[1])
    raise ProcessLookupError(pid)


@dataclass(frozen=True, slots=True)
class Connection:
    """An established TCP connection, ports as the process sees them."""

    pid: int
    local: int
    remote: int


def connections(pids: Iterable[int]) -> list[Connection]:
    """Return the established TCP connections of processes."""
    established = _established()
    found = []
    for pid in pids:
        for target in descriptors(pid).values():
            ports = established.get(target)
            if ports:
                found.append(Connection(pid, *ports))
    return found


def listening(pids: Iterable[int]) -> dict[int, set[int]]:
    """Return the ports on which processes listen: each with those that have it open."""
    sockets = {f"socket:[{inode}]": local for inode, local, _ in _tcp("0A")}
    found: dict[int, set[int]] = {}
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended
            for target in descriptors(pid).values():
                if target in sockets:
                    found.setdefault(sockets[target], set()).add(pid)
    return found


def listening_ports() -> set[int]:
    """Return all TCP ports of this host on which somebody listens."""
    return {local for _, local, _ in _tcp("0A")}


def _established() -> dict[str, tuple[int, int]]:
    return {f"socket:[{inode}]": (local, remote) for inode, local, remote in _tcp("01")}


def _tcp(state: str) -> Iterator[tuple[str, int, int]]:
    """Yield inode, local and remote port of each TCP socket in a state, as the kernel numbers them."""
    for table in ("tcp", "tcp6"):
        for line in (PROC / "net" / table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == state:
                local, remote = (int(address.rpartition(":")[2], 16) for address in fields[1:3])
                yield fields[9], local, remote


def kill(pid: int, number: signal.Signals | int) -> None:
    """Send a signal to one process."""
    os.kill(pid, number)


def eventually(what: Callable[[], object], seconds: float = 20.0, *, why: str = "", every: float = 0.05) -> None:
    """Wait until `what()` is true, and ask so often. Raises AssertionError after so long."""
    until = time.monotonic() + seconds
    while not (last := what()):
        assert time.monotonic() < until, f"not within {seconds:g} s: {why or what} (last: {last!r})"
        time.sleep(every)
