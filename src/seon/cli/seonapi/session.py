"""`seonapi trace`: sessions that run."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

import click

from seon.cli.seonapi.base import Said, on_installation


@click.command()
@click.argument("session")
@click.argument("switch", type=click.Choice(["on", "off"]))
@on_installation
def trace(session: str, switch: str) -> Said:
    """Switch the trace of the running session SESSION (its id, or 8 characters of it) on or off.

    Both programs write it to a file in the directory `traces` of their home. For all sessions of a partner:
    seonapi partner set ID trace yes.
    """
    from seon.backend.journal.tracing import trace_session

    found = trace_session(session, on=switch == "on")
    return Said({"session": found, "trace": switch == "on"}, f"trace of session {found} switched {switch}")
