import datetime as dt
from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

import certificates
import odd_certificates
from crl_web import issuing_point, make_list
from revocation_lists import signed_list, tlv
from seon.pki import PeerCertificate, PkiError, peer_certificate, serials
from seon.pki.lists import UnsupportedListError, count_entries, is_http, read_list, signature_problem, table_for

CA = certificates.make("CA", ca=True)
OTHER = certificates.make("Other CA", ca=True)
NAMESAKE = certificates.make("CA", ca=True)


def test_what_a_list_says_is_read_from_der_and_from_pem() -> None:
    der = make_list(CA, [1, 2, 3], number=7)
    for octets in (der, x509.load_der_x509_crl(der).public_bytes(Encoding.PEM), b"\n# text\n" +
                   x509.load_der_x509_crl(der).public_bytes(Encoding.PEM)):  # fmt: skip
        found = read_list(octets)
        assert (found.der, found.issuer, found.number) == (der, "CN=CA", 7)
        assert (found.kind, found.points) == ("complete", ())
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
        (b"\x30\x03\x02\x01\x01", "it is no revocation list"),
        (make_list(CA, [1])[:-5], r"cut off: there are \d+ of \d+ octets"),
        (make_list(CA, [1]) + b"more", "or a damaged one"),
        (b"\x30\x80" + bytes(20), "or a damaged one"),
        (b"\x30", "or a damaged one"),
        (b"-----BEGIN X509 CRL-----\nMAMC\n", "the list in PEM is damaged or cut off"),
        (b"-----BEGIN X509 CRL-----\nM*MC\n-----END X509 CRL-----", "the list in PEM is damaged or cut off"),
    ],
    ids=range(15),
)
def test_what_is_no_list_is_named(octets: bytes, said: str) -> None:
    with pytest.raises(PkiError, match=said):
        read_list(octets)


def test_every_cut_and_every_changed_octet_is_read_or_refused_by_the_one_error() -> None:
    der = make_list(CA, [5], extensions=[issuing_point("http://a/1.crl")])
    for place in range(len(der)):
        for octets in (der[:place], der[:place] + bytes([der[place] ^ 0x41]) + der[place + 1 :]):
            with suppress(PkiError):
                signature_problem(read_list(octets), peer(CA))


REASONS = frozenset({x509.ReasonFlags.key_compromise})
NAME = [x509.DirectoryName(CA.certificate.subject)]
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\5\0")


@pytest.mark.parametrize(
    ("extension", "kind"),
    [
        (issuing_point("http://a/1.crl"), "partitioned"),
        (issuing_point("http://a/1.crl", only_contains_user_certs=True), "partitioned, user certificates only"),
        (issuing_point(only_contains_ca_certs=True), "complete, CA certificates only"),
        ((UNKNOWN, False), "complete"),
    ],
)
def test_the_kind_of_a_list_is_said(extension: tuple[x509.ExtensionType, bool], kind: str) -> None:
    assert read_list(make_list(CA, extensions=[extension])).kind == kind


@pytest.mark.parametrize(
    ("extension", "said"),
    [
        ((x509.DeltaCRLIndicator(1), True), "delta list"),
        (issuing_point("http://a/1.crl", indirect_crl=True), "indirect list"),
        (issuing_point("http://a/1.crl", only_some_reasons=REASONS), "only revocations for some reasons"),
        (issuing_point(only_contains_attribute_certs=True), "attribute certificates"),
        (issuing_point("ldap://a/cn=b"), "LDAP only"),
        (issuing_point(full_name=NAME), "has no URI"),
        ((UNKNOWN, True), "critical extension"),
    ],
)
def test_a_kind_that_is_not_supported_is_refused_as_such(extension: tuple[x509.ExtensionType, bool], said: str) -> None:
    with pytest.raises(UnsupportedListError, match=f"^not supported: .*{said}"):
        read_list(make_list(CA, extensions=[extension]))


def peer(made: certificates.Made) -> PeerCertificate:
    return peer_certificate(made.certificate.public_bytes(Encoding.DER))


def test_a_list_counts_only_if_the_key_of_its_ca_has_signed_it() -> None:
    found = read_list(make_list(CA))
    assert signature_problem(found, peer(CA)) == ""
    assert signature_problem(found, peer(OTHER)) == "it is a list of another CA: CN=CA"
    assert signature_problem(found, peer(NAMESAKE)) == "its signature is not that of its issuer (CA: CN=CA)"


def test_a_ca_that_says_that_it_signs_no_lists_is_taken_at_its_word() -> None:
    usage = x509.KeyUsage(False, False, False, False, False, True, False, False, False)
    made = certificates.make("CA", ca=True, extensions=[(usage, True)])
    assert "signs no lists" in signature_problem(read_list(make_list(made)), peer(made))


def test_a_ca_whose_name_breaks_the_rules_has_lists_like_any_other() -> None:
    odd = odd_certificates.named(odd_certificates.PRINTABLE, b"Smith & Sons").der
    issuer = peer_certificate(odd)
    times = [tlv(0x17, b"261120120000Z"), tlv(0x17, b"361120120000Z")]
    signed = tlv(0x30, tlv(2, b"\1"), odd_certificates.SHA256, issuer.subject_der, *times)
    found = read_list(signed_list(certificates.Made(None, odd_certificates.KEY), signed))
    assert (found.issuer, found.number, found.kind) == ("CN=Smith & Sons", None, "complete")
    assert signature_problem(found, issuer) == ""


def test_a_number_of_more_than_20_octets_is_refused() -> None:
    assert read_list(make_list(CA, number=2**159 - 1)).number == 2**159 - 1
    with pytest.raises(PkiError, match="its number cannot be read"):
        read_list(make_list(CA, number=2**200))


def test_entries_are_counted_and_each_is_read() -> None:
    assert count_entries(read_list(make_list(CA))) == 0
    assert count_entries(read_list(make_list(CA, range(1, 1_001)))) == 1_000
    other = x509.CertificateIssuer(x509.GeneralNames(NAME))
    with pytest.raises(UnsupportedListError, match="indirect list"):
        count_entries(read_list(make_list(CA, [1], entry_extensions=[(other, True)])))


@pytest.mark.parametrize(
    ("url", "is_one"),
    [("http://a/b", True), ("https://a.example:8080/b c", True), ("", False), ("ldap://a/b", False), ("http://", False),
     ("file:///etc/passwd", False), ("http://[a", False), ("http://a/\n", False), ("http://ä/", False),
     ("http://a:99999/", False)],
)  # fmt: skip
def test_only_http_addresses_are_followed(url: str, is_one: bool) -> None:
    assert is_http(url) == is_one


def test_a_number_is_found_in_the_table_made_for_it_exactly_if_the_list_has_it() -> None:
    there = [1, 255, 2**127 + 5, 2**159 - 1]
    found = read_list(make_list(CA, there))
    for number in (*there, 2, 2**127 + 6, 2**150):
        assert (serials.find(table_for(found, number), number) is not None) == (number in there), number
    assert table_for(found, 2**127 + 6) == b""
