"""`openssl verify` says of each certificate of the table (cases.py) what our verdict says, where it has an opinion.

It gets the same anchors, the same certificates sent beside, and the same revocation lists. Where it differs on purpose
stands in DIFFERENCES, and in docs/design.md.
"""

import base64
import re
import ssl
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography import x509

from functional.cases import CASES, Case
from functional.cases_world import ANCHORS, LISTS, World
from needed import need_programs

MEANS: Mapping[str, set[int]] = {
    "UNKNOWN": {18, 19, 20, 21},  # self-signed, or a self-signed one was sent; issuer not found; not verified
    "CHAIN": {7, 10, 24, 25, 79},  # signature; expired; no CA; path too long; no CA
    "EXPIRED": {10},
    "NOT-YET-VALID": {9},
    "WEAK-KEY": {66},
    "WEAK-SIGNATURE": {68},
    "USAGE": {26},
    "REVOKED": {23},
    "REVOCATION-NOT-YET-KNOWN": {3, 8, 44},  # no list; its signature is wrong; it is for others
    "REVOCATION-STALE": {12},
}
"""What OpenSSL's errors (X509_V_ERR_...) mean here. Of all other verdicts it has no opinion: it does not know whose a
certificate is, who is switched off, and what is too large to compute with. There it must find no fault in the chain."""
TOLERATED: Mapping[str, set[int]] = {
    "admission_usage": {26},
    "admission_weak_key": {66},
    "admission_weak_signature": {68},
    "admission_revocation": {3, 12},
}
"""Errors that a policy lets pass."""
DIFFERENCES: Mapping[str, str] = {
    "of a renewed CA, after": "of two anchors of one name OpenSSL takes the first, and does not try the other",
    "cross-signed, by both": "of two certificates of one CA OpenSSL takes one, and does not try the other",
    "list older than crl_days": "OpenSSL asks only nextUpdate",
}  # fmt: skip
SILENT = ("TOO-LARGE", "REVOCATION-NO-POINT")


@pytest.fixture(scope="module")
def world() -> World:
    need_programs("openssl")
    return World(CASES)


@pytest.fixture(scope="module")
def files(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the anchors and the lists."""
    directory = tmp_path_factory.mktemp("openssl")
    (directory / "anchors.pem").write_text("".join(world.ca(name).pem for name in ANCHORS))
    for name in ("huge", ""):  # a list of its own for what needs it: it takes time to read
        lists = [one.make(world) for one in LISTS if (one.ca == "huge") is bool(name)]
        (directory / f"lists{name}.pem").write_text("".join(map(_crl_pem, lists)))
    return directory


def _crl_pem(der: bytes) -> str:
    return f"-----BEGIN X509 CRL-----\n{base64.encodebytes(der).decode()}-----END X509 CRL-----\n"


def errors_of(world: World, name: str, files: Path) -> set[int]:
    """Return the numbers of the errors that `openssl verify` finds."""
    case, shown = CASES[name], world.shown(name)
    leaf = files / "leaf.pem"
    leaf.write_text(shown.leaf.pem)
    (files / "sent.pem").write_text("".join(map(ssl.DER_cert_to_PEM_cert, shown.sends)))
    options = ["-partial_chain", "-purpose", "sslclient", "-auth_level", "2"]
    if case.known and case.known.pin:
        options += ["-trusted", str(leaf)]
    else:
        options += ["-trusted", str(files / "anchors.pem")]
        if shown.sends:
            options += ["-untrusted", str(files / "sent.pem")]
        if _names_a_list(shown.leaf.certificate) and _setting(case, "revocation") != "ignore":
            # With all, the anchor is to be on a list of its own, too: we ask for what is below it.
            options += [
                "-crl_check_all" if shown.sends else "-crl_check",
                "-CRLfile",
                str(files / f"lists{'huge' if 'huge' in name else ''}.pem"),
            ]
    done = subprocess.run(["openssl", "verify", *options, str(leaf)], capture_output=True, text=True, check=False)
    found = {int(number) for number in re.findall(r"^error (\d+) at \d+ depth", done.stderr, re.MULTILINE)}
    assert bool(found) is (done.returncode != 0), done.stdout + done.stderr
    return found


def _names_a_list(certificate: x509.Certificate) -> bool:
    return any(isinstance(one.value, x509.CRLDistributionPoints) for one in certificate.extensions)


def _setting(case: Case, name: str) -> str:
    return case.known.settings.get(f"admission_{name}", "") if case.known else ""


def expected(case: Case) -> tuple[set[int], set[int]]:
    """Return the errors of which OpenSSL must find one, and those that it may find besides."""
    tolerated: set[int] = set()
    for key, numbers in TOLERATED.items():
        if key == case.doubt or _setting(case, key.removeprefix("admission_")) == "ignore":
            tolerated |= numbers
    return MEANS.get(case.verdict, set()), tolerated


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.verdict not in SILENT])
def test_openssl_says_the_same_or_has_no_opinion(world: World, files: Path, name: str) -> None:
    case = CASES[name]
    found, (wanted, tolerated) = errors_of(world, name, files), expected(case)
    agrees = bool(found & wanted) if wanted else not found - tolerated
    assert agrees is (name not in DIFFERENCES), (name, found, wanted)
