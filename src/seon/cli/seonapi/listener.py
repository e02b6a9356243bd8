"""`seonapi listener`: listening ports of clients, by which the send daemon reaches partners."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from typing import TYPE_CHECKING

import click

from seon.cli.seonapi.answers import Cell, Sheet, Table
from seon.cli.seonapi.base import Said, on_installation

if TYPE_CHECKING:
    from seon.backend.proxies.models import Listener

_PORT = "The client's listening port."
_ADDRESS = click.option("--address", default="", help="Where it listens; needed if that port is there twice.")


@click.group()
def listener() -> None:
    """Listening ports of clients, each of which leads to a partner."""


@listener.command(name="remove")
@click.option("--client", required=True, metavar="NAME", help="The client's name or address.")
@click.option("--port", type=click.IntRange(1, 65_535), required=True, help=_PORT)
@_ADDRESS
@on_installation
def listener_remove(client: str, port: int, address: str) -> Said:
    """Take a listening port away from a client."""
    from seon.backend.acting.actors import owner
    from seon.backend.proxies.actions import remove_listener

    remove_listener(owner(), client, port, address)
    return Said({"client": client, "port": port}, f"listening port {port} of {client} removed")


@listener.command(name="add")
@click.option("--client", required=True, metavar="NAME/ADDRESS", help="The client; NAME or ADDRESS once it is known.")
@click.option("--port", type=click.IntRange(1, 65_535), required=True, help=_PORT)
@click.option("--partner", "partner_id", required=True, metavar="ID", help="The partner that the port leads to.")
@click.option("--address", default="127.0.0.1", show_default=True, help="Where the client listens.")
@on_installation
def listener_add(client: str, port: int, partner_id: str, address: str) -> Said:
    """Map a port of a client to a partner."""
    from seon.backend.acting.actors import owner
    from seon.backend.proxies.actions import add_listener

    added = add_listener(owner(), client, port, partner_id, address)
    data = {"client": added.client.name, "address": added.address, "port": added.port, "partner": partner_id}
    return Said(data, f"{added.client}: {added}")


@listener.command(name="change")
@click.option("--client", required=True, metavar="NAME", help="The client's name or address.")
@click.option("--port", type=click.IntRange(1, 65_535), required=True, help=_PORT)
@_ADDRESS
@click.option(
    "--partner", "partner_id", default="", metavar="ID", help="The partner that the port leads to from now on."
)
@click.option("--to-port", type=click.IntRange(1, 65_535), help="The new port.")
@click.option("--to-address", default="", help="Where it listens from now on.")
@on_installation
def listener_change(
    client: str, port: int, address: str, partner_id: str, to_port: int | None, to_address: str
) -> Said:
    """Change a listening port; what is not said stays."""
    from seon.backend.acting.actors import owner
    from seon.backend.proxies.actions import change_listener, known_listener

    now = known_listener(client, port, address)
    to = (to_address or now.address, to_port or now.port)
    changed = change_listener(owner(), client, port, now.address, to=to, partner=partner_id)
    data = {
        "client": changed.client.name, "address": changed.address, "port": changed.port,
        "partner": changed.partner.identifier,
    }  # fmt: skip
    return Said(data, f"{changed.client}: {changed}")


@listener.command(name="list")
@click.option("--client", default="", metavar="NAME", help="Of this client only: its name or address.")
@on_installation
def listener_list(client: str) -> Said:
    """List listening ports: of which clients, and to which partners."""
    from seon.backend.proxies.actions import known_client
    from seon.backend.proxies.models import Listener

    rows = Listener.objects.select_related("client", "partner").order_by("client__name", "address", "port")
    table = Table(_TITLES, empty="no listening ports yet")
    for found in rows.filter(client=known_client(client)) if client else rows:
        table.add(**_row(found))
    return table.said()


@listener.command(name="show")
@click.option("--client", required=True, metavar="NAME", help="The client's name or address.")
@click.option("--port", type=click.IntRange(1, 65_535), required=True, help=_PORT)
@_ADDRESS
@on_installation
def listener_show(client: str, port: int, address: str) -> Said:
    """Show a listening port, and which partner is dialled."""
    from seon.backend.proxies.actions import known_listener

    found = known_listener(client, port, address)
    sheet = Sheet()
    for key, value in _row(found).items():
        sheet.add(key, _TITLES[key], value)
    dialled = f"{found.partner.host}:{found.partner.port}" if found.partner.host else "nowhere: it has no host"
    sheet.add("dialled", "dialled at", dialled)
    sheet.add("enabled", "partner enabled", found.partner.enabled)
    return sheet.said()


_TITLES = {"client": "client", "address": "address", "port": "port", "partner": "partner"}


def _row(found: "Listener") -> dict[str, Cell]:
    return {
        "client": found.client.name, "address": found.address, "port": found.port, "partner": found.partner.identifier,
    }  # fmt: skip
