"""`seonapi token`: security tokens of clients."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

import math
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import click

from seon.backend.errors import OperatorError
from seon.cli.seonapi.answers import Cell, Sheet, State, Table, Tone
from seon.cli.seonapi.base import Said, hidden, on_installation
from seon.cli.seonapi.moments import END_OR_NONE

UNTIL = "Its end: 2027-01-31 (all of that day), or 2027-01-31T12:00, UTC; empty: none."


@click.group()
def token() -> None:
    """Security tokens of clients."""


@token.command(name="add")
@click.argument("name")
@click.option(
    "--proxy-id", "proxy_ids", multiple=True, help="A server its client may serve; default: every licensed one."
)
@click.option("--client", default="", metavar="CLIENT", help="Name or address of the only client that may use it.")
@click.option("--until", type=END_OR_NONE, default="", metavar="TIME", help=UNTIL)
@on_installation
def token_add(name: str, proxy_ids: tuple[str, ...], client: str, until: datetime | Literal[""]) -> Said:
    """Make a token and print it: it is shown only now."""
    from seon.backend.acting.actors import owner
    from seon.backend.trust.token_actions import new_token

    made = new_token(owner(), name, proxy_ids, client=client, expires_at=until or None)
    return Said({"name": name, "token": made}, made)


token.add_command(hidden(token_add), "new")  # its name before


@token.command(name="rotate")
@click.argument("name")
@click.option("--overlap-days", type=click.FloatRange(0, 90), default=1.0, show_default=True,
              help="How long the secret before counts; 0: not a moment longer.")  # fmt: skip
@on_installation
def token_rotate(name: str, overlap_days: float) -> Said:
    """Give a token a new secret and print it. The one before counts so many days more."""
    from seon.backend.acting.actors import owner
    from seon.backend.trust.token_actions import rotate_token

    if math.isnan(overlap_days):  # it is in every range
        raise OperatorError("--overlap-days: nan is no number of days")
    made = rotate_token(owner(), name, timedelta(days=overlap_days))
    return Said({"name": name, "token": made}, made, f"the secret before counts for {overlap_days:g} days more")


@token.command(name="change")
@click.argument("name")
@click.option("--client", metavar="CLIENT", help="Name or address of the only client that may use it; empty: any.")
@click.option("--until", type=END_OR_NONE, metavar="TIME", help=UNTIL)
@click.option("--proxy-id", "proxy_ids", multiple=True, help="A server its client may serve; repeatable.")
@click.option("--all-servers", is_flag=True, help="Its client may serve every licensed server.")
@on_installation
def token_change(
    name: str, client: str | None, until: datetime | Literal[""] | None, proxy_ids: tuple[str, ...], all_servers: bool
) -> Said:
    """Change what is given; everything else stays."""
    from seon.backend.acting.actors import owner
    from seon.backend.trust.token_actions import change_token

    changes: dict[str, Any] = {}
    if client is not None:
        changes["client"] = client
    if until is not None:
        changes["expires_at"] = until or None
    if proxy_ids or all_servers:
        changes["proxy_ids"] = () if all_servers else proxy_ids
    if not changes:
        raise OperatorError("Nothing to change is given: --client, --until, --proxy-id or --all-servers")
    change_token(owner(), name, **changes)
    return Said(_row(name), f"token {name} changed")


@token.command(name="withdraw")
@click.argument("name")
@on_installation
def token_withdraw(name: str) -> Said:
    """Withdraw a token. Its client's calls are refused, and its link ends within seconds."""
    from seon.backend.acting.actors import owner
    from seon.backend.trust.token_actions import withdraw_token

    withdraw_token(owner(), name)
    return Said({"name": name, "withdrawn": True}, f"token {name} withdrawn; the link of its client ends within 5 s")


@token.command(name="list")
@on_installation
def token_list() -> Said:
    """List tokens, with their ends and their last use."""
    from seon.backend.trust.models import Token

    table = Table(_LIST, empty="no tokens yet")
    for name in Token.objects.values_list("name", flat=True):
        row = _row(name)
        serves = [proxy_id[:16] for proxy_id in row["servers"]] or ["all licensed"]
        table.add(**{**row, **_words(row)}, serves=serves)
    return table.said()


@token.command(name="show")
@click.argument("name")
@on_installation
def token_show(name: str) -> Said:
    """Show the token NAME, with its end and its last use."""
    from seon.backend.trust.tokens import known_token

    row = _row(known_token(name).name)
    sheet, words = Sheet(), _words(row)
    for key, title in _TITLES.items():
        sheet.add(key, title, words.get(key, row.get(key)))
    sheet.add("withdrawn", "", row["withdrawn"])
    sheet.add("client", "", row["client"])
    sheet.add("servers", "servers", row["servers"] or "every licensed one")
    return sheet.said()


_TITLES = {
    "name": "name", "state": "state", "for_client": "for client", "until": "valid until",
    "secret_before_until": "secret before counts until", "used": "last used", "used_from": "used from",
}  # fmt: skip
_LIST = {
    "name": "name", "state": "state", "for_client": "for client", "serves": "serves", "until": "valid until",
    "secret_before_until": "secret before until", "used": "last used", "used_from": "from",
}  # fmt: skip

_TONES = {
    "in force": Tone.GOOD, "ends soon": Tone.SOON, "never used": Tone.SOON, "expired": Tone.BAD, "withdrawn": Tone.OFF,
}  # fmt: skip


def _row(name: str) -> dict[str, Any]:
    from seon.backend.trust.lists import token_state
    from seon.backend.trust.models import Token

    found = Token.objects.select_related("client", "use").prefetch_related("servers").get(name=name)
    use = getattr(found, "use", None)
    return {
        "name": found.name,
        "state": token_state(found, datetime.now(UTC)),
        "withdrawn": found.withdrawn_at is not None,
        "client": found.client.name if found.client else "",
        "servers": [server.proxy_id for server in found.servers.all()],
        "until": found.expires_at,
        "secret_before_until": found.former_until,
        "used": use.at if use else None,
        "used_from": use.address if use else "",
    }


def _words(row: dict[str, Any]) -> dict[str, Cell]:
    """Return what is said of a token beside what is stored."""
    now, said = datetime.now(UTC), str(row["state"])
    before = row["secret_before_until"]
    return {
        "state": State(said, _TONES[said]), "for_client": row["client"] or "any",
        **({"secret_before_until": None} if before and before <= now else {}),
    }  # fmt: skip
