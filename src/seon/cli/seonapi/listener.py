"""`seonapi listener`: listening ports of clients, by which the send daemon reaches partners."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

import click

from seon.cli.seonapi.base import Said, on_installation


@click.group()
def listener() -> None:
    """Listening ports of clients, by which the send daemon reaches partners."""


@listener.command(name="remove")
@click.option("--client", required=True, metavar="NAME", help="The client's name or address.")
@click.option("--port", type=click.IntRange(1, 65_535), required=True)
@on_installation
def listener_remove(client: str, port: int) -> Said:
    """Take a listening port away from a client."""
    from seon.backend.acting.actors import owner
    from seon.backend.proxies.actions import remove_listener

    remove_listener(owner(), client, port)
    return Said({"client": client, "port": port}, f"listening port {port} of {client} removed")


@listener.command(name="add")
@click.option("--client", required=True, metavar="NAME/ADDRESS", help="The client; NAME or ADDRESS once it is known.")
@click.option("--port", type=click.IntRange(1, 65_535), required=True)
@click.option("--partner", "partner_id", required=True, metavar="ID")
@click.option("--address", default="127.0.0.1", show_default=True, help="Where the client listens.")
@on_installation
def listener_add(client: str, port: int, partner_id: str, address: str) -> Said:
    """Map a port of a client to a partner."""
    from seon.backend.acting.actors import owner
    from seon.backend.proxies.actions import add_listener

    added = add_listener(owner(), client, port, partner_id, address)
    data = {"client": added.client.name, "address": added.address, "port": added.port, "partner": partner_id}
    return Said(data, f"{added.client}: {added}")
