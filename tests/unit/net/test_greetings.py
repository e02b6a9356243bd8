"""What a peer's first octets are, and what is said of them on which port."""

import ssl

import pytest

from seon.net.greetings import ENOUGH, Greeting, answered, on_plain_port, on_tls_port, recognise
from seon.oftp2.framing import MAX_STB


def client_hello(context: ssl.SSLContext | None = None) -> bytes:
    """What Python's own TLS says first."""
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = (context or ssl.create_default_context()).wrap_bio(into, out, server_hostname="x.example")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return out.read()


SSRM = b"\x10\x00\x00\x17IODETTE FTP READY \r"
SSID = b"\x10\x00\x00\x41X5O0013COMPANY"


@pytest.mark.parametrize(("octets", "greeting"), [
    (b"", Greeting.NOTHING),
    (b"GET / HTTP/1.1\r\nHost: x\r\n", Greeting.HTTP),
    (b"OPTIONS * HTTP/1", Greeting.HTTP),
    (b"PRI * HTTP/2.0\r\n", Greeting.HTTP),
    (b"HTTP/1.0 400 Bad", Greeting.HTTP),
    (b"GETTING on", Greeting.UNKNOWN),
    (b"get / http/1.1", Greeting.UNKNOWN),
    pytest.param(client_hello(), Greeting.TLS, id="ClientHello"),
    (b"\x16\x03", Greeting.TLS),
    (b"\x15\x03\x01\x00\x02\x02\x28", Greeting.TLS),
    (b"\x16", Greeting.UNKNOWN),
    (b"\x16\x02\x00", Greeting.UNKNOWN),
    (b"SSH-2.0-OpenSSH_9", Greeting.SSH),
    (b"SSH", Greeting.UNKNOWN),
    (SSRM, Greeting.OFTP2),
    (SSID, Greeting.OFTP2),
    (b"\x10" + MAX_STB.to_bytes(3, "big"), Greeting.OFTP2),
    (b"\x10" + (MAX_STB + 1).to_bytes(3, "big"), Greeting.UNKNOWN),
    (b"\x10\x00\x00\x04", Greeting.UNKNOWN),
    (b"\x10\x00\x00", Greeting.UNKNOWN),
    (b"220 mail.example ESMTP", Greeting.UNKNOWN),
    (bytes(20), Greeting.UNKNOWN),
])  # fmt: skip
def test_first_octets_are_recognised(octets, greeting) -> None:
    assert recognise(octets) is greeting
    assert recognise(octets[:ENOUGH]) is greeting, "no more are kept"


@pytest.mark.parametrize(("octets", "words"), [
    (b"", "it sent nothing (a plain OFTP2 station waits for SSRM)"),
    (b"GET / HTTP/1.1\r\n", "it speaks HTTP"),
    (b"SSH-2.0-x", "it speaks SSH"),
    (SSID, "it speaks OFTP2 without TLS"),
    pytest.param(client_hello(), None, id="ClientHello"),
    (b"\xff\xff\xff\xff", None),
])  # fmt: skip
def test_a_caller_of_the_external_port_is_named(octets, words) -> None:
    assert on_tls_port(octets) == words


@pytest.mark.parametrize(("octets", "words"), [
    pytest.param(
        client_hello(), "it speaks TLS (this port is plain: switch TLS off at the send daemon)", id="ClientHello"
    ),
    (b"GET / HTTP/1.1\r\n", "it speaks HTTP"),
    (b"SSH-2.0-x", "it speaks SSH"),
    (b"", None),
    (SSID, None),
    (b"\xff\xff\xff\xff", None),
])  # fmt: skip
def test_a_caller_of_a_plain_port_is_named(octets, words) -> None:
    assert on_plain_port(octets) == words


@pytest.mark.parametrize(("octets", "words"), [
    (b"", None),
    (b"\x16\x03\x03\x00\x7a", None),
    (b"\x15\x03\x03\x00\x02", None),
    (SSRM, "speaks OFTP2 without TLS"),
    (b"HTTP/1.1 400 Bad", "speaks HTTP, no TLS"),
    (b"220 mail.example", "speaks no TLS"),
])  # fmt: skip
def test_what_answers_a_dial_is_named(octets, words) -> None:
    said = answered(octets)
    assert said is None if words is None else words in (said or "")


def test_no_octet_of_a_stranger_is_in_what_is_said_of_it() -> None:
    secret = b"GET /?password=secret HTTP/1.1\r\n"
    assert "secret" not in f"{on_tls_port(secret)} {on_plain_port(secret)} {answered(secret)}"
