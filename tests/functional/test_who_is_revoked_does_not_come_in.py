"""From the first session of a CA's partner to its revocation: address found, list fetched, session ended, next refused.

Mission B5, through all real programs and a real web server.
"""

from collections.abc import Iterator

import msgspec
import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from certificates import make
from crl_web import Web, make_list, octets, points, serving
from functional.harness import Site
from functional.peers import BROKEN, Partner
from functional.processes import eventually
from seon.oftp2.commands import EndSession, StartSessionReady

ODETTE_ID = "O0013REVOKED"
CA = make("Partner CA", ca=True)


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as made:
        yield made


@pytest.fixture
def known(site: Site, web: Web) -> Site:
    """A site that knows a partner by its Odette ID below a CA, and whose queue daemon fetches lists."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "partner"),
                      x509.NameAttribute(NameOID.SERIAL_NUMBER, ODETTE_ID)])  # fmt: skip
    site.start()
    leaf = make(name, issuer=CA, extensions=[points(web.url("list"))])
    leaf.write(site.layout.certificate("revoked"), site.layout.key("revoked"))
    anchor = site.layout.root / "anchor.pem"
    anchor.write_text(CA.pem)
    site.seonapi(
        ["anchor", "add", str(anchor), "--asserts-odette-ids"],
        ["partner", "add", "revoked"],
        ["partner", "set", "revoked", "odette_ids", ODETTE_ID],
        ["crl", "set", "--private-networks", "127.0.0.1/32"],
        ["set", "queue_seconds", "1"],
    )
    site.in_force()
    site.launch("queue", ["seonapi", "queue", "--no-events"], site.layout.seonapi).wait_for("ready")
    return site


def shown(site: Site) -> dict[str, object]:
    rows = msgspec.json.decode(site.seonapi(["crl", "list", "--json"]))
    return rows[0] if rows else {}


def comes_in(site: Site) -> bool:
    """Whether the partner is served; the receive daemon's first octets say so."""
    try:
        with Partner(site, certificate="revoked") as partner:
            return isinstance(partner.receive(), StartSessionReady)
    except BROKEN:
        return False


def test_a_partner_is_let_in_its_list_is_found_and_once_revoked_it_is_out(known: Site, web: Web) -> None:
    leaf = x509.load_pem_x509_certificate(known.layout.certificate("revoked").read_bytes())
    web.answers["list"] = octets(make_list(CA, [5], number=1))
    with Partner(known, certificate="revoked") as partner:
        assert isinstance(partner.receive(), StartSessionReady), "soft: a list that is not known yet lets in"
        eventually(lambda: shown(known).get("state") == "in force", 30, why="the list is fetched")
        known.running["server"].wait_for("CRL-TAKEN")
        assert comes_in(known)
        web.answers["list"] = octets(make_list(CA, [5, leaf.serial_number], number=2))
        known.seonapi(["crl", "fetch"])
        heard = partner.until_end()
        assert isinstance(heard[-1], EndSession)
    known.in_journal("SES-BARRED", "REVOKED")
    assert not comes_in(known)
    known.in_journal("ADM-REFUSED", "REVOKED")


def test_a_hard_policy_refuses_until_the_list_is_there(known: Site, web: Web) -> None:
    known.seonapi(["set", "admission_revocation", "hard"])
    known.in_force()
    assert not comes_in(known)
    known.in_journal("ADM-REFUSED", f"{web.url('list')}.*REVOCATION-NOT-YET-KNOWN")
    web.answers["list"] = octets(make_list(CA, [5], number=1))
    eventually(lambda: bool(shown(known)), 20, why="the address is found")
    known.seonapi(["crl", "fetch"])
    known.running["server"].wait_for("CRL-TAKEN")
    assert comes_in(known)
