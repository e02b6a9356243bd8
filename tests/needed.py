"""What tests need beside Python. Where it is missing they skip and say so; under CI that is a failure."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

TOOL = "tools/need-browser-and-databases"


def need_programs(*names: str, beside: Sequence[Path] = ()) -> dict[str, Path]:
    """Return where these programs are, in PATH or in directories `beside` it. Skips the test, or fails it under CI."""
    path = os.pathsep.join([os.environ["PATH"], *map(str, beside)])
    found = {name: shutil.which(name, path=path) for name in names}
    missing = [name for name, place in found.items() if place is None]
    if missing:
        _say(f"not installed: {', '.join(missing)} ({TOOL} does it)")
    return {name: Path(place) for name, place in found.items() if place is not None}


def _say(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
