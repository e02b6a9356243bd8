"""The PROXY protocol, version 2: what a load balancer says is taken as it stands, or refused with the reason."""

import socket

import pytest

from seon.net.proxy_protocol import (
    FIXED,
    MAX_REST,
    SIGNATURE,
    ProxyProtocolError,
    Spoken,
    not_begun,
    rest_of,
    spoken_in,
)

IPV4 = socket.inet_aton("192.0.2.7") + socket.inet_aton("198.51.100.1") + bytes.fromhex("9c40 19db")
IPV6 = (
    socket.inet_pton(socket.AF_INET6, "2001:db8::7")
    + socket.inet_pton(socket.AF_INET6, "2001:db8::1")
    + bytes.fromhex("9c40 19db")
)


def fixed(command: int = 0x21, family: int = 0x11, length: int = len(IPV4)) -> bytes:
    return SIGNATURE + bytes([command, family]) + length.to_bytes(2, "big")


def read(rest: bytes, command: int = 0x21, family: int = 0x11) -> Spoken | None:
    return spoken_in(fixed(command, family, len(rest)), rest)


def test_the_partners_address_and_port_are_read() -> None:
    assert read(IPV4) == Spoken("192.0.2.7", 40_000, "198.51.100.1", 6_619)
    assert read(IPV6, family=0x21) == Spoken("2001:db8::7", 40_000, "2001:db8::1", 6_619)


def test_an_ipv4_mapped_address_is_the_ipv4_address() -> None:
    mapped = bytes(10) + b"\xff\xff"
    rest = mapped + IPV4[:4] + mapped + IPV4[4:8] + IPV4[8:]
    assert read(rest, family=0x21) == read(IPV4)


def test_what_the_balancer_adds_is_passed_over() -> None:
    tlvs = bytes.fromhex("03 0004 deadbeef") + bytes.fromhex("04 0000") + bytes.fromhex("ea 000d") + b"vpce-12345678"
    assert read(IPV4 + tlvs) == read(IPV4)


def test_a_balancer_may_speak_for_itself() -> None:
    assert read(b"", command=0x20, family=0x00) is None
    assert read(IPV4, command=0x20) is None
    assert read(b"\x01", command=0x20) is None, "what a LOCAL header holds is not looked at"


@pytest.mark.parametrize(
    ("command", "family", "rest", "reason"),
    [
        (0x11, 0x11, IPV4, "no version 1 here"),
        (0x31, 0x11, IPV4, "no version 3 here"),
        (0x22, 0x11, IPV4, "no command 2 here"),
        (0x21, 0x00, b"", "names no addresses"),
        (0x21, 0x12, IPV4, "names UDP"),
        (0x21, 0x22, IPV6, "names UDP"),
        (0x21, 0x31, bytes(216), "names a Unix socket"),
        (0x21, 0x41, IPV4, "unknown family 0x41"),
        (0x21, 0x11, IPV4[:-1], "too short for its addresses"),
        (0x21, 0x21, IPV4, "too short for its addresses"),
        (0x21, 0x11, IPV4 + b"\x04\x00", "ends inside a TLV"),
        (0x21, 0x11, IPV4 + b"\x04\x00\x02a", "ends inside a TLV"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(command, family, rest, reason) -> None:
    with pytest.raises(ProxyProtocolError, match=reason):
        read(rest, command, family)


def test_a_header_has_a_greatest_length() -> None:
    assert rest_of(fixed(length=MAX_REST)) == MAX_REST
    with pytest.raises(ProxyProtocolError, match="too long"):
        rest_of(fixed(length=MAX_REST + 1))


def test_a_header_that_is_cut_off_is_none() -> None:
    with pytest.raises(ProxyProtocolError, match="cut off"):
        spoken_in(fixed(length=len(IPV4)), IPV4[:5])


@pytest.mark.parametrize("length", range(FIXED))
def test_what_has_come_so_far_may_be_a_header(length) -> None:
    assert not_begun(fixed()[:length]) == ""


@pytest.mark.parametrize(
    ("begin", "reason"),
    [
        (b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 6619\r\n"[:FIXED], "switch it to version 2"),
        (bytes.fromhex("16030100f8010000f40303" + "00" * 5), "must begin with the PROXY protocol"),
        (b"G", "must begin with the PROXY protocol"),
        (SIGNATURE[:-1] + b"\x00", "must begin with the PROXY protocol"),
    ],
)
def test_what_is_no_header_is_known_by_its_first_octets(begin, reason) -> None:
    assert reason in not_begun(begin)
    if len(begin) == FIXED:
        with pytest.raises(ProxyProtocolError, match=reason):
            rest_of(begin)
