"""Revocation lists: what is read of them, and which are refused, in words."""

import contextlib
import datetime as dt
import random
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

import certificates
from certificates import make
from revocation_lists import REVOKED_AT, by_hand, entry, make_list, many, point, serial_of, signed_list, tlv, uris
from seon.pki import PkiError, peer_certificate
from seon.pki.crl import Scope, check_list, read_list, table_of
from seon.pki.serials import ROW, Revoked, find

CA = make("CA", ca=True)
URL = "http://crl.example/1.crl"
EMPTY = make_list(CA)


def peer(made):
    return peer_certificate(made.certificate.public_bytes(Encoding.DER))


def table(der: bytes) -> bytes:
    return table_of(der, read_list(der).entries)


def problem(der: bytes) -> str:
    with pytest.raises(PkiError) as raised:
        table(der)
    return str(raised.value)


def test_what_a_list_says_is_read() -> None:
    number = [(x509.CRLNumber(77), False)]
    found = read_list(make_list(CA, [5], age_days=2, days=9, extensions=[*number, *point(full_name=uris(URL))]))
    assert found.issuer == CA.certificate.subject.public_bytes()
    assert abs(found.this_update - (time.time() - 2 * 86_400)) < 60
    assert abs(found.next_update - (time.time() + 7 * 86_400)) < 60
    assert (found.number, found.scope) == (77, Scope((URL,)))


def test_its_serial_numbers_are_in_the_table_with_their_dates() -> None:
    rows = table(make_list(CA, [1, 127, 128, 2**159 - 1, 7**50]))
    since = REVOKED_AT.timestamp()
    assert all(find(rows, serial) == Revoked(since) for serial in (1, 127, 128, 2**159 - 1, 7**50))
    assert len(rows) == 5 * ROW
    assert find(rows, 2) is None


def test_a_list_without_entries_is_a_list() -> None:
    assert table(EMPTY) == b""
    assert table(by_hand(CA, b"")) == b""


@pytest.mark.parametrize(
    "content", [b"\x00", b"\x01" * 21, b"\x80", b"\xff" * 30, b"\x01" * 64, b"\x00\x00\x05", b"\x01" * 200]
)
def test_unusual_serial_numbers_are_found(content) -> None:
    rows = table(by_hand(CA, entry(b"\x07") + entry(content)))
    assert find(rows, 7)
    assert find(rows, int.from_bytes(content[:64], "big", signed=True))
    assert len(rows) == 2 * ROW


def test_dates_of_both_kinds_and_of_the_last_century_are_read() -> None:
    entries = (entry(b"\x01", b"991231235959Z"), entry(b"\x02", b"20510102030405Z", tag=0x18))
    rows = table(by_hand(CA, b"".join(entries)))
    assert find(rows, 1).since == dt.datetime(1999, 12, 31, 23, 59, 59, tzinfo=dt.UTC).timestamp()
    assert find(rows, 2).since == dt.datetime(2051, 1, 2, 3, 4, 5, tzinfo=dt.UTC).timestamp()


def test_100_000_entries_in_any_order_are_sorted_and_each_is_found() -> None:
    rows = table(by_hand(CA, many(100_000)))
    assert len(rows) == 100_000 * ROW
    assert all(rows[at : at + ROW] < rows[at + ROW : at + 2 * ROW] for at in range(0, len(rows) - ROW, ROW))
    for number in random.Random(5).sample(range(100_000), 500):
        assert find(rows, serial_of(number))
        assert find(rows, serial_of(number) + 1) is None


def test_a_list_without_an_end_is_read() -> None:
    only = by_hand(CA, None, times=[tlv(0x17, b"260102030405Z")])
    assert read_list(only).next_update is None


@pytest.mark.parametrize(
    ("extension", "words"),
    [
        (point(indirect_crl=True), "indirect"),
        (point(only_some_reasons=frozenset([x509.ReasonFlags.key_compromise])), "for some reasons"),
        (point(only_contains_attribute_certs=True), "attribute certificates"),
        (point(full_name=[x509.DirectoryName(certificates.common_name("x"))]), "has no URI"),
        ([(x509.DeltaCRLIndicator(3), True)], "delta"),
        ([(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)], "1.2.3.4"),
    ],
)
def test_kinds_that_are_not_supported_are_named(extension, words) -> None:
    said = problem(make_list(CA, extensions=extension))
    assert said.startswith("not supported: ")
    assert words in said


@pytest.mark.parametrize("field", ["only_contains_user_certs", "only_contains_ca_certs"])
def test_a_list_for_some_certificates_only_says_so(field) -> None:
    scope = read_list(make_list(CA, extensions=point(**{field: True}))).scope
    assert scope == Scope((), field == "only_contains_user_certs", field == "only_contains_ca_certs")


@pytest.mark.parametrize(
    ("extension", "words"),
    [
        (x509.CertificateIssuer([x509.DirectoryName(certificates.common_name("x"))]), "indirect"),
        (x509.CRLReason(x509.ReasonFlags.remove_from_crl), "which only a delta list may say"),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), "1.2.3.4"),
    ],
)
def test_an_entry_that_means_something_else_spoils_the_list(extension, words) -> None:
    assert words in problem(make_list(CA, [5], entry_extensions=[(extension, True)]))


def test_usual_extensions_of_entries_change_nothing() -> None:
    usual = [
        (x509.CRLReason(x509.ReasonFlags.key_compromise), False),
        (x509.InvalidityDate(REVOKED_AT.replace(tzinfo=None)), True),
    ]
    assert find(table(make_list(CA, [5], entry_extensions=usual)), 5)


def test_octets_behind_it_and_a_list_cut_off_anywhere_are_refused() -> None:
    whole = make_list(CA, [5, 6], extensions=[(x509.CRLNumber(1), False)])
    assert "octets behind it" in problem(whole + b"\0")
    for end in range(len(whole)):
        assert problem(whole[:end])


@pytest.mark.parametrize(
    "entries",
    [
        b"\x30", b"\x30\x05", b"\x02\x01\x05", entry(b""), entry(b"\x05", b"26010203040"),
        entry(b"\x05", b"2601020304 5Z"), entry(b"\x05", b"260102030405+"), entry(b"\x05")[:-1],
        b"\x30\x80" + entry(b"\x05"), entry(b"\x05", rest=b"\x30"), entry(b"\x05") + b"\0", b"\x30\x03\x02\x01\x05",
        entry(b"\x05", b"260102030405Z", tag=0x18), b"\x30\x03\x02\x7f\x05",
    ],
)  # fmt: skip
def test_entries_that_cannot_be_read_spoil_the_list(entries) -> None:
    assert problem(by_hand(CA, entries))


@pytest.mark.parametrize(
    ("der", "words"),
    [
        (b"", "damaged"),
        (b"<html>", "damaged"),
        (CA.certificate.public_bytes(Encoding.DER), "times|time|version|no revocation list"),
        (by_hand(CA, None, times=[]), "does not say when it was made"),
        (by_hand(CA, None, times=[tlv(0x17, b"261302030405Z")]), "a time in it is none"),
        (by_hand(CA, None, times=[tlv(0x17, b"2601020304Z")]), "cannot be read"),
        (by_hand(CA, None, [tlv(0x31)]), "something in it that no revocation list has"),
        (signed_list(CA, tlv(0x30, tlv(2, b"\x05"))), "version"),
        (signed_list(CA, tlv(0x30)), "no revocation list"),
        (signed_list(CA, tlv(0x30, tlv(0x30), tlv(0x30))), "two different signature algorithms"),
    ],
)
def test_what_is_no_list_is_said(der, words) -> None:
    assert any(word in problem(der) for word in words.split("|"))


def test_an_extension_twice_is_refused() -> None:
    one = tlv(0x30, tlv(6, b"\x55\x1d\x14"), tlv(4, tlv(2, b"\x05")))
    assert "twice" in problem(by_hand(CA, None, [tlv(0xA0, tlv(0x30, one, one))]))


def test_a_list_counts_only_as_its_issuers() -> None:
    sibling = make("CA", ca=True)
    check_list(EMPTY, read_list(EMPTY), peer(CA))
    for der, issuer, words in (
        (EMPTY, make("other", CA.key, ca=True), "another CA"),
        (EMPTY, sibling, "is not that of its issuer"),
        (EMPTY[:-1] + bytes([EMPTY[-1] ^ 1]), CA, "is not that of its issuer"),
    ):
        with pytest.raises(PkiError, match=words):
            check_list(der, read_list(der), peer(issuer))


def test_a_changed_list_does_not_count() -> None:
    der = make_list(CA, [0x4444444444])
    changed = der.replace(b"\x44" * 5, b"\x45" * 5)
    assert find(table(changed), 0x4545454545)
    with pytest.raises(PkiError, match="is not that of its issuer"):
        check_list(changed, read_list(changed), peer(CA))


@pytest.mark.parametrize("signs", [True, False])
def test_a_ca_that_says_that_it_signs_no_lists_signs_none(signs) -> None:
    usage = x509.KeyUsage(False, False, False, False, False, True, signs, False, False)
    issuer = make("CA", CA.key, ca=True, extensions=[(usage, True)])
    if signs:
        check_list(EMPTY, read_list(EMPTY), peer(issuer))
    else:
        with pytest.raises(PkiError, match="signs no lists"):
            check_list(EMPTY, read_list(EMPTY), peer(issuer))


WHOLE = make_list(CA, [5, 2**100], extensions=[(x509.CRLNumber(1), False), *point(full_name=uris(URL))])


@settings(max_examples=500, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.binary(max_size=6), st.integers(0, 6))
def test_whatever_is_changed_in_a_list_it_is_read_or_refused(at, octets, less) -> None:
    changed = WHOLE[:at] + octets + WHOLE[at + less :]
    with contextlib.suppress(PkiError):
        table(changed)


@pytest.mark.slow
def test_1_000_000_entries_take_seconds_and_no_objects() -> None:
    der = by_hand(CA, many(1_000_000))
    began = time.process_time()
    rows = table(der)
    assert time.process_time() - began < 30
    assert len(rows) == 1_000_000 * ROW
    assert find(rows, serial_of(999_999))
