"""`seonapi certificate` as click runs it: what people and programs see of own certificates."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from certificates import certified, make
from seon import pki
from seon.backend.trust.models import OwnCertificate
from seon.cli.seonapi import main

ROOT = make("root", ca=True)
SUB = make("sub", issuer=ROOT, ca=True)
LEAF = make("Our company", issuer=SUB, days=365)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["certificate", *map(str, arguments)])


def done(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.rstrip("\n")


def answered(*arguments: object) -> Any:
    return msgspec.json.decode(done(*arguments, "--json"))


def refused(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.stdout == ""
    return result.stderr


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def added(file: Callable[..., Path]) -> Callable[..., str]:
    """Add a self-signed certificate; `more`: further arguments."""

    def add(name: str, *more: str) -> str:
        made = make(name, days=365)
        return done("add", file(f"{name}.pem", made.pem + made.key_pem.decode()), *more)

    return add


def test_the_company_s_certificate_comes_into_use(file: Callable[..., Path]) -> None:
    chain, key = file("own.pem", ROOT.pem + SUB.pem + LEAF.pem), file("own.key", LEAF.key_pem)
    other = file("other.key", make("other").key_pem)
    assert "do not belong together" in refused("add", "--chain", chain, "--key", other)
    said = done("add", "--chain", chain, "--key", key)
    assert "certificate of CN=Our company" in said
    assert f"not in use: seonapi certificate use {LEAF.fingerprint[:12]}" in said
    assert not OwnCertificate.objects.get().in_use
    assert done("add", "--chain", chain, "--key", key, "--use").splitlines()[1] == "in use"
    assert OwnCertificate.objects.get().in_use


def test_a_request_is_made_given_out_and_answered(file: Callable[..., Path], tmp_path: Path) -> None:
    out = tmp_path / "us.csr"
    said = done("request", "add", "oftp.example", "--host", "oftp.example", "--odette-id", "O0013ACME",
                "--key-type", "p-384", "--name", "Renewal", "--out", out)  # fmt: skip
    assert said == f"request Renewal, EC secp384r1, in {out}"
    assert done("request", "show", "Renewal") == out.read_text().strip()
    (row,) = answered("list")
    assert (row["name"], row["state"], row["key"]) == ("Renewal", "request", "EC secp384r1")
    issued = certified(pki.key_in_request(out.read_text()), "oftp.example", SUB, days=365)
    said = done("add", file("answer.pem", pki.pem_of(issued) + SUB.pem))
    assert "certificate of CN=oftp.example" in said
    assert "note: the certificate of CN=root that issued CN=sub is missing" in said
    assert [row["state"] for row in answered("list")] == ["stored"]
    assert "There is no certificate request 'Renewal'" in refused("request", "show", "Renewal")


def test_a_request_is_taken_back() -> None:
    done("request", "add", "us", "--key-type", "p-256")
    assert done("request", "remove", "us") == "request us removed, and its private key"
    assert done("list") == "no own certificates yet"


def test_what_is_unwise_is_said_and_done_only_with_force(file: Callable[..., Path]) -> None:
    lonely = file("own.pem", LEAF.pem + LEAF.key_pem.decode())
    said = refused("add", lonely, "--use")
    assert "the certificate of CN=sub that issued CN=Our company is missing" in said
    assert "--force puts it in use all the same" in said
    assert not OwnCertificate.objects.exists()
    found = answered("add", lonely, "--use", "--force")
    assert found["in_use"]
    assert [(one["weight"], one["code"]) for one in found["findings"]] == [("unwise", "chain-gap")]
    assert re.search("unwise  +it comes without its intermediate", done("show", "CN=Our company"))
    assert "gets a better chain" in done("add", file("chain.pem", LEAF.pem + SUB.pem))


def test_certificates_are_used_planned_and_taken_back(added: Callable[..., str]) -> None:
    added("one", "--use")
    added("two")
    assert done("use", "CN=two").endswith(": in use; before: CN=one")
    assert done("back").endswith(": in use; before: CN=two")
    assert "to be used from 2090-01-01 06:00 UTC on" not in done("list")
    assert "it has expired" in refused("use", "CN=two", "--from", "2090-01-01T06:00")
    planned = done("use", "CN=two", "--from", "2090-01-01T07:00+01:00", "--force")
    assert "to be used from 2090-01-01 06:00 UTC on; until then: CN=one" in planned
    assert "planned" in done("list")
    assert "2090-01-01 06:00:00" in done("list")
    assert "the one in use stays" in done("unplan", "CN=two")
    assert [row["state"] for row in answered("list")] == ["in use", "stored"]


@pytest.mark.parametrize(
    ("time", "reason"),
    [("tomorrow", "is no moment; allowed: 2026-12-24"), ("2026-01-01", "has passed: leave --from out")],
)
def test_a_time_that_is_none_or_over_is_refused(added: Callable[..., str], time: str, reason: str) -> None:
    added("one")
    assert reason in refused("use", "CN=one", "--from", time)


def test_certificates_are_renamed_and_removed(added: Callable[..., str]) -> None:
    added("one", "--use", "--name", "Ours")
    added("two")
    assert done("rename", "CN=two", "Next").endswith("is named Next")
    assert "is in use" in refused("remove", "Ours")
    assert done("remove", "Next") == "certificate Next (CN=two) removed and its private key"
    assert answered("list")[0]["name"] == "Ours"


def test_a_certificate_is_shown_with_its_chain(file: Callable[..., Path]) -> None:
    done("add", file("own.pem", SUB.pem + LEAF.pem + LEAF.key_pem.decode() + ROOT.pem))
    said = done("show", LEAF.fingerprint[:8])
    for pattern in (rf"id: +{LEAF.fingerprint}", "state: +stored", "CN=Our company +CN=sub", "CN=sub +CN=root"):
        assert re.search(pattern, said), pattern
    shown = answered("show", LEAF.fingerprint[:8])
    assert [held["subject"] for held in shown["chain"]] == ["CN=Our company", "CN=sub", "CN=root"]
    assert "PRIVATE" not in msgspec.json.encode(shown).decode()


def test_a_password_comes_from_a_file(file: Callable[..., Path]) -> None:
    octets = Path(__file__).parents[2] / "vectors" / "certificates" / "rc2-40.p12"
    assert "protected by a password: give it with --password-file" in refused("add", octets)
    assert "password of the PKCS#12 file is wrong" in refused("add", octets, "--password-file", file("w", "wrong\n"))
    assert "an old tool's" in done("add", octets, "--password-file", file("p", "geheim\n"))


def test_ca_certificates_are_added_listed_and_removed(file: Callable[..., Path]) -> None:
    done("add", file("own.pem", LEAF.pem + LEAF.key_pem.decode()))
    assert done("ca", "list") == "no CA certificates were added"
    said = done("ca", "add", file("sub.pem", SUB.pem))
    assert "CA certificate of CN=sub" in said
    assert "the chain of CN=Our company is completed" in said
    (row,) = answered("ca", "list")
    assert done("ca", "remove", row["id"]) == "CA certificate of CN=sub removed"


def test_nothing_given_is_said() -> None:
    assert "No file is given" in refused("add")


def test_what_a_ca_has_put_into_a_name_does_nothing_on_a_terminal(file: Callable[..., Path]) -> None:
    made = make("red\x1b[31m\u202e", days=365)
    said = (
        done("add", file("own.pem", made.pem + made.key_pem.decode())) + done("list") + done("show", made.fingerprint)
    )
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "red" in said
