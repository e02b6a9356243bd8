"""Files of every size and form pass both ways as they were sent, and their receipts come back."""

import itertools
import random
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from functional.harness import Site, sha256
from functional.peers import random_file
from functional.processes import resident_kib

MB = 1_048_576
RECORD_LENGTHS = {0: 80, 1: 1, 65_535: 255, MB: 128}
"""Octets of a record of format F, by the size of the file: a whole number of records."""
DIMENSIONS: dict[str, Sequence[object]] = {
    "direction": ("in", "out"),
    "size": tuple(RECORD_LENGTHS),
    "format": ("U", "T", "F", "V"),
    "compression": ("--compression", "--no-compression"),
    "buffer": (128, 4_096, 65_535, 99_999),
    "credit": (1, 20, 999),
}
V_LONGEST = 500


def pairwise(dimensions: Sequence[Sequence[object]]) -> list[tuple[object, ...]]:
    """Return few combinations in which every two values of every two dimensions meet: the greedy way."""
    columns = list(itertools.combinations(range(len(dimensions)), 2))

    def pairs(row: tuple[object, ...]) -> set[tuple[int, int, object, object]]:
        return {(a, b, row[a], row[b]) for a, b in columns}

    rows = list(itertools.product(*dimensions))
    missing = set().union(*map(pairs, rows))
    chosen = []
    while missing:
        best = max(rows, key=lambda row: len(pairs(row) & missing))
        chosen.append(best)
        missing -= pairs(best)
    return chosen


def content(form: str, size: int) -> bytes:
    """Return `size` octets of content in the station's local form of a format; half of it can be compressed."""
    chance = random.Random(size)
    if form == "T":
        return b"".join(b"Line %06d of the order      \r\n" % number for number in range(size // 30 + 1))[:size]
    octets = chance.randbytes(size // 2) + bytes(size - size // 2)
    if form != "V":
        return octets
    records, at = [], 0
    while at < size:
        length = min(chance.randint(1, V_LONGEST), size - at)
        records.append(length.to_bytes(2, "big") + octets[at : at + length])
        at += length
    return b"".join(records)


def test_the_combinations_hold_every_pair() -> None:
    chosen = pairwise(tuple(DIMENSIONS.values()))
    for (a, first), (b, second) in itertools.combinations(enumerate(DIMENSIONS.values()), 2):
        for pair in itertools.product(first, second):
            assert any((row[a], row[b]) == pair for row in chosen)
    assert len(chosen) <= 25


def check(site: Site, direction: str, path: Path, *options: str) -> None:
    incoming = direction == "in"
    sent = (site.send_in if incoming else site.send_out)([path], *options)
    assert sent.status == 0, sent.output
    assert sent.receipts == ["EERP"]
    arrived = site.arrived(incoming, sent.summary["files"][0])
    assert sha256(arrived) == sha256(path)
    for done in (arrived, path):
        done.unlink()  # pytest keeps the directories of several runs


@pytest.mark.parametrize("combination", pairwise(tuple(DIMENSIONS.values())), ids=lambda c: "-".join(map(str, c)))
def test_a_file_passes_unchanged_and_its_receipt_returns(
    running: Site, tmp_path: Path, combination: tuple[str, int, str, str, int, int]
) -> None:
    direction, size, form, compression, buffer, credit = combination
    path = tmp_path / "FILE"
    path.write_bytes(content(form, size))
    length = {"F": RECORD_LENGTHS[size], "V": V_LONGEST}.get(form, 0)
    check(running, direction, path, compression, "--format", form, "--record-length", str(length),
          "--buffer", str(buffer), "--credit", str(credit))  # fmt: skip


@pytest.mark.parametrize(("direction", "compression", "buffer", "credit"), [
    ("in", "--compression", 65_535, 999), ("out", "--no-compression", 4_096, 20),
])  # fmt: skip
def test_a_file_of_64_mb_passes_unchanged(
    running: Site, tmp_path: Path, direction: str, compression: str, buffer: int, credit: int
) -> None:
    path = random_file(tmp_path / "LARGE", 64 * MB)
    check(running, direction, path, compression, "--buffer", str(buffer), "--credit", str(credit))


LARGE = {
    "direction": ("in", "out"),
    "format": ("U", "F"),
    "compression": ("--compression", "--no-compression"),
    "buffer": (4_096, 65_535, 99_999),
    "credit": (20, 999),
}


@pytest.mark.slow
@pytest.mark.parametrize("combination", pairwise(tuple(LARGE.values())), ids=lambda c: "-".join(map(str, c)))
def test_every_pair_with_64_mb(running: Site, tmp_path: Path, combination: tuple[str, str, str, int, int]) -> None:
    direction, form, compression, buffer, credit = combination
    path = random_file(tmp_path / "LARGE", 64 * MB)
    check(running, direction, path, compression, "--format", form, "--record-length", "1024" if form == "F" else "0",
          "--buffer", str(buffer), "--credit", str(credit))  # fmt: skip


class MemoryWatch:
    """Samples the resident memory of all session processes while a transfer runs."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.samples: dict[int, list[int]] = {}
        """KiB by process, in the order of time."""

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            for seen in self._site.sessions("server") + self._site.sessions("client"):
                try:
                    self.samples.setdefault(seen.pid, []).append(resident_kib(seen.pid))
                except (OSError, ProcessLookupError):
                    continue

    def growth(self) -> dict[int, int]:
        """Return by how many KiB each process grew after the first twentieth of its life."""
        return {pid: max(kib) - max(kib[: max(3, len(kib) // 20)]) for pid, kib in self.samples.items()}


def check_memory_is_flat(site: Site, direction: str, path: Path) -> None:
    with MemoryWatch(site) as watch:
        began = time.monotonic()
        check(site, direction, path, "--no-compression", "--buffer", "65535", "--credit", "20")
    assert len(watch.samples) == 2, f"no two session processes within {time.monotonic() - began:.1f} s"
    assert max(watch.growth().values()) < 4 * 1024, watch.growth()


def test_memory_of_both_session_processes_is_flat(running: Site, tmp_path: Path) -> None:
    check_memory_is_flat(running, "in", random_file(tmp_path / "LARGE", 128 * MB))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_file_of_1_gb_passes_with_flat_memory(running: Site, tmp_path: Path, direction: str) -> None:
    check_memory_is_flat(running, direction, random_file(tmp_path / "HUGE", 1024 * MB))
