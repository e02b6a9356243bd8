"""`seonapi client`: the proxy clients inside, found by the address that they call from."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from typing import TYPE_CHECKING, Any

import click

from seon.addresses import shown
from seon.cli.seonapi.answers import Sheet, Table
from seon.cli.seonapi.base import Said, assignments, on_installation
from seon.cli.seonapi.orders import outcome

if TYPE_CHECKING:
    from seon.backend.proxies.models import ProxyClient

_SETTING = "KEY=VALUE"


@click.group()
def client() -> None:
    """Proxy clients inside, each known by its address."""


@client.command(name="add")
@click.argument("name")
@click.argument("address")
@click.argument("settings", nargs=-1, metavar=f"[{_SETTING}]...")
@on_installation
def client_add(name: str, address: str, settings: tuple[str, ...]) -> Said:
    """Add the client NAME, which calls from ADDRESS. Keys: receive_daemon_host, receive_daemon_port."""
    from seon.backend.acting.actors import owner
    from seon.backend.proxies.actions import add_client

    added = add_client(owner(), name, address, **assignments(settings))
    return Said(_row(added), f"client {added} added")


@client.command(name="change")
@click.argument("name", metavar="CLIENT")
@click.argument("settings", nargs=-1, required=True, metavar=f"{_SETTING}...")
@on_installation
def client_change(name: str, settings: tuple[str, ...]) -> Said:
    """Change CLIENT, a name or an address. Keys: name, address, receive_daemon_host, receive_daemon_port.

    An empty value means: as in general.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.proxies.actions import change_client

    changed = change_client(owner(), name, **assignments(settings))
    return Said(_row(changed), f"client {changed} changed")


@client.command(name="remove")
@click.argument("name", metavar="CLIENT")
@on_installation
def client_remove(name: str) -> Said:
    """Remove CLIENT (a name or an address) with its listening ports."""
    from seon.backend.acting.actors import owner
    from seon.backend.proxies.actions import remove_client

    removed = remove_client(owner(), name)
    return Said({"name": removed.name, "removed": True}, f"client {removed} removed, with its listening ports")


@client.command(name="list")
@on_installation
def client_list() -> Said:
    """List clients with their receive daemons and listening ports."""
    from seon.backend.proxies.models import ProxyClient

    table = Table(_LIST, empty="no clients yet")
    for found in ProxyClient.objects.prefetch_related("listeners__partner"):
        row = _row(found)
        table.add(**row, receive_daemon=_receive_daemon(found), ports=_ports(row))
    return table.said()


@client.command(name="show")
@click.argument("name", metavar="CLIENT")
@on_installation
def client_show(name: str) -> Said:
    """Show CLIENT, a name or an address. Receive daemon, listening ports and tokens are shown."""
    from seon.backend.proxies.actions import known_client

    found = known_client(name)
    row = _row(found)
    sheet, ports = Sheet(), Table({"address": "address", "port": "port", "partner": "partner"}, empty="none")
    for key in ("name", "address"):
        sheet.add(key, key, row[key])
    for key in ("receive_daemon_host", "receive_daemon_port"):
        sheet.add(key, "", row[key])
    sheet.add("receive_daemon", "receive daemon", _receive_daemon(found))
    sheet.add("tokens", "tokens for it alone", list(found.tokens.values_list("name", flat=True)) or "none")
    for one in row["listeners"]:
        ports.add(**one)
    sheet.add("listeners", "listening ports", ports)
    return sheet.said()


@client.command(name="drain")
@click.argument("name", metavar="CLIENT")
@on_installation
def client_drain(name: str) -> Said:
    """Let no session begin at CLIENT any more; those that run go on. It does not survive a restart of the client.

    CLIENT is a name, an address, or the name of its token. Waits up to 15 s until the client says that it is done.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.live.actions import drain_client

    return outcome(drain_client(owner(), name))


@client.command(name="resume")
@click.argument("name", metavar="CLIENT")
@on_installation
def client_resume(name: str) -> Said:
    """Let sessions begin again at CLIENT, which was drained. Waits up to 15 s until the client says that it is done."""
    from seon.backend.acting.actors import owner
    from seon.backend.live.actions import resume_client

    return outcome(resume_client(owner(), name))


@client.command(name="end-link")
@click.argument("name", metavar="CLIENT")
@on_installation
def client_end_link(name: str) -> Said:
    """End the link of CLIENT, and CLIENT with it.

    It says Bye to its server, and the external port closes. A service manager starts the client again. The command
    waits up to 15 s until the client says that it is done.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.live.actions import end_link

    return outcome(end_link(owner(), name))


_LIST = {"name": "name", "address": "address", "receive_daemon": "receive daemon", "ports": "listening ports"}


def _row(found: "ProxyClient") -> dict[str, Any]:
    return {
        "name": found.name,
        "address": found.address,
        "receive_daemon_host": found.receive_daemon_host,
        "receive_daemon_port": found.receive_daemon_port,
        "listeners": [
            {"address": one.address, "port": one.port, "partner": one.partner.identifier}
            for one in found.listeners.all()
        ],
    }


def _receive_daemon(found: "ProxyClient") -> str:
    host, port = found.receive_daemon_host, found.receive_daemon_port
    return " ".join(filter(None, (host, f"port {port}" if port else ""))) or "as in general"


def _ports(row: dict[str, Any]) -> list[str]:
    return [f"{shown(one['address'], one['port'])} to {one['partner']}" for one in row["listeners"]] or ["none"]
