"""The two ways through which the session goes: our programs, and a pair of HAProxy. Each has two hops.

Both begin with TLS and a client certificate at a port on loopback, cross TLS with client certificates between the hops,
and end with plain TCP at the receiver.
"""

import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from measure import family

from seon.cli.quickstart.installation import Layout, Stations, make_certificate, prepare
from seon.cli.quickstart.processes import Process, ProcessError, free_port, program

LINK_SECONDS = 60.0
CIPHERSUITE = "TLS_AES_256_GCM_SHA384"
"""What OpenSSL chooses between programs that set nothing, as ours; HAProxy is told so."""

_TOLD = ("-d", "--log-to-terminal")
"""In the foreground, and its log where readiness is waited for."""


@dataclass(frozen=True, slots=True)
class Way:
    """A running proxy: where the sender connects, and the processes of each hop while a session stands."""

    name: str
    port: int
    hops: Callable[[], tuple[list[int], list[int]]]
    began: float = 0.0
    """When the hop in the DMZ was started (monotonic)."""


def start(name: str, arguments: list[str], output: Path, stack: ExitStack, home: Path | None = None) -> Process:
    """Start a program; it is stopped when `stack` ends."""
    process = Process(name, arguments, output / f"{name}.txt", home)
    stack.callback(process.gone)
    stack.callback(process.stop)
    return process


@contextmanager
def ours(root: Path, receiver: int, say: Callable[[str], None]) -> Iterator[tuple[Way, Layout]]:
    """Make an installation as the quick start does and run its programs; `receiver` is the receive daemon's port."""
    layout, ports, _ = prepare(root, Stations(receive_daemon=f"127.0.0.1:{receiver}"), say)
    with ExitStack() as stack:
        api = start("seonapi", [program("seonapi"), "serve", "--listen", f"127.0.0.1:{ports.seonapi}"],
                    layout.output, stack, layout.seonapi)  # fmt: skip
        api.wait_for(r"ready \S+")
        began = time.monotonic()
        server = start("server", [program("seon_proxyserver2"), *_TOLD, "-i", f"127.0.0.1:{ports.internal}",
                                  "-l", str(layout.license_file)], layout.output, stack, layout.server)  # fmt: skip
        server.wait_for("SRV-START")
        client = start("client", [program("seon_proxyclient2"), *_TOLD, "-U", f"https://127.0.0.1:{ports.seonapi}",
                                  "-S", f"127.0.0.1:{ports.internal}", "-T", f"@{layout.token_file}"],
                       layout.output, stack, layout.client)  # fmt: skip
        client.wait_for("CLI-LINKED", LINK_SECONDS)
        server.wait_for("SRV-OPEN", LINK_SECONDS)
        hops = lambda: (list(family(server.pid)), list(family(client.pid)))  # noqa: E731
        yield Way("Seon", ports.external, hops, began), layout


def wait_in_force(layout: Layout, seconds: float) -> None:
    """Wait until the configuration as it is now is in force at our server. Raises ProcessError."""
    with sqlite3.connect(f"file:{layout.seonapi / 'seonapi.sqlite3'}?mode=ro", uri=True) as database:
        ((version,),) = database.execute("SELECT number FROM configuration_version").fetchall()
    wait_said(layout, f"Configuration {version} in force", seconds)


def wait_said(layout: Layout, text: str, seconds: float) -> None:
    """Wait until our server's log has a text. Raises ProcessError."""
    until = time.monotonic() + seconds
    while text not in (layout.output / "server.txt").read_text():
        if time.monotonic() > until:
            raise ProcessError(f"the server did not say: {text}")
        time.sleep(0.01)


@contextmanager
def haproxy_pair(binary: str, layout: Layout, receiver: int, buffer_size: int) -> Iterator[Way]:
    """Run two HAProxy with one thread each; the certificates are the installation's, and one more for each hop."""
    taken: set[int] = set()
    outer, inner = free_port(0, taken), free_port(0, taken)
    for name in ("dmz", "inside"):
        make_certificate(layout, name, f"HAPROXY-{name.upper()}", f"HAProxy {name}")
    certificate, output = layout.certificate, layout.output
    with ExitStack() as stack:
        pair = []
        for name, text in (
            ("inside", _hop(inner, _shown(layout, "inside"), certificate("dmz"), f"127.0.0.1:{receiver}")),
            ("dmz", _hop(outer, _shown(layout, "proxy"), certificate("partner"),
                         f"127.0.0.1:{inner} ssl crt {_shown(layout, 'dmz')} ca-file {certificate('inside')} "
                         "verify required")),
        ):  # fmt: skip
            file = output / f"haproxy-{name}.cfg"
            file.write_text(_GENERAL.format(suite=CIPHERSUITE, size=buffer_size) + text)
            process = start(f"haproxy-{name}", [binary, "-db", "-f", str(file)], output, stack)
            _wait_for_port(process, inner if name == "inside" else outer)
            pair.append(process.pid)
        yield Way("HAProxy", outer, lambda: ([pair[1]], [pair[0]]))


_GENERAL = """\
global
  nbthread 1
  tune.bufsize {size}
  ssl-default-bind-options ssl-min-ver TLSv1.3
  ssl-default-bind-ciphersuites {suite}
  ssl-default-server-options ssl-min-ver TLSv1.3
  ssl-default-server-ciphersuites {suite}
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
"""


def _hop(port: int, shown: Path, clients: Path, target: str) -> str:
    return (
        f"listen hop\n  bind 127.0.0.1:{port} ssl crt {shown} ca-file {clients} verify required\n"
        f"  server next {target}\n"
    )


def _shown(layout: Layout, name: str) -> Path:
    """Return a file with certificate and key, as HAProxy wants them; nobody else may read it."""
    file = layout.root / "pki" / f"{name}-both.pem"
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as both:
        both.write(layout.certificate(name).read_bytes() + layout.key(name).read_bytes())
    return file


def _wait_for_port(process: Process, port: int) -> None:
    until = time.monotonic() + 10
    while True:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.ended() is not None or time.monotonic() > until:
            raise ProcessError(f"{process.name} did not open its port:\n{process.last_words()}")
        time.sleep(0.05)


def find_haproxy(say: Callable[[str], None]) -> str:
    """Return HAProxy's path, installed where that is allowed. Raises ProcessError with what to type."""
    if found := _haproxy():
        return found
    apt = shutil.which("apt-get")
    if apt:
        say("installing haproxy ...")
        _install([*([] if os.geteuid() == 0 else ["sudo", "-n"]), apt])
    if found := _haproxy():
        return found
    raise ProcessError("HAProxy is missing. Please type: sudo apt-get install haproxy")


def _haproxy() -> str | None:
    return shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def _install(apt: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", "haproxy"]):
        subprocess.run([*apt, *words], capture_output=True, check=False, env=environment)  # noqa: S603  # fixed words
