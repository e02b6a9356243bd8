"""A live session process, looked at from outside: one thread, its own descriptors, no library it needs not, no secret.

The same search finds each secret where it belongs: so it could find it in a session process too.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from certificates import make, rsa_key
from functional.harness import Site
from functional.memory import found_in, key_needles
from functional.peers import HeldTransfer
from functional.processes import descriptors, threads

IDENTITY, TOKEN = "identity", "token"
LIBRARIES = {"HTTP client": b"httpx/_client.py", "Django": b"django/db/models/base.py"}


@pytest.fixture(params=[True, False], ids=["incoming", "outgoing"])
def held(running: Site, request: pytest.FixtureRequest) -> Iterator[HeldTransfer]:
    """A transfer that stands in the middle of a file."""
    with HeldTransfer(running, incoming=request.param) as transfer:
        yield transfer
    running.gone("seon_proxyserver2: session")
    running.gone("seon_proxyclient2: session")


def session_pids(site: Site) -> list[int]:
    pids = [seen.pid for side in ("server", "client") for seen in site.sessions(side)]
    assert len(pids) == 2
    return pids


def secrets_of(site: Site, own: str = "proxy") -> dict[str, bytes]:
    layout: Path = site.layout.server
    token = site.layout.token_file.read_text().strip().rpartition(".")[2]
    return {
        **key_needles("partners' TLS key", site.layout.key(own)),
        **key_needles(IDENTITY, layout / "seon_proxyserver.key"),
        TOKEN: token.encode(),
    }


def courier(site: Site) -> int:
    return site.the("seon_proxyclient2: courier").pid


def test_it_has_one_thread(running: Site, held: HeldTransfer) -> None:
    assert [threads(pid) for pid in session_pids(running)] == [1, 1]


def test_it_has_only_its_own_descriptors(running: Site, held: HeldTransfer) -> None:
    for side in ("server", "client"):
        own = descriptors(running.the_session(side).pid)
        others = [target for number, target in own.items() if number > 2]
        sockets = {target for target in others if target.startswith("socket:")}
        assert len(sockets) == 3, "two connections and the line to its main"
        rest = sorted(target for target in others if target not in sockets)
        assert rest == ["anon_inode:[eventfd]", "anon_inode:[eventpoll]"], own
        assert not sockets & set(descriptors(running.running[side].pid).values()), "the main has closed its copies"


def test_it_has_loaded_no_django_and_no_http_client(running: Site, held: HeldTransfer) -> None:
    assert found_in(courier(running), LIBRARIES) == {"HTTP client"}, "the search finds what is there"
    assert found_in(running.running["seonapi"].pid, LIBRARIES) >= {"Django"}
    for pid in (*session_pids(running), running.running["client"].pid, running.running["server"].pid):
        assert found_in(pid, LIBRARIES) == set()


def test_none_of_the_secrets_is_in_its_memory(running: Site, held: HeldTransfer) -> None:
    secrets = secrets_of(running)
    for pid in session_pids(running):
        assert found_in(pid, secrets) == set()
    check_the_search_finds_them(running, secrets)
    held.finish()
    assert len(held.receipts) == 1, "without its keys the session went on"


def check_the_search_finds_them(site: Site, secrets: dict[str, bytes]) -> None:
    in_server = found_in(site.running["server"].pid, secrets)
    assert any(name.startswith("partners' TLS key") for name in in_server)
    assert any(name.startswith(IDENTITY) for name in in_server)
    assert not any("PEM" in name for name in in_server), "keys are loaded from PEM, and its text is wiped"
    assert TOKEN not in in_server
    assert found_in(courier(site), secrets) == {TOKEN}
    assert found_in(site.running["client"].pid, secrets) == set()


@pytest.fixture
def with_rsa(running: Site) -> Iterator[Site]:
    """The site with an RSA certificate in use; the one before is put back after the test."""
    chain, key = running.layout.certificate("rsa"), running.layout.key("rsa")
    make("rsa", rsa_key()).write(chain, key)
    running.seonapi(["certificate", "add", "--chain", str(chain), "--key", str(key), "--use"])
    running.in_force()
    yield running
    running.seonapi(["certificate", "back"])
    running.in_force()


def test_an_rsa_key_is_gone_as_well(with_rsa: Site) -> None:
    secrets = secrets_of(with_rsa, "rsa")
    with HeldTransfer(with_rsa):
        for pid in session_pids(with_rsa):
            assert found_in(pid, secrets) == set()
        check_the_search_finds_them(with_rsa, secrets)
