"""`seonapi certificate`: the company's certificates towards partners."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from pathlib import Path

import click

from seon.cli.seonapi.base import FILE, Said, on_installation, read_file, secret_in


@click.group()
def certificate() -> None:
    """The company's certificates towards partners."""


@certificate.command(name="add")
@click.option("--chain", type=FILE, required=True, metavar="FILE", help="PEM, its own certificate first.")
@click.option("--key", type=FILE, required=True, metavar="FILE", help="Its private key, PEM or DER.")
@click.option("--key-password-file", type=FILE, metavar="FILE")
@click.option("--name", default="", help="Name in the panel; default: the subject.")
@on_installation
def certificate_add(chain: Path, key: Path, key_password_file: Path | None, name: str) -> Said:
    """Store a certificate with its key, and put it in use."""
    from seon.backend.trust.own import add_own_certificate

    password = secret_in(key_password_file)
    own = add_own_certificate(name, read_file(chain), read_file(key), password.encode() if password else None)
    data = {"id": own.fingerprint, "subject": own.subject, "not_after": own.not_after}
    return Said(data, f"certificate of {own.subject} until {own.not_after:%Y-%m-%d} in use")
