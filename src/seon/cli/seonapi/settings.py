"""`seonapi settings`, `set`, `get` and `rules`: what holds for the installation as a whole."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from typing import TYPE_CHECKING

import click

from seon.cli.seonapi.answers import Sheet, Table
from seon.cli.seonapi.base import Said, assignments, on_installation

if TYPE_CHECKING:
    from seon.backend.configuration.values import Shown


@click.command(name="set")
@click.argument("key")
@click.argument("value")
@on_installation
def set_(key: str, value: str) -> Said:
    """Set KEY to VALUE. `seonapi get` shows the keys and what may stand there.

    rules.RULE says what a rule of the verifier is worth: refuse, decline (files only), warn, ignore, or empty (as the
    profile says). The id of a rule with forms stands for all of them; what was set is said.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.configuration import actions
    from seon.backend.configuration.keys import RULES, Done, setting

    done = Done()
    if key.startswith(RULES):
        done = actions.set_rule(owner(), key.removeprefix(RULES), value)
    else:
        actions.change_settings(owner(), {key: value})
    now = setting(key)
    return Said({key: now.value, **done.data}, assigned(key, now.text, done.text))


def assigned(key: str, value: str, more: str) -> str:
    """Return the line that says what a setting is now."""
    return " ".join(filter(None, (key, "=", value, f"({more})" if more else "")))


@click.command()
@click.argument("key", required=False)
@on_installation
def get(key: str | None) -> Said:
    """Show one setting, or all with what may stand there."""
    from seon.backend.configuration.keys import all_settings

    return told(all_settings(), key)


def told(rows: "list[Shown]", key: str | None) -> Said:
    """Tell one setting, or all of them."""
    from seon.backend.configuration.keys import chosen

    if key is not None:
        row = chosen(rows, key)
        return Said({key: row.value}, row.text)
    table = Table({"key": "key", "value": "value", "meaning": "meaning"}, empty="")
    for row in rows:
        table.add(key=row.key, value=row.text, meaning=f"{row.meaning} ({row.allowed})".lstrip())
    return Said({row.key: row.value for row in rows}, table.text())


@click.command()
@on_installation
def rules() -> Said:
    """List the verifier's rules that can be set. What the profiles make of them is said."""
    from seon.backend.configuration.rules import SETTABLE

    data = {
        rule.name: {
            "meaning": rule.meaning,
            "default": rule.default,
            "strict": rule.strict,
            "can_be": rule.can_be.split(", "),
        }
        for rule in SETTABLE.values()
    }
    headings = {
        "key": "key", "default": "default", "strict": "strict", "can_be": "can be set to",
        "meaning": "meaning; others are always refused",
    }  # fmt: skip
    table = Table(headings, empty="")
    for rule in SETTABLE.values():
        table.add(key=rule.name, default=rule.default, strict=rule.strict, can_be=rule.can_be, meaning=rule.meaning)
    return Said(data, table.text())


@click.group()
def settings() -> None:
    """Settings of the installation as a whole. Those of one partner: seonapi partner set."""


@settings.command(name="change")
@click.argument("texts", metavar="KEY=VALUE...", nargs=-1, required=True)
@on_installation
def settings_change(texts: tuple[str, ...]) -> Said:
    """Change settings, all of them or none. `seonapi settings list` shows the keys and what may stand there."""
    from seon.backend.acting.actors import owner
    from seon.backend.configuration.actions import change_settings
    from seon.backend.configuration.keys import setting

    wanted = assignments(texts)
    change_settings(owner(), dict(wanted))
    now = [setting(key) for key in wanted]
    return Said({row.key: row.value for row in now}, "\n".join(assigned(row.key, row.text, "") for row in now))


@settings.command(name="show")
@click.argument("key")
@on_installation
def settings_show(key: str) -> Said:
    """Show one setting with what it means and what may stand there."""
    from seon.backend.configuration.keys import setting

    row = setting(key)
    sheet = Sheet()
    sheet.add("key", "key", row.key)
    sheet.add("value", "value", row.value)
    sheet.add("meaning", "meaning", row.meaning)
    sheet.add("allowed", "allowed", row.allowed)
    return sheet.said()


settings.add_command(get, "list")
settings.add_command(set_, "set")
settings.add_command(rules)
