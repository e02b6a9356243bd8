"""The links of the server: one for each client; one of them carries the events, and no event is lost between two."""

import asyncio
import time
import types

import pytest

from seon.endings import SessionEnd
from seon.link import messages as m
from seon.link.codec import encode
from seon.net.channel import EndOfStream
from seon.net.context import CONTROL, connecting
from seon.net.ends import Caller
from seon.process.events import EventMaker
from seon.server import links as module
from seon.server.links import Links


class Link:
    """A link that notes what becomes of it."""

    def __init__(self, client: str = "one", key: str = "key") -> None:
        self.client, self.key = client, key
        self.caller = Caller("192.0.2.1", "192.0.2.1:5", "192.0.2.9:2878")
        self.leaving = self.draining = False
        self.protocol = m.PROTOCOL
        self.wake = types.SimpleNamespace(set=lambda: self.noted.append("wake"))
        self.noted: list[object] = []

    def end_now(self) -> None:
        self.noted.append("ended")

    def say_ending(self, message: m.SessionEnding) -> None:
        self.noted.append(message)

    def say_state(self, state: object) -> None:
        self.noted.append(state)

    async def bye(self, reason: str) -> None:
        self.noted.append(reason)


@pytest.fixture
def links(reported) -> Links:
    return Links(reported, lambda: None)


def test_a_newer_link_of_the_same_client_takes_the_place_of_the_older_one(links, reported) -> None:
    old, new = Link(), Link(key="renewed")
    links.add(old)
    links.add(new)
    links.remove(old, "the client closed the connection")
    assert "ended" in old.noted
    assert len(links) == 1
    assert links.next() is new
    assert links.client_of("renewed") == "one"
    assert links.carries_events(new)
    assert reported.codes == ["LNK-UP", "LNK-UP"], "the client was linked all the time"


def test_the_certificate_before_a_renewal_counts_for_a_while_and_no_longer(links, monkeypatch) -> None:
    """Session processes that were forked right before it come with that one."""
    links.add(Link())
    links.add(Link(key="renewed"))
    assert links.client_of("key") == "one"
    now = time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: now + module.FORMER_SECONDS + 1)
    assert links.client_of("key") == ""


def test_the_certificate_of_a_client_that_is_gone_counts_for_nothing(links) -> None:
    old, new = Link(), Link(key="renewed")
    links.add(old)
    links.add(new)
    links.remove(new, "why")
    assert (links.client_of("renewed"), links.client_of("key")) == ("", "")


def test_a_client_that_leaves_gets_no_more_sessions_and_still_hears_what_ends_those_it_has(reported) -> None:
    told = []
    links = Links(reported, lambda: told.append(links.takes_sessions))
    link = Link()
    links.add(link)
    links.leave(link)
    assert told == [True, False], "the external port closes"
    assert links.next() is None
    end = SessionEnd("administrator", "shutdown", "dmz")
    links.tell("one", "s" * 10, end)
    assert link.noted[-1] == m.SessionEnding.of("s" * 10, end)
    assert links.carries_events(link), "the last events go inside over it"


def test_coming_and_going_of_a_client_is_told_each_time(reported) -> None:
    told = []
    links = Links(reported, lambda: told.append(len(links)))
    one, two = Link("one"), Link("two")
    links.add(one)
    links.add(two)
    links.remove(one, "why")
    links.remove(two, "why")
    assert told == [1, 2, 1, 0]
    assert reported.codes == ["LNK-UP", "LNK-UP", "LNK-DOWN", "LNK-DOWN"]


def test_a_link_that_ended_before_its_hello_was_refused_and_changes_nothing(reported) -> None:
    told = []
    links = Links(reported, lambda: told.append("changed"))
    links.remove(Link(client=""), "another version")
    assert reported.of("LNK-REFUSED")["reason"] == "another version"
    assert (reported.codes, told) == (["LNK-REFUSED"], [])


def test_clients_take_turns_with_sessions(links) -> None:
    assert links.next() is None
    for name in ("one", "two", "three"):
        links.add(Link(name))
    assert [links.next().client for _ in range(6)] == ["one", "two", "three"] * 2


def test_what_ends_a_session_is_said_to_its_client_alone(links) -> None:
    one, two = Link("one"), Link("two")
    links.add(one)
    links.add(two)
    links.tell("two", "session-1", SessionEnd("partner", "esid", number=9))
    links.tell("three", "session-1", SessionEnd("partner", "esid"))
    said = [message for link in (one, two) for message in link.noted if isinstance(message, m.SessionEnding)]
    assert said == [m.SessionEnding("session-1", "partner", "esid", number=9)]
    assert said[0] in two.noted


def test_the_end_waits_until_the_last_events_are_taken_but_not_for_ever(links, monkeypatch) -> None:
    monkeypatch.setattr(module, "LAST_EVENTS_SECONDS", 0.3)
    link = Link()
    links.add(link)

    async def live(taken: bool) -> float:
        links.keep(EventMaker("dmz").make("SRV-END", reason="signal"))
        began = time.monotonic()
        ending = asyncio.create_task(links.bye("signal"))
        await asyncio.sleep(0.1)
        assert "signal" not in link.noted, "it waits"
        if taken:
            links.outbox.taken_up_to(1)
        await ending
        assert link.noted.pop() == "signal"
        return time.monotonic() - began

    assert asyncio.run(live(taken=True)) < 0.25
    assert asyncio.run(live(taken=False)) >= 0.3


def test_another_link_carries_the_events_on_when_the_one_that_did_is_gone(links) -> None:
    one, two = Link("one"), Link("two")
    links.add(one)
    links.add(two)
    assert links.carries_events(one)
    two.noted.clear()
    links.remove(one, "why")
    assert links.carries_events(two)
    assert two.noted == ["wake"], "there may be events that wait"


# --- the same with a whole server -------------------------------------------------------------------------------------


def test_a_client_that_links_anew_leaves_the_port_open(alone, tmp_path) -> None:
    alone(replaced, tmp_path)


def replaced(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as old:
            await proxy.opened(old)
            async with proxy.client() as new:
                with pytest.raises((EndOfStream, OSError)):
                    await proxy.next(old, m.Bye)
                await proxy.next(new, m.ConfigurationWanted)
                assert await proxy.reachable()
                assert not proxy.logged("SRV-CLOSED")
                partner = await proxy.connect(proxy.external, proxy.partner.dials())
                await proxy.next(new, m.OpenSession)
                partner.close()

    assert Proxy(directory).play(scene) == 0


def test_a_client_of_another_version_is_refused_and_that_is_logged(alone, tmp_path) -> None:
    alone(other_version, tmp_path)


def other_version(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        tls = await proxy.connect(proxy.internal, connecting(proxy.dialler.context, CONTROL))
        await tls.write(encode(m.ClientHello(m.PROTOCOL + 1, m.PROTOCOL + 1, "build 99", 0.0, "client one")))
        await proxy.until("LNK-REFUSED")
        assert proxy.logged("build 99")
        tls.close()

    assert Proxy(directory).play(scene) == 0


def test_two_links_lose_no_events_whichever_ends(alone, tmp_path) -> None:
    alone(two_links, tmp_path)


def two_links(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client("two") as two:
            async with proxy.client("one") as one:
                await proxy.next(one, m.ConfigurationWanted)
                for number in range(200):
                    proxy.server.report("LIC-SOON", days=number, until="then")
                first = await proxy.next_unacknowledged(two)
            await proxy.until("the client closed the connection")
            async with proxy.client("three") as three:
                await proxy.next(three, m.ConfigurationWanted)
                await two.send(m.EventsTaken(first.first_number + len(first.events) - 1))
                proxy.taken += first.events
                await proxy.next_unacknowledged(two)  # and never acknowledged
                await two.tls.end()
                while not said(proxy) >= set(range(200)):
                    await proxy.next(three, m.Events)
        days = [event.fields["days"] for event in proxy.taken if event.code == "LIC-SOON"]
        assert days == sorted(days), "in order, and none twice: what one had not taken the other got"
        assert len({event.id for event in proxy.taken}) == len(proxy.taken)

    assert Proxy(directory, license_days=300).play(scene) == 0


def said(proxy) -> set[int]:
    return {event.fields["days"] for event in proxy.taken if event.code == "LIC-SOON"}


def test_events_there_was_no_room_for_are_counted_once_there_is_room(alone, tmp_path) -> None:
    alone(no_room, tmp_path)


def no_room(directory: str) -> None:
    from proxy import Proxy

    from seon.process import outbox

    async def scene(proxy: Proxy) -> None:
        outbox.CAPACITY = 10
        for number in range(30):
            proxy.server.report("LIC-SOON", days=number, until="then")
        async with proxy.client() as stream:
            while "SRV-LOST" not in [event.code for event in proxy.taken]:
                await proxy.next(stream, m.Events)
        lost = sum(event.fields["count"] for event in proxy.taken if event.code == "SRV-LOST")
        assert lost >= 20
        assert len(said(proxy)) == 10

    assert Proxy(directory, license_days=300).play(scene) == 0


def test_a_drained_client_gets_no_session_until_it_takes_them_again(links) -> None:
    one, two = Link("one"), Link("two")
    links.add(one)
    links.add(two)
    links.drain(one, on=True)
    assert [links.next().client for _ in range(3)] == ["two"] * 3
    assert links.takes_sessions
    assert not links.drained
    links.drain(two, on=True)
    assert links.next() is None
    assert (links.takes_sessions, links.drained) == (False, True)
    assert all("drained" in line for line in links.state()[:2])
    links.drain(one, on=False)
    assert links.next().client == "one"


def test_a_client_that_leaves_is_not_called_drained(links) -> None:
    link = Link()
    links.add(link)
    links.drain(link, on=True)
    links.leave(link)
    assert (links.takes_sessions, links.drained) == (False, False)


def test_all_clients_are_told_how_the_server_is(links) -> None:
    one, two = Link("one"), Link("two")
    links.add(one)
    links.add(two)
    links.say_state("state")
    assert [link.noted[-1] for link in (one, two)] == ["state", "state"]
