"""What must hold of reading, whatever file comes: taken, or refused with a documented error; no warning, no hang."""

import datetime as dt
import signal
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from fuzz.admitting import check_admission
from fuzz.files import PASSWORD, mutated
from seon.backend.certificates import read_chain, read_files, read_shown
from seon.backend.errors import OperatorError
from seon.backend.partners.pinning import certificate_to_pin, leaf_of, shown
from seon.pki import PeerCertificate, PkiError, opener, peer_certificate, pkcs, rounds
from seon.pki.lists import read_list

HANG_SECONDS = 20
SLOW_SECONDS = 3.0
"""CPU time of one file."""
NOW = dt.datetime(2026, 11, 27, tzinfo=dt.UTC)


@contextmanager
def in_this_process() -> Iterator[None]:
    """Open PKCS#12 in this process and not in one each, and no file with more than some thousand rounds."""
    before = pkcs._run, rounds.MOST_ROUNDS, rounds.MOST_SCRYPT
    pkcs._run, rounds.MOST_ROUNDS, rounds.MOST_SCRYPT = opener.open_pkcs12, 20_000, 2**15
    try:
        yield
    finally:
        pkcs._run, rounds.MOST_ROUNDS, rounds.MOST_SCRYPT = before


def judge(octets: bytes, choice: int) -> str:
    """Read a file in one of the ways that there are; return "taken" or "refused". Raises what must not be."""
    signal.alarm(HANG_SECONDS)
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            _read(octets, choice)
            outcome = "taken"
            words = ""
        except (PkiError, OperatorError) as refused:
            outcome, words = "refused", str(refused)
    assert words.isprintable()
    assert len(words) < 3_000
    assert words or outcome == "taken"
    took = time.process_time() - began
    signal.alarm(0)
    assert took < SLOW_SECONDS, f"it took {took:.1f} s"
    return outcome


def _read(octets: bytes, choice: int) -> None:
    if choice == 0:
        check(peer_certificate(octets))
    elif choice == 1:
        read_files([octets], PASSWORD)
    elif choice == 2:
        leaf_of(read_chain(octets))
    elif choice == 3:
        check(certificate_to_pin(octets, NOW, force=True))
    elif choice == 4:
        read_list(octets)
    else:
        for certificate in read_shown(octets):
            check(certificate)


def check(found: PeerCertificate) -> None:
    """Ask a certificate everything; raise AssertionError for what cannot be shown or kept."""
    assert shown(found).text.isprintable()
    assert 0 < len(found.subject) <= 500
    assert 0 < len(found.issuer) <= 500
    assert len(found.serial) <= 129
    assert int(found.serial, 16) is not None
    assert found.key.text.isprintable()
    assert len(found.key.digest) == len(found.fingerprint) == 64
    assert len(found.oftp_ids) + len(found.odette_ids) < 1_200
    again = peer_certificate(found.der)
    assert again == found, "what OpenSSL has of it is itself read as the same"
    (from_pem,) = read_shown(found.pem.encode())
    assert from_pem == found
    assert found.x509 is None or found.x509 == found.x509
    check_admission(found)


def run(count: int, seed: int) -> Iterator[tuple[bytes, int, Counter[str]]]:
    """Judge damaged files; yield each before it is judged, its choice, and the counts so far."""
    random, counts = Random(seed), Counter[str]()
    with in_this_process():
        for _ in range(count):
            octets, choice = mutated(random), random.randrange(6)
            yield octets, choice, counts
            counts[judge(octets, choice)] += 1
