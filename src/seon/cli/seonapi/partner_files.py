"""`seonapi partner import` and `export`: partners as CSV for spreadsheets, and as JSON for programs."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

import sys
from pathlib import Path

import click

from seon.cli.replacing import replaced
from seon.cli.seonapi.answers import State, Table, Tone
from seon.cli.seonapi.base import FILE, Said, on_installation, read_file

_STEP = 100
"""After so many partners the progress is shown again."""


@click.command(name="export")
@click.option("--out", type=FILE, metavar="FILE", help="Default: standard output. A name in .json gets JSON.")
@on_installation
def partner_export(out: Path | None) -> Said:
    """Write all partners as CSV, or with --json as JSON.

    CSV has id, name, enabled, host, port, codes, networks, notes, anchors, odette_ids, names, sessions, old_tls and
    certificates. JSON has also what is set with `seonapi partner set`: what is exported like that and imported
    elsewhere is the same there.
    """
    from seon.backend.partners.importing import record_of, stored_partners
    from seon.backend.partners.records import as_csv, as_json

    records = [record_of(found, settings=True) for found in stored_partners()]
    if out is None:
        return Said(as_json(records), as_csv(records).rstrip("\r\n"))
    import msgspec

    as_text = as_csv(records).encode("utf-8-sig")  # with its mark, without which spreadsheets take UTF-8 for Latin
    octets = msgspec.json.format(msgspec.json.encode(as_json(records))) if out.suffix == ".json" else as_text
    with replaced(out, 0o600) as put:
        put(octets)
    noun = "partner" if len(records) == 1 else "partners"
    return Said({"file": str(out), "partners": len(records)}, f"{len(records)} {noun} written to {out}")


@click.command(name="import")
@click.argument("file", type=FILE)
@click.option("--apply", "applied", is_flag=True, help="Do it, all or nothing; without this it is only shown.")
@click.option("--force", is_flag=True, help="Take what is only unwise: expired certificates, the last code taken away.")
@on_installation
def partner_import(file: Path, applied: bool, force: bool) -> Said:
    """Add and change partners as FILE says, CSV or JSON. Without --apply it is only shown what would be done.

    The first line of a CSV file names its columns: id, name, enabled, host, port, codes, networks, notes, anchors,
    odette_ids, names (SUBJECT ; ISSUER, by line), sessions, old_tls, certificates (PEM). A column that is missing
    leaves what is there as it is; an empty cell of a list means none. More than one value in a cell: by comma,
    semicolon or line. No partner is removed.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.partners.actions import import_partners, try_import
    from seon.backend.partners.importing import Outcome
    from seon.backend.partners.records import MAX_OCTETS, read_records

    records = read_records(read_file(file, MAX_OCTETS))
    if applied:
        lines = import_partners(owner(), records, force=force, progress=_progress)
    else:
        lines = try_import(records, force=force, progress=_progress)
    tones = {Outcome.REFUSED: Tone.BAD, Outcome.UNCHANGED: Tone.OFF}
    table = Table({"line": "line", "id": "id", "outcome": "outcome", "details": "details"}, empty="")
    for line in lines:
        outcome = State(line.outcome.value, tones.get(line.outcome, Tone.GOOD))
        table.add(line=line.number, id=line.id, outcome=outcome, details=line.text)
    counts = {outcome.value: sum(line.outcome is outcome for line in lines) for outcome in Outcome}
    total = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    then = "" if applied else "; nothing was stored: this was a trial, --apply does it"
    data = {"applied": applied, **counts, "lines": table.data}
    return Said(data, f"{table.text()}\n{total}{then}", status=1 if counts[Outcome.REFUSED.value] else 0)


def _progress(done: int, total: int) -> None:
    """Show on a terminal how far it is."""
    if sys.stderr.isatty() and (done % _STEP == 0 or done == total) and total > _STEP:
        click.echo(f"\r{done} of {total} partners", err=True, nl=done == total)
