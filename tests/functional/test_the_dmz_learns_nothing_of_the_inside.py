"""What the DMZ host shows of the inside: the client's name, and the address that it dials from. Nothing more."""

import contextlib
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from functional.harness import Site
from functional.peers import BROKEN, HeldTransfer, Partner
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


ELSEWHERE = "127.7.7.7"
"""An address of the inside that nothing else has."""


def test_at_every_level_the_log_tells_no_address_of_the_inside_but_the_clients(running: Site, small: Path) -> None:
    """A whole scene at TRACE: both ways, no daemon there, bad OFTP2, a stranger, a client that comes again."""
    before, processes = len(running.log("server")), running.titled("seon_proxyserver2")
    for seen in processes:
        os.kill(seen.pid, 20)
    assert running.send_in([small]).status == running.send_out([small]).status == 0
    with Partner(running, code="O0013OTHER") as partner, contextlib.suppress(*BROKEN):
        partner.receive()
        partner.send(partner.profile.offer())
        partner.until_end()
    for port in (running.ports.external, running.ports.internal):
        with socket.create_connection(("127.0.0.1", port), 10) as sock, contextlib.suppress(OSError):
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            sock.recv(100)
    running.set("receive_daemon", f"{ELSEWHERE}:{running.ports.receive}")
    running.in_force()
    try:
        assert running.send_in([small]).status != 0
        eventually(lambda: ELSEWHERE in running.log("client"), why="the client's log names it")
        eventually(lambda: "the client's log says why" in running.log("server")[before:], why="the server's does not")
    finally:
        running.set("receive_daemon", f"127.0.0.1:{running.ports.receive}")
        running.in_force()
    assert running.stop("client") == 0
    running.start_client()
    running.wait_open()
    told = running.log("server")[before:]
    codes = (
        "SES-START",
        "SES-END",
        "SES-REFUSED",
        "SES-FAILED",
        "ADM-TLS",
        "LNK-REFUSED",
        "LNK-DOWN",
        "LNK-UP",
        "CFG-NEW",
    )
    assert [code for code in codes if code not in told] == [], "all of it has happened"
    assert ELSEWHERE not in told
    assert shown(running, without=("host name of the client",)) == []
    known = {f"127.0.0.1:{port}" for port in (running.ports.external, running.ports.internal, running.ports.partner)}
    ours = {line for line in told.splitlines() if re.search(r"SES-(START|REFUSED) .*outgoing", line)}
    assert ours, "an outgoing session is told of"
    for line in ours:
        ends = re.search(r"(127\.0\.0\.1:\d+) to (127\.0\.0\.1:\d+)", line)
        assert ends, "the client's end of its session link, and the partner"
        assert ends[2] in known


def test_a_restarted_client_has_the_same_name(running: Site) -> None:
    def names() -> list[str]:
        return re.findall(r"LNK-UP Client (\S+)", running.log("server"))

    before = names()[-1]
    count = len(names())
    assert running.stop("client") == 0
    running.start_client()
    eventually(lambda: len(names()) > count, why="the client's new link")
    assert names()[-1] == before
