"""`seonapi license`: licenses of servers."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

import functools
from pathlib import Path

import click

from seon.cli.replacing import replaced
from seon.cli.seonapi.base import FILE, Said, on_installation


@click.group(name="license")
def license_() -> None:
    """Licenses of servers."""


@license_.command(name="issue")
@click.argument("proxy_id")
@click.option("--days", type=click.IntRange(1, 3_660), default=365, show_default=True)
@click.option("--out", type=FILE, metavar="FILE", help="Write the license there; default: standard output.")
@on_installation
def license_issue(proxy_id: str, days: int, out: Path | None) -> Said:
    """Issue a license for the server whose `seon_proxyserver2 -L` printed PROXY_ID.

    Compare the link CA that is printed with the one that `seon_proxyserver2 -V` shows. If FILE cannot be written,
    nothing is issued.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.trust.licenses import new_license
    from seon.link.identity import authority_line, read_license

    issue = functools.partial(new_license, proxy_id, days, str(owner()))
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
