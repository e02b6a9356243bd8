"""JSON that somebody else wrote: one exception, whatever is wrong with it."""

from typing import Any

import msgspec
import pytest

from seon import api_messages as a
from seon.client.courier import messages as c
from seon.config import ProxyConfiguration
from seon.decoding import MalformedError, decode
from seon.events import Event
from seon.link import messages as m
from seon.process import line

DEEP = b"[" * 100_000
KINDS = [Any, dict, a.Problem, a.Enrolled, Event, ProxyConfiguration, m.FromClient, m.FromServer, c.FromMain,
         c.FromCourier, line.FromSession, line.FromMain]  # fmt: skip


class Small(msgspec.Struct):
    error: str


def test_a_message_is_returned() -> None:
    assert decode(msgspec.json.Decoder(Small), b'{"error":"why"}') == Small("why")


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize(
    "octets",
    [DEEP, b'{"a":' * 100_000, b'{"x":' + DEEP, b'{"type":' + DEEP, b'{"x":' + DEEP + b"]" * len(DEEP) + b"}",
     b'{"error":' + DEEP, b'{"type":"keep","events":' + DEEP, b'{"type":"happened","event":{"fields":' + DEEP],
    ids=range(8),
)  # fmt: skip
def test_deep_nesting_is_malformed_wherever_it_stands(kind, octets) -> None:
    """Of any kind: msgspec looks through what it skips, and for the tag through all that comes before it."""
    with pytest.raises(MalformedError):
        decode(msgspec.json.Decoder(kind), octets)


def test_what_msgspec_does_with_deep_nesting_is_why_this_is_here() -> None:
    with pytest.raises(RecursionError):
        msgspec.json.decode(b'{"x":' + DEEP, type=Small)


@pytest.mark.parametrize(
    ("octets", "text"),
    [(b'{"error":"\xff"}', "not UTF-8"), (b"", "truncated"), (b'{"error":1}', "Expected `str`"), (b"{", "truncated"),
     (DEEP, "array"), (b'{"x":' + DEEP, "nested too deeply")],
    ids=range(6),
)  # fmt: skip
def test_the_text_says_what_is_wrong(octets, text) -> None:
    with pytest.raises(MalformedError, match=text):
        decode(msgspec.json.Decoder(Small), octets)
