"""Messages to octets and back: what is not understood, or too long, ends the link before it is waited for."""

import msgspec
import pytest

from seon.link import messages as m
from seon.link.codec import HEADER, MAX_MESSAGE, Decoder, encode

SERVER: Decoder[m.FromServer] = Decoder(m.FromServer)
CLIENT: Decoder[m.FromClient] = Decoder(m.FromClient)


def test_a_message_has_its_length_before_it() -> None:
    octets = encode(m.Heartbeat())
    assert int.from_bytes(octets[:HEADER], "big") == len(octets) - HEADER
    assert CLIENT.length(octets[:HEADER]) == len(octets) - HEADER
    assert CLIENT.decode(octets[HEADER:]) == m.Heartbeat()


@pytest.mark.parametrize("length", [0, 1, MAX_MESSAGE + 1, 2**32 - 1])
def test_a_length_nobody_needs_is_refused_before_anything_is_waited_for(length) -> None:
    with pytest.raises(m.LinkError, match="was announced"):
        CLIENT.length(length.to_bytes(HEADER, "big"))


@pytest.mark.parametrize("length", [2, MAX_MESSAGE])
def test_the_limits_themselves_are_allowed(length) -> None:
    assert CLIENT.length(length.to_bytes(HEADER, "big")) == length


def test_the_largest_part_fits_into_a_message() -> None:
    part = m.Part(b"\xff" * m.PART_SIZE)
    assert CLIENT.decode(encode(part)[HEADER:]) == part


def test_a_message_over_the_limit_is_never_sent() -> None:
    with pytest.raises(m.LinkError, match="over the limit of 10"):
        encode(m.Bye("a longer text"), 10)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"type":"unheard-of"}',
        b'{"type":"heartbeat","more":1}',
        b'{"type":"bye"}',
        b'{"type":"bye","reason":7}',
        b'{"type":"bye","reason":"\xff"}',
        b'{"type":"bye","reason":"' + b"x" * 501 + b'"}',
        b'{"type":"part","data":""}',
        b'{"type":"part","data":"not base64!"}',
        b'{"type":"events-taken","count":0}',
        b'{"type":"events-taken","count":51}',
        b'{"type":"events-taken","count":1.5}',
        b'{"type":"heartbeat"} ' + b"x",
        b"[" * 100_000,
    ],
)
def test_what_is_not_understood_is_a_link_error(octets) -> None:
    with pytest.raises(m.LinkError, match="cannot be understood") as error:
        CLIENT.decode(octets)
    assert len(str(error.value)) < 300


def test_each_end_takes_only_what_the_other_may_send() -> None:
    for message, wrong in (
        (m.ConfigurationWanted(1), CLIENT),
        (m.EventsTaken(1), SERVER),
        (m.Ticket(bytes(16)), CLIENT),
    ):
        with pytest.raises(m.LinkError):
            wrong.decode(encode(message)[HEADER:])


def test_octets_survive_as_they_are() -> None:
    ticket = m.Ticket(bytes(range(16)))
    assert Decoder(m.SessionOpening).decode(encode(ticket)[HEADER:]) == ticket


def test_an_encoded_message_is_plain_json() -> None:
    assert msgspec.json.decode(encode(m.Bye("so"))[HEADER:]) == {"type": "bye", "reason": "so"}
