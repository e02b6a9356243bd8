"""`seonapi server`: the servers in the DMZ, known by their Proxy IDs."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from seon.cli.seonapi.answers import Sheet, State, Table, Tone
from seon.cli.seonapi.base import Said, assignments, on_installation
from seon.cli.seonapi.license import license_row, license_table

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
    """Change SERVER, a Proxy ID or a name. Keys: name, external_address, external_port, outgoing_address, limits.

    An empty value means: as in general. `seonapi get` shows the limits and what may stand there.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.proxies.actions import change_server

    changed = change_server(owner(), name, **assignments(settings))
    return Said(_row(changed), f"server {changed} changed")


@server.command(name="remove")
@click.argument("name", metavar="SERVER")
@on_installation
def server_remove(name: str) -> Said:
    """Remove SERVER, a Proxy ID or a name, with its licenses. Its link ends within seconds."""
    from seon.backend.acting.actors import owner
    from seon.backend.proxies.actions import remove_server

    removed = remove_server(owner(), name)
    return Said({"proxy_id": removed.proxy_id, "removed": True}, f"server {removed} removed, with its licenses")


@server.command(name="list")
@on_installation
def server_list() -> Said:
    """List servers with their licenses and what each has for itself."""
    from seon.backend.proxies.models import ProxyServer

    table = Table(_LIST, empty="no servers yet: seonapi license issue PROXY_ID")
    for found in ProxyServer.objects.prefetch_related("licenses"):
        row = _row(found)
        licensed, until = _license_of(found)
        table.add(**row, license=licensed, licensed_until=until, own=_own(row))
    return table.said()


@server.command(name="show")
@click.argument("name", metavar="SERVER")
@on_installation
def server_show(name: str) -> Said:
    """Show SERVER, a Proxy ID or a name, and its licenses."""
    from seon.backend.proxies.actions import known_server

    found = known_server(name)
    licensed, until = _license_of(found)
    sheet, licenses = Sheet(), license_table()
    for key, value in _row(found).items():
        sheet.add(key, _TITLES.get(key, key), "as in general" if value in ("", None) and key != "name" else value)
    sheet.add("license", "license", licensed)
    sheet.add("licensed_until", "licensed until", until)
    for one in found.licenses.select_related("server"):
        licenses.add(**license_row(one))
    sheet.add("licenses", "licenses", licenses)
    return sheet.said()


_LIST = {
    "proxy_id": "Proxy ID", "name": "name", "license": "license", "licensed_until": "licensed until", "own": "its own",
}  # fmt: skip
_TITLES = {"proxy_id": "Proxy ID"}


def _row(found: "ProxyServer") -> dict[str, Any]:
    from seon.backend.proxies.actions import SERVER_KEYS

    return {"proxy_id": found.proxy_id, **{key: getattr(found, key) for key in SERVER_KEYS}}


def _own(row: dict[str, Any]) -> str:
    own = ", ".join(f"{key} {value}" for key, value in row.items() if key not in ("proxy_id", "name") and value)
    return own or "all as in general"


def _license_of(found: "ProxyServer") -> "tuple[State, datetime | None]":
    """Return whether it has a license in force, and until when."""
    now = datetime.now(UTC)
    ends = [one.not_after for one in found.licenses.all() if one.withdrawn_at is None and one.not_after > now]
    return (State("in force", Tone.GOOD), max(ends)) if ends else (State("none in force", Tone.BAD), None)
