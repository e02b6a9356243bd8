"""`seonapi ignore`: rules that keep events out of the system log and from the event script."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from datetime import datetime
from typing import TYPE_CHECKING

import click

from seon.cli.seonapi.answers import Cell, Sheet, State, Table, Tone
from seon.cli.seonapi.base import Said, on_installation
from seon.cli.seonapi.moments import END, MOMENT

if TYPE_CHECKING:
    from seon.backend.journal.models import IgnoreRule

_HEADINGS = {
    "rule": "rule", "state": "state", "from": "from", "to": "to", "code": "code", "text": "text",
    "description": "description",
}  # fmt: skip
_EMPTY = {"to": "for ever", "code": "any, but none of refusals, audit and license"}
_TONES = {"in force": Tone.GOOD, "not yet": Tone.OFF, "expired": Tone.OFF}
NUMBER = click.IntRange(1, 2**63 - 1)


@click.group()
def ignore() -> None:
    """Rules that keep events out of system log and event script."""


@ignore.command(name="list")
@on_installation
def ignore_list() -> Said:
    """List the rules, with their state."""
    from seon.backend.journal.models import IgnoreRule

    table = Table(_HEADINGS, empty="no ignore rules")
    for rule in IgnoreRule.objects.all():
        table.add(**_cells(rule))
    return table.said()


@ignore.command(name="show")
@click.argument("rule", type=NUMBER)
@on_installation
def ignore_show(rule: int) -> Said:
    """Show the rule of this number."""
    from seon.backend.journal.actions import rule_named

    return _said(rule_named(rule))


@ignore.command(name="add")
@click.option("--description", required=True, help="Why, and for whom.")
@click.option("--text", required=True, help="Found anywhere in an event's text, in any case; at most 200 characters.")
@click.option("--code", default="", help="Only events of this code; needed for those of refusals, audit and license.")
@click.option("--from", "valid_from", type=MOMENT, help="From this moment on; default: now.")
@click.option("--to", "valid_to", type=END, help="Until this moment; a day counts to its end. Default: for ever.")
@on_installation
def ignore_add(description: str, text: str, code: str, valid_from: datetime | None, valid_to: datetime | None) -> Said:
    """Add a rule. For example, during a move: --description Move --text "acme" --to 2026-12-24."""
    from seon.backend.acting.actors import owner
    from seon.backend.journal.actions import add_rule

    return _said(add_rule(owner(), description, text, code, valid_from, valid_to))


@ignore.command(name="change")
@click.argument("rule", type=NUMBER)
@click.option("--description", help="Why, and for whom.")
@click.option("--text", help="Found anywhere in an event's text, in any case.")
@click.option("--code", help="Only events of this code; empty: of any code.")
@click.option("--from", "valid_from", type=MOMENT, help="From this moment on.")
@click.option("--to", "valid_to", type=END, help="Until this moment; a day counts to its end.")
@click.option("--for-ever", is_flag=True, help="Take the end away.")
@on_installation
def ignore_change(
    rule: int,
    description: str | None,
    text: str | None,
    code: str | None,
    valid_from: datetime | None,
    valid_to: datetime | None,
    for_ever: bool,
) -> Said:
    """Change the rule of this number; what is not given stays."""
    from seon.backend.acting.actors import owner
    from seon.backend.journal.actions import RuleChange, change_rule

    if for_ever and valid_to is not None:
        raise click.UsageError("--to and --for-ever exclude each other")
    change = RuleChange(description, text, code, valid_from, valid_to, for_ever)
    return _said(change_rule(owner(), rule, change))


@ignore.command(name="remove")
@click.argument("rule", type=NUMBER)
@on_installation
def ignore_remove(rule: int) -> Said:
    """Remove the rule of this number. Its events come into the system log again."""
    from seon.backend.acting.actors import owner
    from seon.backend.journal.actions import remove_rule

    remove_rule(owner(), rule)
    return Said({"rule": rule}, f"ignore rule {rule} removed")


def _said(rule: "IgnoreRule") -> Said:
    sheet = Sheet()
    for key, value in _cells(rule).items():
        sheet.add(key, _HEADINGS[key], value or _EMPTY.get(key, ""))
    return Said(_cells_for_programs(rule), sheet.text())


def _cells(rule: "IgnoreRule") -> dict[str, Cell]:
    state = rule.state
    return {
        "rule": rule.pk, "state": State(state, _TONES[state]), "from": rule.valid_from, "to": rule.valid_to,
        "code": rule.code, "text": rule.text, "description": rule.description,
    }  # fmt: skip


def _cells_for_programs(rule: "IgnoreRule") -> dict[str, object]:
    return {key: str(value) if isinstance(value, State) else value for key, value in _cells(rule).items()}
