"""A station that knows CBC only: it comes in from its network, is dialled as it needs, and nobody else is affected."""

import re
from pathlib import Path

import pytest

from functional.harness import Site
from functional.memory import found_in, key_needles
from functional.peers import BROKEN, HeldTransfer, Partner
from functional.processes import eventually
from seon.cli.quickstart.installation import PARTNER

CBC = b"ECDHE-ECDSA-AES256-SHA384"
NETWORK, ELSEWHERE = "127.0.0.0/28", "127.0.0.99"


@pytest.fixture(scope="module")
def old(running: Site) -> Site:
    """A site whose partner has an old station."""
    running.seonapi(["partner", "network", "add", PARTNER, NETWORK])
    running.django(
        "from seon.backend.partners.models import Partner;"
        f"Partner.objects.filter(identifier={PARTNER!r}).update(old_tls=True)"
    )
    running.in_force()
    return running


def test_an_old_station_comes_in_from_its_network(old: Site) -> None:
    with Partner(old, ciphers=CBC) as partner:
        partner.open()
    eventually(lambda: re.search(rf"SES-START .*{CBC.decode()}", old.log("server")), why="the session, with its suite")
    old.gone("seon_proxyserver2: session")


def test_nobody_else_is_offered_what_it_needs(old: Site) -> None:
    with pytest.raises(BROKEN):
        Partner(old, ciphers=CBC, source=ELSEWHERE)
    refused = rf"ADM-TLS .*from {re.escape(ELSEWHERE)}:.*old_tls for its partner.*no shared cipher"
    eventually(lambda: re.search(refused, old.log("server")), why=refused)


def test_it_is_dialled_with_tls_1_2(old: Site, tmp_path: Path) -> None:
    file = tmp_path / "ENGDAT"
    file.write_bytes(b"x" * 1_000)
    sent = old.send_out([file])
    assert sent.status == 0, sent.output
    eventually(lambda: re.search(r"SES-START .*outgoing.*TLSv1\.2", old.log("server")), why="TLS 1.2")


@pytest.mark.parametrize("incoming", [True, False], ids=["incoming", "outgoing"])
def test_no_context_leaves_its_key_in_a_session_process(old: Site, incoming: bool) -> None:
    needles = key_needles("partners' TLS key", old.layout.key("proxy"))
    with HeldTransfer(old, incoming=incoming) as transfer:
        assert found_in(old.running["server"].pid, needles), "the search finds it"
        assert found_in(old.the_session("server").pid, needles) == set()
        transfer.finish()
    assert len(transfer.receipts) == 1
    old.gone("seon_proxyserver2: session")
