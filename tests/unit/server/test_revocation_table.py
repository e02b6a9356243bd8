"""What a list becomes: verified, with its table; and what the main takes of the child that has done it."""

import time

import pytest
from cryptography import x509

from certificates import make
from revocation_lists import make_list, point, uris
from seon.pki import PkiError
from seon.pki.serials import find
from seon.server import revocation_table
from seon.server.revocation_table import MAX_PREPARED, prepare, read_prepared

CA = make("CA", ca=True)
URL = "http://crl.example/1.crl"
SHA = "ab" * 32


def through(der: bytes, issuer: str = CA.pem):
    octets = prepare(bytearray(der), issuer, time.time())
    assert len(octets) <= MAX_PREPARED
    return read_prepared(octets, SHA)


def problem(der: bytes, issuer: str = CA.pem) -> str:
    with pytest.raises(PkiError) as raised:
        through(der, issuer)
    return str(raised.value)


def test_a_list_of_the_issuers_becomes_a_table() -> None:
    scope = point(full_name=uris(URL), only_contains_user_certs=True)
    known, name = through(make_list(CA, [5, 2**100], age_days=2, days=7, extensions=scope))
    assert name == "CN=CA"
    assert known.subject == CA.certificate.subject.public_bytes()
    assert (known.url, known.sha256, known.points) == ("", SHA, (URL,))
    assert (known.only_users, known.only_cas) == (True, False)
    assert abs(time.time() - known.this_update - 2 * 86_400) < 60
    assert known.next_update - known.this_update == 7 * 86_400
    assert find(known.table, 5)
    assert find(known.table, 2**100)
    assert not find(known.table, 6)


def test_an_expired_list_is_taken_and_who_looks_up_says_that_it_is_stale() -> None:
    known, _ = through(make_list(CA, [5], age_days=20, days=5))
    assert not known.is_fresh(time.time(), 100 * 86_400)
    assert find(known.table, 5)


@pytest.mark.parametrize(
    ("der", "issuer", "words"),
    [
        (make_list(make("CA", ca=True)), CA.pem, "its signature is not that of its issuer"),
        (make_list(make("other", CA.key, ca=True)), CA.pem, "another CA"),
        (make_list(CA, age_days=-1), CA.pem, "made in the future"),
        (make_list(CA, extensions=[(x509.DeltaCRLIndicator(3), True)]), CA.pem, "not supported: it is a delta list"),
        (make_list(CA), "nonsense", "its issuer's certificate cannot be read"),
        (make_list(CA), CA.pem[:100], "its issuer's certificate cannot be read"),
        (b"<html>no list</html>", CA.pem, "no revocation list"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(der, issuer, words) -> None:
    assert words in problem(der, issuer)


def test_a_list_that_needs_too_much_memory_is_refused(monkeypatch) -> None:
    def too_much(*_) -> bytes:
        raise MemoryError

    monkeypatch.setattr(revocation_table, "table_of", too_much)
    assert "more memory" in problem(make_list(CA))


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\0\0\0\x05",
        b"\xff\xff\xff\xff{}",
        b"\0\0\0\x02{}x",
        b"\0\0\0\x02[]",
        b"\0\0\0\x14" + b'{"this_update":1e99}',
    ],
)
def test_a_child_that_says_nonsense_is_not_believed(octets) -> None:
    with pytest.raises(PkiError, match="its process says what cannot be understood"):
        read_prepared(octets, SHA)
