"""`seonapi host`: the names and addresses under which Seonapi answers."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

import click

from seon.cli.seonapi.answers import Table
from seon.cli.seonapi.base import Said, on_installation

_TAKEN_UP = "a running seonapi serve takes the new certificate up by itself"


@click.group()
def host() -> None:
    """Names and addresses by which Seonapi is called. They are those in its https certificate."""


@host.command(name="list")
@on_installation
def host_list() -> Said:
    """List the names and addresses, with what each is for."""
    from seon.backend.home import current_home
    from seon.backend.https import LOOPBACK_NAMES, hosts_in

    table = Table({"name": "name", "use": "for"}, empty="no https certificate: run seonapi init")
    for name in hosts_in(current_home().https_certificate):
        table.add(name=name, use="programs on this host" if name in LOOPBACK_NAMES else "clients and browsers")
    return table.said()


@host.command(name="add")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@on_installation
def host_add(names: tuple[str, ...]) -> Said:
    """Add names or addresses. A new https certificate is issued, and no call is lost."""
    from seon.backend.acting.actors import owner
    from seon.backend.hosts.actions import add_hosts

    there = add_hosts(owner(), names)
    return Said({"names": there}, f"the https certificate is for {', '.join(there)}", _TAKEN_UP)


@host.command(name="remove")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@on_installation
def host_remove(names: tuple[str, ...]) -> Said:
    """Take names or addresses away. Who calls Seonapi by one of them is refused from then on."""
    from seon.backend.acting.actors import owner
    from seon.backend.hosts.actions import remove_hosts

    there = remove_hosts(owner(), names)
    return Said({"names": there}, f"the https certificate is for {', '.join(there)}", _TAKEN_UP)
