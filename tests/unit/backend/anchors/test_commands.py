"""The commands of trust anchors, certificate names and refused certificates, as click runs them."""

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import connection
from django.test.utils import CaptureQueriesContext

import certificates
from seon.api_messages import CrlSource, RefusedCertificate
from seon.backend.acting.actors import owner
from seon.backend.anchors.actions import add_anchor
from seon.backend.partners.actions import add_partner
from seon.backend.partners.identity_actions import change_admission
from seon.backend.refused.recording import remember
from seon.backend.revocation.places import remember as remember_list
from seon.cli.seonapi import main

CA = certificates.make("Some CA", ca=True)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def done(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.rstrip("\n")


def answered(*arguments: str) -> Any:
    return msgspec.json.decode(done(*arguments, "--json"))


def refused(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), result.exception
    return result.stderr


def written(path: Path, made: certificates.Made) -> str:
    path.write_text(made.pem)
    return str(path)


def test_an_anchor_is_added_listed_set_and_removed(tmp_path: Path) -> None:
    assert "only pinned certificates" in done("anchor", "list")
    said = done("anchor", "add", written(tmp_path / "ca.pem", CA), "--asserts-odette-ids")
    assert said.startswith("trust anchor Some CA added: CN=Some CA, until ")
    done("partner", "add", "acme", "--odette-id", "O0013A", "--anchor", "Some CA")
    (row,) = answered("anchor", "list")
    assert (row["name"], row["asserts"], row["may"], row["only"], row["sha256"]) == (
        "Some CA", True, 1, 1, CA.fingerprint,
    )  # fmt: skip
    assert row["lists"] == "none"
    remember_list([CrlSource("http://crl.example/ca.crl", CA.certificate.public_bytes(Encoding.DER))], "main")
    assert "not fetched yet" in done("anchor", "list")
    assert answered("anchor", "show", CA.fingerprint[:8])["lists"] == "not fetched yet"
    assert answered("anchor", "show", CA.fingerprint[:8])["only"] == ["acme"]
    assert "allowed: yes, no" in refused("anchor", "set", "Some CA", "asserts_odette_ids", "perhaps")
    said = done("anchor", "set", "Some CA", "asserts_odette_ids", "no")
    assert said.splitlines() == ["asserts_odette_ids = no", "partners that come in by this anchor no more: acme"]
    done("anchor", "set", "Some CA", "asserts_odette_ids", "yes")
    done("anchor", "set", "Some CA", "name", "Another name")
    assert "only by it: acme" in refused("anchor", "remove", "Another name")
    assert done("anchor", "remove", "Another name", "--force").endswith("partners came in by it: only by it: acme")


def test_a_name_is_taken_from_a_certificate_or_typed(tmp_path: Path) -> None:
    done("partner", "add", "acme")
    path = written(tmp_path / "acme.pem", certificates.make("Acme", issuer=CA))
    assert answered("partner", "name", "add", "acme", path)["subject"] == "CN=Acme"
    assert "named         CN=Acme, issuer CN=Some CA" in done("partner", "show", "acme")
    done("partner", "name", "remove", "acme", "--subject", "cn = Acme", "--issuer", "CN=Some CA")
    assert "it changes nothing yet: no trust anchor" in done("partner", "name", "add", "acme", path)
    assert "no trust anchor may admit it" in done("partner", "set", "acme", "odette_ids", "O0013A")
    assert "no trust anchor may admit it" in done("partner", "add", "other", "--odette-id", "O0013B")
    done("anchor", "add", written(tmp_path / "ca.pem", CA), "--asserts-odette-ids")
    assert done("partner", "add", "third", "--odette-id", "O0013C") == "partner third added"
    assert "Give a FILE" in refused("partner", "name", "add", "acme")
    assert "both --issuer and --subject" in refused("partner", "name", "add", "acme", "--subject", "CN=Acme")
    wrong = refused("partner", "name", "add", "acme", "--issuer", "Acme", "--subject", "CN=Acme")
    assert "issuer: " in wrong
    assert "such as CN=Acme" in wrong
    assert refused("partner", "name", "add", "acme", path).endswith("is a name of partner acme already\n")


def test_a_refused_certificate_is_shown_pinned_and_forgotten() -> None:
    made = [certificates.make(name) for name in ("One", "Two", "Three")]
    for one in made:
        der = one.certificate.public_bytes(Encoding.DER)
        remember(RefusedCertificate(der, "192.0.2.1:5", "UNKNOWN", "no", time.time()))
    assert [row["subject"] for row in answered("partner", "refused", "list")] == ["CN=Three", "CN=Two", "CN=One"]
    assert answered("partner", "refused", "show", made[0].fingerprint[:8])["verdict"] == "UNKNOWN"
    assert done("partner", "from-refused", made[0].fingerprint, "one").startswith("partner one added: One")
    assert "pinned: CN=Two" in done("partner", "certificate", "add", "one", "--refused", made[1].fingerprint)
    assert "Give files with certificates, or --refused" in refused("partner", "certificate", "add", "one")
    assert "Give the SHA-256 of each, or --all" in refused("partner", "refused", "remove")
    assert done("partner", "refused", "remove", "--all") == "1 refused certificate forgotten"
    assert done("partner", "refused", "list") == "no certificate was refused"


@pytest.mark.parametrize("command", [("anchor", "list"), ("crl", "list"), ("partner", "list"),
                                     ("partner", "refused", "list")])  # fmt: skip
def test_a_list_asks_the_database_as_often_for_many_rows_as_for_one(command: tuple[str, ...]) -> None:
    counts = []
    for begin, end in ((0, 1), (1, 12)):
        for number in range(begin, end):
            ca = certificates.make(f"CA {number}", ca=True)
            der = ca.certificate.public_bytes(Encoding.DER)
            add_anchor(owner(), ca.pem.encode(), name=f"CA {number}")
            remember_list([CrlSource(f"http://crl.example/{number}", der)], "main")
            add_partner(owner(), f"P{number}", "", [f"O{number}"], [], odette_ids=[f"O{number}"])
            change_admission(owner(), f"P{number}", {"old_tls": True})
            remember(RefusedCertificate(der, "192.0.2.1:5", "UNKNOWN", "no", time.time()))
        with CaptureQueriesContext(connection) as queries:
            done(*command)
        counts.append(len(queries))
    assert counts[0] == counts[1]
