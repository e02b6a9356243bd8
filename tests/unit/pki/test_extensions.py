"""The extensions that decide something are read as `cryptography` reads them, and in bounded work."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certificates import make
from odd_certificates import CONSTRAINTS, NAMES, POINTS, PURPOSES, USAGE, Odd, extension, sequence, tlv
from seon.pki import PeerCertificate, peer_certificate

URI = x509.UniformResourceIdentifier


def shown(*extensions: x509.ExtensionType) -> PeerCertificate:
    made = make(extensions=[(one, False) for one in extensions])
    return peer_certificate(made.certificate.public_bytes(Encoding.DER))


def points(*given: x509.DistributionPoint) -> PeerCertificate:
    return shown(x509.CRLDistributionPoints(given))


def point(*names: x509.GeneralName, reasons=None, issuer=None) -> x509.DistributionPoint:
    return x509.DistributionPoint(names or None, None, reasons, issuer)


def test_what_is_said_is_read() -> None:
    usage = x509.KeyUsage(True, False, True, False, True, False, False, False, True)
    purposes = [x509.oid.ExtendedKeyUsageOID.SERVER_AUTH, x509.ObjectIdentifier("1.2.3.4")]
    names = [URI("oftp://O0013"), x509.DNSName("a.example"), x509.RFC822Name("a@b"), x509.DNSName("*.b")]
    found = shown(usage, x509.ExtendedKeyUsage(purposes), x509.SubjectAlternativeName(names)).extensions
    assert found.is_ca is False
    assert found.usages == {"digitalSignature", "keyEncipherment", "keyAgreement", "decipherOnly"}
    assert found.purposes == ("1.3.6.1.5.5.7.3.1", "1.2.3.4")
    assert (found.uris, found.hosts) == (("oftp://O0013",), ("a.example", "*.b"))


def test_what_is_not_said_is_none() -> None:
    found = peer_certificate(Odd(extensions=()).der).extensions
    assert (found.is_ca, found.purposes, found.usages) == (None, None, None)
    assert (found.uris, found.hosts, found.crl_points, found.other_points) == ((), (), (), ())


@pytest.mark.parametrize(("value", "is_ca"), [(b"\xff", True), (b"\x01", True), (b"\0", False)])
def test_whether_it_is_a_ca_is_read_from_ber_too(value: bytes, is_ca: bool) -> None:
    odd = Odd(extensions=[extension(CONSTRAINTS, sequence(tlv(1, value)))])
    assert peer_certificate(odd.der).extensions.is_ca is is_ca


@pytest.mark.parametrize(
    ("given", "web", "others"),
    [
        ([point(URI("http://a/x.crl"))], ("http://a/x.crl",), ()),
        ([point(URI("ldap://a/x"), URI("HTTPS://a/x.crl"))], ("HTTPS://a/x.crl",), ()),
        ([point(URI("http://a")), point(URI("http://b")), point(URI("http://a"))], ("http://a", "http://b"), ()),
        ([point(URI("ldap://a/x"))], (), ("LDAP only",)),
        ([point(URI("file:///x"))], (), ("without a web address",)),
        ([point(URI("http://a/\n2026 ADM-OK"), URI("http://b/\x1b[2J"), URI("http://c"))], ("http://c",), ()),
        ([point(URI("http://a"), reasons=frozenset([x509.ReasonFlags.key_compromise]))], (), ("by reason",)),
        ([point(URI("http://a"), issuer=[x509.DirectoryName(x509.Name([]))])], (), ("indirect",)),
        ([point(issuer=[x509.DirectoryName(x509.Name([]))])], (), ("indirect",)),
        ([point(URI("ldap://a")), point(URI("http://b"))], ("http://b",), ("LDAP only",)),
    ],
)  # fmt: skip
def test_distribution_points_are_addresses_or_said_in_words(given, web, others) -> None:
    found = points(*given).extensions
    assert (found.crl_points, found.other_points) == (web, others)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (CONSTRAINTS, b"\x04\0"),
        (USAGE, b"\x30\0"),
        (PURPOSES, sequence(tlv(4, b"x"))),
        (NAMES, b"\x30\x05\x82"),
        (NAMES, sequence(*[tlv(0x82, b"a")] * 1_001)),
        (POINTS, sequence(*[sequence()] * 21)),
        (POINTS, sequence(tlv(0x30, b"\xa0\x05"))),
    ],
)
def test_nonsense_makes_all_unreadable(kind: int, value: bytes) -> None:
    assert peer_certificate(Odd(extensions=[extension(kind, value)]).der).extensions is None


def test_names_that_are_too_long_or_beyond_ascii_name_nothing() -> None:
    names = sequence(tlv(0x86, b"oftp://" + b"x" * 2_000), tlv(0x82, b"m\xfcller"), tlv(0x82, b"a.example"))
    found = peer_certificate(Odd(extensions=[extension(NAMES, names)]).der).extensions
    assert (found.uris, found.hosts) == ((), ("a.example",))


def test_many_extensions_are_not_read() -> None:
    many = [sequence(tlv(6, bytes([0x2A, 3, at])), tlv(4, b"")) for at in range(101)]
    assert peer_certificate(Odd(extensions=many).der).extensions is None
