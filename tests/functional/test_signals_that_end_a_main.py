"""HUP, INT and TERM to a main: an orderly end, said at any level; a second one ends it at once, with all it has."""

import contextlib
import json
import re
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from functional.flowing import FlowingTransfer
from functional.harness import Site
from functional.peers import HeldTransfer
from functional.processes import eventually, kill
from seon.cli.quickstart.processes import Process
from seon.client.courier.process import SPOOL_NAME
from seon.client.files import PID_NAME as CLIENT_PID
from seon.server.main import PID_NAME as SERVER_PID

SIDES = ("server", "client")
ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
LONG_DRAIN_SECONDS = 600
AT_ONCE_SECONDS = 5.0
ROUNDS = 4


def pid_file(site: Site, side: str) -> Path:
    return site.layout.root / side / {"server": SERVER_PID, "client": CLIENT_PID}[side]


def silence(site: Site, side: str) -> Process:
    """Set a main's level to FATAL, and wait until it is."""
    main = site.running[side]
    kill(main.pid, 24)
    eventually(lambda: f" {main.pid} Log level set to FATAL" in site.log(side))
    return main


def has_ended_in_order(site: Site, side: str, seconds: float = 20.0) -> None:
    """The status is 0, the PID file is gone, and the last line says so, whatever the level."""
    main = site.running.pop(side)
    eventually(lambda: main.ended() is not None, seconds, why=f"the {side} ends")
    assert main.ended() == 0
    assert not pid_file(site, side).exists()
    last = site.log(side).splitlines()[-1]
    pattern = rf"\S+ \S+ DEBUG +{main.pid} Process {main.pid} ends; PID file {pid_file(site, side)} removed"
    assert re.fullmatch(pattern, last)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
def test_an_ending_signal_ends_a_main_in_order_and_the_last_line_says_so_at_any_level(
    site: Site, side: str, number: signal.Signals
) -> None:
    """It was about nothing yet: the server without a client, the client without a server and Seonapi."""
    launch = {"server": site.launch_server, "client": site.launch_client}[side]
    launch().wait_for({"server": "SRV-START", "client": "CLI-START"}[side])
    main = silence(site, side)
    kill(main.pid, number)
    has_ended_in_order(site, side)
    site.gone(f"seon_proxy{side}2", AT_ONCE_SECONDS)


@pytest.mark.parametrize("side", SIDES)
def test_a_main_that_ends_lets_a_running_transfer_come_to_its_end(site: Site, side: str) -> None:
    site.set("drain_seconds", LONG_DRAIN_SECONDS)
    site.start()
    with FlowingTransfer(site) as transfer:
        main = silence(site, side)
        kill(main.pid, signal.SIGTERM)
        eventually(lambda: "ending" in title_of(site, side), why="it is ending")
        transfer.moves()
        assert main.ended() is None
        transfer.finish()
    has_ended_in_order(site, side)
    site.gone(f"seon_proxy{side}2", AT_ONCE_SECONDS)


@pytest.mark.parametrize(("side", "second"), [("server", signal.SIGTERM), ("client", signal.SIGINT)], ids=SIDES)
def test_a_second_ending_signal_ends_a_main_and_its_sessions_at_once(
    site: Site, side: str, second: signal.Signals
) -> None:
    site.set("drain_seconds", LONG_DRAIN_SECONDS)
    site.start()
    with HeldTransfer(site), HeldTransfer(site, incoming=False):
        eventually(lambda: len(site.sessions(side)) == 2)
        main = site.running[side]
        kill(main.pid, signal.SIGHUP)
        eventually(lambda: title_of(site, side).endswith("main, ending: signal SIGHUP"))
        assert len(site.sessions(side)) == 2, "they are given their time"
        kill(main.pid, second)
        has_ended_in_order(site, side, AT_ONCE_SECONDS)
        assert "A second signal: ending at once" in site.log(side)
        site.gone(f"seon_proxy{side}2", AT_ONCE_SECONDS)
    for session in re.findall(r"SES-START \[(\w+)\]", site.log(side)):
        assert re.search(rf"SES-END \[{session}\] .* ended by administrator: the {side} is ending", site.log(side))
        assert side == "server" or is_on_disk(site, "SES-END", session)


def title_of(site: Site, side: str) -> str:
    """Return the main's title; nothing if it has none yet, or no more."""
    return next((seen.title for seen in site.titled(f"seon_proxy{side}2: main")), "")


def is_on_disk(site: Site, code: str, session: str) -> bool:
    """Whether an event of the inside is in the client's spool, or has reached the journal."""
    query = "SELECT text FROM journal_entry WHERE code = ? AND session = ? AND hop = 'inside'"
    with contextlib.closing(sqlite3.connect(site.layout.client / SPOOL_NAME)) as spool:
        events = [json.loads(body) for (body,) in spool.execute("SELECT body FROM event")]
    in_spool = [event for event in events if (event["code"], event["session"]) == (code, session)]
    return bool(in_spool or site._rows(query, code, session))


@pytest.mark.parametrize("side", SIDES)
def test_somebody_who_does_not_stop_signalling_still_gets_an_end_in_order(site: Site, side: str) -> None:
    launch = {"server": site.launch_server, "client": site.launch_client}[side]
    for _ in range(ROUNDS):
        main = launch()
        main.wait_for({"server": "SRV-START", "client": "CLI-START"}[side])
        eventually(lambda: title_of(site, side), why="it obeys")
        while main.ended() is None:
            for number in (*ENDING, *range(20, 25), signal.SIGUSR1, signal.SIGUSR2):
                with contextlib.suppress(ProcessLookupError):
                    kill(main.pid, number)
            time.sleep(0.001)
        has_ended_in_order(site, side)
