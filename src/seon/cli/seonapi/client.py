"""`seonapi client`: the proxy clients inside, found by the address that they call from."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from typing import TYPE_CHECKING, Any

import click

from seon.addresses import shown
from seon.cli.seonapi.base import Said, on_installation

if TYPE_CHECKING:
    from seon.backend.proxies.models import ProxyClient

_SETTING = "KEY=VALUE"


@click.group()
def client() -> None:
    """Proxy clients inside."""


@client.command(name="add")
@click.argument("name")
@click.argument("address")
@click.argument("settings", nargs=-1, metavar=f"[{_SETTING}]...")
@on_installation
def client_add(name: str, address: str, settings: tuple[str, ...]) -> Said:
    """Add the client NAME, which calls from ADDRESS. Keys: receive_daemon_host, receive_daemon_port."""
    from seon.backend.acting.actors import owner
    from seon.backend.proxies.actions import add_client

    added = add_client(owner(), name, address, **assigned(settings))
    return Said(_row(added), f"client {added} added")


@client.command(name="change")
@click.argument("name", metavar="CLIENT")
@click.argument("settings", nargs=-1, required=True, metavar=f"{_SETTING}...")
@on_installation
def client_change(name: str, settings: tuple[str, ...]) -> Said:
    """Change CLIENT (a name or an address): name, address, receive_daemon_host, receive_daemon_port.

    An empty value means: as in general.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.proxies.actions import change_client

    changed = change_client(owner(), name, **assigned(settings))
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

    rows = [_row(found) for found in ProxyClient.objects.prefetch_related("listeners__partner")]
    return Said(rows, "\n".join(_line(row) for row in rows) or "no clients yet")


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


def _line(row: dict[str, Any]) -> str:
    own = [str(row[key]) for key in ("receive_daemon_host", "receive_daemon_port") if row[key]]
    ports = ", ".join(f"{shown(one['address'], one['port'])} to {one['partner']}" for one in row["listeners"])
    return "  ".join((row["name"], row["address"], f"receive daemon: {' port '.join(own) or 'as in general'}",
                      ports or "no listening ports"))  # fmt: skip


def assigned(settings: tuple[str, ...]) -> dict[str, str]:
    """Return settings that were typed as KEY=VALUE. Raises UsageError."""
    found: dict[str, str] = {}
    for setting in settings:
        key, separator, value = setting.partition("=")
        if not separator or not key.isidentifier():
            raise click.UsageError(f"{setting[:80]!r} is not KEY=VALUE")
        found[key] = value
    return found
