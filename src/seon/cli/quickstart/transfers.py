"""The quick start's transfers: files through the real proxy, both ways, compared by SHA-256 at the other end."""

import hashlib
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from seon.cli.quickstart.installation import Layout, Ports, Stations
from seon.cli.quickstart.processes import ProcessError, program, run

SIZES = {"ORDER.EDI": 1_024, "DRAWING.CATPART": 1_048_576, "BODYSHELL.CATPART": 64 * 1_048_576}
"""Octets of the demo files. Random, so that neither compression nor chance helps."""


class Result(msgspec.Struct):
    """What went through in one direction. `sha256_ok` is None where the receiving station is not ours to look at."""

    files: int
    octets: int
    seconds: float
    sha256_ok: bool | None
    receipts: int


def make_files(directory: Path) -> list[Path]:
    """Return the demo files, made at first use."""
    paths = []
    for name, size in SIZES.items():
        path = directory / name
        if not path.exists() or path.stat().st_size != size:
            path.write_bytes(secrets.token_bytes(size))
        paths.append(path)
    return paths


def incoming(layout: Layout, ports: Ports, stations: Stations, files: Sequence[Path], inbox: Path | None) -> Result:
    """Send files as the demo partner: TLS to the external port."""
    tls = ["--tls", "--cert", str(layout.certificate("partner")), "--key", str(layout.key("partner")),
           "--ca", str(layout.certificate("proxy"))]  # fmt: skip
    if stations.our_password_counts:
        tls += ["--expect-password", f"@{layout.our_password}"]
    codes = (stations.partner_code, stations.our_code)
    return _send(layout.partner_password, f"127.0.0.1:{ports.external}", files, codes, inbox, tls)


def outgoing(layout: Layout, ports: Ports, stations: Stations, files: Sequence[Path]) -> Result:
    """Send files as the company's send daemon: plain TCP to the client's listening port."""
    inbox = layout.partner / "inbox"
    expected = ["--expect-password", f"@{layout.partner_password}"]
    codes = (stations.our_code, stations.partner_code)
    return _send(layout.our_password, f"127.0.0.1:{ports.outgoing}", files, codes, inbox, expected)


def _send(
    password: Path, target: str, files: Sequence[Path], codes: tuple[str, str], inbox: Path | None, more: Sequence[str]
) -> Result:
    code, to = codes
    before = set(_files(inbox))
    began = time.monotonic()
    output = run([program("seon"), "station", "send", target, *map(str, files), "--code", code, "--destination", to,
                  "--expect-code", to, "--password", f"@{password}", "--json", *more])  # fmt: skip
    seconds = time.monotonic() - began
    summary = msgspec.json.decode(output.strip().splitlines()[-1])
    sent = sorted(_digest(path) for path in files)
    arrived = sorted(_digest(path) for path in _files(inbox) if path not in before)
    return Result(
        files=len(files),
        octets=sum(path.stat().st_size for path in files),
        seconds=round(seconds, 3),
        sha256_ok=(sent == arrived) if inbox else None,
        receipts=_receipts(summary),
    )


def _receipts(summary: object) -> int:
    if not isinstance(summary, dict) or not isinstance(summary.get("files"), list):
        raise ProcessError("seon station send printed no summary")
    return sum(1 for file in summary["files"] if file.get("receipt") == "EERP")


def _files(directory: Path | None) -> list[Path]:
    if directory is None:
        return []
    return [path for path in directory.iterdir() if path.is_file() and not path.name.startswith(".")]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
