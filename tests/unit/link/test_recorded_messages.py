"""What programs of released protocol numbers say is understood for ever: tests/vectors/messages-N.jsonl.

A test that fails here means: a program that is out there is not understood any more. Raise PROTOCOL (or FORMAT), and
leave to the older number the types that it had (docs/design.md, "Versions").
"""

import json
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from seon import api_messages as a
from seon import config as c
from seon.decoding import decode
from seon.link import messages as m

VECTORS = Path(__file__).parents[2] / "vectors"
LINK = {
    "FromServer": m.FROM_SERVER,
    "FromClient": m.FROM_CLIENT,
    "SessionOpening": m.SESSION_OPENING,
    "SessionAnswer": m.SESSION_ANSWER,
    "Delivery": m.DELIVERY,
}
"""What a protocol number says; all else does not depend on it."""
API = {
    kind.__name__: kind
    for kind in (
        a.Enrol, a.Enrolled, a.SealedKeyWanted, a.SealedKey, a.EventBatch, a.EventsStored, a.CrlSource,
        a.CrlSources, a.RefusedCertificate, a.Problem,
        a.LiveState, a.LiveServer, a.LiveListener, a.LiveSession, a.LiveFile, a.LiveUnchanged, a.Order, a.Orders,
        a.OrderDone, a.OrdersDone,
        c.ProxyConfiguration, c.ServerConfiguration, c.ServerSettings,
    )
}  # fmt: skip


class Line(msgspec.Struct):
    of: str
    message: msgspec.Raw


def recorded(number: int) -> list[Line]:
    lines = (VECTORS / f"messages-{number}.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Line) for line in lines]


def kind_of(line: Line, number: int) -> object:
    return LINK[line.of][number] if line.of in LINK else API[line.of]


NUMBERS = range(3, m.PROTOCOL + 1)
ALL = [(number, index) for number in NUMBERS for index in range(len(recorded(number)))]


@pytest.mark.parametrize(("number", "index"), ALL)
def test_what_was_recorded_is_understood_and_nothing_of_it_is_lost(number, index) -> None:
    line = recorded(number)[index]
    understood = decode(msgspec.json.Decoder(kind_of(line, number)), bytes(line.message))
    again = json.loads(msgspec.json.encode(understood))
    assert is_in(json.loads(bytes(line.message)), again)


def is_in(said, again) -> bool:
    """Whether all that was said is there; what a later build has added, with its default, may be there too."""
    if isinstance(said, dict):
        return isinstance(again, dict) and all(name in again and is_in(said[name], again[name]) for name in said)
    if isinstance(said, list):
        return len(said) == len(again) and all(map(is_in, said, again))
    return said == again


def test_what_the_server_is_given_in_the_first_format_is_understood() -> None:
    (line,) = [line for line in recorded(3) if line.of == "Delivery"]
    delivery = msgspec.json.decode(line.message, type=m.Delivery)
    assert delivery.format == 3
    assert decode(msgspec.json.Decoder(c.ServerConfiguration), bytes(delivery.configuration)).partners[0].id == "P1"


@pytest.mark.parametrize("number", NUMBERS)
def test_every_message_of_a_number_was_recorded(number) -> None:
    lines = recorded(number)
    assert {line.of for line in lines} >= {*LINK, *API}
    for name, table in LINK.items():
        kinds = {kind.__struct_config__.tag for kind in get_args(table[number]) or [table[number]]}
        tags = {json.loads(bytes(line.message)).get("type") for line in lines if line.of == name}
        assert tags == kinds, f"a message of {name} is missing: raise PROTOCOL, or before a release record it"


def test_the_messages_to_seonapi_are_all_recorded() -> None:
    messages = {kind.__name__ for kind in vars(a).values() if isinstance(kind, type) and kind.__module__ == a.__name__}
    assert messages <= set(API)
