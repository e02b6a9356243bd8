"""Servers and clients of different versions meet: through both ends of a real control link, over TLS.

Number 4 is invented: its server may say `Weather`, and its Hello has a field more.
"""

import asyncio
from typing import Any

import msgspec
import pytest

from seon.api_messages import CrlSource
from seon.build import this_build
from seon.client.control import ControlLink as ClientLink
from seon.client.control import NotEstablishedError
from seon.config import OpenStruct
from seon.link import messages as m
from seon.link.codec import HEADER, Decoder, encode
from seon.link.sealing import EphemeralKey
from seon.net.ends import Caller
from seon.process.outbox import Outbox
from seon.server.control import ControlLink as ServerLink

NEXT = m.PROTOCOL + 1


class Weather(m.Message, frozen=True, tag="weather"):
    """What only the next protocol knows."""

    sky: str


@pytest.fixture
def invented(monkeypatch) -> None:
    for table, union in (
        (m.FROM_SERVER, m.FromServer | Weather),
        (m.FROM_CLIENT, m.FromClient),
        (m.DELIVERY, m.Delivery),
    ):
        monkeypatch.setitem(table, NEXT, union)


class Owner:
    """Takes what comes at either end."""

    def __init__(self) -> None:
        self.linked_to: list[ServerLink] = []
        self.wanted: list[int] = []

    def linked(self, link) -> None:
        self.linked_to.append(link)

    def configuration_version(self) -> int:
        return 5

    def carries_events(self, link) -> bool:
        return True

    async def configuration_wanted(self, known: int) -> None:
        self.wanted.append(known)

    def missing_blobs(self) -> tuple[str, ...]:
        return ()

    def crls_to_say(self, said: object) -> tuple[CrlSource, ...]:
        return ()


class Meeting:
    """Both ends of a link, each with the numbers that its build speaks."""

    def __init__(self, one, two, pki, reported, server: tuple[int, int], client: tuple[int, int]) -> None:
        self.owner = Owner()
        self.server = ServerLink(
            one,
            "key",
            Caller("192.0.2.1", "192.0.2.1:5", "192.0.2.9:2878"),
            EphemeralKey(pki.identity),
            Outbox(),
            reported,
            server,
        )
        self.client = ClientLink(two, "client one", pki.proxy_id, client)
        self.serving = asyncio.create_task(self.server.run(self.owner))

    async def end(self) -> str:
        await self.client.bye("done")
        return await self.serving


@pytest.fixture
def play(over_link, link_pki, reported):
    def run(scene, server: tuple[int, int], client: tuple[int, int]) -> None:
        async def live(one, two) -> None:
            await scene(Meeting(one, two, link_pki, reported, server, client))
            one.close()
            two.close()

        over_link(live)

    return run


NOW = (m.OLDEST_PROTOCOL, m.PROTOCOL)
BOTH = (m.PROTOCOL, NEXT)


@pytest.mark.usefixtures("invented")
@pytest.mark.parametrize(
    ("server", "client", "spoken"),
    [(NOW, NOW, m.PROTOCOL), (BOTH, NOW, m.PROTOCOL), (NOW, BOTH, m.PROTOCOL), (BOTH, BOTH, NEXT)],
)
def test_the_highest_number_that_both_speak_is_spoken(play, server, client, spoken) -> None:
    async def scene(meeting: Meeting) -> None:
        await meeting.client.establish()
        running = asyncio.create_task(meeting.client.run(meeting.owner))
        while not meeting.owner.wanted:
            await asyncio.sleep(0.005)
        assert meeting.owner.linked_to == [meeting.server]
        assert (meeting.server.protocol, meeting.client.protocol) == (spoken, spoken)
        assert await meeting.end() == "the client closed the connection"
        await running

    play(scene, server, client)


@pytest.mark.usefixtures("invented")
@pytest.mark.parametrize(("client", "understood"), [(BOTH, True), (NOW, False)])
def test_after_hello_messages_are_those_of_the_number_that_was_agreed(play, client, understood) -> None:
    async def scene(meeting: Meeting) -> None:
        await meeting.client.establish()
        await meeting.server._stream.send(Weather("cloudy"))
        reason = await meeting.client.run(meeting.owner)
        assert ("cannot be understood" not in reason) is understood
        await meeting.serving

    play(scene, BOTH, client)


@pytest.mark.usefixtures("invented")
@pytest.mark.parametrize(("server", "client", "older"), [((NEXT, NEXT), NOW, "client"), (NOW, (NEXT, NEXT), "server")])
def test_without_a_common_number_both_ends_name_both_versions_and_the_host_to_upgrade(
    play, server, client, older
) -> None:
    async def scene(meeting: Meeting) -> None:
        with pytest.raises(NotEstablishedError) as refused:
            await meeting.client.establish()
        said = [str(refused.value), await meeting.serving]
        for text in said:
            assert text.endswith(f"upgrade the host of the {older}")
            assert f"knows link protocol {NEXT}" in text
            assert f"knows {m.PROTOCOL}" in text
            assert text.count(this_build().short) == 2
        assert meeting.owner.linked_to == []

    play(scene, server, client)


def later(kind: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """Return a Hello as a build of a later year may say it."""
    tag = kind.__struct_config__.tag
    fields: list[Any] = [("added_later", dict[str, Any]), *((f.name, f.type) for f in msgspec.structs.fields(kind))]
    return msgspec.defstruct("Later", fields, bases=(OpenStruct,), frozen=True, tag_field="type", tag=tag)


@pytest.mark.parametrize(
    "hello",
    [m.ClientHello(3, 9, "b", 1.0, "client one"),
     m.ServerHello(3, 9, 3, 9, "b", 1.0, "0" * 64 + "px", 5, bytes(1184), bytes(32), bytes(64))],
    ids=["client", "server"],
)  # fmt: skip
def test_a_hello_with_more_in_it_is_understood(hello) -> None:
    more = later(type(hello))({"a": [1, {"b": None}]}, *msgspec.structs.astuple(hello))
    octets = encode(more)[HEADER:]
    assert b"added_later" in octets
    assert Decoder(type(hello)).decode(octets) == hello


def test_every_table_has_every_number_that_this_build_speaks() -> None:
    for table in (m.FROM_SERVER, m.FROM_CLIENT, m.SESSION_OPENING, m.SESSION_ANSWER, m.DELIVERY):
        assert sorted(table) == list(range(m.OLDEST_PROTOCOL, m.PROTOCOL + 1))
