"""The command lines of the two daemons (mission D1). In the foreground: the log goes to the terminal too."""

import sys
from pathlib import Path

import click
import setproctitle

from seon.cli.version import version_option
from seon.daemon.home import StartError

_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
DEFAULT_LICENSE = Path("/etc/seon_proxy.lic")


def _internal_address(_: click.Context, __: click.Parameter, text: str) -> tuple[str, int]:
    from seon import addresses  # noqa: PLC0415  # `-h` is quick

    try:
        return addresses.read_listener(text, 2878)
    except addresses.AddressError as error:
        raise click.BadParameter(f"{error}; examples: :2878, 10.0.0.1:2878, [::1]:2878") from error


@click.command(context_settings=_HELP)
@version_option("seon_proxyserver2", "-v", "--version")
@click.option(
    "-i",
    "internal",
    default=":2878",
    show_default=True,
    callback=_internal_address,
    metavar="[<IP>]:<port>",
    help="Internal port, for clients dialling from inside.",
)
@click.option(
    "-l",
    "license_file",
    type=click.Path(path_type=Path),
    default=DEFAULT_LICENSE,
    show_default=True,
    help="License file.",
)
@click.option("-L", "show_id", is_flag=True, help="Print the Proxy ID and exit.")
@click.option("-V", "show_license", is_flag=True, help="Print the license's validity and exit.")
def server(internal: tuple[str, int], license_file: Path, show_id: bool, show_license: bool) -> None:
    """Seon SmartProxy, server: stands in the DMZ and lets verified partners speaking correct OFTP2 in.

    It takes no configuration but this command line and its license: everything else comes from Seonapi through the
    client. Identity key, log and PID file are in the program's directory, or in SEON_HOME.
    """
    from seon.server import main  # noqa: PLC0415

    try:
        if show_id:
            click.echo(f"Seon Proxy ID: {main.print_identity()}")
        elif show_license:
            click.echo(main.describe_license(license_file))
        else:
            options = main.Options(*internal, license_file, echo=True)
            sys.exit(main.run(options))
    except StartError as error:
        raise SystemExit(_said(error)) from None


@click.command(context_settings={**_HELP}, no_args_is_help=True)
@version_option("seon_proxyclient2", "-v", "--version")
@click.option("-U", "url", required=True, metavar="<URL>", help="Seonapi: https://[user:password@]host[:port]")
@click.option("-S", "server_", required=True, metavar="<host[:port]>", help="The server in the DMZ; port 2878.")
@click.option(
    "-T",
    "token",
    default="",
    metavar="<token>",
    help="Security token: itself, @file, - for standard input; without it SEON_TOKEN. "
    "A command line is visible to every user of this host: @file or SEON_TOKEN is better.",
)
@click.option(
    "--end-if-refused",
    "refused",
    type=click.FloatRange(min=0),
    default=86_400,
    show_default=True,
    metavar="<seconds>",
    help="End after so long of being refused by Seonapi; 0: never.",
)
@click.option(
    "--end-if-away",
    "away",
    type=click.FloatRange(min=0),
    default=0,
    show_default=True,
    metavar="<seconds>",
    help="End after Seonapi was away for so long; 0: never.",
)
@click.option("-d", "quiet", is_flag=True, help="Stay in the foreground and print nothing.")
def client(url: str, server_: str, token: str, refused: float, away: float, quiet: bool) -> None:
    """Seon SmartProxy, client: stands inside, dials the server in the DMZ, and brings partners to the receive daemon.

    Log, PID file and event spool are in the program's directory, or in SEON_HOME. Exit status 3: an established link
    has ended; start the client again. 5: Seonapi has refused this client for too long; 6: it was away for too long.
    """
    # First of all: until here the command line, and with it a token given there, is visible to every user of this host.
    setproctitle.setproctitle("seon_proxyclient2: starting")
    if token and token[0] not in "@-":
        click.echo("A token on the command line is visible to every user of this host: use -T @file", err=True)
    from seon.client import start  # noqa: PLC0415

    try:
        start.start(start.Options(url, server_, token, not quiet, refused, away))
    except StartError as error:
        raise SystemExit(_said(error)) from None


def _said(error: StartError) -> int:
    click.echo(str(error), err=True)
    return 1
