"""A partner comes in with the certificate that it has, whichever rule of X.509 it breaks; another one is refused."""

import dataclasses
import re
import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from functional.harness import Site
from functional.peers import RecordingStation
from functional.processes import eventually
from odd_certificates import CASES, Odd, key_pem
from seon.pki import PeerCertificate, peer_certificate
from seon.pki.containers import read_container

FILES = Path(__file__).parents[1] / "vectors" / "certificates"
VECTORS = {
    "printable-ampersand": "rsa",
    "printable-underscore": "rsa",
    "critical-false": "rsa",
    "t61-umlauts": "rsa",
    "empty-rdn": "rsa",
    "chain-root-first": "chain-leaf",
}
"""Files of tests/vectors, and their keys. (Brainpool: tests/unit/net/test_offer.py; no system's `ssl` shows it.)"""
LEFT_OUT = {
    "30 February": "never valid",
    "explicit curve": "no handshake can use it",
    "unknown curve": "no handshake can use it",
    "unknown key": "no handshake can use it",
    "no key at all": "no handshake can use it",
    "an extension twice": "no usual client loads it",
    "nonsense in an extension": "no usual client loads it",
    "10,000 names": "more than a peer may send before its handshake is done",
}
ODD = {re.sub("[^A-Za-z0-9]", "-", name): odd for name, odd in CASES.items() if name not in LEFT_OUT}
"""Certificates by the identifiers of their partners."""


def pem_of(odd: Odd) -> str:
    return peer_certificate(odd.der).pem


@pytest.fixture(scope="module")
def pinned(without_station: Site) -> Site:
    """A site with a partner for each certificate, added from the file as it is."""
    layout, adds = without_station.layout, []
    for name, odd in ODD.items():
        for held, shown in ((name, odd), (f"{name}-unknown", dataclasses.replace(odd))):
            layout.certificate(held).write_text(pem_of(shown))
            layout.key(held).write_bytes(key_pem())
    for name, key in VECTORS.items():
        shutil.copy(FILES / f"{name}.pem", layout.certificate(name))
        shutil.copy(FILES / f"{key}.key", layout.key(name))
    for name in [*ODD, *VECTORS]:
        adds.append(["partner", "add", name, "--certificate", str(layout.certificate(name)), "--force"])
    told = without_station.seonapi(*adds)
    assert told.count("pinned: ") == len(adds)
    without_station.in_force()
    return without_station


@contextmanager
def connected(site: Site, name: str, source: str = "127.0.0.1") -> Iterator[ssl.SSLSocket]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(leaf_first(site, name), site.layout.key(name))
    address = ("127.0.0.1", site.ports.external)
    with socket.create_connection(address, 10, (source, 0)) as sock, context.wrap_socket(sock) as tls:
        yield tls


def leaf_of(site: Site, name: str) -> PeerCertificate:
    return read_container(site.layout.certificate(name).read_bytes()).certificates[
        -1 if name.startswith("chain") else 0
    ]


def leaf_first(site: Site, name: str) -> Path:
    path = site.layout.certificate(f"{name}-alone")
    path.write_text(leaf_of(site, name).pem)
    return path


@pytest.mark.parametrize("name", [*ODD, *VECTORS])
def test_a_partner_comes_in_with_its_certificate(pinned: Site, name: str) -> None:
    with RecordingStation(pinned.ports.receive), connected(pinned, name) as tls:
        assert tls.recv(100)[4:5] == b"I", "SSRM, the first word of the receive daemon"
    eventually(lambda: f"with partner {name} started" in pinned.log("server"), why=f"the session of {name} in the log")


@pytest.mark.parametrize("name", list(ODD))
def test_another_certificate_of_the_same_kind_is_refused_by_its_sha256(pinned: Site, name: str) -> None:
    unknown = f"{name}-unknown"
    certificate = leaf_of(pinned, unknown)
    source = f"127.0.1.{1 + list(ODD).index(name)}"  # each has the refusals of its own told one by one
    with pytest.raises(ssl.SSLError, match="alert"), connected(pinned, unknown, source) as tls:
        tls.recv(100)
    subject = re.escape(certificate.subject.replace("\\", "\\\\"))
    told = rf"ADM-REFUSED .*certificate {subject}, issuer .*SHA-256 {certificate.fingerprint}"
    eventually(lambda: re.search(told, pinned.log("server")), why=f"{told} in the log")
