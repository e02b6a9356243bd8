"""The command lines of the two daemons (mission D1)."""

import contextlib
import math
import sys
from pathlib import Path
from typing import Any

import click
import setproctitle

from seon.cli.help_page import page
from seon.cli.version import version_option
from seon.client.waiting import Wait, WaitFor
from seon.daemon.home import StartError
from seon.daemon.title_room import make_room
from seon.events import shown
from seon.process.streams import hold_standard_streams

_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
DEFAULT_LICENSE = Path("/etc/seon_proxy.lic")
WAIT_SECONDS = 60.0
"""How long --wait-ready waits unless it is told."""
_SIGNALS = (
    ("SIGTERM, SIGINT, SIGHUP", "End in order; a second one ends at once."),
    ("SIGUSR1", "Open the log files again, and read the log settings again."),
    ("SIGUSR2", "Write a report of the state into the log."),
    ("20 21 22 23 24", "Log level of this one process: TRACE, DEBUG, INFO, ERROR, FATAL."),
)
_ENVIRONMENT = (
    ("SEON_HOME", "The program's directory, if it is not the one in which the program lies."),
    ("NOTIFY_SOCKET", "Set by systemd: readiness, state and watchdog are told there."),
)
_SERVER_SECTIONS = (
    ("Files in the program's directory", (
        ("seon_proxyserver.key", "Identity key, made at the first start or by -L. Keep a backup of it."),
        ("seon_proxyserver.logrc", "Log settings in log4c's form, made at the first start."),
        ("seon_proxyserver.DATE.log", "The log, a file a day."),
        ("seon_proxyserver2.pid", "Process id, while the server runs."),
        ("traces/", "Traces of sessions that were switched on in the panel."),
    )),
    ("Environment", _ENVIRONMENT),
    ("Signals", _SIGNALS),
    ("Exit statuses", (
        ("0", "The server was started in the background, or it has ended in order."),
        ("1", "It cannot start; the reason is on the terminal and in the log. -V: the license does not hold."),
        ("2", "The command line is wrong, or an error has ended it: see the log."),
    )),
    ("Examples", (
        ("seon_proxyserver2 -L", "Print the Proxy ID, for which a license is issued inside."),
        ("seon_proxyserver2 -i 10.0.0.1:2878", "Start, with the internal port on one address only."),
        ("seon_proxyserver2 -i [::1]:2878 -l seon_proxy.lic", "IPv6, and a license file of another name."),
        ("seon_proxyserver2 -d", "For a service manager."),
    )),
)  # fmt: skip
_CLIENT_SECTIONS = (
    ("Files in the program's directory", (
        ("seon_proxyclient.logrc", "Log settings in log4c's form, made at the first start."),
        ("seon_proxyclient.DATE.log", "The log, a file a day."),
        ("seon_proxyclient.spool", "Events that Seonapi has not taken yet."),
        ("seon_proxyclient2.pid", "Process id, while the client runs."),
        ("traces/", "Traces of sessions that were switched on in the panel."),
    )),
    ("Environment", (("SEON_TOKEN", "The security token, if there is no -T."), *_ENVIRONMENT)),
    ("Signals", _SIGNALS),
    ("Exit statuses", (
        ("0", "The client was started in the background, or it has ended in order."),
        ("1", "It cannot start; the reason is on the terminal and in the log."),
        ("2", "The command line is wrong."),
        ("3", "An established link has ended: start the client again."),
        ("4", "The courier process has ended: start the client again."),
        ("5", "Seonapi has refused this client for too long (--end-if-refused)."),
        ("6", "Seonapi was away for too long (--end-if-away)."),
        ("7", "It runs, but what --wait-ready names was not there in time, or its spool cannot be used."),
    )),
    ("Examples", (
        ("seon_proxyclient2 -U https://seonapi.example:8443 -S dmz.example -T @token", "Start."),
        ("seon_proxyclient2 -U https://user:p%40ss@gateway.example/seonapi/index.php -S 10.0.0.1:2878 -T @token",
         "Through a reverse proxy that wants a password: p@ss, with @ as %40."),
        ("seon_proxyclient2 -U ... -S ... -T @token --wait-ready linked 120", "Return when the link stands."),
    )),
)  # fmt: skip


class Seconds(click.FloatRange):
    """A time. Python takes "nan" for a number, and it is in every range."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the seconds. Raises click.BadParameter, or click.UsageError for what stands alone."""
        found = math.nan
        with contextlib.suppress(click.BadParameter):
            found = super().convert(value, None, None)
        if not math.isnan(found):
            return found
        if isinstance(param, click.Argument):
            text = f"{shown(value, 80)!r} is not expected here: only --wait-ready has a number behind it, "
            raise click.UsageError(f"{text}{self._describe_range()}", ctx)
        raise click.BadParameter(f"{shown(value, 80)!r} is no number of seconds, {self._describe_range()}", ctx, param)


foreground_option = click.option(
    "-d", "--foreground", is_flag=True, help="Stay in the foreground and print nothing; for service managers."
)
terminal_option = click.option(
    "--log-to-terminal",
    "terminal",
    is_flag=True,
    help="Stay in the foreground and write the log to the terminal besides; for people and containers.",
)
stale_option = click.option(
    "--replace-stale-pid",
    "replace_stale",
    is_flag=True,
    help="Write over the PID file of a program that has ended without removing it; for service managers.",
)


def _internal_address(_: click.Context, __: click.Parameter, text: str) -> tuple[str, int]:
    from seon import addresses  # noqa: PLC0415  # `-h` is quick

    examples = "examples: :2878, 10.0.0.1:2878, [::1]:2878"
    if text.count(":") > 1 and text[0] != "[" and text[-1] != ":":  # which colon begins the port, nobody can tell
        raise click.BadParameter(f"{shown(text, 80)!r}: an IPv6 address stands in brackets; {examples}")
    try:
        return addresses.read_listener(text, 2878)
    except addresses.AddressError as error:
        raise click.BadParameter(f"{error}; {examples}") from error


@click.command(cls=page("Seon Proxy daemon", _SERVER_SECTIONS), context_settings=_HELP, options_metavar="[options]")
@version_option("seon_proxyserver2", "-v", "--version")
@click.option(
    "-i",
    "--internal",
    "internal",
    default=":2878",
    show_default=True,
    callback=_internal_address,
    metavar="[<IP>]:<port>",
    help="Internal port, for clients dialling from inside; without an address on every one.",
)
@click.option(
    "-l",
    "--license",
    "license_file",
    type=click.Path(path_type=Path, readable=False),  # that it cannot be read the server says, with what to do
    default=DEFAULT_LICENSE,
    show_default=True,
    metavar="<file>",
    help="License file.",
)
@click.option("-L", "--proxy-id", "show_id", is_flag=True, help="Print the Proxy ID and exit.")
@click.option("-V", "--show-license", "show_license", is_flag=True, help="Print the license's validity and exit.")
@foreground_option
@terminal_option
@stale_option
def server(
    internal: tuple[str, int],
    license_file: Path,
    show_id: bool,
    show_license: bool,
    foreground: bool,
    terminal: bool,
    replace_stale: bool,
) -> None:
    """Stands in the DMZ: ends the partners' TLS, and lets only known partners speaking correct OFTP2 in.

    It takes no configuration but this command line, its license and its log settings: all else comes from Seonapi
    through the client. Without -d it goes to the background; the command returns when the internal port is open.
    """
    hold_standard_streams()
    if show_id and show_license:
        raise click.UsageError("-L and -V print different things: give one of them")
    from seon.server import main  # noqa: PLC0415

    try:
        if show_id:
            click.echo(f"Seon Proxy ID: {main.print_identity()}")
        elif show_license:
            click.echo(main.describe_license(license_file))
        else:
            make_room()
            options = main.Options(*internal, license_file, foreground or terminal, terminal, replace_stale)
            sys.exit(main.run(options))
    except StartError as error:
        raise SystemExit(_said(error)) from None


@click.command(
    cls=page("Seon Proxy client", _CLIENT_SECTIONS),
    context_settings={**_HELP},
    no_args_is_help=True,
    options_metavar="-U <URL> -S <host[:port]> -T <token> [options]",
)
@version_option("seon_proxyclient2", "-v", "--version")
@click.option(
    "-U",
    "--url",
    "url",
    required=True,
    metavar="<URL>",
    help="Seonapi: https://[user:password@]host[:port][/path/index.php]. In user and password / ? # @ : % are written "
    "as %2F %3F %23 %40 %3A %25.",
)
@click.option(
    "-S",
    "--server",
    "server_",
    required=True,
    metavar="<host[:port]>",
    help="The server in the DMZ. Port 2878 if none is given.",
)
@click.option(
    "-T",
    "--token",
    "token",
    default="",
    metavar="<token>",
    help="Security token: itself, @file, - for standard input; without it SEON_TOKEN. "
    "A command line is visible to every user of this host: @file or SEON_TOKEN is better.",
)
@foreground_option
@terminal_option
@stale_option
@click.option(
    "--wait-ready",
    "wait_for",
    type=click.Choice(["api", "linked"]),
    metavar="api|linked [<seconds>]",
    help="Return only when Seonapi has answered, or when the link to the server stands; after so many seconds "
    f"(default {WAIT_SECONDS:g}) say what is missing, with exit status 7. The client goes on trying.",
)
@click.argument("seconds", type=Seconds(min=0.1, max=86_400), required=False, metavar="")
@click.option(
    "--end-if-refused",
    "refused",
    type=Seconds(min=0),
    default=86_400,
    show_default=True,
    metavar="<seconds>",
    help="End after so long of being refused by Seonapi; 0: never.",
)
@click.option(
    "--end-if-away",
    "away",
    type=Seconds(min=0),
    default=0,
    show_default=True,
    metavar="<seconds>",
    help="End after Seonapi was away for so long; 0: never.",
)
def client(
    url: str,
    server_: str,
    token: str,
    foreground: bool,
    terminal: bool,
    replace_stale: bool,
    wait_for: WaitFor | None,
    seconds: float | None,
    refused: float,
    away: float,
) -> None:
    """Stands inside: dials the server in the DMZ, and brings verified partners to the receive daemon.

    -U, -S and -T are needed. Without -d it goes to the background; the command returns when the client runs, and says
    what does not answer yet.
    """
    # First of all: until here the command line, and with it a token given there, is visible to every user of this host.
    make_room()
    setproctitle.setproctitle("seon_proxyclient2: starting")
    hold_standard_streams()
    if terminal or not foreground:  # -d prints nothing
        _warn_of(token)
    from seon.client import start  # noqa: PLC0415

    options = start.Options(
        url,
        server_,
        token,
        foreground=foreground or terminal,
        terminal=terminal,
        replace_stale=replace_stale,
        wait=_wait(wait_for, seconds),
        refused=refused,
        away=away,
    )
    try:
        start.start(options)
    except StartError as error:
        raise SystemExit(_said(error)) from None


def _wait(wait_for: WaitFor | None, seconds: float | None) -> Wait:
    """Return what the starting command waits for; the argument belongs to --wait-ready, and to nothing else."""
    if wait_for:
        return Wait(wait_for, seconds or WAIT_SECONDS)
    if seconds is not None:
        raise click.UsageError(f"'{seconds:g}' is not expected here: only --wait-ready has a number behind it")
    return Wait()


def _warn_of(token: str) -> None:
    if token and token[0] not in "@-":
        click.echo("A token on the command line is visible to every user of this host: use -T @file", err=True)


def _said(error: StartError) -> int:
    click.echo(str(error), err=True)
    return 1
