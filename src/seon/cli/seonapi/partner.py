"""`seonapi partner`: partners."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from pathlib import Path
from typing import Any

import click

from seon.backend.errors import OperatorError
from seon.cli.seonapi.base import FILE, Said, on_installation, read_file
from seon.cli.seonapi.settings import assigned, told


@click.group()
def partner() -> None:
    """Partners."""


@partner.command(name="add")
@click.argument("identifier", metavar="ID")
@click.option("--name", help="Its full name; default: ID.")
@click.option("--code", "codes", multiple=True, help="An SSID code it may show; repeatable; none: every code.")
@click.option("--certificate", "certificates", type=FILE, multiple=True, metavar="FILE", help="Pinned; repeatable.")
@click.option("--host", default="", help="Where it is dialled; default: it only calls us.")
@click.option("--port", type=click.IntRange(1, 65_535), default=6_619, show_default=True)
@on_installation
def partner_add(
    identifier: str, name: str | None, codes: tuple[str, ...], certificates: tuple[Path, ...], host: str, port: int
) -> Said:
    """Add a partner under the short name ID."""
    from seon.backend.partners.adding import add_partner

    octets = [read_file(path) for path in certificates]
    added = add_partner(identifier, name or identifier, codes, octets, host=host, port=port)
    without = "" if certificates else "; without a certificate it is not admitted"
    return Said({"id": added.identifier}, f"partner {added.identifier} added{without}")


@partner.command(name="change")
@click.argument("identifier", metavar="ID")
@click.option("--name", help="Its full name.")
@click.option("--host", help="Where it is dialled; empty: it only calls us.")
@click.option("--port", type=click.IntRange(1, 65_535))
@click.option("--enable/--disable", "enabled", default=None, help="A disabled partner's sessions end within seconds.")
@on_installation
def partner_change(identifier: str, **changes: Any) -> Said:
    """Change what is given; everything else stays."""
    from seon.backend.partners.adding import change_partner

    given = {name: value for name, value in changes.items() if value is not None}
    if not given:
        raise OperatorError("Nothing to change is given: --name, --host, --port, --enable or --disable")
    change_partner(identifier, given)
    return Said({"id": identifier, **given}, f"partner {identifier} changed: {', '.join(sorted(given))}")


@partner.command(name="set")
@click.argument("identifier", metavar="ID")
@click.argument("key")
@click.argument("value")
@on_installation
def partner_set(identifier: str, key: str, value: str) -> Said:
    """Set KEY of the partner ID to VALUE; `seonapi partner get ID` shows the keys and what may stand there.

    rules.RULE says what a rule of the verifier is worth: refuse, decline (files only), warn, ignore, or empty (as in
    general). The id of a rule with forms stands for all of them; what was set is said.
    """
    from seon.backend.configuration.keys import chosen
    from seon.backend.partners.keys import partner_settings, set_partner_setting

    done = set_partner_setting(identifier, key, value)
    now = chosen(partner_settings(identifier), key)
    data = {"id": identifier, key: now.value, **done.data}
    return Said(data, f"{identifier}: {assigned(key, now.text, done.text)}")


@partner.command(name="get")
@click.argument("identifier", metavar="ID")
@click.argument("key", required=False)
@on_installation
def partner_get(identifier: str, key: str | None) -> Said:
    """Show one thing that is set for the partner ID, or all with what may stand there."""
    from seon.backend.partners.keys import partner_settings

    return told(partner_settings(identifier), key)


@partner.command(name="list")
@on_installation
def partner_list() -> Said:
    """List partners."""
    from seon.backend.partners.models import Partner

    rows = [
        {
            "id": found.identifier,
            "name": found.name,
            "enabled": found.enabled,
            "codes": [code.code for code in found.codes.all()],
            "certificates": [pinned.fingerprint for pinned in found.certificates.all()],
            "host": found.host,
            "port": found.port,
        }
        for found in Partner.objects.prefetch_related("codes", "certificates")
    ]
    lines = ("  ".join(str(row[key]) for key in ("id", "name", "codes", "host")) for row in rows)
    return Said(rows, "\n".join(lines) or "no partners yet")
