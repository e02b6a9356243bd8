"""`seonapi set`, `get` and `rules`: what holds for the installation as a whole."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from typing import TYPE_CHECKING

import click

from seon.cli.seonapi.base import Said, on_installation

if TYPE_CHECKING:
    from seon.backend.configuration.values import Shown


@click.command(name="set")
@click.argument("key")
@click.argument("value")
@on_installation
def set_(key: str, value: str) -> Said:
    """Set KEY to VALUE; `seonapi get` shows the keys and what may stand there.

    rules.RULE says what a rule of the verifier is worth: refuse, decline (files only), warn, ignore, or empty (as the
    profile says). The id of a rule with forms stands for all of them; what was set is said.
    """
    from seon.backend.configuration.keys import all_settings, chosen, set_setting

    done = set_setting(key, value)
    now = chosen(all_settings(), key)
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
    width = max(len(row.key) for row in rows)
    lines = (f"{row.key:{width}}  {row.text:20}  {row.meaning} ({row.allowed})" for row in rows)
    return Said({row.key: row.value for row in rows}, "\n".join(lines))


@click.command()
@on_installation
def rules() -> Said:
    """List the rules of the verifier that can be set, and what the profiles make of them."""
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
    lines = (
        f"{rule.name:23}  {rule.default:8}  {rule.strict:8}  {rule.can_be:30}  {rule.meaning}"
        for rule in SETTABLE.values()
    )
    heading = f"{'key':23}  {'default':8}  {'strict':8}  {'can be set to':30}  meaning; others are always refused"
    return Said(data, "\n".join([heading, *lines]))
