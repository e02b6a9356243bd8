"""Behind a load balancer: the partner's address is read before anything else, and not one octet more."""

import asyncio
import socket
import struct

import pytest

from seon.net import balancers as module
from seon.net.balancers import caller_behind
from seon.net.ends import Caller
from seon.net.networks import Networks
from seon.net.proxy_protocol import SIGNATURE, ProxyProtocolError

HEADER = SIGNATURE + bytes.fromhex("2111 000c c0000207 c6336401 9c40 19db")
LOCAL = SIGNATURE + bytes.fromhex("2000 0000")
DIRECT = Caller("127.0.0.1", "127.0.0.1:50000", "127.0.0.1:6619")
INNER = Caller("192.0.2.7", "192.0.2.7:40000", "198.51.100.1:6619")
HERE = Networks(["127.0.0.0/8"])


def behind(pair, *, sent: bytes = b"", balancers=HERE, end: bool = False, pieces: int = 1_000) -> Caller | None:
    """Return whom `caller_behind` finds when the far end sends these octets, in pieces."""

    async def play() -> Caller | None:
        pair[0].setblocking(False)

        async def send() -> None:
            for at in range(0, len(sent), pieces):
                pair[1].sendall(sent[at : at + pieces])
                await asyncio.sleep(0.001)
            if end:
                pair[1].close()

        sending = asyncio.create_task(send())
        try:
            return await caller_behind(pair[0], DIRECT, balancers)
        finally:
            await sending

    return asyncio.run(play())


def test_who_comes_from_elsewhere_is_who_it_is(pair) -> None:
    assert behind(pair, balancers=Networks(["192.0.2.0/24"])) is DIRECT
    assert behind(pair, balancers=Networks()) is DIRECT


@pytest.mark.parametrize("pieces", [1, 7, 16, 1_000])
def test_the_partners_address_is_the_source_and_no_octet_of_tls_is_taken(pair, pieces) -> None:
    assert behind(pair, sent=HEADER + b"ClientHello", pieces=pieces) == INNER
    pair[0].setblocking(True)
    assert pair[0].recv(len(b"ClientHello"), socket.MSG_WAITALL) == b"ClientHello"


def test_a_stranger_that_sends_a_header_itself_is_not_believed(pair) -> None:
    assert behind(pair, sent=HEADER, balancers=Networks(["192.0.2.0/24"])) is DIRECT
    pair[0].setblocking(True)
    assert pair[0].recv(100) == HEADER, "it is left for TLS to refuse"


@pytest.mark.parametrize("sent", [b"", LOCAL])
def test_a_health_check_is_nobody(pair, sent) -> None:
    assert behind(pair, sent=sent, end=True) is None


def test_a_health_check_that_resets_is_nobody(pair) -> None:
    pair[1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert behind(pair, end=True) is None


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"\x16\x03\x01", "must begin with the PROXY protocol"),
        (b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 6619\r\n", "switch it to version 2"),
        (SIGNATURE + bytes.fromhex("2111 0401"), "too long"),
    ],
)
def test_what_is_no_header_is_refused_at_once(pair, sent, reason) -> None:
    """The far end waits for us meanwhile."""
    with pytest.raises(ProxyProtocolError, match=reason):
        behind(pair, sent=sent)


@pytest.mark.parametrize("length", [1, 12, 15, 16, 20, 27])
def test_a_header_that_ends_too_early_is_refused(pair, length) -> None:
    with pytest.raises(ProxyProtocolError, match="ended inside"):
        behind(pair, sent=HEADER[:length], end=True)


@pytest.mark.parametrize("length", [0, 5, 20])
def test_a_header_has_its_time(pair, monkeypatch, length) -> None:
    monkeypatch.setattr(module, "HEADER_SECONDS", 0.1)
    with pytest.raises(ProxyProtocolError, match=r"within 0\.1 s"):
        behind(pair, sent=HEADER[:length])


def test_a_connection_that_breaks_inside_the_header_is_refused(pair) -> None:
    pair[1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with pytest.raises(ProxyProtocolError, match=r"broke|ended inside"):
        behind(pair, sent=HEADER[:20], end=True)
