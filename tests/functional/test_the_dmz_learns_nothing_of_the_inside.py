"""What the DMZ host shows of the inside: the client's name, and the address that it dials from. Nothing more."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from functional.harness import Site
from functional.peers import HeldTransfer
from functional.processes import PROC, eventually

NOWHERE = "stations.inside.invalid"
"""A receive daemon that nobody finds: every text about it names it."""


def of_the_inside(site: Site) -> dict[str, str]:
    """Return what must not be seen, as patterns: what it is, to how it looks."""
    layout, ports = site.layout, site.ports
    return {
        "host name of the client": rf"\b{re.escape(socket.gethostname())}\b",
        "directory of the client": re.escape(str(layout.client)),
        "directory of Seonapi": re.escape(str(layout.seonapi)),
        "directory of the receive daemon": re.escape(str(layout.receive_daemon)),
        "file of the token": re.escape(str(layout.token_file)),
        "receive daemon": rf"\b{ports.receive}\b|{re.escape(NOWHERE)}",
        "Seonapi": rf"https://|\b{ports.seonapi}\b",
        "listening port for the send daemon": rf"\b{ports.outgoing}\b",
    }


def seen_in_the_dmz(site: Site) -> Iterator[tuple[str, str]]:
    """Yield what an administrator of the DMZ host, or a thief, reads there: where, and the text."""
    yield "log", site.log("server")
    yield "output", site.running["server"].output.read_text()
    for seen in site.titled("seon_proxyserver2"):
        yield f"title of {seen.pid}", seen.title
        yield f"environment of {seen.pid}", (PROC / str(seen.pid) / "environ").read_bytes().decode(errors="replace")


def shown(site: Site, without: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    """Return what the DMZ shows of the inside: where, what, and the text around it."""
    found = []
    for where, text in seen_in_the_dmz(site):
        for what, pattern in of_the_inside(site).items():
            match = re.search(pattern, text)
            if match and not (where.startswith("environment") and what in without):
                found.append((where, what, text[max(0, match.start() - 80) : match.end() + 20]))
    return found


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A file to send."""
    path = tmp_path / "SMALL"
    path.write_bytes(b"x" * 1_000)
    return path


def test_log_titles_and_environment_hold_nothing_of_the_inside(running: Site) -> None:
    with HeldTransfer(running), HeldTransfer(running, incoming=False):
        eventually(lambda: len(running.sessions("server")) == 2, why="both sessions run")
        # Both hosts of this test are one, and its name is in the environment that the test gives to all programs.
        assert shown(running, without=("host name of the client",)) == []
    assert re.search(r"LNK-UP Client client-[0-9a-f]{8} connected from 127\.0\.0\.1:", running.log("server"))


def test_a_receive_daemon_that_cannot_be_reached_is_named_inside_only(running: Site, small: Path) -> None:
    running.set("receive_daemon", f"{NOWHERE}:{running.ports.receive}")
    running.in_force()
    try:
        assert running.send_in([small]).status != 0
        eventually(lambda: NOWHERE in running.log("client"), why="the client's log names it")
        running.in_journal("SES-FAILED", NOWHERE)
        told = r"SES-FAILED .*the receive daemon cannot be reached, the client's log says why"
        eventually(lambda: re.search(told, running.log("server")), why="the server's log has its line")
        assert shown(running, without=("host name of the client",)) == []
    finally:
        running.set("receive_daemon", f"127.0.0.1:{running.ports.receive}")
        running.in_force()


def test_a_restarted_client_has_the_same_name(running: Site) -> None:
    def names() -> list[str]:
        return re.findall(r"LNK-UP Client (\S+)", running.log("server"))

    before = names()[-1]
    count = len(names())
    assert running.stop("client") == 0
    running.start_client()
    eventually(lambda: len(names()) > count, why="the client's new link")
    assert names()[-1] == before
