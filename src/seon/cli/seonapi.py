"""`seonapi`: the installation's command line. Django is loaded by the command that needs it, so `--help` is quick.

Every command says what it did in a line, or with --json in one JSON value. What goes wrong is one line that says what
to do, and exit status 1 (2 for a wrong command line); never a traceback.
"""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

import functools
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
import msgspec

from seon.addresses import AddressError, listening_address, read_host
from seon.backend.errors import OperatorError
from seon.cli.replacing import replaced
from seon.cli.seonapi_base import (
    Said,
    clear_errors,
    home_option,
    level_option,
    on_installation,
    open_for_daemon,
    pid_file,
    read_file,
    replace_stale_pid_option,
    secret_in,
)
from seon.cli.version import version_option
from seon.process.streams import hold_standard_streams

if TYPE_CHECKING:
    from seon.backend.configuration.values import Shown


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@version_option("seonapi", "-v", "--version")
def main() -> None:
    """Seonapi: configuration, API and panel of Seon SmartProxy."""
    hold_standard_streams()  # before the database is opened


_FILE = click.Path(path_type=Path)

# --- the installation -----------------------------------------------------------------------------------------------


@main.command()
@home_option
@click.option(
    "--host", "hosts", multiple=True, metavar="NAME", help="Name or address of this host for https; repeatable."
)
@click.option("--user", default="admin", show_default=True, help="The administrator.")
@click.option("--password-file", type=_FILE, metavar="F", help="Its password; default: a random one, shown once.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
@clear_errors
def init(home: str | None, hosts: tuple[str, ...], user: str, password_file: Path | None, as_json: bool) -> None:
    """Make an installation, or bring one up to date. What is there stays."""
    from seon.backend import installation, schema
    from seon.backend.loading import choose_home, load_django, secret_file_of

    names = [_own_name(host) for host in hosts]
    place = choose_home(home)
    made = installation.make_directories(place, secret_file_of(place))
    load_django()
    made += schema.migrate()
    made += installation.make_authorities(place, names)
    administrators, password = installation.make_administrator(user, secret_in(password_file))
    made += administrators
    if as_json:
        data = {"home": str(place.path), "made": made, "user": user, "password": password}
        click.echo(msgspec.json.encode(data).decode())
        return
    for what in made:
        click.echo(f"made {what}")
    if password is not None:
        click.echo(f"password of {user}, shown only now: {password}")
    if not made:
        click.echo(f"{place.path} is complete: nothing changed")


def _own_name(text: str) -> str:
    try:
        return read_host(text)
    except AddressError as error:
        raise OperatorError(f"--host: {error}") from None


@main.command()
@home_option
@click.option("--listen", default="127.0.0.1:8443", show_default=True, metavar="ADDRESS:PORT")
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
def serve(home: str | None, listen: str, prefixes: tuple[str, ...], level: str, replace_stale_pid: bool) -> None:
    """Serve API and panel by https until SIGTERM or Ctrl-C.

    SIGHUP opens the log file anew. Signals 20, 21, 22, 23 and 24 set its level to TRACE, DEBUG, INFO, ERROR and FATAL.
    """
    place = open_for_daemon(home, "seonapi", level)
    from seon.backend.configuration.keys import read_host_port
    from seon.backend.prefixes import read_prefixes
    from seon.backend.serving import serve as serve_https

    host, port = read_host_port("--listen", listen, listening_address)
    # By its port: several processes may serve one installation, if it has a PostgreSQL.
    with pid_file(place, f"seonapi_serve.{port}.pid", replace_stale=replace_stale_pid):
        serve_https(place, host, port, read_prefixes(prefixes), functools.partial(click.echo, nl=True))
    _leave_at_once()


def _leave_at_once() -> NoReturn:
    """End the process without taking the interpreter down: granian's threads may still run, and panic under that."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


@main.command()
@home_option
@click.option("--once", is_flag=True, help="Do one round and end; refused beside a queue daemon.")
@level_option
@replace_stale_pid_option
@clear_errors
def queue(home: str | None, once: bool, level: str, replace_stale_pid: bool) -> None:
    """Run the queue daemon: clean-up in a time slice (setting queue_seconds).

    SIGHUP opens the log file anew. Signals 20, 21, 22, 23 and 24 set its level to TRACE, DEBUG, INFO, ERROR and FATAL.
    """
    place = open_for_daemon(home, "queue", level)
    from seon.backend.queue import daemon

    # One round at a time, whoever does it: two would do the same work twice, and tell of it twice in the journal.
    with pid_file(place, "seonapi_queue.pid", replace_stale=replace_stale_pid):
        if once:
            daemon.run_round()
        else:
            daemon.run(click.echo)


# --- settings -------------------------------------------------------------------------------------------------------


@main.command(name="set")
@click.argument("key")
@click.argument("value")
@on_installation
def set_(key: str, value: str) -> Said:
    """Set KEY to VALUE; `seonapi get` shows the keys and what may stand there.

    rules.RULE says what a rule of the verifier is worth: refuse, decline (files only), warn, ignore, or empty (as the
    profile says). The id of a rule with forms stands for all of them; what was set is said.
    """
    from seon.backend.configuration.keys import all_settings, chosen, set_setting

    done = set_setting(key, value)
    now = chosen(all_settings(), key)
    return Said({key: now.value, **done.data}, _assigned(key, now.text, done.text))


def _assigned(key: str, value: str, more: str) -> str:
    return " ".join(filter(None, (key, "=", value, f"({more})" if more else "")))


@main.command()
@click.argument("key", required=False)
@on_installation
def get(key: str | None) -> Said:
    """Show one setting, or all with what may stand there."""
    from seon.backend.configuration.keys import all_settings

    return _told(all_settings(), key)


def _told(rows: "list[Shown]", key: str | None) -> Said:
    """Tell one setting, or all of them."""
    from seon.backend.configuration.keys import chosen

    if key is not None:
        row = chosen(rows, key)
        return Said({key: row.value}, row.text)
    width = max(len(row.key) for row in rows)
    lines = (f"{row.key:{width}}  {row.text:20}  {row.meaning} ({row.allowed})" for row in rows)
    return Said({row.key: row.value for row in rows}, "\n".join(lines))


@main.command()
@on_installation
def rules() -> Said:
    """List the rules of the verifier that can be set, and what the profiles make of them."""
    from seon.backend.configuration.rules import SETTABLE

    data = {
        rule.name: {
            "meaning": rule.meaning,
            "default": rule.default,
            "strict": rule.strict,
            "can_be": rule.can_be.split(", "),
        }
        for rule in SETTABLE.values()
    }
    lines = (
        f"{rule.name:23}  {rule.default:8}  {rule.strict:8}  {rule.can_be:30}  {rule.meaning}"
        for rule in SETTABLE.values()
    )
    heading = f"{'key':23}  {'default':8}  {'strict':8}  {'can be set to':30}  meaning; others are always refused"
    return Said(data, "\n".join([heading, *lines]))


@main.command()
@click.argument("session")
@click.argument("switch", type=click.Choice(["on", "off"]))
@on_installation
def trace(session: str, switch: str) -> Said:
    """Switch the trace of the running session SESSION (its id, or 8 characters of it) on or off.

    Both programs write it to a file in the directory `traces` of their home. For all sessions of a partner:
    seonapi partner set ID trace yes.
    """
    from seon.backend.journal.tracing import trace_session

    found = trace_session(session, on=switch == "on")
    return Said({"session": found, "trace": switch == "on"}, f"trace of session {found} switched {switch}")


# --- trust ----------------------------------------------------------------------------------------------------------


@main.group(name="license")
def license_() -> None:
    """Licenses of servers."""


@license_.command(name="issue")
@click.argument("proxy_id")
@click.option("--days", type=click.IntRange(1, 3_660), default=365, show_default=True)
@click.option("--out", type=_FILE, metavar="FILE", help="Write the license there; default: standard output.")
@on_installation
def license_issue(proxy_id: str, days: int, out: Path | None) -> Said:
    """Issue a license for the server whose `seon_proxyserver2 -L` printed PROXY_ID.

    Compare the link CA that is printed with the one that `seon_proxyserver2 -V` shows. If FILE cannot be written,
    nothing is issued.
    """
    from seon.backend.journal.auditing import operating_user
    from seon.backend.trust.licenses import new_license
    from seon.link.identity import authority_line, read_license

    issue = functools.partial(new_license, proxy_id, days, operating_user())
    if out is None:
        issued = issue()
    else:
        with replaced(out, 0o644) as put:  # nothing secret; the server refuses one that group or others may write
            issued = issue(put)
    license_ = read_license(issued.pem.encode())
    data = {"proxy_id": license_.proxy_id, "serial": license_.serial, "not_after": issued.not_after,
            "link_ca": license_.ca_fingerprint, "license": issued.pem}  # fmt: skip
    authority = authority_line(license_.ca_fingerprint)
    if out is None:
        return Said(data, issued.pem.rstrip("\n"), authority)
    return Said(data, f"license until {issued.not_after:%Y-%m-%d} in {out}\n{authority}")


@main.group()
def token() -> None:
    """Security tokens of clients."""


@token.command(name="new")
@click.argument("name")
@click.option(
    "--proxy-id", "proxy_ids", multiple=True, help="A server its client may serve; default: every licensed one."
)
@on_installation
def token_new(name: str, proxy_ids: tuple[str, ...]) -> Said:
    """Make a token and print it: it is shown only now."""
    from seon.backend.trust.tokens import new_token

    made = new_token(name, proxy_ids)
    return Said({"name": name, "token": made}, made)


@token.command(name="withdraw")
@click.argument("name")
@on_installation
def token_withdraw(name: str) -> Said:
    """Withdraw a token: its client's calls are refused from now on."""
    from seon.backend.trust.tokens import withdraw_token

    withdraw_token(name)
    return Said({"name": name, "withdrawn": True}, f"token {name} withdrawn")


@token.command(name="list")
@on_installation
def token_list() -> Said:
    """List tokens."""
    from seon.backend.trust.models import Token

    rows = [{"name": found.name, "withdrawn": found.withdrawn_at is not None} for found in Token.objects.all()]
    lines = (f"{row['name']}{'  withdrawn' if row['withdrawn'] else ''}" for row in rows)
    return Said(rows, "\n".join(lines) or "no tokens yet")


@main.group()
def certificate() -> None:
    """The company's certificates towards partners."""


@certificate.command(name="add")
@click.option("--chain", type=_FILE, required=True, metavar="FILE", help="PEM, its own certificate first.")
@click.option("--key", type=_FILE, required=True, metavar="FILE", help="Its private key, PEM or DER.")
@click.option("--key-password-file", type=_FILE, metavar="FILE")
@click.option("--name", default="", help="Name in the panel; default: the subject.")
@on_installation
def certificate_add(chain: Path, key: Path, key_password_file: Path | None, name: str) -> Said:
    """Store a certificate with its key, and put it in use."""
    from seon.backend.trust.own import add_own_certificate

    password = secret_in(key_password_file)
    own = add_own_certificate(name, read_file(chain), read_file(key), password.encode() if password else None)
    data = {"id": own.fingerprint, "subject": own.subject, "not_after": own.not_after}
    return Said(data, f"certificate of {own.subject} until {own.not_after:%Y-%m-%d} in use")


# --- partners and clients -------------------------------------------------------------------------------------------


@main.group()
def partner() -> None:
    """Partners."""


@partner.command(name="add")
@click.argument("identifier", metavar="ID")
@click.option("--name", help="Its full name; default: ID.")
@click.option("--code", "codes", multiple=True, help="An SSID code it may show; repeatable; none: every code.")
@click.option("--certificate", "certificates", type=_FILE, multiple=True, metavar="FILE", help="Pinned; repeatable.")
@click.option("--host", default="", help="Where it is dialled; default: it only calls us.")
@click.option("--port", type=click.IntRange(1, 65_535), default=6_619, show_default=True)
@on_installation
def partner_add(
    identifier: str, name: str | None, codes: tuple[str, ...], certificates: tuple[Path, ...], host: str, port: int
) -> Said:
    """Add a partner under the short name ID."""
    from seon.backend.partners.adding import add_partner

    octets = [read_file(path) for path in certificates]
    added = add_partner(identifier, name or identifier, codes, octets, host=host, port=port)
    without = "" if certificates else "; without a certificate it is not admitted"
    return Said({"id": added.identifier}, f"partner {added.identifier} added{without}")


@partner.command(name="change")
@click.argument("identifier", metavar="ID")
@click.option("--name", help="Its full name.")
@click.option("--host", help="Where it is dialled; empty: it only calls us.")
@click.option("--port", type=click.IntRange(1, 65_535))
@click.option("--enable/--disable", "enabled", default=None, help="A disabled partner's sessions end within seconds.")
@on_installation
def partner_change(identifier: str, **changes: Any) -> Said:
    """Change what is given; everything else stays."""
    from seon.backend.partners.adding import change_partner

    given = {name: value for name, value in changes.items() if value is not None}
    if not given:
        raise OperatorError("Nothing to change is given: --name, --host, --port, --enable or --disable")
    change_partner(identifier, given)
    return Said({"id": identifier, **given}, f"partner {identifier} changed: {', '.join(sorted(given))}")


@partner.command(name="set")
@click.argument("identifier", metavar="ID")
@click.argument("key")
@click.argument("value")
@on_installation
def partner_set(identifier: str, key: str, value: str) -> Said:
    """Set KEY of the partner ID to VALUE; `seonapi partner get ID` shows the keys and what may stand there.

    rules.RULE says what a rule of the verifier is worth: refuse, decline (files only), warn, ignore, or empty (as in
    general). The id of a rule with forms stands for all of them; what was set is said.
    """
    from seon.backend.configuration.keys import chosen
    from seon.backend.partners.keys import partner_settings, set_partner_setting

    done = set_partner_setting(identifier, key, value)
    now = chosen(partner_settings(identifier), key)
    data = {"id": identifier, key: now.value, **done.data}
    return Said(data, f"{identifier}: {_assigned(key, now.text, done.text)}")


@partner.command(name="get")
@click.argument("identifier", metavar="ID")
@click.argument("key", required=False)
@on_installation
def partner_get(identifier: str, key: str | None) -> Said:
    """Show one thing that is set for the partner ID, or all with what may stand there."""
    from seon.backend.partners.keys import partner_settings

    return _told(partner_settings(identifier), key)


@partner.command(name="list")
@on_installation
def partner_list() -> Said:
    """List partners."""
    from seon.backend.partners.models import Partner

    rows = [
        {
            "id": found.identifier,
            "name": found.name,
            "enabled": found.enabled,
            "codes": [code.code for code in found.codes.all()],
            "certificates": [pinned.fingerprint for pinned in found.certificates.all()],
            "host": found.host,
            "port": found.port,
        }
        for found in Partner.objects.prefetch_related("codes", "certificates")
    ]
    lines = ("  ".join(str(row[key]) for key in ("id", "name", "codes", "host")) for row in rows)
    return Said(rows, "\n".join(lines) or "no partners yet")


@main.group()
def listener() -> None:
    """Listening ports of clients, by which the send daemon reaches partners."""


@listener.command(name="remove")
@click.option("--client", required=True, metavar="NAME", help="The client's name or address.")
@click.option("--port", type=click.IntRange(1, 65_535), required=True)
@on_installation
def listener_remove(client: str, port: int) -> Said:
    """Take a listening port away from a client."""
    from seon.backend.proxies.adding import remove_listener

    remove_listener(client, port)
    return Said({"client": client, "port": port}, f"listening port {port} of {client} removed")


@listener.command(name="add")
@click.option("--client", required=True, metavar="NAME/ADDRESS", help="The client; NAME or ADDRESS once it is known.")
@click.option("--port", type=click.IntRange(1, 65_535), required=True)
@click.option("--partner", "partner_id", required=True, metavar="ID")
@click.option("--address", default="127.0.0.1", show_default=True, help="Where the client listens.")
@on_installation
def listener_add(client: str, port: int, partner_id: str, address: str) -> Said:
    """Map a port of a client to a partner."""
    from seon.backend.proxies.adding import add_listener

    added = add_listener(client, port, partner_id, address)
    data = {"client": added.client.name, "address": added.address, "port": added.port, "partner": partner_id}
    return Said(data, f"{added.client}: {added}")


if __name__ == "__main__":
    sys.exit(main())
