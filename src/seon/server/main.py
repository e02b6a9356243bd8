"""How the server starts: identity key, license, internal port, PID file, and then the loop."""

import asyncio
import contextlib
import errno
import os
import socket
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from seon import addresses
from seon.build import this_build
from seon.daemon import home as homes
from seon.daemon.background import Starter, detach, stay
from seon.daemon.home import EXIT_START, StartError
from seon.daemon.host import check_limits, raise_limits
from seon.daemon.life import Life, last_line, open_log, to_the_end
from seon.daemon.log import Log
from seon.daemon.notify import Notify
from seon.daemon.pidfile import PidFile
from seon.events import shown
from seon.link.identity import License, authority_line, moment
from seon.link.sealing import EphemeralKey, wipe
from seon.net.listen import open_listener
from seon.process.levels import Level
from seon.process.memory import forbid_dumps
from seon.process.signals import hold_signals
from seon.server.files import (
    examine_license,
    has_identity,
    load_identity,
    load_license,
    no_valid_license,
    parse_identity,
)
from seon.server.license import DAY, LicenseWatch
from seon.server.opening import NAME
from seon.server.server import Server

LOG_NAME = "seon_proxyserver"
PID_NAME = "seon_proxyserver2.pid"
_PORT_REMEDIES = {
    errno.EADDRINUSE: "another program has it (ss -ltnp shows which): end that one, or choose another port with -i",
    errno.EADDRNOTAVAIL: "this host has no such address (ip address shows which it has): name one of its own with -i",
    errno.EACCES: "this user may not open it: choose a port from 1024 on with -i",
}


@dataclass(frozen=True, slots=True)
class Options:
    """The command line: the only configuration there is on this host, besides the license and the log settings."""

    address: str
    port: int
    license: Path
    foreground: bool = False
    terminal: bool = False
    """The log goes to the terminal besides."""
    replace_stale: bool = False
    """The PID file of a server that has ended without removing it is written over."""


def run(options: Options) -> int:
    """Run the server to its end; return the exit status.

    Raises StartError with a text for the terminal, and SystemExit in the command that has started a server in the
    background. Nothing secret is read before that server is a process of its own.
    """
    forbid_dumps()
    check_limits()
    raise_limits()
    home, license_file = homes.home().absolute(), homes.from_here(options.license)
    starter = stay() if options.foreground else detach()
    try:
        log = open_log(home, LOG_NAME, terminal=options.terminal)
        with contextlib.ExitStack() as at_end:  # what is said of the PID file is the last line, behind any reason
            try:
                return _run(replace(options, license=license_file), home, log, starter, at_end)
            except StartError as error:
                log.write("server", Level.FATAL, str(error))
                raise
            except Exception as error:
                log.trace(error)
                reason = f"The server has failed: {type(error).__name__}: {error}"
                log.write("server", Level.FATAL, reason)
                raise StartError(f"{reason}; the log {log.path} says where") from None
    except StartError as error:
        starter.say(EXIT_START, str(error))
        raise


def _run(options: Options, home: Path, log: Log, starter: Starter, at_end: contextlib.ExitStack) -> int:
    build = this_build().short  # before there are keys in memory, and an event loop
    hold_signals()  # none leaves the PID file behind; the loop takes it
    pid_file = PidFile.take(home / PID_NAME, replace_stale=options.replace_stale)
    at_end.callback(lambda: last_line(log, "server", home / PID_NAME, pid_file.remove()))
    pem = load_identity(home)
    ephemeral = EphemeralKey(parse_identity(pem))
    wipe(pem)
    license_ = load_license(options.license, ephemeral.proxy_id, time.time())
    watch = LicenseWatch(license_, options.license, home, ephemeral.proxy_id)
    with _internal_port(options) as listener:
        life = Life(NAME, "server", log, starter, Notify(os.environ))
        server = Server(life, log, home, ephemeral, watch, (options.address, options.port))
        where = addresses.shown(options.address or "*", options.port)
        server.report("SRV-START", version=build, proxy_id=ephemeral.proxy_id, address=where)
        return asyncio.run(to_the_end(server.live(listener)))


def _internal_port(options: Options) -> socket.socket:
    try:
        return open_listener(options.address, options.port)
    except OSError as error:
        where = addresses.shown(options.address or "*", options.port)
        todo = _PORT_REMEDIES.get(error.errno or 0, "choose another address or port with -i")
        raise StartError(f"Internal port {where} cannot be opened: {error.strerror}; {todo}") from error


def print_identity() -> str:
    """Return the Proxy ID, making the identity key at first use (mission C1). Raises StartError.

    What a person should know of a new key goes to standard error: programs read the ID.
    """
    place = homes.home_for_identity()
    is_new = not has_identity(place.path)
    pem = load_identity(place.path, place=place)
    proxy_id = EphemeralKey(parse_identity(pem)).proxy_id
    wipe(pem)
    if is_new and place.note:
        sys.stderr.write(f"{place.note}\n")
    return proxy_id


def describe_license(path: Path) -> str:
    """Return what the license says, a line for each thing (mission C1).

    Raises StartError with the same lines, and all that is wrong, when it does not hold.
    """
    path = homes.from_here(path)
    proxy_id, now = print_identity(), time.time()
    found = examine_license(path, proxy_id, now)
    lines = _lines(found.license, now) if found.license else []
    if found.problems:
        raise StartError("\n".join([*lines, no_valid_license(path, proxy_id, found.problems)]))
    return "\n".join([*lines, f"The license in {path.absolute()} holds"])


def _lines(license_: License, now: float) -> list[str]:
    return [
        f"Holder: {shown(license_.holder)}",
        f"Proxy ID: {license_.proxy_id}",
        f"Serial: {license_.serial}",
        f"Valid from: {moment(license_.not_before)}",
        f"Valid until: {moment(license_.not_after)}",
        f"Days left: {max(0, int((license_.not_after - now) // DAY))}",
        authority_line(license_.ca_fingerprint),
    ]
