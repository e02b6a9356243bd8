"""`seonapi partner refused` and `from-refused`: certificates that servers have refused, and partners made of them."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from typing import TYPE_CHECKING

import click

from seon.backend.errors import OperatorError
from seon.cli.seonapi.answers import Cell, Sheet, Table
from seon.cli.seonapi.base import Said, on_installation
from seon.events import shown
from seon.wording import fill

if TYPE_CHECKING:
    from seon.backend.refused.models import RefusedCertificate

_LIST = {
    "last_seen": "last seen", "short": "id", "verdict": "verdict", "source": "source", "count": "times",
    "subject": "subject", "issuer": "issuer",
}  # fmt: skip
_SHEET = {
    "subject": "subject", "issuer": "issuer", "serial": "serial", "sha256": "SHA-256", "not_before": "valid from",
    "not_after": "valid until", "odette_ids": "Odette IDs", "first_seen": "first seen", "last_seen": "last seen",
    "count": "times", "source": "last source", "verdict": "verdict", "reason": "reason",
}  # fmt: skip
_SHORT = 16


@click.group()
def refused() -> None:
    """Certificates that servers have refused.

    The newest 1,000 are kept, each once.

    A server says the same one at most once an hour, and ten certificates a minute: in a flood not all are here.
    """


@refused.command(name="list")
@on_installation
def refused_list() -> Said:
    """List refused certificates, the newest first."""
    from seon.backend.refused.models import RefusedCertificate

    table = Table(_LIST, empty="no certificate was refused")
    for row in RefusedCertificate.objects.defer("der"):
        table.add(short=row.fingerprint[:_SHORT], **_facts(row))
    return table.said()


@refused.command(name="show")
@click.argument("fingerprint", metavar="SHA256")
@on_installation
def refused_show(fingerprint: str) -> Said:
    """Show a refused certificate. The beginning of its SHA-256 is enough."""
    from seon.backend.refused.lookup import find_refused
    from seon.pki import peer_certificate

    row = find_refused(fingerprint)
    certificate = peer_certificate(bytes(row.der))
    facts = {**_facts(row), "odette_ids": list(dict.fromkeys((*certificate.odette_ids, *certificate.oftp_ids)))}
    sheet = Sheet()
    for key, title in _SHEET.items():
        sheet.add(key, title, facts[key])
    sheet.add("pem", "", certificate.pem)
    return sheet.said()


@refused.command(name="remove")
@click.argument("fingerprints", metavar="[SHA256]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All of them.")
@on_installation
def refused_remove(fingerprints: tuple[str, ...], everything: bool) -> Said:
    """Forget refused certificates. One comes back when somebody shows it again."""
    from seon.backend.acting.actors import owner
    from seon.backend.refused.actions import remove_refused

    if bool(fingerprints) == everything:
        raise OperatorError("Give the SHA-256 of each, or --all")
    rows = remove_refused(owner(), None if everything else fingerprints)
    words = fill("{count:# refused certificate|# refused certificates|no refused certificate}", {"count": len(rows)})
    return Said({"removed": [row.fingerprint for row in rows]}, f"{words} forgotten")


@click.command(name="from-refused")
@click.argument("fingerprint", metavar="SHA256")
@click.argument("identifier", metavar="ID")
@click.option("--name", default="", help="Its full name; default: as the certificate's subject has it.")
@click.option("--code", "codes", multiple=True, help="An SSID code it may show; repeatable; none: every code.")
@click.option(
    "--force", is_flag=True, help="Take an expired or revoked certificate, too, or one that calls itself a CA."
)
@on_installation
def from_refused(fingerprint: str, identifier: str, name: str, codes: tuple[str, ...], force: bool) -> Said:
    """Make the partner ID of a refused certificate.

    It is pinned, and its Odette IDs are noted.

    Before that, ask the partner by telephone for the SHA-256 of its certificate: whoever connects chooses the names.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.configuration.lines import entries_of
    from seon.backend.refused.actions import partner_from_refused

    added = partner_from_refused(owner(), fingerprint, identifier, name=name, codes=codes, force=force)
    pinned, ids = added.certificates.get(), entries_of(added.odette_ids)
    lines = [
        f"partner {added.identifier} added: {added.name}",
        f"pinned: {pinned.subject}, SHA-256 {pinned.fingerprint}",
        *([f"Odette IDs: {', '.join(ids)}"] if ids else []),
    ]
    data = {"id": added.identifier, "name": added.name, "pinned": pinned.fingerprint, "odette_ids": list(ids)}
    return Said(data, "\n".join(shown(line, 1_000) for line in lines))


def _facts(row: "RefusedCertificate") -> dict[str, Cell]:
    return {
        "sha256": row.fingerprint, "subject": row.subject, "issuer": row.issuer, "serial": row.serial,
        "not_before": row.not_before, "not_after": row.not_after, "first_seen": row.first_seen,
        "last_seen": row.last_seen, "count": row.count, "source": row.source, "verdict": row.verdict,
        "reason": row.reason,
    }  # fmt: skip
