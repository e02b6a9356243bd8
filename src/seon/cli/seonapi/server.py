"""`seonapi server`: the servers in the DMZ, known by their Proxy IDs."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from typing import TYPE_CHECKING, Any

import click

from seon.cli.seonapi.base import Said, on_installation
from seon.cli.seonapi.client import assigned

if TYPE_CHECKING:
    from seon.backend.proxies.models import ProxyServer


@click.group()
def server() -> None:
    """Servers in the DMZ. One is added with its first license: seonapi license issue PROXY_ID."""


@server.command(name="change")
@click.argument("name", metavar="SERVER")
@click.argument("settings", nargs=-1, required=True, metavar="KEY=VALUE...")
@on_installation
def server_change(name: str, settings: tuple[str, ...]) -> Said:
    """Change SERVER (a Proxy ID or a name): name, external_address, external_port, outgoing_address, limits.

    An empty value means: as in general. `seonapi get` shows the limits and what may stand there.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.proxies.actions import change_server

    changed = change_server(owner(), name, **assigned(settings))
    return Said(_row(changed), f"server {changed} changed")


@server.command(name="remove")
@click.argument("name", metavar="SERVER")
@on_installation
def server_remove(name: str) -> Said:
    """Remove SERVER (a Proxy ID or a name) with its licenses: its link ends within seconds."""
    from seon.backend.acting.actors import owner
    from seon.backend.proxies.actions import remove_server

    removed = remove_server(owner(), name)
    return Said({"proxy_id": removed.proxy_id, "removed": True}, f"server {removed} removed, with its licenses")


@server.command(name="list")
@on_installation
def server_list() -> Said:
    """List servers with what each has for itself."""
    from seon.backend.proxies.models import ProxyServer

    rows = [_row(found) for found in ProxyServer.objects.all()]
    return Said(rows, "\n".join(_line(row) for row in rows) or "no servers yet: seonapi license issue PROXY_ID")


def _row(found: "ProxyServer") -> dict[str, Any]:
    from seon.backend.proxies.actions import SERVER_KEYS

    return {"proxy_id": found.proxy_id, **{key: getattr(found, key) for key in SERVER_KEYS}}


def _line(row: dict[str, Any]) -> str:
    own = ", ".join(f"{key} {value}" for key, value in row.items() if key not in ("proxy_id", "name") and value)
    return "  ".join((row["proxy_id"], row["name"] or "(no name)", own or "all as in general"))
