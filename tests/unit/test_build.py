"""Every program says which build it is: from git in a checkout, from a file in a wheel."""

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from seon import __version__, build
from seon.build import UNKNOWN, Build, from_git, this_build

ROOT = Path(__file__).parents[2]
SHOWN = "import seon.build; print(seon.build.__file__, '|', seon.build.this_build())"
in_a_checkout = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no checkout")


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(autouse=True)
def forgotten():
    this_build.cache_clear()
    yield
    this_build.cache_clear()


@in_a_checkout
def test_in_a_checkout_the_build_is_the_date_of_its_commit() -> None:
    found = this_build()
    assert found == Build(__version__, git("log", "-1", "--format=%cs").replace("-", ""), found.commit)
    assert re.fullmatch(r"\d{8}", found.build)
    assert git("rev-parse", "HEAD").startswith(found.commit)
    assert len(found.commit) >= 12


@in_a_checkout
def test_a_repository_that_the_environment_names_is_not_asked(tmp_path, monkeypatch) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / ".git"))
    assert from_git(ROOT) != (UNKNOWN, UNKNOWN)


def test_outside_git_the_build_is_unknown(tmp_path) -> None:
    assert from_git(tmp_path) == (UNKNOWN, UNKNOWN)
    (tmp_path / ".git").mkdir()
    assert from_git(tmp_path) == (UNKNOWN, UNKNOWN), "a broken repository"
    assert str(Build("0.1.0")) == "0.1.0, build unknown, commit unknown"


def test_without_git_the_build_is_unknown(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert from_git(ROOT) == (UNKNOWN, UNKNOWN)


def test_git_is_started_once_and_only_when_somebody_asks(monkeypatch) -> None:
    started = []
    monkeypatch.setattr(build, "from_git", lambda root: started.append(root) or ("20261126", "abc"))
    assert this_build().short == f"{__version__}, build 20261126"
    assert this_build() is this_build()
    assert started == [ROOT]


def test_a_wheel_knows_its_build_without_git(tmp_path) -> None:
    hatch(ROOT, "wheel", tmp_path)
    assert said_by(tmp_path) == str(this_build())


def test_a_wheel_made_from_a_source_archive_knows_its_build_too(tmp_path) -> None:
    hatch(ROOT, "sdist", tmp_path / "archive")
    with tarfile.open(next((tmp_path / "archive").glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path, filter="data")
    hatch(next(tmp_path.glob("seon_smartproxy-*")), "wheel", tmp_path)
    assert said_by(tmp_path) == str(this_build())


def hatch(root: Path, target: str, directory: Path) -> None:
    """Build as pip does: where the package is not installed."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(directory)]
    subprocess.run(command, cwd=root, check=True, capture_output=True)


def said_by(directory: Path) -> str:
    """Return what the wheel in a directory says of itself; there is no git to ask."""
    wheel = str(next(directory.glob("*.whl")))
    environment = {"PYTHONPATH": wheel, "PATH": "/nowhere", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SHOWN], cwd=directory, env=environment, capture_output=True, text=True, check=True
    )
    place, _, text = done.stdout.strip().partition(" | ")
    assert place.startswith(wheel + os.sep)
    return text
