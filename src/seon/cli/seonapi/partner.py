"""`seonapi partner`: partners."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seon.backend.errors import OperatorError
from seon.cli.seonapi.answers import State, Table, Tone
from seon.cli.seonapi.base import FILE, Said, at_a_terminal, on_installation, read_file
from seon.cli.seonapi.partner_files import partner_export, partner_import
from seon.cli.seonapi.partner_names import name as names
from seon.cli.seonapi.partner_refused import from_refused, refused
from seon.cli.seonapi.partner_try import partner_try
from seon.cli.seonapi.settings import assigned, told
from seon.wording import fill

if TYPE_CHECKING:
    from seon.backend.partners.models import PartnerCertificate

_FORCE = "Take an expired certificate, too, or a self-made one that calls itself a CA."


@click.group()
def partner() -> None:
    """Partners: who may come in, and who is dialled."""


for _command in (partner_import, partner_export, partner_try, names, refused, from_refused):
    partner.add_command(_command)


@partner.command(name="add")
@click.argument("identifier", metavar="ID")
@click.option("--name", help="Its full name; default: ID.")
@click.option("--code", "codes", multiple=True, help="An SSID code it may show; repeatable; none: every code.")
@click.option("--certificate", "certificates", type=FILE, multiple=True, metavar="FILE", help="Pinned; repeatable.")
@click.option("--host", default="", help="Where it is dialled; default: it only calls us.")
@click.option("--port", type=click.IntRange(1, 65_535), default=6_619, show_default=True, help="Port of HOST.")
@click.option("--network", "networks", multiple=True, help="From where it may come; repeatable; none: everywhere.")
@click.option("--odette-id", "odette_ids", multiple=True, help="As its certificates have it; repeatable.")
@click.option("--anchor", "anchors", multiple=True, help="The only trust anchors that may admit it; repeatable.")
@click.option("--notes", default="", help="For administrators; they never leave Seonapi.")
@click.option("--disabled", is_flag=True, help="Keep it out until `seonapi partner enable`.")
@click.option("--force", is_flag=True, help=_FORCE)
@on_installation
def partner_add(identifier: str, name: str | None, certificates: tuple[Path, ...], disabled: bool, **what: Any) -> Said:
    """Add a partner under the short name ID."""
    from seon.backend.acting.actors import owner
    from seon.backend.partners.actions import add_partner
    from seon.backend.partners.anchored import hindrance

    files = [read_file(path) for path in certificates]
    added = add_partner(owner(), identifier, name or identifier, certificates=files, enabled=not disabled, **what)
    lines, data = _pinned(list(added.certificates.all()))
    known = certificates or what["odette_ids"]
    without = hindrance(added) if known else "without a certificate, Odette ID or certificate name it is not admitted"
    return Said(
        {"id": added.identifier, "pinned": data}, "\n".join([f"partner {identifier} added{_but(without)}", *lines])
    )


@partner.command(name="change")
@click.argument("identifier", metavar="ID")
@click.option("--name", help="Its full name.")
@click.option("--host", help="Where it is dialled; empty: it only calls us.")
@click.option("--port", type=click.IntRange(1, 65_535), help="Port of HOST.")
@click.option("--notes", help="For administrators; they never leave Seonapi.")
@on_installation
def partner_change(identifier: str, **changes: Any) -> Said:
    """Change what is given; everything else stays."""
    from seon.backend.acting.actors import owner
    from seon.backend.partners.actions import change_partner

    given = {name: value for name, value in changes.items() if value is not None}
    if not given:
        raise OperatorError("Nothing to change is given: --name, --host, --port or --notes")
    change_partner(owner(), identifier, **given)
    return Said({"id": identifier, **given}, f"partner {identifier} changed: {', '.join(sorted(given))}")


@partner.command(name="enable")
@click.argument("identifier", metavar="ID")
@on_installation
def partner_enable(identifier: str) -> Said:
    """Let the partner ID come in and be dialled again."""
    from seon.backend.acting.actors import owner
    from seon.backend.partners.actions import enable_partner

    enable_partner(owner(), identifier)
    return Said({"id": identifier, "enabled": True}, f"partner {identifier} enabled")


@partner.command(name="disable")
@click.argument("identifier", metavar="ID")
@on_installation
def partner_disable(identifier: str) -> Said:
    """Keep the partner ID out. Its running sessions end within seconds."""
    from seon.backend.acting.actors import owner
    from seon.backend.partners.actions import disable_partner

    disable_partner(owner(), identifier)
    return Said({"id": identifier, "enabled": False}, f"partner {identifier} disabled; its sessions end")


@partner.command(name="remove")
@click.argument("identifier", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@on_installation
def partner_remove(identifier: str, yes: bool) -> Said:
    """Remove the partner ID. It is said first what goes along."""
    from seon.backend.acting.actors import owner
    from seon.backend.partners.actions import goes_along, remove_partner

    along = _in_words(goes_along(identifier))
    if not yes:
        question = f"Partner {identifier} is removed, and with it: {along}."
        if not at_a_terminal():
            raise OperatorError(f"{question} Nothing was removed: say --yes to remove it")
        if not click.confirm(f"{question} Remove it?", err=True):
            raise OperatorError("Nothing was removed")
    removed = remove_partner(owner(), identifier)
    return Said({"id": identifier, "with": removed}, f"partner {identifier} removed, with: {_in_words(removed)}")


def _but(problem: str) -> str:
    return f"; {problem}" if problem else ""


def _in_words(along: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in along.items()) or "nothing else"


@partner.command(name="set")
@click.argument("identifier", metavar="ID")
@click.argument("key")
@click.argument("value")
@on_installation
def partner_set(identifier: str, key: str, value: str) -> Said:
    """Set KEY of the partner ID to VALUE. `seonapi partner get ID` shows the keys and what may stand there.

    rules.RULE says what a rule of the verifier is worth: refuse, decline (files only), warn, ignore, or empty (as in
    general). The id of a rule with forms stands for all of them; what was set is said.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.configuration.keys import chosen
    from seon.backend.partners.actions import set_of_partner
    from seon.backend.partners.anchored import hindrance
    from seon.backend.partners.keys import find_partner, partner_settings

    done = set_of_partner(owner(), identifier, key, value)
    now = chosen(partner_settings(identifier), key)
    data = {"id": identifier, key: now.value, **done.data}
    problem = hindrance(find_partner(identifier)) if key in ("odette_ids", "anchors") else ""
    return Said(data, f"{identifier}: {assigned(key, now.text, done.text)}{_but(problem)}")


@partner.command(name="get")
@click.argument("identifier", metavar="ID")
@click.argument("key", required=False)
@on_installation
def partner_get(identifier: str, key: str | None) -> Said:
    """Show what is set for the partner ID. Without KEY: all, with what may stand there."""
    from seon.backend.partners.keys import partner_settings

    return told(partner_settings(identifier), key)


@partner.command(name="list")
@on_installation
def partner_list() -> Said:
    """List partners."""
    from seon.backend.partners.models import Partner
    from seon.backend.partners.telling import data_of

    headings = {
        "id": "id", "name": "name", "state": "state", "codes": "codes", "pins": "certificates",
        "odette_ids": "Odette IDs", "named": "names", "host": "host", "warnings": "warnings",
    }  # fmt: skip
    table = Table(headings, empty="no partners yet")
    for found in Partner.objects.prefetch_related("codes", "certificates", "names"):
        row = data_of(found)
        state = State("enabled", Tone.GOOD) if found.enabled else State("disabled", Tone.OFF)
        table.add(**row, state=state, pins=len(row["certificates"]), named=len(row["names"]))
    return table.said()


@partner.command(name="show")
@click.argument("identifier", metavar="ID")
@on_installation
def partner_show(identifier: str) -> Said:
    """Show all that is known of the partner ID."""
    from seon.backend.partners.keys import find_partner
    from seon.backend.partners.telling import data_of, lines_of

    found = find_partner(identifier)
    return Said(data_of(found), "\n".join(lines_of(found)))


# --- one by one -------------------------------------------------------------------------------------------------------


@partner.group()
def code() -> None:
    """SSID codes of a partner. A provider that serves several companies is one partner with several codes."""


@partner.group()
def network() -> None:
    """Networks that a partner may come from."""


@partner.group()
def certificate() -> None:
    """Pinned certificates of a partner: each of them admits it."""


def _some(metavar: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.argument("values", metavar=f"{metavar}...", nargs=-1, required=True)


def _codes_said(identifier: str, codes: Sequence[str]) -> Said:
    text = ", ".join(codes) or "none of its own: it may show every code"
    return Said({"id": identifier, "codes": list(codes)}, f"codes of partner {identifier}: {text}")


@code.command(name="add")
@click.argument("identifier", metavar="ID")
@_some("CODE")
@on_installation
def code_add(identifier: str, values: tuple[str, ...]) -> Said:
    """Let the partner ID show more codes in SSIDCODE."""
    from seon.backend.acting.actors import owner
    from seon.backend.partners.actions import add_codes

    now = add_codes(owner(), identifier, values)
    return _codes_said(identifier, [row.code for row in now.codes.all()])


@code.command(name="remove")
@click.argument("identifier", metavar="ID")
@_some("CODE")
@click.option("--force", is_flag=True, help="Remove the last one, too: the partner may show every code then.")
@on_installation
def code_remove(identifier: str, values: tuple[str, ...], force: bool) -> Said:
    """Take codes away from the partner ID."""
    from seon.backend.acting.actors import owner
    from seon.backend.partners.actions import remove_codes

    now = remove_codes(owner(), identifier, values, force=force)
    return _codes_said(identifier, [row.code for row in now.codes.all()])


def _networks_said(identifier: str, networks: Sequence[str]) -> Said:
    text = ", ".join(networks) or "none: it may come from everywhere"
    return Said({"id": identifier, "networks": list(networks)}, f"networks of partner {identifier}: {text}")


@network.command(name="add")
@click.argument("identifier", metavar="ID")
@_some("NETWORK")
@on_installation
def network_add(identifier: str, values: tuple[str, ...]) -> Said:
    """Let the partner ID come from more networks, e.g. 192.0.2.0/24; the first one shuts out every other."""
    from seon.backend.acting.actors import owner
    from seon.backend.configuration.lines import entries_of
    from seon.backend.partners.actions import add_networks

    return _networks_said(identifier, entries_of(add_networks(owner(), identifier, values).networks))


@network.command(name="remove")
@click.argument("identifier", metavar="ID")
@_some("NETWORK")
@click.option("--force", is_flag=True, help="Remove the last one, too: the partner may come from everywhere then.")
@on_installation
def network_remove(identifier: str, values: tuple[str, ...], force: bool) -> Said:
    """Take networks away from the partner ID. Its sessions from there end."""
    from seon.backend.acting.actors import owner
    from seon.backend.configuration.lines import entries_of
    from seon.backend.partners.actions import remove_networks

    left = remove_networks(owner(), identifier, values, force=force)
    return _networks_said(identifier, entries_of(left.networks))


@certificate.command(name="add")
@click.argument("identifier", metavar="ID")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=FILE)
@click.option("--refused", "fingerprint", metavar="SHA256", help="A refused one: see seonapi partner refused list.")
@click.option("--force", is_flag=True, help=f"{_FORCE} Of refused ones, a revoked one, too.")
@on_installation
def certificate_add(identifier: str, files: tuple[Path, ...], fingerprint: str | None, force: bool) -> Said:
    """Pin one more certificate of the partner ID from each FILE. Those before stay."""
    from seon.backend.acting.actors import owner
    from seon.backend.partners.actions import add_certificates
    from seon.backend.refused.actions import pin_refused

    if bool(files) == (fingerprint is not None):
        raise OperatorError("Give files with certificates, or --refused SHA256")
    if fingerprint is None:
        added = add_certificates(owner(), identifier, [read_file(path) for path in files], force=force)
    else:
        added = [pin_refused(owner(), fingerprint, identifier, force=force)]
    lines, data = _pinned(added)
    return Said({"id": identifier, "pinned": data}, "\n".join(lines))


@certificate.command(name="remove")
@click.argument("identifier", metavar="ID")
@click.argument("fingerprint", metavar="SHA256")
@on_installation
def certificate_remove(identifier: str, fingerprint: str) -> Said:
    """Take a certificate away from the partner ID. The beginning of its SHA-256 is enough. Sessions with it end."""
    from seon.backend.acting.actors import owner
    from seon.backend.partners.actions import remove_certificate

    gone, left = remove_certificate(owner(), identifier, fingerprint)
    then = fill("{left:# certificate is|# certificates are} left", {"left": left}) if left else "it is not admitted now"
    text = f"{gone.subject}, SHA-256 {gone.fingerprint}, removed from partner {identifier}; {then}"
    return Said({"id": identifier, "removed": gone.fingerprint, "left": left}, text)


def _pinned(rows: "Sequence[PartnerCertificate]") -> tuple[list[str], list[dict[str, Any]]]:
    """Say of each certificate what was pinned, for people and for programs."""
    from seon.backend.partners.telling import certificate_data, certificate_of

    shown = [certificate_of(row) for row in rows]
    return [f"pinned: {one.text}" for one in shown], [certificate_data(one) for one in shown]
