"""The bounds of what the two ends may say to each other."""

import secrets

import msgspec
import pytest

from seon.config import ServerConfiguration
from seon.events import Event
from seon.link import messages as m

EVENT = {"id": "a-dmz-1", "code": "SRV-END", "time": 1.0, "hop": "dmz"}
OPEN = {"ticket": "A" * 21 + "A==", "session": "0123456789", "partner": "P1", "source": "1.2.3.4:5",
        "fingerprint": "0" * 64}  # fmt: skip


def convert(kind, **fields):
    return msgspec.convert(fields, kind)


@pytest.mark.parametrize("session", ["", "short", "UPPER-CASE", "with space", "x" * 65, "a/../../b", "a\nb12345"])
def test_a_session_id_holds_nothing_that_a_title_or_log_could_choke_on(session) -> None:
    convert(m.Dial, session="0123456789", partner="P1")
    with pytest.raises(msgspec.ValidationError):
        convert(m.Dial, session=session, partner="P1")


@pytest.mark.parametrize("partner", ["", "a b", "a/b", "ä", "x" * 65, "a\n"])
def test_a_partner_is_named_by_its_id_and_never_by_an_address(partner) -> None:
    with pytest.raises(msgspec.ValidationError):
        convert(m.Dial, session="0123456789", partner=partner)
    assert "host" not in m.Dial.__struct_fields__


@pytest.mark.parametrize("ticket", [b"", b"x" * 15, b"x" * 17])
def test_a_ticket_has_16_octets(ticket) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(m.Ticket(ticket)), type=m.Ticket)


@pytest.mark.parametrize(
    ("field", "value"),
    [("source", "x" * 65), ("fingerprint", "0" * 63), ("fingerprint", "G" * 64), ("ticket", "AAAA"), ("more", 1)],
)
def test_an_open_session_is_checked_for_form(field, value) -> None:
    msgspec.json.decode(msgspec.json.encode(OPEN), type=m.OpenSession)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode({**OPEN, field: value}), type=m.OpenSession)


@pytest.mark.parametrize("size", [0, -1, m.MAX_TRANSFER + 1])
def test_a_transfer_is_bounded_before_it_begins(size) -> None:
    with pytest.raises(msgspec.ValidationError):
        convert(m.Offered, what="blob", size=size, sha256="0" * 64)


def test_a_part_is_bounded() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(m.Part(bytes(m.PART_SIZE + 1))), type=m.Part)


def test_events_come_in_batches_that_are_neither_empty_nor_endless() -> None:
    event = msgspec.convert(EVENT, Event)
    for count, good in ((0, False), (1, True), (m.EVENTS_PER_MESSAGE, True), (m.EVENTS_PER_MESSAGE + 1, False)):
        octets = msgspec.json.encode(m.Events(1, (event,) * count))
        if good:
            assert len(msgspec.json.decode(octets, type=m.Events).events) == count
        else:
            with pytest.raises(msgspec.ValidationError):
                msgspec.json.decode(octets, type=m.Events)


def test_every_message_has_a_tag_of_its_own() -> None:
    tags = [kind.__struct_config__.tag for kind in m.Message.__subclasses__()]
    assert len(tags) == len(set(tags)) > 10


def test_a_session_id_made_of_random_octets_is_one() -> None:
    convert(m.Dial, session=m.new_session_id(secrets.token_bytes(12)), partner="P1")


def test_a_delivery_holds_no_key_in_the_clear() -> None:
    assert set(m.Delivery.__struct_fields__) >= {"version", "configuration", "sealed_key"}
    assert "key" not in ServerConfiguration.__struct_fields__
    with pytest.raises(msgspec.ValidationError):
        convert(m.Delivery, version=1, configuration={}, key="x")


def test_dead_is_several_missed_heartbeats() -> None:
    assert m.DEAD_SECONDS >= 2 * m.HEARTBEAT_SECONDS
