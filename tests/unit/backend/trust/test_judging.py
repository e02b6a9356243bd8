"""What is said of an own certificate before it is put in use."""

import datetime as dt
import subprocess
from pathlib import Path
from unittest import mock

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from certificates import make
from seon.backend.trust.chains import ordered
from seon.backend.trust.judging import Finding, Weight, judge, named_key, those
from seon.pki import certificate_in_pem

NOW = dt.datetime.now(dt.UTC)
FILES = Path(__file__).parents[3] / "vectors" / "certificates"
ROOT = make("root", ca=True, days=900)
SUB = make("sub", issuer=ROOT, ca=True, days=900)
BOTH = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])


def found(certificate: x509.Certificate, *above: x509.Certificate, at: dt.datetime = NOW) -> list[Finding]:
    return judge(ordered(certificate, above), at)


def codes(findings: list[Finding], weight: Weight) -> list[str]:
    return [finding.code for finding in those(findings, weight)]


def usage(**said: bool) -> x509.KeyUsage:
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
    return x509.KeyUsage(**dict.fromkeys(names, False) | said)


@pytest.mark.parametrize(
    "key", [None, ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65_537, 2_048)]
)
def test_nothing_is_said_of_a_usual_certificate_with_its_chain(key: object) -> None:
    leaf = make("leaf", key, issuer=SUB, days=365, extensions=[(BOTH, False)])  # type: ignore[arg-type]
    assert found(leaf.certificate, SUB.certificate, ROOT.certificate) == []


def test_time_is_judged_at_the_moment_of_first_use() -> None:
    leaf = make("leaf", days=60).certificate
    assert found(leaf) == []
    soon = found(leaf, at=NOW + dt.timedelta(days=40))
    assert (codes(soon, Weight.UNWISE), codes(soon, Weight.NOTE)) == ([], ["expires-soon"])
    over = found(leaf, at=NOW + dt.timedelta(days=61))
    assert codes(over, Weight.UNWISE) == ["expired"]
    assert "valid until" in over[0].text
    early = found(leaf, at=NOW - dt.timedelta(days=10))
    assert codes(early, Weight.UNWISE) == ["not-yet-valid"]
    assert "begins at" in early[0].text


def test_an_intermediate_that_has_expired_is_said() -> None:
    old = make("old", issuer=ROOT, ca=True, days=-1)
    leaf = make("leaf", issuer=old, days=365).certificate
    assert codes(found(leaf, old.certificate, ROOT.certificate), Weight.UNWISE) == ["chain-not-valid"]


@pytest.mark.parametrize(
    ("key", "weight", "code"),
    [
        (rsa.generate_private_key(65_537, 1_024), Weight.REFUSED, "weak-key"),
        (rsa.generate_private_key(3, 2_048), Weight.UNWISE, "small-exponent"),
        (ec.generate_private_key(ec.SECP521R1()), Weight.UNWISE, "curve"),
        (ec.generate_private_key(ec.BrainpoolP256R1()), Weight.UNWISE, "curve"),
        (ec.generate_private_key(ec.SECP256K1()), Weight.REFUSED, "curve"),
        (ec.generate_private_key(ec.SECP224R1()), Weight.REFUSED, "curve"),
        (ed25519.Ed25519PrivateKey.generate(), Weight.REFUSED, "key-type"),
    ],
)
def test_a_key_that_partners_do_not_take_is_said(key: object, weight: Weight, code: str) -> None:
    findings = found(make("leaf", key, days=365).certificate)  # type: ignore[arg-type]
    assert [(finding.weight, finding.code) for finding in findings] == [(weight, code)]


def test_a_huge_key_is_said() -> None:
    leaf = make("leaf", rsa.generate_private_key(65_537, 2_048), days=365).certificate
    for most, usual, weight in ((16_384, 1_024, Weight.UNWISE), (1_024, 512, Weight.REFUSED)):
        limits = {"MAX_RSA_BITS": most, "USUAL_RSA_BITS": usual}
        with mock.patch.multiple("seon.backend.trust.judging", **limits):
            assert codes(found(leaf), weight) == ["huge-key"]


@pytest.mark.parametrize(
    ("extension", "code"),
    [
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), "no-clientAuth"),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), "no-serverAuth"),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), ""),
        (BOTH, ""),
        (usage(key_encipherment=True), "no-digital-signature"),
        (usage(digital_signature=True), ""),
    ],
)
def test_a_usage_that_is_missing_is_said(extension: x509.ExtensionType, code: str) -> None:
    leaf = make("leaf", days=365, extensions=[(extension, False)]).certificate
    assert codes(found(leaf), Weight.UNWISE) == ([code] if code else [])


def test_a_certificate_of_a_ca_is_said() -> None:
    assert codes(found(ROOT.certificate), Weight.UNWISE) == ["is-ca"]


def test_a_missing_intermediate_is_said_and_a_missing_root_is_only_noted() -> None:
    leaf = make("leaf", issuer=SUB, days=365).certificate
    (gap,) = found(leaf)
    assert (gap.weight, gap.code) == (Weight.UNWISE, "chain-gap")
    assert "the certificate of CN=sub that issued CN=leaf is missing" in gap.text
    (root,) = found(leaf, SUB.certificate)
    assert (root.weight, root.code) == (Weight.NOTE, "root-not-known")
    (other,) = found(leaf, SUB.certificate, ROOT.certificate, make("stranger").certificate)
    assert (other.weight, other.code) == (Weight.NOTE, "not-of-the-chain")
    assert "CN=stranger" in other.text


@pytest.mark.parametrize("name", ["t61-umlauts.pem", "empty-rdn.pem"])
def test_a_name_that_cannot_be_read_is_noted(name: str) -> None:
    leaf = certificate_in_pem((FILES / name).read_bytes())
    assert "name-unreadable" in codes(found(leaf, at=leaf.not_valid_before_utc), Weight.NOTE)


def test_a_signature_with_a_broken_hash_is_said(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(ROOT.pem)
    (tmp_path / "ca.key").write_bytes(ROOT.key_pem)
    new = "openssl req -newkey rsa:2048 -nodes -keyout leaf.key -subj /CN=leaf -out request"
    sign = "openssl x509 -req -in request -CA ca.pem -CAkey ca.key -CAcreateserial -sha1 -days 365 -out leaf.pem"
    for command in (new, sign):
        subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=True)
    leaf = certificate_in_pem((tmp_path / "leaf.pem").read_bytes())
    (finding,) = found(leaf, ROOT.certificate, at=leaf.not_valid_before_utc + dt.timedelta(days=1))
    assert (finding.weight, finding.code) == (Weight.UNWISE, "weak-signature")
    assert "SHA1" in finding.text


def test_the_weightiest_comes_first_and_each_is_a_sentence_without_its_end() -> None:
    leaf = make("leaf", rsa.generate_private_key(3, 1_024), issuer=SUB, days=20).certificate
    findings = found(leaf)
    assert [finding.code for finding in findings] == ["weak-key", "small-exponent", "chain-gap", "expires-soon"]
    assert not any(finding.text.endswith(".") for finding in findings)


def test_a_key_has_a_name() -> None:
    assert named_key(rsa.generate_private_key(65_537, 2_048).public_key()) == "RSA 2048"
    assert named_key(ec.generate_private_key(ec.SECP384R1()).public_key()) == "EC secp384r1"
