"""`seonapi`: the installation's command line. Django is loaded by the command that needs it, so `--help` is quick.

Every command says what it did in a line, or with --json in one JSON value. What goes wrong is one line that says what
to do, and exit status 1 (2 for a wrong command line); never a traceback.
"""

import sys

import click

from seon.cli.seonapi.anchor import anchor
from seon.cli.seonapi.certificate import certificate
from seon.cli.seonapi.check import check
from seon.cli.seonapi.client import client
from seon.cli.seonapi.completion import completion
from seon.cli.seonapi.crl import crl
from seon.cli.seonapi.daemons import serve
from seon.cli.seonapi.events import events
from seon.cli.seonapi.file import file
from seon.cli.seonapi.host import host
from seon.cli.seonapi.ignore import ignore
from seon.cli.seonapi.installation import init
from seon.cli.seonapi.license import license_
from seon.cli.seonapi.listener import listener
from seon.cli.seonapi.live import live
from seon.cli.seonapi.log import log
from seon.cli.seonapi.partner import partner
from seon.cli.seonapi.queue import queue
from seon.cli.seonapi.script import script
from seon.cli.seonapi.server import server
from seon.cli.seonapi.session import session, trace
from seon.cli.seonapi.settings import get, rules, set_, settings
from seon.cli.seonapi.token import token
from seon.cli.seonapi.user import user
from seon.cli.version import version_option
from seon.process.streams import hold_standard_streams


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@version_option("seonapi", "-v", "--version")
def main() -> None:
    """Seonapi: configuration, API and panel of Seon SmartProxy."""
    hold_standard_streams()  # before the database is opened


for command in (
    init,
    serve,
    queue,
    settings,
    set_,
    get,
    rules,
    live,
    session,
    file,
    trace,
    license_,
    token,
    certificate,
    anchor,
    crl,
    partner,
    client,
    server,
    listener,
    log,
    ignore,
    check,
    events,
    script,
    completion,
    user,
    host,
):
    main.add_command(command)

if __name__ == "__main__":
    sys.exit(main())
