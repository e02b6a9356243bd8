"""The quick start's transfers: files through the real proxy, both ways, compared by SHA-256 at the other end."""

import hashlib
import re
import secrets
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from seon.cli.quickstart.answers import Called, Told, failure
from seon.cli.quickstart.installation import Layout, Ports, Stations
from seon.cli.quickstart.processes import TIMED_OUT, attempt, program
from seon.events import shown

SIZES = {"ORDER.EDI": 1_024, "DRAWING.CATPART": 1_048_576, "BODYSHELL.CATPART": 64 * 1_048_576}
"""Octets of the demo files. Random, so that neither compression nor chance helps."""
SILENCE_SECONDS = 30
"""What a called station may take for an answer; with a port that speaks no OFTP2 nobody waits for minutes."""
SESSION_SECONDS = 300
"""What the demo files may take. A station could talk for ever, and all that the calling one says is kept."""
LOG_SECONDS = 5.0
"""How long the proxy may take to log the end of a session."""
_OVER = re.compile("SES-(FAILED|END) ")


class Result(msgspec.Struct):
    """What went through in one direction. `sha256_ok` is None where the receiving station is not ours to look at."""

    files: int
    octets: int
    """Of all files."""
    seconds: float
    sha256_ok: bool | None
    receipts: int
    """Positive ones (EERP). A station of the user's own may send them later, in a session of its own."""
    sent: int
    """Files that the other side took."""
    error: str | None
    """What the called station answered and how it must be set; None if it took everything."""
    again: str
    """The command that tries it again."""


@dataclass(frozen=True, slots=True)
class Way:
    """One direction: who is called, where through the proxy, and where its files can be looked at, if anywhere."""

    called: Called
    target: str
    """HOST:PORT of the proxy that leads to it."""
    options: Sequence[str]
    """More of `seon station send`."""
    inbox: Path | None
    check_password: bool = True
    """Whether the called station's password must be the right one."""

    def command(self, files: Sequence[Path]) -> list[str]:
        """Return the command that sends the files; passwords stand in their own files only."""
        called = self.called
        expected = ["--expect-password", f"@{called.password}"] if self.check_password else []
        return [program("seon"), "station", "send", self.target, *map(str, files), "--code", called.caller,
                "--password", f"@{called.caller_password}", "--destination", called.code,
                "--expect-code", called.code, *expected, *self.options]  # fmt: skip


def make_files(directory: Path) -> list[Path]:
    """Return the demo files, made at first use."""
    paths = []
    for name, size in SIZES.items():
        path = directory / name
        if not path.exists() or path.stat().st_size != size:
            path.write_bytes(secrets.token_bytes(size))
        paths.append(path)
    return paths


def incoming(layout: Layout, ports: Ports, stations: Stations) -> Way:
    """The demo partner calls the external port, with TLS."""
    own = stations.receive_daemon
    called = Called(
        who="the receive daemon",
        address=own or f"127.0.0.1:{ports.receive}",
        code=stations.our_code,
        password=layout.our_password,
        caller=stations.partner_code,
        caller_password=layout.partner_password,
        output=None if own else layout.output / "receive-daemon.txt",
    )
    tls = ["--tls", "--cert", str(layout.certificate("partner")), "--key", str(layout.key("partner")),
           "--ca", str(layout.certificate("proxy"))]  # fmt: skip
    inbox = None if own else layout.receive_daemon / "inbox"
    return Way(called, f"127.0.0.1:{ports.external}", tls, inbox, stations.our_password_counts)


def outgoing(layout: Layout, ports: Ports, stations: Stations) -> Way:
    """The company's send daemon calls the client's listening port, without TLS."""
    called = Called(
        who="the demo partner",
        address=f"127.0.0.1:{ports.partner}",
        code=stations.partner_code,
        password=layout.partner_password,
        caller=stations.our_code,
        caller_password=layout.our_password,
        output=layout.output / "partner.txt",
    )
    return Way(called, f"127.0.0.1:{ports.outgoing}", [], layout.partner / "inbox")


def send(way: Way, files: Sequence[Path], outputs: Sequence[Path]) -> Result:
    """Send files one way; a failure is told in the result. `outputs`: what the client prints, then the server."""
    logs = [Tail(output) for output in outputs]
    before, began = set(_files(way.inbox)), time.monotonic()
    command = way.command(files)
    done = attempt([*command, "--idle", str(SILENCE_SECONDS), "--json"], seconds=SESSION_SECONDS)
    seconds = time.monotonic() - began
    rows = _json_lines(done.stdout)
    outcome = [file for row in rows for file in row.get("files", ())]
    arrived = sorted(_digest(path) for path in _files(way.inbox) if path not in before)
    same = sorted(_digest(path) for path in files) == arrived if way.inbox else None
    receipts = [file["receipt"] for file in outcome]
    sent = sum(file["sent"] for file in outcome)
    error = _shortcoming(way.called, same=same, missing=receipts.count(""))
    if sent < len(files) or "NERP" in receipts:
        error = _refusal(way.called, rows, logs, done.stderr)
    if done.returncode == TIMED_OUT:
        error = f"{way.called.who} at {way.called.address} did not let the session end within {SESSION_SECONDS} s"
    return Result(
        files=len(files),
        octets=sum(path.stat().st_size for path in files),
        seconds=round(seconds, 3),
        sha256_ok=same,
        receipts=receipts.count("EERP"),
        sent=sent,
        error=error,
        again=shlex.join(command),
    )


def _refusal(called: Called, rows: Sequence[dict[str, Any]], logs: Sequence["Tail"], stderr: str) -> str:
    """Return what kept files from being taken."""
    if not rows:  # the calling station itself did not work
        return f"seon station send: {shown((stderr.strip().splitlines() or ['no output'])[-1])}"
    logs[0].wait_for(_OVER, LOG_SECONDS)
    events = [row for row in rows if "event" in row]
    return failure(called, Told(events, "\n".join(log.text() for log in logs), SILENCE_SECONDS))


def _shortcoming(called: Called, *, same: bool | None, missing: int) -> str | None:
    """Return what is wrong though all files were taken.

    A station of the user's own may send its receipts later; the built-in ones hand theirs over at once.
    """
    if same is False:
        return f"{called.who} took all files, but they are not there as they were sent: see {called.output}"
    if called.output and missing:
        return f"{called.who} took all files, but not all receipts came: see {called.output}"
    return None


class Tail:
    """What a program prints from now on."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._from = output.stat().st_size

    def text(self) -> str:
        """Return what it has printed since."""
        with self._output.open("rb") as file:
            file.seek(self._from)
            return file.read().decode(errors="replace")

    def wait_for(self, pattern: re.Pattern[str], seconds: float) -> None:
        """Wait for a text, at most so long."""
        until = time.monotonic() + seconds
        while not pattern.search(self.text()) and time.monotonic() < until:
            time.sleep(0.02)


def _json_lines(output: str) -> list[dict[str, Any]]:
    rows = []
    for line in output.splitlines():
        try:
            row = msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows


def _files(directory: Path | None) -> list[Path]:
    if directory is None:
        return []
    return [path for path in directory.iterdir() if path.is_file() and not path.name.startswith(".")]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
