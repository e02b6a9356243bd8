import datetime as dt
import re
import time
from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

import certificates
from crl_web import issuing_point, make_list, points
from seon.pki import PkiError
from seon.pki.lists import is_http, points_of, read_list, signature_problem

CA = certificates.make("CA", ca=True)
OTHER = certificates.make("Other CA", ca=True)
NAMESAKE = certificates.make("CA", ca=True)


def test_what_a_list_says_is_read_from_der_and_from_pem() -> None:
    der = make_list(CA, [1, 2, 3], number=7)
    for octets in (der, x509.load_der_x509_crl(der).public_bytes(Encoding.PEM), b"\n# text\n" +
                   x509.load_der_x509_crl(der).public_bytes(Encoding.PEM)):  # fmt: skip
        found = read_list(octets)
        assert (found.der, found.issuer, found.entries, found.number) == (der, "CN=CA", 3, 7)
        assert (found.kind, found.points, found.unsupported) == ("complete", (), ())
        assert found.next_update is not None
        assert found.next_update - found.this_update == dt.timedelta(days=7)


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"", "it is empty"),
        (b" \r\n", "it is empty"),
        (b"<!DOCTYPE html><html>", r"a web page \(HTML or XML\)"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>", r"a web page \(HTML or XML\)"),
        (b"hello", "in neither DER nor PEM"),
        (CA.certificate.public_bytes(Encoding.DER), "but a certificate"),
        (CA.pem.encode(), "but PEM with certificate"),
        (CA.key_pem, "but PEM with private key"),
        (b"\x30\x03\x02\x01\x01", "or one that is damaged"),
        (make_list(CA, [1])[:-5], r"cut off: there are \d+ of \d+ octets"),
        (make_list(CA, [1]) + b"more", "or one that is damaged"),
        (b"\x30\x80" + bytes(20), "or one that is damaged"),
        (b"\x30", "or one that is damaged"),
    ],
    ids=range(13),
)
def test_what_is_no_list_is_named(octets: bytes, said: str) -> None:
    with pytest.raises(PkiError, match=said):
        read_list(octets)


def test_every_cut_and_every_changed_octet_is_read_or_refused_by_the_one_error() -> None:
    der = make_list(CA, [5], extensions=[issuing_point("http://a/1.crl")])
    for place in range(len(der)):
        for octets in (der[:place], der[:place] + bytes([der[place] ^ 0x41]) + der[place + 1 :]):
            with suppress(PkiError):
                signature_problem(read_list(octets), CA.certificate)


REASONS = frozenset({x509.ReasonFlags.key_compromise})
NAME = [x509.DirectoryName(CA.certificate.subject)]


@pytest.mark.parametrize(
    ("extension", "kind"),
    [
        (issuing_point("http://a/1.crl"), "partitioned"),
        (issuing_point("http://a/1.crl", only_contains_user_certs=True), "partitioned, user certificates only"),
        (issuing_point(only_contains_ca_certs=True), "complete, CA certificates only"),
        ((x509.DeltaCRLIndicator(1), True), "not supported: a delta list"),
        (issuing_point("http://a/1.crl", indirect_crl=True), "not supported: an indirect list"),
        (issuing_point("http://a/1.crl", only_some_reasons=REASONS), "not supported: a list by reason"),
        (issuing_point(only_contains_attribute_certs=True), "not supported: a list of attribute certificates"),
        (issuing_point("ldap://a/cn=b"), r"not supported: .*LDAP only.*"),
        (issuing_point(full_name=NAME), r"not supported: .*LDAP only.*"),
        ((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\5\0"), True),
         "not supported: the critical extension 1.2.3"),
        ((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\5\0"), False), "complete"),
    ],
)  # fmt: skip
def test_the_kind_of_a_list_is_said(extension: tuple[x509.ExtensionType, bool], kind: str) -> None:
    assert re.fullmatch(kind, read_list(make_list(CA, extensions=[extension])).kind)


def test_a_list_counts_only_if_the_key_of_its_ca_has_signed_it() -> None:
    found = read_list(make_list(CA))
    assert signature_problem(found, CA.certificate) == ""
    assert signature_problem(found, OTHER.certificate) == "it is a list of another CA: CN=CA"
    assert signature_problem(found, NAMESAKE.certificate) == "the key of CN=CA has not signed it"


def test_a_ca_that_says_that_it_signs_no_lists_is_taken_at_its_word() -> None:
    usage = x509.KeyUsage(False, False, False, False, False, True, False, False, False)
    made = certificates.make("CA", ca=True, extensions=[(usage, True)])
    assert "signs no lists" in signature_problem(read_list(make_list(made)), made.certificate)


def test_a_number_of_more_than_20_octets_is_refused() -> None:
    assert read_list(make_list(CA, number=2**159)).number == 2**159
    with pytest.raises(PkiError, match="20 octets"):
        read_list(make_list(CA, number=2**200))


@pytest.mark.parametrize(
    ("url", "is_one"),
    [("http://a/b", True), ("https://a.example:8080/b c", True), ("", False), ("ldap://a/b", False), ("http://", False),
     ("file:///etc/passwd", False), ("http://[a", False), ("http://a/\n", False), ("http://ä/", False),
     ("http://a:99999/", False)],
)  # fmt: skip
def test_only_http_addresses_are_followed(url: str, is_one: bool) -> None:
    assert is_http(url) == is_one


def test_the_points_of_a_certificate_are_read() -> None:
    made = certificates.make("x", issuer=CA, extensions=[points("http://a/1.crl", "ldap://a/", "https://b/2.crl")])
    assert points_of(made.certificate) == ("http://a/1.crl", "https://b/2.crl")
    assert points_of(CA.certificate) == ()
    other = x509.CRLDistributionPoints(
        [
            x509.DistributionPoint([x509.UniformResourceIdentifier("http://a/")], None, REASONS, None),
            x509.DistributionPoint([x509.UniformResourceIdentifier("http://b/")], None, None, NAME),
        ]
    )
    assert points_of(certificates.make("x", extensions=[(other, False)]).certificate) == ()


def test_no_object_is_made_of_an_entry() -> None:
    import tracemalloc

    der = make_list(CA, range(1, 20_001))
    tracemalloc.start()
    began = time.monotonic()
    found = read_list(der)
    assert signature_problem(found, CA.certificate) == ""
    assert time.monotonic() - began < 2
    assert tracemalloc.get_traced_memory()[1] < 2 * len(der) + 100_000, "octets are copied, entries are not made"
    tracemalloc.stop()
    assert found.entries == 20_000
