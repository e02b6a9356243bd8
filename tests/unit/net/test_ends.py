"""Both ends of a connection in words, in the one spelling that every event has."""

import socket
import struct

import pytest

from seon.net.ends import caller_of, far_end, own_end


@pytest.mark.parametrize(
    ("listening", "dialled", "own"),
    [
        (("127.0.0.1", socket.AF_INET, False), "127.0.0.1", "127.0.0.1:{}"),
        (("::1", socket.AF_INET6, False), "::1", "[::1]:{}"),
        (("::", socket.AF_INET6, True), "127.0.0.1", "127.0.0.1:{}"),  # IPv4-mapped is IPv4 (mission A8)
    ],
)
def test_a_caller_has_its_address_and_ours(listening, dialled, own) -> None:
    host, family, dual = listening
    with socket.create_server((host, 0), family=family, dualstack_ipv6=dual) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection((dialled, port)) as calling, listener.accept()[0] as called:
            theirs = calling.getsockname()[1]
            caller = caller_of(called, dialled, theirs)
            assert caller.target == own_end(called) == far_end(calling) == own.format(port)
            assert caller.source == own_end(calling) == far_end(called) == own.format(theirs)
            assert caller.address == dialled


def test_a_peer_that_has_reset_its_connection_has_no_end_any_more_and_ours_is_still_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        calling = socket.create_connection(listener.getsockname())
        with listener.accept()[0] as called:
            calling.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            calling.close()
            with pytest.raises(ConnectionResetError):
                called.recv(1)
            assert far_end(called) == ""
            assert own_end(called) == f"127.0.0.1:{listener.getsockname()[1]}"
        assert own_end(called) == "", "it is closed"


def test_a_socket_pair_has_no_addresses() -> None:
    one, two = socket.socketpair()
    with one, two:
        assert (own_end(one), far_end(one)) == ("", "")
