"""The program that opens PKCS#12 says what was in it, or why it cannot be opened."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption, pkcs12

from certificates import make
from odd_certificates import CASES, key_pem
from seon import pki
from seon.pki.opener import Asked, Opened, open_pkcs12

OURS = make("ours")


def pfx(password: bytes | None) -> bytes:
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"ours", OURS.key, OURS.certificate, None, protection)


def of_a_certificate_that_breaks_a_rule(tmp_path: Path) -> bytes:
    (tmp_path / "cert").write_text(pki.peer_certificate(CASES["ampersand"].der).pem)
    (tmp_path / "key").write_bytes(key_pem())
    command = "openssl pkcs12 -export -in cert -inkey key -out p12 -passout pass:x"
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    return (tmp_path / "p12").read_bytes()


@pytest.mark.parametrize(("made_with", "opened_with"), [(b"x", b"x"), (None, None), (None, b""), (None, b"x")])
def test_a_file_is_opened(made_with: bytes | None, opened_with: bytes | None) -> None:
    found = open_pkcs12(Asked(pfx(made_with), opened_with))
    assert (len(found.certificates), len(found.keys), found.failure) == (1, 1, "")


@pytest.mark.parametrize(
    ("octets", "password", "failure"),
    [
        (pfx(b"x"), None, "password"),
        (pfx(b"x"), b"y", "password"),
        (pfx(b"x")[:-9], b"x", "damaged|password"),
        (b"", b"x", "damaged|password"),
    ],
    ids=["no password", "a wrong one", "cut off", "empty"],
)
def test_what_cannot_be_opened_is_said(octets: bytes, password: bytes | None, failure: str) -> None:
    found = open_pkcs12(Asked(octets, password))
    assert found.failure in failure.split("|")
    assert found.certificates == found.keys == []


def test_a_certificate_that_breaks_a_rule_is_said(tmp_path: Path) -> None:
    assert open_pkcs12(Asked(of_a_certificate_that_breaks_a_rule(tmp_path), b"x")).failure == "rules"


def test_the_program_answers_on_its_standard_output() -> None:
    asked = msgspec.json.encode(Asked(pfx(b"x"), b"x"))
    done = subprocess.run([sys.executable, "-m", "seon.pki.opener"], input=asked, capture_output=True, check=True)
    assert len(msgspec.json.decode(done.stdout, type=Opened).keys) == 1
    assert done.stderr == b""
