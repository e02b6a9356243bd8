"""Proxy ID, license and link certificates: what no honest program would show is refused."""

import datetime as dt
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certificates import Made, certified, parse_license
from seon.link.identity import (
    MAX_LICENSE_DAYS,
    MAX_PROXY_IDS,
    PROXY_URI,
    IdentityError,
    authority_line,
    check_link_client,
    check_link_server,
    issue_client_certificate,
    issue_license,
    new_link_ca,
    new_link_request,
    of_another_seonapi,
    parse_proxy_id,
    proxy_id_of,
    read_license,
)
from seon.pki import fingerprint, new_authority, new_ed25519_key

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
DAY = 86_400


def new_id() -> str:
    return proxy_id_of(Ed25519PrivateKey.generate().public_key())


def as_id(number: int) -> str:
    return number.to_bytes(32, "little").hex() + "px"


# --- Proxy ID -------------------------------------------------------------------------------------


def test_a_proxy_id_is_the_public_key_and_leads_back_to_it() -> None:
    key = Ed25519PrivateKey.generate().public_key()
    assert parse_proxy_id(f"  {proxy_id_of(key)}\n") == key
    assert proxy_id_of(key)[:64] == key.public_bytes_raw().hex()


def test_every_honest_key_is_taken() -> None:
    for _ in range(200):
        parse_proxy_id(new_id())


@pytest.mark.parametrize(
    "text", ["", "px", "0" * 64, "0" * 63 + "px", "0" * 65 + "px", "G" * 64 + "px", "AB" * 32 + "px"]
)
def test_a_malformed_proxy_id_is_refused_with_where_to_find_it(text) -> None:
    with pytest.raises(IdentityError, match=r"seon_proxyserver2 -L"):
        parse_proxy_id(text)


def root(square: int) -> int:
    """Return a square root modulo P, or raise ValueError."""
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        raise ValueError
    return x


def points_of_low_order() -> list[int]:
    """Return the y of all eight points of order 1, 2, 4, 8, found from the curve's equation alone."""
    # Order 8: the double has y = 0, so y^2 + x^2 = 0 and thus, on the curve, d*y^4 + 2*y^2 - 1 = 0.
    found = {1, P - 1, 0}
    half = root((1 + D) % P)  # y^2 = (-1 +- sqrt(1 + d)) / d
    for sign in (half, -half):
        try:
            y = root((-1 + sign) * pow(D, -1, P) % P)
        except ValueError:
            continue
        found |= {y, P - y}
    return sorted(found)


def test_there_are_five_such_y() -> None:
    assert len(points_of_low_order()) == 5  # 1, -1, 0, and two for the four points of order 8


@pytest.mark.parametrize("y", points_of_low_order())
@pytest.mark.parametrize("sign", [0, 1 << 255])
def test_points_of_low_order_are_refused(y, sign) -> None:
    """For such a key everybody can make signatures that verify."""
    with pytest.raises(IdentityError, match="not a usable"):
        parse_proxy_id(as_id(y | sign))


@pytest.mark.parametrize("y", [P, P + 1, P + 2, 2**255 - 1])
@pytest.mark.parametrize("sign", [0, 1 << 255])
def test_a_second_spelling_of_a_point_is_refused(y, sign) -> None:
    with pytest.raises(IdentityError, match="not a usable"):
        parse_proxy_id(as_id(y | sign))


def test_what_is_no_point_of_the_curve_is_refused() -> None:
    refused = 0
    for y in range(2, 40):
        try:
            root((y * y - 1) * pow(D * y * y + 1, -1, P) % P)
        except ValueError:
            refused += 1
            with pytest.raises(IdentityError, match="not a usable"):
                parse_proxy_id(as_id(y))
        else:
            parse_proxy_id(as_id(y))
    assert 10 < refused < 30


# --- licenses -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ca():
    return new_link_ca()


def altered(ca, *, key=None, usage=(ExtendedKeyUsageOID.SERVER_AUTH,), names=None) -> x509.Certificate:
    """Return a certificate of the link CA with something about it that its own code would not make."""
    key = key or Ed25519PrivateKey.generate().public_key()
    extensions = [(x509.ExtendedKeyUsage(list(usage)), True)] if usage else []
    if names is not None:
        uris = [x509.UniformResourceIdentifier(name) for name in names]
        extensions.append((x509.SubjectAlternativeName(uris), False))
    return certified(key, "x", Made(ca[1], ca[0]), extensions=extensions)


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def test_a_license_is_issued_from_the_proxy_id_alone_and_belongs_to_it(ca) -> None:
    proxy_id = new_id()
    license_ = parse_license(issue_license(*ca, proxy_id, 10).encode(), proxy_id)
    assert license_.problem_at(time.time()) is None
    assert license_.problem_at(time.time() + 9.9 * DAY) is None
    assert "ended at" in str(license_.problem_at(time.time() + 10.1 * DAY))
    assert "clock" in str(license_.problem_at(time.time() - DAY))
    assert license_.ca_fingerprint == ca[1].fingerprint(hashes.SHA256()).hex() == fingerprint(ca[1])
    assert license_.ca_key == ca[0].public_key().public_bytes_raw()


def test_the_moments_of_a_license_are_sharp(ca) -> None:
    license_ = parse_license(issue_license(*ca, proxy_id := new_id(), 1).encode(), proxy_id)
    assert license_.problem_at(license_.not_before) is None
    assert license_.problem_at(license_.not_after) is not None


@pytest.mark.parametrize("days", [0, -1, MAX_LICENSE_DAYS + 1])
def test_a_license_is_for_a_sensible_time(ca, days) -> None:
    with pytest.raises(IdentityError, match="1 to"):
        issue_license(*ca, new_id(), days)


def test_a_license_does_not_outlive_its_ca() -> None:
    key, certificate = new_link_ca(days=2)
    license_ = parse_license(issue_license(key, certificate, proxy_id := new_id(), 100).encode(), proxy_id)
    assert license_.not_after == certificate.not_valid_after_utc.timestamp()


def test_the_license_of_another_server_is_none(ca) -> None:
    with pytest.raises(IdentityError, match="another Proxy ID"):
        parse_license(issue_license(*ca, new_id(), 10).encode(), new_id())


@pytest.mark.parametrize("octets", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_what_is_no_license_is_said_to_be_none(octets) -> None:
    with pytest.raises(IdentityError, match="not a license"):
        parse_license(octets, new_id())


def test_a_license_holds_its_certificate_and_its_ca_and_nothing_else(ca) -> None:
    text = issue_license(*ca, proxy_id := new_id(), 10).encode()
    for octets in (text + pem(ca[1]), text[: text.index(b"-----END") + 26], pem(ca[1])):
        with pytest.raises(IdentityError, match="not a license"):
            parse_license(octets, proxy_id)


def test_the_ca_beside_a_license_must_have_issued_it(ca) -> None:
    other = new_link_ca()
    key = Ed25519PrivateKey.generate().public_key()
    own = x509.load_pem_x509_certificates(issue_license(*ca, proxy_id_of(key), 10).encode())[0]
    with pytest.raises(IdentityError, match="not issued by the CA"):
        parse_license(pem(own, other[1]), proxy_id_of(key))


def test_a_certificate_that_calls_itself_its_own_ca_must_be_signed_by_itself(ca) -> None:
    key = Ed25519PrivateKey.generate().public_key()
    leaf = altered(ca, key=key)
    with pytest.raises(IdentityError, match="not issued by the CA"):
        parse_license(pem(leaf, leaf), proxy_id_of(key))


@pytest.mark.parametrize(
    ("usage", "text"),
    [
        ((), "no extended key usage"),
        ((ExtendedKeyUsageOID.CLIENT_AUTH,), "another use"),
        ((ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH), "another use"),
        ((ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,), "another use"),
    ],
)
def test_a_license_is_for_servers_only(ca, usage, text) -> None:
    key = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(IdentityError, match=text):
        parse_license(pem(altered(ca, key=key, usage=usage), ca[1]), proxy_id_of(key))


def test_a_license_is_for_an_ed25519_key(ca) -> None:
    certificate = altered(ca, key=ec.generate_private_key(ec.SECP256R1()).public_key())
    with pytest.raises(IdentityError, match="not Ed25519"):
        parse_license(pem(certificate, ca[1]), new_id())


# --- link certificates ----------------------------------------------------------------------------


def test_a_client_may_serve_the_servers_its_certificate_names(ca) -> None:
    ids = [new_id(), new_id()]
    certificate = issue_client_certificate(*ca, new_link_request()[1], ids)
    for proxy_id in ids:
        check_link_client(certificate, proxy_id)
    with pytest.raises(IdentityError, match="not for this server"):
        check_link_client(certificate, new_id())


def test_a_clients_certificate_is_short_lived(ca) -> None:
    certificate = issue_client_certificate(*ca, new_link_request()[1], [new_id()])
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= dt.timedelta(days=7, hours=1)


def test_a_request_gives_the_key_and_nothing_else(ca) -> None:
    key = Ed25519PrivateKey.generate()
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "I am the CA")]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=True)
        .sign(key, None)
    )
    certificate = issue_client_certificate(*ca, request.public_bytes(Encoding.PEM).decode(), [new_id()])
    assert certificate.public_key() == key.public_key()
    assert "I am the CA" not in certificate.subject.rfc4514_string()
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def request_with(key, sign_with=None) -> str:
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    algorithm = hashes.SHA256() if isinstance(key, ec.EllipticCurvePrivateKey) else None
    return request.sign(key, algorithm).public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize(
    "csr", ["", "nonsense", request_with(ec.generate_private_key(ec.SECP256R1()))], ids=["empty", "nonsense", "P-256"]
)
def test_a_request_must_be_one_for_an_ed25519_key(ca, csr) -> None:
    with pytest.raises(IdentityError, match="certificate request"):
        issue_client_certificate(*ca, csr, [new_id()])


def test_a_request_must_be_signed_by_its_own_key(ca) -> None:
    key = Ed25519PrivateKey.generate()
    der = x509.load_pem_x509_csr(request_with(key).encode()).public_bytes(Encoding.DER)
    forged = x509.load_der_x509_csr(der[:-1] + bytes([der[-1] ^ 1])).public_bytes(Encoding.PEM).decode()
    with pytest.raises(IdentityError, match="signed by its own"):
        issue_client_certificate(*ca, forged, [new_id()])


def test_a_clients_certificate_names_at_least_one_server_and_not_endless_many(ca) -> None:
    csr = new_link_request()[1]
    for ids in ([], [new_id()] * (MAX_PROXY_IDS + 1), ["0" * 64 + "px"]):
        with pytest.raises(IdentityError):
            issue_client_certificate(*ca, csr, ids)


def test_a_client_accepts_only_the_servers_named_at_enrolment(ca) -> None:
    proxy_id = new_id()
    certificate = x509.load_pem_x509_certificate(issue_license(*ca, proxy_id, 5).encode())
    assert check_link_server(certificate, [new_id(), proxy_id]) == proxy_id
    with pytest.raises(IdentityError, match="not one this client may serve"):
        check_link_server(certificate, [new_id()])


def test_client_and_server_do_not_pass_for_each_other(ca) -> None:
    proxy_id = new_id()
    server = x509.load_pem_x509_certificate(issue_license(*ca, proxy_id, 5).encode())
    client = issue_client_certificate(*ca, new_link_request()[1], [proxy_id])
    with pytest.raises(IdentityError, match="another use"):
        check_link_client(server, proxy_id)
    with pytest.raises(IdentityError, match="another use"):
        check_link_server(client, [proxy_id])


@pytest.mark.parametrize("names", [None, [], [PROXY_URI], ["https://example/"]])
def test_a_clients_certificate_without_the_servers_name_is_refused(ca, names) -> None:
    certificate = altered(ca, usage=(ExtendedKeyUsageOID.CLIENT_AUTH,), names=names)
    with pytest.raises(IdentityError):
        check_link_client(certificate, new_id())


def test_a_peer_of_another_seonapi_is_named_by_its_link_ca_only(ca, link_pki) -> None:
    ours, theirs = fingerprint(ca[1]), link_pki.ca
    assert of_another_seonapi(theirs, ours) == fingerprint(theirs)
    assert of_another_seonapi(fingerprint(theirs), ours) == fingerprint(theirs)
    for nothing in (None, "", ours, ca[1], made_authority("Some other CA")):
        assert of_another_seonapi(nothing, ours) == ""


def made_authority(name: str) -> x509.Certificate:
    return new_authority(new_ed25519_key(), name, dt.datetime.now(dt.UTC) + dt.timedelta(days=1))


def test_what_a_license_says_can_be_read_whoever_it_is_for(ca) -> None:
    license_ = read_license(issue_license(*ca, proxy_id := new_id(), 10).encode())
    assert (license_.proxy_id, license_.holder, license_.flaws) == (proxy_id, "CN=Seon SmartProxy server", ())
    assert license_.problems(proxy_id, license_.not_before) == ()
    other = license_.problems(new_id(), license_.not_after)
    assert other[0] == f"it was issued for another Proxy ID: {proxy_id}"
    assert other[1].startswith("the license ended at ")


def test_two_link_cas_are_compared_in_one_form() -> None:
    assert authority_line("ab" * 32) == "Link CA (SHA-256): " + "ab" * 32
