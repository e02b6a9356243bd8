"""What goes wrong is said in words, in the right place, without a traceback; and it heals by itself where it can."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from functional.harness import FOREGROUND, Site, environment, open_site, port_is_open
from functional.peers import random_file
from functional.processes import eventually
from seon.cli.quickstart.installation import PARTNER
from seon.cli.quickstart.processes import Process, program


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return random_file(tmp_path / "SMALL", 1_000)


def refused_at_start(process: Process) -> str:
    """Wait for a program to end by itself with a message; return what it said."""
    eventually(lambda: process.ended() is not None, why=f"{process.name} ends")
    said = process.last_words()
    assert process.ended() not in (0, None)
    assert "Traceback" not in said
    return said


def server(site: Site, *arguments: str) -> Process:
    more = arguments or ("-i", f"127.0.0.1:{site.ports.internal}", "-l", str(site.layout.license_file))
    return site.launch("server", ["seon_proxyserver2", *FOREGROUND, *more], site.layout.server)


# --- programs that are not there -------------------------------------------------------------------------------------


def test_a_receive_daemon_that_is_down_is_named_and_found_when_it_is_back(without_station: Site, small: Path) -> None:
    site = without_station
    sent = site.send_in([small])
    assert sent.status != 0
    pattern = f"{PARTNER}, incoming, not started: .*receive daemon: .*{site.ports.receive}: connect: refused"
    outside = f"{PARTNER}, incoming, not started: .*the receive daemon cannot be reached"  # its address stays inside
    for side, wanted in (("server", outside), ("client", pattern)):
        eventually(lambda s=side, w=wanted: re.search(f"ERROR .*SES-FAILED .*{w}", site.log(s)), why=f"{side} log")
    site.in_journal("SES-FAILED", pattern)
    station = site.launch_station()
    station.wait_for("ready")
    assert site.send_in([small]).receipts == ["EERP"]
    assert site.stop("station") == 0


def test_a_partner_that_cannot_be_reached_is_named(without_station: Site, small: Path) -> None:
    site = without_station
    site.stop("partner")
    assert site.send_out([small]).status != 0
    site.in_journal("SES-FAILED", f"{PARTNER}, outgoing, not started: .*:{site.ports.partner}: connect: refused")
    site.launch_partner().wait_for("ready")
    assert site.send_out([small]).receipts == ["EERP"]


def test_while_seonapi_is_down_transfers_go_on_and_events_are_kept(without_station: Site, small: Path) -> None:
    site = without_station
    site.launch_station().wait_for("ready")
    before = len(site.journal("FIL-END"))
    site.stop("seonapi")
    site.running["client"].wait_for("CLI-NOAPI Seonapi does not serve this client: .*trying again in")
    assert site.send_in([small]).receipts == ["EERP"]
    assert len(site.journal("FIL-END")) == before
    site.launch_api().wait_for("ready")
    site.running["client"].wait_for("CLI-API", 60)
    eventually(lambda: len(site.journal("FIL-END")) == before + 1, 60, why="the file is in the journal after all")
    site.in_journal("CLI-NOAPI", "does not serve")
    assert site.stop("station") == 0


def test_a_changed_configuration_is_in_force_at_once(without_station: Site) -> None:
    site = without_station
    with socket.create_server(("127.0.0.1", 0)) as taken:
        other = taken.getsockname()[1]
    site.set("external_port", other)
    site.in_force(10)
    eventually(lambda: port_is_open(other) and not port_is_open(site.ports.external), 5)
    site.set("external_port", site.ports.external)
    site.in_force(10)
    eventually(lambda: port_is_open(site.ports.external), 5)


def test_an_external_port_that_is_taken_is_said_and_opened_when_it_is_free(without_station: Site) -> None:
    site = without_station
    with socket.create_server(("127.0.0.1", 0)) as taken:
        other = taken.getsockname()[1]
        site.set("external_port", other)
        pattern = f"External port 127.0.0.1:{other} cannot be opened: Address already in use"
        eventually(lambda: re.search(f"FATAL .*SRV-PORT {pattern}", site.log("server")), why=pattern)
        site.in_journal("SRV-PORT", pattern)
    eventually(lambda: f"External port 127.0.0.1:{other} open" in site.log("server"), why="opened by itself")
    site.set("external_port", site.ports.external)
    site.in_force()
    eventually(lambda: port_is_open(site.ports.external))


# --- a client that cannot start --------------------------------------------------------------------------------------


@pytest.fixture
def api(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with nothing running but Seonapi, on a port that no other site has."""
    site = open_site(golden, tmp_path_factory.mktemp("api") / "run")
    with socket.create_server(("127.0.0.1", 0)) as free:
        site.ports.seonapi = free.getsockname()[1]
    with socket.create_server(("127.0.0.1", 0)) as free:
        site.ports.internal = free.getsockname()[1]
    yield site
    site.close()


def other_token(site: Site) -> str:
    """Return a token of the right form with another secret."""
    prefix, ca, secret = site.layout.token_file.read_text().strip().split(".")
    return f"{prefix}.{ca}.{secret[::-1]}"


def test_a_wrong_token_is_said_and_shown_nowhere(api: Site) -> None:
    token = other_token(api)
    api.layout.token_file.write_text(token)
    api.launch_api().wait_for("ready")
    client = api.launch_client()
    said = client.wait_for("FATAL .*CLI-TOKEN Seonapi refuses this client: .*")[0]
    secret = token.rpartition(".")[2]
    everything = client.last_words() + api.log("client") + api.running["seonapi"].last_words()
    everything += "".join(path.read_text() for path in (api.layout.seonapi / "log").iterdir())
    titles = [seen.title for seen in api.processes()]
    assert any("courier" in title for title in titles)
    assert secret not in said + everything + " ".join(titles)
    assert "Traceback" not in everything
    assert client.ended() is None, "the token may be made valid; it goes on trying"
    assert "AUD-TOKEN API call without valid authentication from 127.0.0.1: unknown security token; /api/" in everything


def test_a_token_that_is_incomplete_is_refused_at_once_and_not_repeated(api: Site) -> None:
    said = refused_at_start(api.launch_client("-T", "seon1.abc.verysecretpart"))
    assert "not complete; make one with: seonapi token add" in said
    assert "verysecretpart" not in said


def test_a_client_without_seonapi_and_server_tries_on_until_both_are_there(api: Site) -> None:
    client = api.launch_client()
    client.wait_for("CLI-NOAPI .*trying again in 1 s")
    api.launch_api().wait_for("ready")
    client.wait_for("CLI-NOSERVER .*trying again in 1 s", 60)
    api.start_server()
    client.wait_for("CLI-LINKED", 60)


def test_a_token_that_stays_refused_ends_the_client_after_the_time_that_was_set(api: Site) -> None:
    api.layout.token_file.write_text(other_token(api))
    api.launch_api().wait_for("ready")
    client = api.launch_client("--end-if-refused", "1")
    eventually(lambda: client.ended() is not None, 60, why="the client ends")
    assert client.ended() == 5
    said = client.last_words()
    assert re.search("CLI-END Client ended: Seonapi has refused this client for [0-9]+ s: https://127.0.0.1:", said)
    assert "Traceback" not in said
    eventually(lambda: not api.titled("seon_proxyclient2: courier"), why="the courier has ended, too")


def test_a_seonapi_that_stays_away_ends_the_client_only_if_that_was_set(api: Site) -> None:
    client = api.launch_client("--end-if-away", "1")
    eventually(lambda: client.ended() is not None, 60, why="the client ends")
    assert client.ended() == 6
    assert "CLI-END Client ended: Seonapi has not served this client for" in client.last_words()


def courier_of(site: Site) -> int:
    return site.the("seon_proxyclient2: courier").pid


def test_a_courier_that_is_killed_ends_the_client_which_says_so(api: Site) -> None:
    client = api.launch_client()
    client.wait_for("CLI-NOAPI")
    os.kill(courier_of(api), signal.SIGKILL)
    eventually(lambda: client.ended() is not None, why="the client ends")
    assert client.ended() == 4
    assert "CLI-END Client ended: the courier process has ended: killed by SIGKILL" in client.last_words()
    assert not list(api.layout.client.glob("*.pid"))


def test_a_main_that_is_killed_leaves_no_courier(api: Site) -> None:
    client = api.launch_client()
    client.wait_for("CLI-NOAPI")
    assert courier_of(api)
    os.kill(client.pid, signal.SIGKILL)
    client.gone()
    eventually(lambda: not api.processes(), why="the courier has ended")


def test_a_damaged_spool_is_said_and_mended_while_the_client_runs(api: Site) -> None:
    spool = api.layout.client / "seon_proxyclient.spool"
    spool.write_bytes(b"no database " * 1_000)
    client = api.launch_client()
    client.wait_for(f"FATAL .*CLI-SPOOL The event spool cannot be used: {spool}: file is not a database; move it away")
    spool.rename(f"{spool}.damaged")
    client.wait_for("CLI-SPOOLED The event spool can be used again", 60)
    api.launch_api().wait_for("ready")
    api.in_journal("CLI-SPOOL", "not a database")
    api.in_journal("CLI-START", "Client .* started")


@pytest.mark.parametrize(("arguments", "said"), [
    (("-S", ":2878"), "the server's host is missing"),
    (("-S", "127.0.0.1:notaport"), "-S: "),
    (("-S", "127.0.0.1:99999"), "-S: "),
    (("-U", "http://127.0.0.1:8443"), "must begin with https://"),
    (("-T", "@/nonexistent/token"), "no token file /nonexistent/token"),
])  # fmt: skip
def test_a_wrong_command_line_of_the_client_is_explained(api: Site, arguments: tuple[str, ...], said: str) -> None:
    assert said in refused_at_start(api.launch_client(*arguments))


# --- a server that cannot start --------------------------------------------------------------------------------------


def test_an_identity_key_that_others_may_read_is_refused(api: Site) -> None:
    (api.layout.server / "seon_proxyserver.key").chmod(0o644)
    assert "may be read by others; type: chmod 600" in refused_at_start(server(api))


def test_an_internal_port_that_is_taken_is_said(api: Site) -> None:
    with socket.create_server(("127.0.0.1", api.ports.internal)):
        said = refused_at_start(server(api))
    assert f"Internal port 127.0.0.1:{api.ports.internal} cannot be opened: Address already in use" in said
    assert not list(api.layout.server.glob("*.pid")), "a program that did not start leaves no PID file"


def test_a_second_server_in_the_same_directory_is_refused(api: Site) -> None:
    first = api.start_server()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said = refused_at_start(server(api, "-i", f"127.0.0.1:{port}", "-l", str(api.layout.license_file)))
    assert f"process {first.pid} is running; end it first" in said
    assert first.ended() is None
    os.kill(first.pid, signal.SIGTERM)
    first.gone()


def test_a_home_that_is_missing_is_said(api: Site) -> None:
    shutil.rmtree(api.layout.server)
    assert "SEON_HOME" in refused_at_start(server(api))
    shutil.rmtree(api.layout.client)
    token = ["-T", "seon1." + "0" * 64 + "." + "x" * 40]
    assert "SEON_HOME" in refused_at_start(api.launch_client(*token))


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A program's directory in which nobody may write."""
    home = tmp_path / "read-only"
    home.mkdir(mode=0o555)
    yield home
    home.chmod(0o755)


def without_privilege(arguments: list[str], home: Path) -> "subprocess.CompletedProcess[str]":
    """Run a program for which permissions count: root is above them by two of its capabilities."""
    command = [program(arguments[0]), *arguments[1:]]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    return subprocess.run(
        command,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


def test_a_server_that_may_not_write_says_so(api: Site, read_only: Path) -> None:
    done = without_privilege(["seon_proxyserver2", "-d", "-i", f"127.0.0.1:{api.ports.internal}"], read_only)
    assert done.returncode == 1
    assert re.search(r"The log .*seon_proxyserver.*log cannot be written: Permission denied", done.stderr)
    assert "Traceback" not in done.stderr


def test_a_client_that_may_not_write_says_so(read_only: Path) -> None:
    token = "seon1." + "0" * 64 + "." + "x" * 40
    done = without_privilege(
        ["seon_proxyclient2", "-d", "-U", "https://127.0.0.1", "-S", "127.0.0.1", "-T", token], read_only
    )
    assert done.returncode == 1
    assert re.search("cannot be (written|opened|made): ", done.stderr)
    assert "Traceback" not in done.stderr


def test_an_own_certificate_that_is_missing_keeps_the_port_closed_and_is_said(without_station: Site) -> None:
    site = without_station
    put = "from seon.backend.trust.models import OwnCertificate as C\nc = C.objects.get()\nc.in_use = {}\nc.save()"
    site.django(put.format(False))
    site.in_force()
    try:
        eventually(lambda: not port_is_open(site.ports.external), why="the port closes")
        site.in_journal("CFG-EMPTY", "not complete: a certificate for the external port")
    finally:
        site.django(put.format(True))
    site.in_force()
    eventually(lambda: port_is_open(site.ports.external))
