"""What a ClientHello offers, whatever its octets are."""

import os
from random import Random

import pytest
from OpenSSL import SSL

from seon.net.buffers import Buffer
from seon.net.channel import Channel
from seon.net.client_hello import MAX_HELLO, in_words, is_whole
from seon.net.context import connecting


def hello(**how) -> bytes:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    channel, buffer = Channel(connecting(context, **how)), Buffer(65_536)
    channel.handshake()
    return bytes(buffer.view[: channel.take(buffer)])


def test_it_says_name_versions_groups_and_protocols() -> None:
    words = in_words(hello(alpn=b"seon-control/1", server_name="proxy.example"))
    assert "server name proxy.example, versions TLS 1.3 TLS 1.2, " in words
    assert "X25519MLKEM768" in words
    assert words.endswith("protocols (ALPN) seon-control/1")


def test_a_missing_name_is_said() -> None:
    assert in_words(hello()).startswith("no server name, ")


def test_a_record_is_whole_once_all_of_it_is_there() -> None:
    octets = hello()
    assert is_whole(octets)
    assert not is_whole(octets[:-1])
    assert not is_whole(octets[:4])


@pytest.mark.parametrize("octets", [b"", b"GET / HTTP/1.1\r\n", b"\x17\x03\x03\x00\x01a", b"\x16\x03\x01\x00\x00"])
def test_what_is_no_client_hello_says_nothing(octets) -> None:
    assert in_words(octets) == ""


def test_damaged_octets_are_read_or_not_but_never_raise() -> None:
    random, whole = Random(1), hello(server_name="proxy.example")
    for _ in range(3_000):
        octets = bytearray(whole[: random.randrange(len(whole) + 1)])
        for _ in range(random.randrange(4)):
            if octets:
                octets[random.randrange(len(octets))] = random.randrange(256)
        assert len(in_words(bytes(octets))) < 2_000
    assert in_words(b"\x16\x03\x01\x3f\xff\x01" + os.urandom(MAX_HELLO)) is not None
