"""`seonapi crl`: revocation lists."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seon.backend.errors import OperatorError
from seon.cli.seonapi.answers import Cell, Sheet, State, Table, Tone
from seon.cli.seonapi.base import FILE, Said, on_installation, read_file
from seon.events import shown
from seon.wording import fill

if TYPE_CHECKING:
    from seon.backend.revocation.lists import Row
    from seon.backend.revocation.models import CrlUrl, RevocationSettings

_HEADINGS = {
    "number": "no", "issuer": "CA", "kind": "kind", "url": "address", "entries": "entries", "age_hours": "hours old",
    "next_update": "next update", "state": "state", "result": "last result",
}  # fmt: skip
_TONES = {"": Tone.OFF, "in force": Tone.GOOD, "overdue": Tone.BAD, "failed": Tone.BAD, "not fetched yet": Tone.OFF}
_TITLES = {
    "number": "number", "issuer": "CA", "url": "address", "named_by": "named by", "first_seen": "first seen",
    "last_seen": "last reported", "state": "state", "kind": "kind", "for": "is for", "entries": "entries",
    "list_number": "number of the list", "this_update": "made", "next_update": "next update", "sha256": "SHA-256",
    "octets": "octets", "taken_at": "taken over", "last_try": "last try", "result": "last result",
    "failures": "failed tries in a row", "next_try": "next try",
}  # fmt: skip


@click.group()
def crl() -> None:
    """Revocation lists (CRL) of the CAs of partners."""


@crl.command(name="list")
@on_installation
def crl_list() -> Said:
    """List revocation lists, and how the last download went."""
    from django.utils import timezone

    from seon.backend.revocation.lists import rows

    table = Table(
        _HEADINGS, empty="no revocation lists: none was given by hand, and no distribution point is known yet"
    )
    for row in rows(timezone.now()):
        table.add(**{**_facts(row), "kind": _kind(row)})
    return table.said()


@crl.command(name="show")
@click.argument("place", metavar="LIST")
@on_installation
def crl_show(place: str) -> Said:
    """Show the list with this number or address."""
    return _shown(place)


@crl.command(name="add")
@click.argument("file", type=FILE)
@click.option("--issuer", type=FILE, metavar="FILE", help="The certificate of its CA, if that is not known here.")
@click.option("--url", default="", help="The list is for this distribution point only; default: as it says itself.")
@on_installation
def crl_add(file: Path, issuer: Path | None, url: str) -> Said:
    """Take over the revocation list in FILE (PEM or DER).

    Its CA is looked for among the trust anchors, the CA certificates for chains, and those that servers have reported.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.revocation.actions import add_list
    from seon.backend.revocation.keeping import counted
    from seon.pki.lists import MAX_LIST

    octets = read_file(file, MAX_LIST)
    held = add_list(owner(), octets, read_file(issuer) if issuer else None, url)
    where = held.place.url or "all its certificates"
    until = f"; the next one is due at {held.next_update:%Y-%m-%d %H:%M} UTC" if held.next_update else ""
    text = f"revocation list of {held.place.issuer} taken over, for {where}: {counted(held.entries)}{until}"
    return Said({"number": held.place.pk, "sha256": held.sha256, "entries": held.entries}, shown(text, 3_000))


@crl.command(name="fetch")
@click.argument("place", metavar="[LIST]", required=False)
@on_installation
def crl_fetch(place: str | None) -> Said:
    """Fetch a list by its number or address, or all, now.

    Each step is told.

    Exit status 1 if one of them was not to be had.
    """
    from seon.backend.revocation.actions import find
    from seon.backend.revocation.fetching import fetch_now
    from seon.backend.revocation.models import CrlUrl

    places = [find(place)] if place else list(CrlUrl.objects.exclude(url="").select_related("issuer", "held"))
    if any(not one.url for one in places):
        raise OperatorError("That list was given by hand and has no address: seonapi crl add FILE")
    done: list[dict[str, object]] = []
    for one in places:
        steps: list[str] = []

        def say(step: str, steps: list[str] = steps) -> None:
            steps.append(step)
            click.echo(f"  {shown(step, 2_500)}", err=True)

        click.echo(shown(f"{one.pk}  {one.url}", 2_500), err=True)
        good = fetch_now(one, say)
        done.append({"number": one.pk, "url": one.url, "good": good, "result": steps[-1] if steps else "",
                     "steps": steps})  # fmt: skip
    failed = sum(not one["good"] for one in done)
    text = fill("{count:# list|# lists} asked for", {"count": len(done)})
    text = f"{text}, {failed} not to be had" if failed else text
    return Said(done, text if done else "there is no list with an address", status=1 if failed else 0)


@crl.command(name="remove")
@click.argument("place", metavar="LIST")
@on_installation
def crl_remove(place: str) -> Said:
    """Remove the list with this number or address. An address that a server reports again comes back."""
    from seon.backend.acting.actors import owner
    from seon.backend.revocation.actions import remove_place

    removed = remove_place(owner(), place)
    return Said({"removed": removed}, shown(f"revocation list removed: {removed}", 3_000))


@crl.command(name="set")
@click.option("--http-proxy", metavar="URL", help="HTTP proxy, such as http://proxy.example:3128; empty: none.")
@click.option(
    "--private-networks", metavar="NETWORKS", help="Networks that are not public and may be fetched from; empty: none."
)
@click.option("--refresh-hours", type=int, help="Ask for each list again after so many hours: 1 to 168.")
@on_installation
def crl_set(**options: Any) -> Said:
    """Change how lists are fetched, or show it."""
    from seon.backend.acting.actors import owner
    from seon.backend.revocation.actions import set_fetching
    from seon.backend.revocation.models import RevocationSettings

    if all(value is None for value in options.values()):
        return _settings(RevocationSettings.load())
    return _settings(set_fetching(owner(), **options))


def _settings(row: "RevocationSettings") -> Said:
    from seon.backend.configuration.lines import entries_of

    sheet = Sheet()
    sheet.add("http_proxy", "HTTP proxy", row.http_proxy or "none")
    sheet.add("private_networks", "private networks", list(entries_of(row.private_networks)) or "none")
    sheet.add("refresh_hours", "refresh, in hours", row.refresh_hours)
    return Said({"http_proxy": row.http_proxy, "private_networks": list(entries_of(row.private_networks)),
                 "refresh_hours": row.refresh_hours}, sheet.text())  # fmt: skip


def _shown(reference: str) -> Said:
    from django.utils import timezone

    from seon.backend.revocation.actions import find
    from seon.backend.revocation.lists import row_of
    from seon.backend.revocation.overdue import most_age

    place = find(reference)
    row = row_of(place, timezone.now(), most_age())
    sheet = Sheet()
    facts = {**_facts(row), **_more(place)}
    for key in (*_TITLES, "age_hours", "pem"):
        sheet.add(key, _TITLES.get(key, ""), facts.get(key))
    return sheet.said()


def _facts(row: "Row") -> dict[str, Cell]:
    place, held = row.place, row.place.list_or_none
    return {
        "number": place.pk,
        "issuer": place.issuer.subject,
        "url": place.url,
        "kind": held.kind if held else "",
        "entries": held.entries if held else None,
        "age_hours": int(row.age.total_seconds() // 3_600) if row.age is not None else None,
        "next_update": held.next_update if held else None,
        "state": State(row.state, tone_of(row.state)),
        "result": place.result,
        "last_try": place.last_try,
    }


def tone_of(state: str) -> Tone:
    """Return what a state of a list means; "": there is none."""
    return _TONES.get(state, Tone.SOON)


def _kind(row: "Row") -> str:
    held = row.place.list_or_none
    return held.kind if held else ("" if row.place.url else "given by hand")


def _more(place: "CrlUrl") -> dict[str, Cell]:
    from seon.backend.revocation.lists import source_of

    held = place.list_or_none
    facts: dict[str, Cell] = {
        "named_by": source_of(place), "first_seen": place.first_seen, "last_seen": place.last_seen,
        "failures": place.failures, "next_try": place.next_try if place.url else None, "pem": place.issuer.pem,
    }  # fmt: skip
    if held is None:
        return facts
    return facts | {
        "for": held.points.split("\n") if held.points else "all certificates of the CA",
        "list_number": held.number, "this_update": held.this_update, "sha256": held.sha256, "octets": held.size,
        "taken_at": held.taken_at,
    }  # fmt: skip
