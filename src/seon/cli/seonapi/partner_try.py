"""`seonapi partner try`: would this certificate come in, and why not."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from pathlib import Path

import click

from seon.cli.seonapi.answers import Table
from seon.cli.seonapi.base import FILE, Said, on_installation, read_file
from seon.events import shown


@click.command(name="try")
@click.argument("file", type=FILE)
@click.option("--source", default="", metavar="ADDRESS", help="Where it comes from; default: that is not looked at.")
@click.option("--chain", "chain", type=FILE, multiple=True, metavar="FILE", help="What it sends beside; repeatable.")
@click.option("--outgoing", default="", metavar="ID", help="It is shown by this partner, which was dialled.")
@on_installation
def partner_try(file: Path, source: str, chain: tuple[Path, ...], outgoing: str) -> Said:
    """Say whether who shows FILE would be admitted, and why.

    It is judged by the stored configuration and lists, with the functions of the server. Nothing is changed. Other
    certificates in FILE count as sent beside it. Exit status: 0 admitted, 1 refused.
    """
    from seon.backend.partners.trying import try_certificate

    trial = try_certificate(read_file(file), [read_file(path) for path in chain], source, outgoing)
    table = Table({"what": "what", "found": "found"}, empty="")
    for step in trial.steps:
        table.add(what=step.what, found=step.found)
    lines = [f"warning: {doubt}" for doubt in trial.doubts]
    lines += [f"{trial.verdict}: {trial.reason}"]
    data = {
        "admitted": trial.is_admitted, "verdict": trial.verdict, "reason": trial.reason, "partner": trial.partner,
        "warnings": list(trial.doubts), "steps": table.data,
    }  # fmt: skip
    text = "\n".join([table.text(), "", *(shown(line, 2_000) for line in lines)])
    return Said(data, text, status=0 if trial.is_admitted else 1)
