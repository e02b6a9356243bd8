"""The host in the DMZ: five files, no connection towards the inside, and a TLS key that lives in its memory alone."""

import re

from functional.harness import Site
from functional.memory import found_in, key_needles
from functional.peers import HeldTransfer
from functional.processes import Connection, connections

FILES = (
    r"seon_proxyserver\.key",
    r"seon_proxy\.lic",
    r"seon_proxyserver\.\d{4}-\d\d-\d\d\.log",
    r"seon_proxyserver2\.pid",
    r"seon_proxyserver\.logrc",
)


def server_pids(site: Site) -> list[int]:
    return [seen.pid for seen in site.titled("seon_proxyserver2")]


def test_its_disk_has_key_license_log_log_settings_and_pid_file_only(running: Site) -> None:
    with HeldTransfer(running), HeldTransfer(running, incoming=False):
        names = sorted(path.name for path in running.layout.server.rglob("*"))
    assert len(names) == len(FILES)
    for pattern in FILES:
        assert [name for name in names if re.fullmatch(pattern, name)], pattern
    assert (running.layout.server / "seon_proxyserver.key").stat().st_mode & 0o777 == 0o600


def test_no_file_of_it_holds_a_setting_or_a_partner(running: Site) -> None:
    key = b"".join(running.layout.key("proxy").read_bytes().splitlines()[1:-1])
    for path in running.layout.server.iterdir():
        if not path.name.endswith(".log"):
            octets = path.read_bytes()
            assert b"demo-partner" not in octets
            assert str(running.ports.receive).encode() not in octets
            assert key[-40:] not in octets.replace(b"\n", b"")


def test_every_connection_was_accepted_except_those_to_partners(running: Site) -> None:
    ports = running.ports
    with HeldTransfer(running), HeldTransfer(running, incoming=False):
        pids = server_pids(running)
        assert len(pids) == 3, "main and two session processes"
        found = connections(pids)
    dialled = [connection for connection in found if connection.local not in (ports.internal, ports.external)]
    assert [connection.remote for connection in dialled] == [ports.partner]
    # The look at the sockets sees all there are: control link, two session links, one partner in, one out.
    assert len(found) == 5, found
    inside = {ports.seonapi, ports.receive, ports.outgoing}
    assert not [connection for connection in found if connection.remote in inside]


def test_the_client_is_the_one_that_dials(running: Site) -> None:
    clients = [seen.pid for seen in running.titled("seon_proxyclient2: main")]
    links = [c for c in connections(clients) if c.remote == running.ports.internal]
    assert len(links) == 1
    assert isinstance(links[0], Connection)


def test_the_partners_key_is_in_no_process_of_the_client(running: Site) -> None:
    needles = key_needles("partners' TLS key", running.layout.key("proxy"))
    assert found_in(running.running["server"].pid, needles), "the search finds it where it belongs"
    with HeldTransfer(running):
        clients = running.titled("seon_proxyclient2")
        assert len(clients) == 3, "main, courier, session process"
        for seen in clients:
            assert found_in(seen.pid, needles) == set(), seen.title


def test_the_log_tells_no_secret(running: Site) -> None:
    secrets = [running.layout.token_file.read_text().strip().rpartition(".")[2]]
    for name in ("proxy", "partner"):
        secrets += [line for line in running.layout.key(name).read_text().splitlines() if not line.startswith("-")]
    with HeldTransfer(running):
        pass
    spoken = running.log("server") + running.log("client")
    assert "SES-START" in spoken
    assert not [secret for secret in secrets if secret in spoken]
