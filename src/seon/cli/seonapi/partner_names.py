"""`seonapi partner name`: partners that are known by the names in their certificates."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seon.backend.errors import OperatorError
from seon.cli.seonapi.base import FILE, Said, on_installation, read_file
from seon.events import shown

if TYPE_CHECKING:
    from seon.config import CertificateName


@click.group(name="name")
def name() -> None:
    """Names by which a partner's certificates are known.

    Whoever its trust anchors certify under them is the partner.

    For CAs that assert no Odette IDs. A CA that would give the same names to somebody else is no anchor for that.
    """


def _names(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--subject", default="", metavar="NAME", help="Such as CN=Acme,O=Acme AG,C=DE (RFC 4514)."),
        click.option("--issuer", default="", metavar="NAME", help="Of the CA that has issued the certificate."),
        click.argument("file", type=FILE, required=False),
        click.argument("identifier", metavar="ID"),
    ):
        function = option(function)
    return function


@name.command(name="add")
@_names
@on_installation
def name_add(identifier: str, file: Path | None, issuer: str, subject: str) -> Said:
    """Let names in a certificate say that it is ID's.

    They are taken from the certificate in FILE, or from --issuer and --subject.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.partners.anchored import hindrance
    from seon.backend.partners.identity_actions import add_names

    (row,) = add_names(owner(), identifier, [_given(file, issuer, subject)])
    return _said(identifier, "added", row.issuer, row.subject, hindrance(row.partner))


@name.command(name="remove")
@_names
@on_installation
def name_remove(identifier: str, file: Path | None, issuer: str, subject: str) -> Said:
    """Take these names away from the partner ID. Sessions that were admitted by them end."""
    from seon.backend.acting.actors import owner
    from seon.backend.partners.identity_actions import remove_name

    given = _given(file, issuer, subject)
    remove_name(owner(), identifier, given)
    return _said(identifier, "removed", given.issuer, given.subject)


def _given(file: Path | None, issuer: str, subject: str) -> "CertificateName":
    from seon.backend.partners.identity_actions import names_in, typed_name

    if bool(issuer) != bool(subject) or (file is None) != bool(issuer):
        raise OperatorError("Give a FILE with the certificate, or both --issuer and --subject")
    return names_in(read_file(file)) if file else typed_name(issuer, subject)


def _said(identifier: str, what: str, issuer: str, subject: str, problem: str = "") -> Said:
    text = f"certificate name {what} for partner {identifier}: subject {subject}, issuer {issuer}"
    text = shown(text, 4_500) + (f"\nit changes nothing yet: {problem}" if problem else "")
    return Said({"id": identifier, "issuer": issuer, "subject": subject}, text)
