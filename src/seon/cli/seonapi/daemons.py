"""`seonapi serve`."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

import logging
import os
import sys
from typing import NoReturn

import click

from seon.addresses import listening_address
from seon.cli.seonapi.base import (
    clear_errors,
    home_option,
    level_option,
    open_for_daemon,
    pid_file,
    replace_stale_pid_option,
    say_ready,
)


@click.command()
@home_option
@click.option("--listen", default="127.0.0.1:8443", show_default=True, metavar="ADDRESS:PORT",
              help="Where it takes calls; an IPv6 address in brackets.")  # fmt: skip
@click.option(
    "--prefix",
    "prefixes",
    multiple=True,
    envvar="SEON_PREFIX",
    metavar="PATH",
    help="A path of a reverse proxy, such as /base, below which Seonapi answers besides / and /seonapi; repeatable. "
    "Default: $SEON_PREFIX, blanks between several.",
)
@level_option
@replace_stale_pid_option
@clear_errors
def serve(home: str | None, listen: str, prefixes: tuple[str, ...], level: str | None, replace_stale_pid: bool) -> None:
    """Serve API and panel by https until SIGTERM or Ctrl-C.

    SIGHUP opens the log file anew. Signals 20, 21, 22, 23 and 24 set its level to TRACE, DEBUG, INFO, ERROR and FATAL.
    """
    place = open_for_daemon(home, "seonapi", level)
    from seon.backend.apilog.following import follow
    from seon.backend.configuration.keys import read_host_port
    from seon.backend.prefixes import read_prefixes
    from seon.backend.serving import serve as serve_https
    from seon.backend.serving import unnamed

    host, port = read_host_port("--listen", listen, listening_address)
    note = unnamed(place, host)
    if note:
        click.echo(note, err=True)
    # By its port: several processes may serve one installation, if it has a PostgreSQL.
    with pid_file(place, f"seonapi_serve.{port}.pid", replace_stale=replace_stale_pid):
        follow(level_given=level is not None)
        serve_https(place, host, port, read_prefixes(prefixes), say_ready)
    _leave_at_once()


def _leave_at_once() -> NoReturn:
    """End the process without taking the interpreter down: granian's threads may still run, and panic under that."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
