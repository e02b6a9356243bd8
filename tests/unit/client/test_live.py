"""What runs at a client, as Seonapi is told it: all that there is, whenever it has changed. Nothing is believed."""

import asyncio
import time

import msgspec
import pytest

from seon.api_messages import LiveListener, LiveSession, LiveState
from seon.client import live as module
from seon.client.live import LinkSeen, Live, Own, Sessions, live_session
from seon.client.receive_daemon import Reached, ReceiveDaemonWatch
from seon.config import Limits, ReceiveDaemon
from seon.daemon.session_table import Seen
from seon.link import messages as m
from seon.process import line
from seon.session.assignment import Assignment

HELLO = m.ServerHello(3, 3, 3, 3, "0.1.0\n", 5.0, "ab" * 32 + "px", 1, bytes(1184), bytes(32), bytes(64))
HOW_FAR = line.Progress("receiving", 5_000, 70, line.File("F", 4_000, 8_192), None, 2, 1)


def seen(session: str = "session-1", stage: str = "running", rate: int = 0, said=HOW_FAR, **fields) -> Seen:
    known = {"partner": "P1", "direction": "incoming", "hop": "inside", "source": "192.0.2.1:5", "target": "b",
             "limits": Limits()}  # fmt: skip
    return Seen(Assignment(session=session, **{**known, **fields}), "f" * 64, 7.5, stage, said, rate, False)


def as_seonapi_reads_it(state) -> object:
    """Every form and bound of the message is checked there."""
    return msgspec.json.decode(msgspec.json.encode(state), type=type(state))


# --- one session ----------------------------------------------------------------------------------------------------


def test_a_session_is_told_with_all_that_is_known_of_it() -> None:
    told = live_session(seen(rate=9))
    assert told == LiveSession(
        "session-1", "P1", "incoming", "receiving", 7.5, "192.0.2.1:5", "f" * 64, 5_000, 70, 9,
        module.LiveFile("F", 4_000, 8_192), None, 2, 1, False,
    )  # fmt: skip
    assert as_seonapi_reads_it(told) == told


@pytest.mark.parametrize(
    ("stage", "said", "phase"),
    [
        ("starting", None, "starting"),
        ("running", None, "negotiating"),
        ("running", HOW_FAR, "receiving"),
        ("ending", HOW_FAR, "ending"),
    ],
)
def test_its_phase_is_the_mains_word_until_it_runs_and_when_it_ends(stage, said, phase) -> None:
    assert live_session(seen(stage=stage, said=said)).phase == phase


@pytest.mark.parametrize("name", ["a\0b", "\x1b[31mred", "x\u202ey", "\ud800", "<script>", "ä" * 26, ""])
def test_a_file_name_of_any_kind_can_be_stored(name) -> None:
    told = live_session(seen(said=line.Progress("receiving", file_out=line.File(name, 2**63 - 1, 0))))
    again = as_seonapi_reads_it(told)
    assert again.file_out.name.isprintable()
    assert len(again.file_out.name) == len(name)


# --- many -----------------------------------------------------------------------------------------------------------


def now(sessions: Sessions) -> tuple[LiveSession, ...]:
    steps = sessions.now()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_only_what_has_changed_is_looked_at_again() -> None:
    looked: list[str] = []
    there = {f"session-{number}": seen(f"session-{number}") for number in range(5)}

    def look(session: str) -> Seen | None:
        looked.append(session)
        return there.get(session)

    sessions = Sessions(look)
    for session in there:
        sessions.changed(session)
    assert [one.session for one in sorted(now(sessions), key=lambda one: one.session)] == sorted(there)
    assert len(looked) == 5
    assert len(now(sessions)) == 5
    assert len(looked) == 5, "sessions in which nothing moves cost nothing"
    del there["session-3"]
    sessions.changed("session-3")
    assert {one.session for one in now(sessions)} == set(there)
    assert looked[5:] == ["session-3"]


def test_a_rate_falls_without_a_word() -> None:
    rates = [500, 100, 0]
    sessions = Sessions(lambda _: seen(rate=rates.pop(0)))
    sessions.changed("session-1")
    assert [now(sessions)[0].rate for _ in range(4)] == [500, 100, 0, 0]


def test_two_thousand_that_move_are_collected_without_a_pause_and_more_are_left_out(alone, tmp_path) -> None:
    alone(two_thousand, tmp_path)


def two_thousand(_: str) -> None:
    from seon.daemon.slices import in_slices

    there = {f"session-{number}": seen(f"session-{number}", rate=1) for number in range(2_001)}
    sessions, pauses = Sessions(there.get), []

    async def scene() -> None:
        for session in there:
            sessions.changed(session)
        collecting = asyncio.create_task(in_slices(sessions.now()))
        while not collecting.done():
            began = time.thread_time()
            await asyncio.sleep(0)
            pauses.append(time.thread_time() - began)
        assert len(collecting.result()) == 2_000

    asyncio.run(scene())
    assert max(pauses) < 0.05


# --- the link -------------------------------------------------------------------------------------------------------


def test_a_server_is_told_as_its_link_has_it() -> None:
    link = LinkSeen("dmz.example:2878")
    assert (link.now().linked, link.now().reason) == (False, "the server was not dialled yet")
    link.down("connection refused")
    assert link.now().reason == "connection refused"
    before = time.time()
    link.up(HELLO)
    first = link.now()
    assert (first.linked, first.reason, first.proxy_id) == (True, "", "ab" * 32 + "px")
    assert before <= first.since <= time.time()
    assert (first.external_open, first.external_reason) == (False, "the server has not said it yet")
    link.says(m.ServerState(12, "192.0.2.1", 6620, False, "in use", 7))
    told = link.now()
    assert (told.version, told.external_address, told.external_port, told.sessions) == (12, "192.0.2.1", 6620, 7)
    assert told.external_reason == "in use"
    link.down("the server closed the link")
    assert link.now() == module.LiveServer("dmz.example:2878", False, "the server closed the link")


def test_what_a_server_says_of_itself_can_be_shown_and_stored_whatever_it_is() -> None:
    link = LinkSeen("dmz:2878")
    link.up(msgspec.structs.replace(HELLO, build="\0" * 100))
    link.says(m.ServerState(2**53, "\0" * 45, 65_535, False, "\x1b" * 500, 100_000))
    told = as_seonapi_reads_it(link.now())
    assert told.linked
    assert all(text.isprintable() for text in (told.build, told.external_address, told.external_reason))


# --- saying it ------------------------------------------------------------------------------------------------------


class Said:
    """What is said, while time goes as quickly as the test wants."""

    def __init__(self, monkeypatch) -> None:
        monkeypatch.setattr(module, "LIVE_SECONDS", 0.01)
        monkeypatch.setattr(module, "LIVE_AGAIN_SECONDS", 0.1)
        self.said: list[LiveState | None] = []
        self.own = Own(3, False, [LiveListener("127.0.0.1", 4305, "P1", True)])
        self.daemon = ReceiveDaemonWatch(None)
        self.link = LinkSeen("dmz:2878")
        self.live = Live(self.link, self.daemon, Sessions(lambda _: None), lambda: self.own, self._say)

    async def _say(self, state: LiveState | None) -> None:
        self.said.append(state)

    async def has(self, count: int) -> None:
        while len(self.said) < count:
            await asyncio.sleep(0.002)

    def play(self, scene) -> None:
        async def live() -> None:
            running = asyncio.create_task(self.live.run())
            async with asyncio.timeout(10):
                await scene()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        asyncio.run(live())


def test_it_is_said_when_it_has_changed_and_now_and_then_that_it_has_not(monkeypatch) -> None:
    our = Said(monkeypatch)

    async def scene() -> None:
        await our.has(1)
        began = time.monotonic()
        await our.has(2)
        assert our.said[1] is None, "nothing has changed"
        assert time.monotonic() - began > 0.05
        our.link.up(HELLO)
        while not our.said[-1]:
            await asyncio.sleep(0.002)
        assert our.said[-1].servers[0].linked

    our.play(scene)
    first = our.said[0]
    assert as_seonapi_reads_it(first) == first
    assert (first.version, first.draining, first.listeners) == (3, False, tuple(our.own.listeners))
    assert (first.receive_daemon, first.receive_daemon_reached) == ("", None)


def test_the_receive_daemon_is_told_with_what_was_found(monkeypatch) -> None:
    our = Said(monkeypatch)
    our.daemon.daemon, our.daemon.last = ReceiveDaemon("h" * 253, 65_535), Reached(False, 8.5, "x" * 10_000)

    async def scene() -> None:
        await our.has(1)

    our.play(scene)
    told = as_seonapi_reads_it(our.said[0])
    assert (told.receive_daemon_reached, told.receive_daemon_asked) == (False, 8.5)
    assert told.receive_daemon == f"{'h' * 253}:65535"


def test_while_nobody_takes_it_nothing_is_queued(monkeypatch) -> None:
    our, taken = Said(monkeypatch), asyncio.Event()
    plain = our._say

    async def slow(state) -> None:
        await plain(state)
        await taken.wait()

    our.live._say = slow

    async def scene() -> None:
        for version in range(50):
            our.own = Own(version, False, [])
            await asyncio.sleep(0.005)
        assert len(our.said) == 1
        taken.set()
        await our.has(2)
        assert our.said[1].version == 49

    our.play(scene)
