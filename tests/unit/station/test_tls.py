from pathlib import Path
from typing import Any

import pytest

from certificates import make
from seon.station.tls import StationTls, TlsFiles


class Certificate:
    """A certificate with its key, as files."""

    def __init__(
        self, directory: Path, name: str, issuer: "Certificate | None" = None, *, ca: bool = False, days: int = 2
    ) -> None:
        self.made = make(name, issuer=issuer.made if issuer else None, ca=ca, days=days)
        self.pem, self.key_pem = directory / f"{name}.pem", directory / f"{name}.key"
        self.made.write(self.pem, self.key_pem)

    def files(self, peers: "Certificate") -> TlsFiles:
        return TlsFiles(self.pem, self.key_pem, peers.pem)


def run(serve: Any, alice: Any, server: TlsFiles, client: TlsFiles) -> bool:
    bob = serve(tls=StationTls(server, listening=True))
    order = alice.order(b"x" * 300_000)
    good: bool = alice.call(bob, order, tls=StationTls(client, listening=False))
    assert bob.received() == ([b"x" * 300_000] if good else [])
    return good


def test_stations_with_each_others_certificates_talk(serve: Any, alice: Any, tmp_path: Path) -> None:
    hers, his = Certificate(tmp_path, "alice"), Certificate(tmp_path, "bob")
    assert run(serve, alice, his.files(hers), hers.files(his))


def test_a_ca_admits_what_it_issued(serve: Any, alice: Any, tmp_path: Path) -> None:
    ca, his = Certificate(tmp_path, "ca", ca=True), Certificate(tmp_path, "bob")
    hers = Certificate(tmp_path, "alice", ca)
    assert run(serve, alice, his.files(ca), hers.files(his))


@pytest.mark.parametrize("which", ["stranger", "issued by a peer", "expired"])
def test_other_certificates_are_refused(serve: Any, alice: Any, tmp_path: Path, which: str) -> None:
    hers, his = Certificate(tmp_path, "alice"), Certificate(tmp_path, "bob")
    others = {
        "stranger": lambda: Certificate(tmp_path, "carol"),
        "issued by a peer": lambda: Certificate(tmp_path, "carol", hers),
        "expired": lambda: Certificate(tmp_path, "alice", days=-1),
    }
    other = others[which]()
    assert not run(serve, alice, his.files(other if which == "expired" else hers), other.files(his))


def test_the_caller_refuses_a_station_it_does_not_know(serve: Any, alice: Any, tmp_path: Path) -> None:
    hers, his, carol = (Certificate(tmp_path, name) for name in ("alice", "bob", "carol"))
    assert not run(serve, alice, carol.files(hers), hers.files(his))


def test_a_caller_without_tls_gets_nowhere(serve: Any, alice: Any, tmp_path: Path) -> None:
    his = Certificate(tmp_path, "bob")
    bob = serve(tls=StationTls(his.files(his), listening=True))
    assert not alice.call(bob, alice.order(b"x"), idle_seconds=0.5)
    assert bob.received() == []


def test_a_plain_station_is_named_by_a_caller_with_tls(serve: Any, alice: Any, tmp_path: Path) -> None:
    hers = Certificate(tmp_path, "alice")
    bob = serve()
    assert not alice.call(bob, alice.order(b"x"), tls=StationTls(hers.files(hers), listening=False))
    (failed,) = alice.failed
    assert failed.startswith(f"127.0.0.1:{bob.port}: TLS: what answers there speaks OFTP2 without TLS")


def test_a_station_that_is_not_there_is_named(serve: Any, alice: Any) -> None:
    bob = serve()
    bob.stop()
    assert not alice.call(bob, alice.order(b"x"))
    assert alice.failed == [f"127.0.0.1:{bob.port}: connect: refused (nothing listens on that port)"]
