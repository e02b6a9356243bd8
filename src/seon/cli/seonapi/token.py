"""`seonapi token`: security tokens of clients."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

import click

from seon.cli.seonapi.base import Said, on_installation


@click.group()
def token() -> None:
    """Security tokens of clients."""


@token.command(name="new")
@click.argument("name")
@click.option(
    "--proxy-id", "proxy_ids", multiple=True, help="A server its client may serve; default: every licensed one."
)
@on_installation
def token_new(name: str, proxy_ids: tuple[str, ...]) -> Said:
    """Make a token and print it: it is shown only now."""
    from seon.backend.trust.tokens import new_token

    made = new_token(name, proxy_ids)
    return Said({"name": name, "token": made}, made)


@token.command(name="withdraw")
@click.argument("name")
@on_installation
def token_withdraw(name: str) -> Said:
    """Withdraw a token: its client's calls are refused from now on."""
    from seon.backend.trust.tokens import withdraw_token

    withdraw_token(name)
    return Said({"name": name, "withdrawn": True}, f"token {name} withdrawn")


@token.command(name="list")
@on_installation
def token_list() -> Said:
    """List tokens."""
    from seon.backend.trust.models import Token

    rows = [{"name": found.name, "withdrawn": found.withdrawn_at is not None} for found in Token.objects.all()]
    lines = (f"{row['name']}{'  withdrawn' if row['withdrawn'] else ''}" for row in rows)
    return Said(rows, "\n".join(lines) or "no tokens yet")
