"""`seonapi live`: what runs now, as the clients have told it last."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

import contextlib
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from seon.addresses import shown as place
from seon.api_messages import LIVE_SECONDS
from seon.cli.seonapi.answers import Sheet, State, Table, Tone
from seon.cli.seonapi.base import clear_errors, database_errors_cleared, home_option, open_installation

if TYPE_CHECKING:
    from seon.api_messages import LiveFile, LiveServer, LiveState
    from seon.backend.live.lists import ClientLive

_UP_AND_HOME = "\x1b[2J\x1b[H"


@click.command()
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value; with --watch one a line.")
@click.option("--watch", is_flag=True, help=f"Show it anew every {LIVE_SECONDS} s, until Ctrl-C.")
@clear_errors
def live(home: str | None, as_json: bool, watch: bool) -> None:
    """Show what runs now: clients, servers, ports and sessions.

    Each client tells it every 2 s. What a client has told more than 10 s ago is shown as not heard of: nobody knows
    then what runs there.
    """
    open_installation(home)
    if not watch:
        click.echo(_said(as_json=as_json))
        return
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        while True:
            click.echo(_said(as_json=True) if as_json else f"{_UP_AND_HOME}{_said(as_json=False)}")
            time.sleep(LIVE_SECONDS)


def _said(*, as_json: bool) -> str:
    sheet = database_errors_cleared(_sheet)
    return msgspec.json.encode(sheet.data).decode() if as_json else sheet.text()


def _sheet() -> Sheet:
    from seon.backend.live import lists

    clients, sheet = lists.clients(), Sheet()
    sheet.add("clients", "clients", _clients(clients))
    sheet.add("servers", "servers", _servers(clients))
    sheet.add("ports", "listening ports of the clients", _ports(clients))
    sheet.add("sessions", "sessions", _sessions(clients))
    return sheet


def _clients(clients: "list[ClientLive]") -> Table:
    headings = {
        "client": "client", "address": "address", "state": "state", "heard_at": "heard of", "build": "version",
        "receive": "receive daemon", "configuration": "configuration", "events_waiting": "events waiting",
    }  # fmt: skip
    table = Table(headings, empty="none has told what runs yet")
    for one in clients:
        told = one.state
        table.add(
            client=one.name, token=one.token, address=one.address, state=_state(one), heard_at=one.heard_at,
            build=told.build, since=_moment(told.since), receive_daemon=told.receive_daemon, receive=_receive(told),
            receive_daemon_reached=told.receive_daemon_reached, configuration=told.version,
            draining=told.draining, events_waiting=told.events_waiting,
        )  # fmt: skip
    return table


def _servers(clients: "list[ClientLive]") -> Table:
    headings = {
        "server": "server", "client": "client", "proxy_id": "Proxy ID", "state": "link", "since": "since",
        "port": "external port", "build": "version", "configuration": "configuration", "sessions": "sessions",
    }  # fmt: skip
    table = Table(headings, empty="none")
    for client in clients:
        for one in client.state.servers:
            table.add(
                server=one.place, client=client.name, proxy_id=one.proxy_id, state=_link(client, one),
                since=_moment(one.since), port=_external(client, one), external_open=client.fresh and one.external_open,
                build=one.build, configuration=one.version, sessions=one.sessions,
            )  # fmt: skip
    return table


def _ports(clients: "list[ClientLive]") -> Table:
    headings = {"client": "client", "port": "port", "partner": "to partner", "state": "state"}
    table = Table(headings, empty="none")
    for client in clients:
        for one in client.state.listeners:
            closed = State(f"closed: {one.reason}" if one.reason else "closed", Tone.BAD)
            state = State("open", Tone.GOOD) if one.open else closed
            table.add(
                client=client.name, port=place(one.address, one.port), partner=one.partner,
                state=state if client.fresh else _unknown(),
            )  # fmt: skip
    return table


def _sessions(clients: "list[ClientLive]") -> Table:
    headings = {
        "session": "session", "partner": "partner", "direction": "direction", "since": "since", "phase": "phase",
        "file": "file", "octets_in": "octets in", "octets_out": "octets out", "rate": "octets/s", "files": "files",
        "findings": "findings", "client": "client",
    }  # fmt: skip
    table = Table(headings, empty="none")
    running = [(client, one) for client in clients if client.fresh for one in client.state.sessions]
    for client, one in sorted(running, key=lambda pair: -pair[1].since):
        table.add(
            session=one.session, partner=one.partner, direction=one.direction, since=_moment(one.since),
            phase=one.phase, file=", ".join(filter(None, map(_file, (one.file_in, one.file_out)))),
            octets_in=one.octets_in, octets_out=one.octets_out, rate=one.rate, files=one.files,
            findings=one.findings, source=one.source, traced=one.traced, client=client.name,
        )  # fmt: skip
    return table


def _state(client: "ClientLive") -> State:
    if not client.fresh:
        return State("not heard of", Tone.BAD)
    return State("drains", Tone.SOON) if client.state.draining else State("runs", Tone.GOOD)


def _unknown() -> State:
    return State("not known", Tone.OFF)


def _link(client: "ClientLive", server: "LiveServer") -> State:
    if not client.fresh:
        return _unknown()
    if server.linked:
        return State("linked", Tone.GOOD)
    return State(f"not linked: {server.reason}" if server.reason else "not linked", Tone.BAD)


def _external(client: "ClientLive", server: "LiveServer") -> State:
    if not client.fresh or not server.linked:
        return _unknown()
    if server.external_open:
        where = place(server.external_address, server.external_port) if server.external_address else ""
        return State(f"{where or server.external_port} open", Tone.GOOD)
    return State(f"closed: {server.external_reason}" if server.external_reason else "closed", Tone.BAD)


def _receive(told: "LiveState") -> State:
    if not told.receive_daemon:
        return State("none is set", Tone.SOON)
    if told.receive_daemon_reached is None:
        return State(f"{told.receive_daemon}, not asked yet", Tone.OFF)
    if told.receive_daemon_reached:
        return State(f"{told.receive_daemon}, reached", Tone.GOOD)
    return State(f"{told.receive_daemon}, not reached: {told.receive_daemon_reason or 'no reason given'}", Tone.BAD)


def _file(file: "LiveFile | None") -> str:
    if file is None:
        return ""
    return f"{file.name} {file.octets}/{file.size}" if file.size else f"{file.name} {file.octets}"


def _moment(unix: float) -> datetime | None:
    return datetime.fromtimestamp(unix, UTC) if unix else None
