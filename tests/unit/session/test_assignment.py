"""What a session process is given: nothing of its main's, and the connections that it keeps."""

import socket

import msgspec
import pytest

from seon.oftp2.observer import Side
from seon.session.assignment import Assignment, Connections, session_title
from unit.session.scenes import assignment


@pytest.mark.parametrize(("direction", "side"), [("incoming", Side.INITIATOR), ("outgoing", Side.RESPONDER)])
def test_the_partner_of_an_incoming_session_is_its_initiator(direction, side) -> None:
    assert assignment(direction=direction).partner_side is side


def test_the_title_says_what_the_process_is_doing() -> None:
    assert session_title("seon", assignment()) == (
        "seon: session 01234567 incoming, partner P1, 192.0.2.1:5 to 127.0.0.1:3305"
    )


def test_an_assignment_is_a_value() -> None:
    assert assignment() == assignment()
    with pytest.raises(AttributeError):
        assignment().partner = "P2"


def test_what_is_not_said_bars_and_demands_nothing_and_traces_nothing() -> None:
    optional = {field.name for field in msgspec.structs.fields(Assignment) if not field.required}
    assert "limits" not in optional
    assert not assignment().trace
    assert assignment().partner_codes == ()


def test_a_process_keeps_the_connections_that_it_was_given_and_no_others() -> None:
    socks = [socket.socket() for _ in range(3)]
    try:
        channel = object()
        assert Connections().sockets == ()
        assert Connections(partner=(socks[0], channel), link=(socks[1], channel)).sockets == (socks[0], socks[1])
        assert Connections(link=(socks[1], channel), dialling=object()).sockets == (socks[1],)
        assert Connections(station=socks[2]).sockets == (socks[2],)
    finally:
        for sock in socks:
            sock.close()
