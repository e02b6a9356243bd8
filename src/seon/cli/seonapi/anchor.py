"""`seonapi anchor`: trust anchors."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seon.backend.errors import OperatorError
from seon.cli.seonapi.answers import Sheet, State, Table, Tone
from seon.cli.seonapi.base import FILE, Said, on_installation, read_file
from seon.cli.seonapi.crl import tone_of
from seon.events import shown

if TYPE_CHECKING:
    from seon.backend.anchors.models import Anchor
    from seon.backend.partners.anchored import Dependents
    from seon.backend.revocation.lists import Summary

_LIST = {
    "short": "id", "name": "name", "state": "state", "days": "days left", "asserts": "Odette IDs",
    "lists": "revocation lists", "may": "partners", "only": "only by it", "subject": "subject",
}  # fmt: skip
_SHORT = 12
_SOON_DAYS = 60
_MOST_ENTRIES = 1_000
_WORDS = {"yes": True, "no": False}


@click.group()
def anchor() -> None:
    """Trust anchors: CAs whose certificates may admit partners. What stands above them admits nobody."""


@anchor.command(name="add")
@click.argument("file", metavar="FILE", type=FILE)
@click.option("--name", default="", help="Name in lists; default: the subject's common name.")
@click.option("--asserts-odette-ids", is_flag=True, help="An Odette ID in a certificate below it says whose it is.")
@click.option("--force", is_flag=True, help="Take an expired one, too.")
@on_installation
def anchor_add(file: Path, name: str, asserts_odette_ids: bool, force: bool) -> Said:
    """Add the CA in FILE. Forms: PEM, DER, PKCS#7, PKCS#12.

    Of several certificates the CA is taken that issued none of the others. Only CAs are taken: a partner's own
    certificate is pinned, with seonapi partner certificate add.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.anchors.actions import add_anchor

    added = add_anchor(owner(), read_file(file), name=name, asserts_odette_ids=asserts_odette_ids, force=force)
    row = added.anchor
    lines = [f"trust anchor {row} added: {row.subject}, until {row.not_after:%Y-%m-%d}, SHA-256 {row.fingerprint}"]
    lines += [f"not taken from the file: {subject}" for subject in added.passed_over]
    data = {**_plain(row), "passed_over": list(added.passed_over)}
    return Said(data, "\n".join(shown(line, 2_000) for line in lines))


@anchor.command(name="list")
@on_installation
def anchor_list() -> Said:
    """List trust anchors, how their lists are, and how many come in."""
    from seon.backend.anchors.models import Anchor
    from seon.backend.partners.anchored import Dependents, dependents

    theirs, lists = dependents(), _lists()
    table = Table(_LIST, empty="no trust anchors: only pinned certificates admit partners")
    for row in Anchor.objects.all():
        facts = _row(row, theirs.get(row.fingerprint, Dependents()), lists)
        table.add(short=row.fingerprint[:_SHORT], **facts)
    return table.said()


@anchor.command(name="show")
@click.argument("reference", metavar="ANCHOR")
@on_installation
def anchor_show(reference: str) -> Said:
    """Show a trust anchor. ANCHOR: its name, or its SHA-256 or the beginning of it."""
    from seon.backend.anchors.lookup import find_anchor
    from seon.backend.partners.anchored import Dependents, dependents

    row = find_anchor(reference)
    theirs = dependents().get(row.fingerprint, Dependents())
    sheet = Sheet()
    for key, value in _row(row, theirs, _lists()).items():
        if key not in ("may", "only"):
            sheet.add(key, {"sha256": "SHA-256", "not_after": "valid until", "origin": "comes from",
                            "added_at": "added"}.get(key) or _LIST.get(key, key), value)  # fmt: skip
    sheet.add("may", "admits perhaps", theirs.may[:_MOST_ENTRIES])
    sheet.add("only", "alone admits", theirs.only[:_MOST_ENTRIES])
    sheet.add("pem", "", row.pem)
    return sheet.said()


@anchor.command(name="set")
@click.argument("reference", metavar="ANCHOR")
@click.argument("key", type=click.Choice(("name", "asserts_odette_ids")))
@click.argument("value")
@on_installation
def anchor_set(reference: str, key: str, value: str) -> Said:
    """Set KEY of a trust anchor to VALUE.

    KEY is name, or asserts_odette_ids with yes or no.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.anchors.actions import change_anchor

    given: Any = value
    if key == "asserts_odette_ids":
        if value.lower() not in _WORDS:
            raise OperatorError(f"asserts_odette_ids cannot be {value[:40]!r}; allowed: yes, no")
        given = _WORDS[value.lower()]
    lost = change_anchor(owner(), reference, **{key: given})
    lines = [shown(f"{key} = {value}")]
    if lost.may:
        lines.append(f"partners that come in by this anchor no more: {', '.join(lost.may[:20])}")
    return Said({key: given, "lost": lost.may}, "\n".join(lines))


@anchor.command(name="remove")
@click.argument("reference", metavar="ANCHOR")
@click.option("--force", is_flag=True, help="Also one by which partners come in.")
@on_installation
def anchor_remove(reference: str, force: bool) -> Said:
    """Remove a trust anchor. It is said who can come in no more."""
    from seon.backend.acting.actors import owner
    from seon.backend.anchors.actions import remove_anchor

    gone, theirs = remove_anchor(owner(), reference, force=force)
    text = f"trust anchor {gone} removed" + (f"; partners came in by it: {theirs.text}" if theirs.may else "")
    return Said({"removed": gone.fingerprint, "may": theirs.may, "only": theirs.only}, shown(text, 4_000))


def _lists() -> "dict[str, Summary]":
    """Return how the revocation lists of each CA are."""
    from seon.backend.revocation.lists import summaries

    return summaries(datetime.now(UTC))


def _row(row: "Anchor", theirs: "Dependents", lists: "dict[str, Summary]") -> dict[str, Any]:
    from seon.backend.revocation.authorities import identity_of, peer_in
    from seon.backend.revocation.lists import NO_LIST

    days = (row.not_after - datetime.now(UTC)).days
    own = lists.get(identity_of(peer_in(row.pem)), NO_LIST)
    return {
        "name": row.name, "state": _state(days), "days": days, "asserts": row.asserts_odette_ids,
        "lists": State(own.text, tone_of(own.worst)), "may": len(theirs.may), "only": len(theirs.only),
        "subject": row.subject, "sha256": row.fingerprint, "not_after": row.not_after,
        "origin": row.origin, "added_at": row.added_at,
    }  # fmt: skip


def _plain(row: "Anchor") -> dict[str, Any]:
    return {
        "name": row.name, "sha256": row.fingerprint, "subject": row.subject, "not_after": row.not_after.isoformat(),
        "asserts_odette_ids": row.asserts_odette_ids, "origin": row.origin,
    }  # fmt: skip


def _state(days: int) -> State:
    if days < 0:
        return State("expired", Tone.BAD)
    return State("ends soon", Tone.SOON) if days <= _SOON_DAYS else State("valid", Tone.GOOD)
