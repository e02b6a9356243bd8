"""A trial says what the server would say: each case with its verdict."""

import json

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import certificates
from certificates import make
from seon.backend.acting.actors import owner
from seon.backend.anchors.actions import add_anchor
from seon.backend.configuration.keys import set_setting
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.partners.actions import add_partner, disable_partner, set_of_partner
from seon.backend.partners.trying import Trial, try_certificate
from seon.cli.seonapi import main

BY = owner()
CLIENT = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
SERVER = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
CA = make("CA", ca=True)
PINNED = make("Pinned", extensions=[CLIENT])


def named(code: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, "x"), x509.NameAttribute(NameOID.SERIAL_NUMBER, code)]
    )  # fmt: skip


def tried(made: certificates.Made, *chain: certificates.Made, source: str = "", outgoing: str = "") -> Trial:
    return try_certificate(made.pem.encode(), [one.pem.encode() for one in chain], source, outgoing)


def step(trial: Trial, what: str) -> str:
    return "; ".join(one.found for one in trial.steps if one.what == what)


@pytest.fixture(autouse=True)
def known() -> None:
    """One partner with a pin, one with an Odette ID below an anchor that asserts them."""
    add_anchor(BY, CA.pem.encode(), asserts_odette_ids=True)
    add_partner(BY, "pinned", "Pinned", [], [PINNED.pem.encode()], networks=["192.0.2.0/24"])
    add_partner(BY, "by-id", "By id", [], [], odette_ids=["O0013A"])


def test_a_pinned_one_comes_in_and_each_step_is_told() -> None:
    version = read_version()
    trial = tried(PINNED)
    assert (trial.verdict, trial.partner, trial.is_admitted) == ("ADMITTED", "pinned", True)
    assert step(trial, "SHA-256") == PINNED.fingerprint
    assert step(trial, "pinned") == "by partner pinned"
    assert step(trial, "for") == "clientAuth"
    assert step(trial, "source") == "not looked at: give --source ADDRESS"
    assert read_version() == version, "nothing is changed"


def test_where_it_comes_from_decides_too() -> None:
    assert tried(PINNED, source="192.0.2.7").is_admitted
    trial = tried(PINNED, source="198.51.100.1")
    assert (trial.verdict, step(trial, "source")) == ("NETWORK", "198.51.100.1 is in none of its networks")


def test_where_somebody_comes_from_says_nothing_of_who_is_dialled() -> None:
    trial = tried(PINNED, outgoing="pinned")
    assert step(trial, "partner") == "pinned, Pinned, enabled"
    assert step(trial, "source") == ""
    with pytest.raises(OperatorError, match="--source for who comes in, or --outgoing"):
        tried(PINNED, outgoing="pinned", source="198.51.100.1")


def test_one_below_an_anchor_comes_in_by_its_odette_id() -> None:
    trial = tried(make(named("O0013A"), issuer=CA, extensions=[CLIENT]))
    assert (trial.verdict, trial.partner) == ("ADMITTED", "by-id")
    assert step(trial, "chain") == "issued by CN=CA, a trust anchor"
    assert step(trial, "Odette IDs") == "O0013A"
    assert "no distribution point" in step(trial, "revocation")


def test_what_is_sent_beside_it_completes_the_chain() -> None:
    below = make("Intermediate", issuer=CA, ca=True)
    leaf = make(named("O0013A"), issuer=below, extensions=[CLIENT])
    assert tried(leaf).verdict == "UNKNOWN"
    trial = tried(leaf, below)
    assert trial.verdict == "ADMITTED"
    assert step(trial, "chain") == "issued by CN=Intermediate; issued by CN=CA, a trust anchor"
    assert try_certificate((leaf.pem + below.pem).encode()).is_admitted, "one file with both"


def test_each_reason_to_refuse_has_its_code() -> None:
    assert tried(make("Stranger")).verdict == "UNKNOWN"
    assert tried(make(named("O0013B"), issuer=CA)).verdict == "IDENTITY"
    assert tried(make(named("O0013A"), issuer=CA, days=-1)).verdict in {"EXPIRED", "CHAIN"}
    set_setting("admission_usage", "refuse")
    assert tried(make(named("O0013A"), issuer=CA, extensions=[SERVER])).verdict == "USAGE"
    set_of_partner(BY, "by-id", "admission_usage", "warn")
    trial = tried(make(named("O0013A"), issuer=CA, extensions=[SERVER]))
    assert trial.is_admitted
    assert trial.doubts[0].startswith("USAGE: ")
    disable_partner(BY, "pinned")
    assert tried(PINNED).verdict == "DISABLED"
    eleven = [make(f"CA {n}", ca=True) for n in range(11)]
    assert tried(PINNED, *eleven).verdict == "TOO-LARGE"


def test_one_that_is_dialled_is_that_partners_or_refused() -> None:
    assert tried(PINNED, outgoing="pinned").is_admitted
    trial = tried(PINNED, outgoing="by-id")
    assert (trial.verdict, trial.partner) == ("IDENTITY", "by-id")
    with pytest.raises(OperatorError, match="There is no partner 'nobody'"):
        tried(PINNED, outgoing="nobody")


@pytest.mark.parametrize("source", ["x", "host.example", "192.0.2.300", "192.0.2.1/24"])
def test_a_source_that_is_no_address_is_refused(source: str) -> None:
    with pytest.raises(OperatorError, match="--source"):
        tried(PINNED, source=source)


def test_the_command_says_the_verdict_and_ends_with_it_as_its_status(tmp_path) -> None:
    path = tmp_path / "pinned.pem"
    path.write_text(PINNED.pem)
    done = CliRunner().invoke(main, ["partner", "try", str(path)])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "ADMITTED: the certificate is one of partner pinned"
    refused = CliRunner().invoke(main, ["partner", "try", str(path), "--source", "198.51.100.1", "--json"])
    assert refused.exit_code == 1
    answer = json.loads(refused.stdout)
    assert (answer["admitted"], answer["verdict"], answer["partner"]) == (False, "NETWORK", "pinned")
    assert {"what": "SHA-256", "found": PINNED.fingerprint} in answer["steps"]
