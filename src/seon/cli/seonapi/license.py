"""`seonapi license`: licenses of servers."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

import functools
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seon.backend.errors import OperatorError
from seon.cli.replacing import Put, replaced
from seon.cli.seonapi.answers import Cell, Sheet, State, Table, Tone
from seon.cli.seonapi.base import FILE, Said, on_installation

if TYPE_CHECKING:
    from collections.abc import Callable

    from seon.backend.trust.models import License


@click.group(name="license")
def license_() -> None:
    """Licenses of servers."""


@license_.command(name="issue")
@click.argument("proxy_id")
@click.option("--days", type=click.IntRange(1, 3_660), default=365, show_default=True, help="How long it holds.")
@click.option("--out", type=FILE, metavar="FILE", help="Write the license there; default: standard output.")
@on_installation
def license_issue(proxy_id: str, days: int, out: Path | None) -> Said:
    """Issue a license for the server that has PROXY_ID. `seon_proxyserver2 -L` prints it there.

    Compare the link CA that is printed with the one that `seon_proxyserver2 -V` shows. If FILE cannot be written,
    nothing is issued.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.trust.license_actions import issue_license
    from seon.link.identity import authority_line, read_license

    issue = functools.partial(issue_license, owner(), proxy_id, days)
    issued = issue() if out is None else _issued_to(out, issue)
    license_ = read_license(issued.pem.encode())
    data = {"proxy_id": license_.proxy_id, "serial": license_.serial, "not_after": issued.not_after,
            "link_ca": license_.ca_fingerprint, "license": issued.pem}  # fmt: skip
    authority = authority_line(license_.ca_fingerprint)
    if out is None:
        return Said(data, issued.pem.rstrip("\n"), authority)
    return Said(data, f"license until {issued.not_after:%Y-%m-%d} in {out}\n{authority}")


def _issued_to(out: Path, issue: "Callable[[Put], License]") -> "License":
    """Issue a license whose draft is written before; the file itself comes when all is stored."""
    issued = None
    try:
        with replaced(out, 0o644) as put:  # nothing secret; the server refuses one that group or others may write
            issued = issue(put)
    except OperatorError as error:
        if issued is None:
            raise
        raise OperatorError(f"{error}; it was issued: `seonapi license show {issued.serial} --json` has it") from None
    return issued


@license_.command(name="withdraw")
@click.argument("serial")
@on_installation
def license_withdraw(serial: str) -> Said:
    """Withdraw the license with this serial. The link of a server that shows it ends within seconds."""
    from seon.backend.acting.actors import owner
    from seon.backend.trust.license_actions import withdraw_license

    gone = withdraw_license(owner(), serial)
    again = f"to license it again: seonapi license issue {gone.server.proxy_id}"
    data = {"serial": gone.serial, "proxy_id": gone.server.proxy_id, "withdrawn": True}
    return Said(data, f"license {gone.serial} of {gone.server} withdrawn; its link ends within 5 s\n{again}")


@license_.command(name="list")
@on_installation
def license_list() -> Said:
    """List licenses, newest first, with their servers and ends."""
    from seon.backend.trust.models import License

    table = license_table()
    for found in License.objects.select_related("server"):
        table.add(**license_row(found))
    return table.said()


@license_.command(name="show")
@click.argument("serial")
@on_installation
def license_show(serial: str) -> Said:
    """Show the license with this serial, as the server's -V does."""
    from seon.backend.trust.licenses import known_license
    from seon.link.identity import read_license

    found = known_license(serial)
    sheet = Sheet()
    for key, value in license_row(found).items():
        sheet.add(key, _TITLES[key], value)
    sheet.add("link_ca", "link CA, SHA-256", read_license(found.pem.encode()).ca_fingerprint)
    sheet.add("license", "", found.pem)
    return sheet.said()


_TITLES = {
    "serial": "serial", "proxy_id": "Proxy ID", "server": "server", "not_after": "valid until",
    "issued_at": "issued", "issued_by": "issued by", "withdrawn": "withdrawn", "state": "state",
}  # fmt: skip

_TONES = {"in force": Tone.GOOD, "ends soon": Tone.SOON, "ended": Tone.BAD, "withdrawn": Tone.OFF}


def license_table() -> Table:
    """Return an empty table of licenses; its rows are made by `license_row`."""
    headings = {key: _TITLES[key] for key in ("serial", "server", "proxy_id", "state", "not_after", "issued_by")}
    return Table(headings, empty="no licenses yet")


def license_row(found: "License") -> dict[str, Cell]:
    """Return what is said of a license."""
    from seon.backend.trust.lists import license_state

    said = license_state(found, datetime.now(UTC))
    state = State(said, _TONES[said])
    return {
        "serial": found.serial, "proxy_id": found.server.proxy_id, "server": found.server.name, "state": state,
        "not_after": found.not_after, "issued_at": found.issued_at, "issued_by": found.issued_by,
        "withdrawn": found.withdrawn_at,
    }  # fmt: skip
