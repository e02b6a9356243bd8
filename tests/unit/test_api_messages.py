"""What client and Seonapi exchange."""

import msgspec
import pytest

from seon import api_messages as a
from seon.process.events import EventMaker

WANTED = a.SealedKeyWanted("0" * 64 + "px", bytes(1184), bytes(32), bytes(64), "id")


def again(message):
    return msgspec.json.decode(msgspec.json.encode(message), type=type(message))


@pytest.mark.parametrize(
    "message",
    [
        WANTED,
        a.SealedKey("id", b"octets"),
        a.Enrol("csr", "b", 3, 4),
        a.CrlSources((a.CrlSource("http://x/", b"der"),)),
    ],
)
def test_a_message_survives_its_way(message) -> None:
    assert again(message) == message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("proxy_id", "0" * 64), ("proxy_id", "0" * 64 + "px\n"), ("proxy_id", "A" * 64 + "px"),
        ("mlkem_key", bytes(1183)), ("x25519_key", bytes(33)), ("signature", bytes(63)), ("certificate_id", ""),
    ],
)  # fmt: skip
def test_a_request_for_a_key_is_checked_for_form(field, value) -> None:
    with pytest.raises(msgspec.ValidationError):
        again(msgspec.structs.replace(WANTED, **{field: value}))


def test_a_batch_of_the_largest_events_fits_into_a_body() -> None:
    fields = {f"field{n}": "x" * 800 for n in range(20)}
    event = EventMaker("inside", "s" * 64).make("SES-END", **fields)
    batch = a.EventBatch((event,) * a.EVENTS_PER_BATCH)
    assert len(msgspec.json.encode(batch)) < a.MAX_BODY
    with pytest.raises(msgspec.ValidationError):
        again(a.EventBatch((event,) * (a.EVENTS_PER_BATCH + 1)))


def test_a_call_waits_shorter_than_reverse_proxies_do() -> None:
    assert a.MAX_WAIT < 60


def test_what_is_signed_tells_the_two_keys_apart_and_cannot_be_taken_for_anything_else() -> None:
    statement = a.seal_statement(b"m" * 1184, b"x" * 32)
    assert statement.startswith(b"seon ephemeral key 1\0")
    assert len(statement) == 21 + 1184 + 32


def test_blobs_and_lists_are_bounded() -> None:
    for sources in ((a.CrlSource("x", b"der"),) * 21, (a.CrlSource("x" * 2_001, b"der"),), ()):
        with pytest.raises(msgspec.ValidationError):
            again(a.CrlSources(sources))
