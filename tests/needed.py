"""What tests need beside Python. Where it is missing they skip and say so; under CI that is a failure."""

import fcntl
import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

TOOL = "tools/need-browser-and-databases"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seon-tests" / "debian"


def need_programs(*names: str, beside: Sequence[Path] = ()) -> dict[str, Path]:
    """Return where these programs are, in PATH or in directories `beside` it. Skips the test, or fails it under CI."""
    path = os.pathsep.join([os.environ["PATH"], *map(str, beside)])
    found = {name: shutil.which(name, path=path) for name in names}
    missing = [name for name, place in found.items() if place is None]
    if missing:
        _say(f"not installed: {', '.join(missing)} ({TOOL} does it)")
    return {name: Path(place) for name, place in found.items() if place is not None}


def need_debian(*packages: str) -> Path:
    """Return a directory into which these packages of Debian were unpacked: nothing is installed, no service starts.

    They are fetched once and kept in a cache of the tests. Skips the test where they cannot be, or fails it under CI.
    """
    need_programs("apt-get", "dpkg")
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "unknown")
    place = CACHE / release / "+".join(packages)
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:  # several workers of the tests want the same
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            _unpack(packages, place)
    return place


def _unpack(packages: Sequence[str], place: Path) -> None:
    making = place.with_name(f"{place.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    try:
        _run(["apt-get", "-o", "APT::Sandbox::User=root", "download", "-q", *packages], making)
        for package in making.glob("*.deb"):
            _run(["dpkg", "-x", package.name, "."], making)
            package.unlink()
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(making, ignore_errors=True)
        said = getattr(error, "stderr", None) or str(error)
        _say(f"Debian's {', '.join(packages)} cannot be fetched (apt-get update?): {said.strip().splitlines()[-1]}")
    making.rename(place)


def _run(command: Sequence[str], directory: Path) -> None:
    subprocess.run(command, cwd=directory, check=True, capture_output=True, text=True, timeout=100)


def _say(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
