"""What a failed call is said to mean; the whole of it through real TLS stands in test_api.py."""

import socket
import ssl

import pytest

from seon import pki
from seon.client.courier import causes


def mismatch(code: int = 62) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code, error.verify_message = code, "in OpenSSL's words"
    return error


def leaf(names: pki.AlternativeNames) -> bytes:
    import datetime as dt

    from cryptography.hazmat.primitives.serialization import Encoding

    until = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    made = pki.self_signed(pki.new_ecdsa_key(), pki.Leaf(common_name="x", until=until, names=names))
    return made.public_bytes(Encoding.DER)


def test_the_certificate_error_is_found_below_those_of_the_http_client() -> None:
    outer = RuntimeError("outer")
    outer.__context__ = ValueError("middle")
    outer.__context__.__cause__ = mismatch()
    assert "certificate is not for host.example" in causes.of_certificate(outer, "host.example", b"")
    assert causes.of_certificate(RuntimeError("other"), "host.example", b"") == ""


def test_a_chain_of_exceptions_without_end_is_left() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__context__, other.__context__ = other, one
    assert causes.of_certificate(one, "host", b"") == ""
    assert causes.of_connecting(one) == ""


@pytest.mark.parametrize(("cause", "said"), [
    (ConnectionRefusedError(111, "Connect call failed"), "connect: refused (nothing listens on that port)"),
    (OSError(113, "No route to host"), "connect: no way (host down? a firewall?)"),
    (socket.gaierror(socket.EAI_NONAME, "unknown"), "name: unknown (is it spelt right? does this host's resolver know"),
])  # fmt: skip
def test_why_seonapi_cannot_be_connected_to_is_found_below_the_words_of_the_http_client(cause, said) -> None:
    outer = OSError("All connection attempts failed")
    outer.__cause__ = cause
    assert causes.of_connecting(outer).startswith(said)


def test_a_connection_that_breaks_later_is_not_called_one_that_was_not_made() -> None:
    assert causes.of_connecting(ConnectionResetError(104, "reset")) == ""


def test_the_names_of_the_certificate_are_listed_and_bounded() -> None:
    few = leaf(pki.AlternativeNames(hosts=["a.example", "b.example"]))
    assert "it is for a.example, b.example. Name one" in causes.of_certificate(mismatch(), "c.example", few)
    many = leaf(pki.AlternativeNames(hosts=[f"{n}.{'x' * 60}.{'y' * 60}" for n in range(40)]))
    told = causes.of_certificate(mismatch(), "c.example", many)
    assert " and 30 more. " in told
    assert len(told) < 1_500


@pytest.mark.parametrize("octets", [b"", b"no certificate"])
def test_a_certificate_without_names_is_said_to_have_none(octets) -> None:
    assert "it names no host" in causes.of_certificate(mismatch(64), "10.0.0.1", octets)
    assert causes.names_of(leaf(pki.AlternativeNames())) == []


def test_a_certificate_of_another_ca_says_what_a_reverse_proxy_must_show() -> None:
    assert "a reverse proxy shows Seonapi's own, https.pem" in causes.of_certificate(mismatch(20), "host", b"")
    assert causes.of_certificate(mismatch(10), "host", b"") == "certificate verify failed: in OpenSSL's words"


def test_what_is_no_tls_has_no_chain() -> None:
    assert causes.chain_of(None) == []
