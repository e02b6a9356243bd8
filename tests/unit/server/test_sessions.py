"""The server's sessions: what can be decided without a process. The whole way: test_server.py."""

import asyncio
import types

import msgspec
import pytest
from seon.server.sessions import Sessions, _server_name

from seon.config import Limits, ServerConfiguration, ServerPartner, SessionRules
from seon.daemon.log import Log
from seon.daemon.session_table import Surroundings
from seon.link import messages as m
from seon.server.in_force import InForce
from seon.session.run import make_task

HOST = ServerPartner("P1", "One", host="127.0.0.1", port=1)


@pytest.fixture
def sessions(reported, tmp_path) -> Sessions:
    log = Log(tmp_path, "log", echo=False)
    return Sessions(Surroundings("seon test", log, reported, lambda _: None), lambda: None)


def in_force(*partners: ServerPartner, dialler: object = object(), **limits: int) -> InForce:
    return InForce(1, ServerConfiguration(partners=partners, limits=Limits(**limits)), None, dialler)


@pytest.mark.parametrize(
    ("force", "reason"),
    [
        (in_force(), "partner P1 is not known or disabled"),
        (in_force(ServerPartner("P1", "One", enabled=False, host="h")), "partner P1 is not known or disabled"),
        (in_force(ServerPartner("P1", "One")), "partner P1 has no address to dial"),
        (in_force(HOST, dialler=None), "partner P1 has no address to dial"),
    ],
)
def test_a_dial_is_looked_up_and_refused_in_words(sessions, force, reason) -> None:
    assert sessions.dial(m.Dial("session-1", "P1"), None, "source", force) == reason


def test_a_dial_over_the_limit_is_refused(sessions) -> None:
    sessions.table.reserve("P1", Limits())
    answer = sessions.dial(m.Dial("session-1", "P1"), None, "source", in_force(HOST, sessions=1))
    assert answer == "the limit of 1 session at once is reached"


UNKNOWN_RULE = SessionRules(rules={"FLD-NEW": "warn"})
"""What a backend of another version may send."""


def test_a_dial_under_a_rule_that_this_program_does_not_know_is_refused(sessions) -> None:
    force = InForce(1, ServerConfiguration(partners=(HOST,), rules=UNKNOWN_RULE), None, object())
    answer = sessions.dial(m.Dial("session-1", "P1"), None, "source", force)
    assert answer == "the configuration does not fit this program: there is no rule 'FLD-NEW'"
    assert sessions.table._counts.running() == 0


def test_a_partner_under_a_rule_that_this_program_does_not_know_is_let_go_before_anything_happens_inside(
    sessions, reported
) -> None:
    tls, link = Tls(), Link()
    force = InForce(1, ServerConfiguration(rules=UNKNOWN_RULE), None, None)
    asyncio.run(sessions.enter(admitted(tls), link, force))
    reason = "the configuration does not fit this program: there is no rule 'FLD-NEW'"
    assert reported.of("SES-FAILED")["reason"] == reason
    assert tls.ended
    assert link.opening is None
    assert sessions.table._counts.running() == 0


def test_running_sessions_follow_what_is_to_be_traced(sessions) -> None:
    traces, ends = [], []
    child = types.SimpleNamespace(trace=traces.append, end=lambda *_: ends.append(True))
    task = make_task("dmz", "incoming", "session-1", HOST, ("a", "b"), ServerConfiguration())
    sessions.table._running["session-1"] = (child, task)
    for configuration in (
        ServerConfiguration(partners=(HOST,)),
        ServerConfiguration(partners=(HOST,), traced_sessions=("session-1",)),
        ServerConfiguration(partners=(msgspec.structs.replace(HOST, trace=True),)),
    ):
        sessions.follow(InForce(1, configuration, None, None))
    assert traces == [False, True, True]
    assert ends == []
    sessions.follow(InForce(1, ServerConfiguration(), None, None))
    assert ends == [True], "its partner is gone"


class Tls:
    """A connection that notes what becomes of it."""

    def __init__(self) -> None:
        self.kept = self.ended = False

    def keep(self) -> None:
        self.kept = True

    async def end(self) -> None:
        self.ended = True


def admitted(tls) -> object:
    return types.SimpleNamespace(
        tls=tls, partner=ServerPartner("P1", "One"), identity=types.SimpleNamespace(fingerprint="0" * 64), source="s"
    )


class Link:
    """A client's link that hands the opening on."""

    def __init__(self, key: str = "client") -> None:
        self.key, self.client, self.opening = key, "client one", None

    async def open_session(self, message) -> None:
        self.opening = message


def enter(sessions, scene) -> None:
    async def live() -> None:
        link, tls = Link(), Tls()
        entering = asyncio.create_task(sessions.enter(admitted(tls), link, in_force()))
        while link.opening is None:
            await asyncio.sleep(0.001)
        await scene(link, tls, entering)

    asyncio.run(asyncio.wait_for(live(), 10))


def test_a_partner_that_is_refused_inside_is_let_go_and_no_longer_counted(sessions, reported) -> None:
    async def scene(link, tls, entering) -> None:
        sessions.refused(link.opening.session, "no receive daemon")
        sessions.refused("session-unknown", "nobody waits for this")
        await entering
        assert tls.ended
        assert sessions.redeem(link.opening.ticket, "client", Tls()) is False

    enter(sessions, scene)
    assert reported.of("SES-FAILED")["reason"] == "refused inside: no receive daemon"
    assert sessions.table._counts.running() == 0


def test_a_partner_that_nobody_comes_for_in_time_is_let_go(sessions, reported, monkeypatch) -> None:
    monkeypatch.setattr("seon.server.sessions.JOIN_SECONDS", 0.1)

    async def scene(link, tls, entering) -> None:
        await entering
        assert tls.ended

    enter(sessions, scene)
    assert reported.of("SES-FAILED")["reason"] == "no session link came from the client"
    assert sessions.table._counts.running() == 0


def test_a_ticket_is_for_the_client_it_was_sent_to(sessions, monkeypatch) -> None:
    monkeypatch.setattr("seon.server.sessions.JOIN_SECONDS", 0.1)

    async def scene(link, tls, entering) -> None:
        other = Tls()
        assert sessions.redeem(link.opening.ticket, "another client", other) is False
        assert not other.kept
        await entering

    enter(sessions, scene)


def test_a_port_that_closes_while_a_partner_waits_leaves_no_count(sessions) -> None:
    async def scene(link, tls, entering) -> None:
        entering.cancel()
        await asyncio.gather(entering, return_exceptions=True)

    enter(sessions, scene)
    assert sessions.table._counts.running() == 0


def test_without_a_client_a_partner_is_let_go(sessions, reported) -> None:
    asyncio.run(sessions.enter(admitted(Tls()), None, in_force()))
    assert reported.codes == ["ADM-LIMIT"]


@pytest.mark.parametrize(("host", "name"), [("127.0.0.1", ""), ("2001:db8::1", ""), ("dmz.example", "dmz.example")])
def test_a_literal_address_is_no_server_name(host, name) -> None:
    assert _server_name(host) == name


def test_a_dial_with_the_id_of_a_running_session_is_refused(sessions) -> None:
    sessions.table._running["session-1"] = None
    assert sessions.dial(m.Dial("session-1", "P1"), None, "s", in_force(HOST)) == "this session is running already"
    assert sessions.table._counts.running() == 0


def test_what_the_inside_dials_does_not_use_up_what_partners_may_start(sessions, monkeypatch) -> None:
    begun = []
    monkeypatch.setattr(sessions.table, "start", lambda task, *_: begun.append(task.session))
    tls = types.SimpleNamespace(sock=None, close=lambda: None)
    for number in range(5):
        wanted = m.Dial(f"session-{number}", "P1")
        assert sessions.dial(wanted, tls, "s", in_force(HOST, sessions_per_minute=4)) is None
    assert sessions.table.reserve("P1", Limits(sessions_per_minute=4)) is None
    assert len(begun) == 5
