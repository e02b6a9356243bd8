"""What /proc says of processes, and what kind of machine this is."""

import os
import platform
import re
import ssl
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.backends.openssl import backend

from seon import __version__

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cpu:
    """CPU seconds, of which `system` in the kernel."""

    user: float = 0.0
    system: float = 0.0

    def __add__(self, other: "Cpu") -> "Cpu":
        return Cpu(self.user + other.user, self.system + other.system)

    def __sub__(self, other: "Cpu") -> "Cpu":
        return Cpu(self.user - other.user, self.system - other.system)

    @property
    def total(self) -> float:
        """Both together."""
        return self.user + self.system


def cpu_of(pids: Iterable[int]) -> Cpu:
    """Return the CPU time of processes so far, together; the kernel counts it exactly and shows it in 1/100 s."""
    return sum((_cpu(pid) for pid in pids), Cpu())


def _cpu(pid: int) -> Cpu:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return Cpu(int(fields[11]) / TICKS, int(fields[12]) / TICKS)


def family(pid: int) -> Iterator[int]:
    """Yield a process and all that descend from it."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from family(int(child))


def machine() -> str:
    """Return processor, cores, memory, kernel and load, in one line."""
    model = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    return (
        f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores, "
        f"{int(memory[1]) // 1024**2 if memory else '?'} GiB, Linux {platform.release()}"
    )


def versions(haproxy: str) -> dict[str, str]:
    """Return the version of each program that takes part, with the TLS library that it uses."""
    said = subprocess.run([haproxy, "-vv"], capture_output=True, text=True, check=True).stdout  # noqa: S603  # found by us
    number = re.search(r"HAProxy version (\S+)", said)
    library = re.search(r"Running on OpenSSL version : (OpenSSL \S+)", said)
    return {
        "Seon SmartProxy": f"{__version__} (Python {platform.python_version()}, {backend.openssl_version_text()})",
        "HAProxy": f"{number[1] if number else '?'} ({library[1] if library else '?'})",
        "stations": f"Python {platform.python_version()}, {ssl.OPENSSL_VERSION}",
    }
