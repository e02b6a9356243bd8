"""The server brings sessions about: what is decided before there is a process, and at every await in between."""

import asyncio
import time
import types

import msgspec
import pytest
from OpenSSL import SSL

from certificates import make
from seon.admission.evidence import Evidence
from seon.admission.judgement import judge_all
from seon.admission.trust import compiled
from seon.config import Limits, ServerConfiguration, ServerPartner
from seon.daemon.log import Log
from seon.daemon.quieter import TOLD
from seon.daemon.session_table import Claim, SessionTable, Surroundings
from seon.link import messages as m
from seon.net.channel import EndOfStream
from seon.net.ends import Caller
from seon.process.levels import Level
from seon.server import opening as module
from seon.server.in_force import NO_LISTS, InForce
from seon.server.opening import Opening

SHOWN = make("partner").shown
PIN = SHOWN.fingerprint
DIALLER = types.SimpleNamespace(context=SSL.Context(SSL.TLS_CLIENT_METHOD))
PARTNER = ServerPartner("P1", "One", pins=(PIN,))
HOST = ServerPartner("P1", "One", pins=(PIN,), host="127.0.0.1", port=1)
GONE = {
    "removed": (),
    "disabled": (ServerPartner("P1", "One", pins=(PIN,), host="127.0.0.1", port=1, enabled=False),),
    "pin withdrawn": (ServerPartner("P1", "One", pins=("1" * 64,), host="127.0.0.1", port=1),),
}


def in_force(*partners: ServerPartner, dialler: object = DIALLER, **limits: int) -> InForce:
    configuration = ServerConfiguration(partners=partners, limits=Limits(**limits))
    judgements = judge_all(partners, configuration.rules)
    return InForce(1, configuration, judgements, compiled(configuration), None, dialler)


class Main:
    """The main around an Opening: what is in force, the table, and what was forked (no process comes of it)."""

    def __init__(self, reported, directory, tasks, monkeypatch) -> None:
        self.log = log = Log(directory, "log")
        surroundings = Surroundings("seon test", log, reported, lambda _: None, lambda *_: None, tasks)
        self.forks: list[str] = []
        self.table = SessionTable(surroundings)
        self.opening = Opening(surroundings, self.table, directory, lambda: self.in_force)
        self.put(in_force(HOST))
        monkeypatch.setattr("seon.daemon.session_table.children.fork", self._fork)

    def put(self, newer: InForce) -> None:
        """Put a configuration in force."""
        self.in_force = newer
        self.table.follow(lambda claim: newer.barred(claim, NO_LISTS), lambda _: False)

    def _fork(self, title: str, *_: object) -> None:
        self.forks.append(title)
        raise BlockingIOError(11, "Resource temporarily unavailable")

    def counts_nobody(self) -> bool:
        """Whether every reservation was taken back."""
        self.table.follow(lambda _: "", lambda _: False)
        return self.table.reserve(Claim("P1", "outgoing"), Limits(sessions=1), rated=False) == ""


@pytest.fixture
def main(reported, tmp_path, tasks, monkeypatch) -> Main:
    return Main(reported, tmp_path, tasks, monkeypatch)


class Tls:
    """A connection that notes what becomes of it."""

    sock = channel = None

    def __init__(self) -> None:
        self.kept = self.closed = False

    def take_over(self) -> None:
        self.kept = True

    async def end(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True


def admitted(tls: Tls) -> object:
    evidence = Evidence(SHOWN, (), "192.0.2.1:5", time.time(), pinned=True)
    return types.SimpleNamespace(
        tls=tls, partner=PARTNER, evidence=evidence, caller=Caller("192.0.2.1", "192.0.2.1:5", "192.0.2.9:6619")
    )


class Link:
    """A client's link that hands the opening on."""

    key, client, mark = "key", "client one", ""

    def __init__(self) -> None:
        self.opening: m.OpenSession | None = None
        self.while_sending = lambda: None

    async def open_session(self, message: m.OpenSession) -> None:
        self.while_sending()
        await asyncio.sleep(0)
        self.opening = message


def enter(main: Main, scene, while_sending=lambda: None) -> None:
    """Let a partner come in, and run a scene once OpenSession was sent; it has ten seconds."""

    async def live() -> None:
        link, tls = Link(), Tls()
        link.while_sending = while_sending
        entering = asyncio.create_task(main.opening.enter(admitted(tls), link))
        while link.opening is None:
            await asyncio.sleep(0.001)
        await scene(link, tls, entering)

    asyncio.run(asyncio.wait_for(live(), 10))


def test_a_partner_that_comes_again_and_again_is_told_of_a_few_times_and_then_counted(main, reported) -> None:
    async def scene() -> None:
        for _ in range(10 * TOLD):
            await main.opening.enter(admitted(Tls()), None)

    asyncio.run(scene())
    assert reported.codes == ["ADM-LIMIT"] * TOLD


def test_at_debug_each_step_of_an_opening_is_said_with_its_session(main) -> None:
    main.log.level_changed(Level.DEBUG)
    sessions = []

    async def scene(link, tls, entering) -> None:
        sessions.append(link.opening.session)
        assert main.opening.redeem(link.opening.ticket, "client one", Tls())
        await entering

    enter(main, scene)
    steps = [text.partition(f" [{sessions[0]}] ")[2] for text in main.log.path.read_text().splitlines()[1:]]
    beginnings = [
        "partner P1 from 192.0.2.1:5 is admitted; client client one is to serve it (",
        "OpenSession sent to client client one (",
        "the session link has come with its ticket (",
        "handed over to a session process (",
    ]
    assert [step[: len(beginning)] for step, beginning in zip(steps, beginnings, strict=True)] == beginnings


# --- a right is asked when it is used ---------------------------------------------------------------------------------


def test_a_partner_for_which_the_inside_comes_gets_a_process(main) -> None:
    async def scene(link, tls, entering) -> None:
        assert main.opening.redeem(link.opening.ticket, "client one", Tls())
        await entering

    enter(main, scene)
    (title,) = main.forks
    assert "incoming, partner P1, 192.0.2.1:5 to client one" in title


@pytest.mark.parametrize("partners", GONE.values(), ids=GONE)
@pytest.mark.parametrize("moment", ["while OpenSession is sent", "while it waits", "when its link is there"])
def test_a_partner_that_loses_its_right_on_the_way_gets_no_session(main, reported, partners, moment) -> None:
    sessions = []

    def lose() -> None:
        main.put(in_force(*partners))

    async def scene(link, tls, entering) -> None:
        inside = Tls()
        if moment == "while it waits":
            lose()
            await asyncio.sleep(0.01)
        assert main.opening.redeem(link.opening.ticket, "client one", inside)
        if moment == "when its link is there":
            lose()
        await entering
        assert tls.closed
        assert inside.closed
        sessions.append(link.opening.session)

    enter(main, scene, lose if moment == "while OpenSession is sent" else lambda: None)
    assert main.forks == []
    failed = reported.of("SES-FAILED")
    assert (failed["session"], failed["partner"]) == (sessions[0], "P1")
    claim = Claim("P1", "incoming", evidence=admitted(Tls()).evidence)
    assert failed["reason"] == main.in_force.barred(claim, NO_LISTS) != ""
    assert main.counts_nobody()


@pytest.mark.parametrize("partners", GONE.values(), ids=GONE)
def test_a_partner_that_lost_its_right_before_it_enters_is_let_go_and_the_inside_hears_nothing(
    main, reported, partners
) -> None:
    main.put(in_force(*partners))
    tls, link = Tls(), Link()
    asyncio.run(main.opening.enter(admitted(tls), link))
    assert tls.closed
    assert link.opening is None
    assert reported.of("SES-FAILED")["session"]
    assert main.counts_nobody()


@pytest.mark.parametrize("partners", [GONE["removed"], GONE["disabled"]], ids=["removed", "disabled"])
def test_a_dialled_partner_that_loses_its_right_before_the_fork_gets_no_session(
    main, reported, partners, monkeypatch
) -> None:
    reserve = main.table.reserve

    def lose_after(*arguments, **more) -> str:
        answer = reserve(*arguments, **more)
        main.put(in_force(*partners))
        return answer

    monkeypatch.setattr(main.table, "reserve", lose_after)
    assert (
        main.opening.dial(m.Dial("session-1", "P1"), Tls(), "s", "client one") == "partner P1 is not known or disabled"
    )
    assert main.forks == []
    assert reported.of("SES-FAILED")["session"] == "session-1"
    monkeypatch.undo()
    assert main.counts_nobody()


# --- incoming ---------------------------------------------------------------------------------------------------------


def test_a_partner_that_is_refused_inside_is_let_go_and_no_longer_counted(main, reported) -> None:
    async def scene(link, tls, entering) -> None:
        main.opening.refused(link.opening.session, "no receive daemon")
        main.opening.refused("session-unknown", "nobody waits for this")
        await entering
        assert tls.closed
        assert main.opening.redeem(link.opening.ticket, "client one", Tls()) is False
        assert reported.of("SES-FAILED")["session"] == link.opening.session

    enter(main, scene)
    assert reported.of("SES-FAILED")["reason"] == "refused inside: no receive daemon"
    assert main.counts_nobody()


def test_a_partner_that_nobody_comes_for_in_time_is_let_go(main, reported, monkeypatch) -> None:
    monkeypatch.setattr(module, "JOIN_SECONDS", 0.1)

    async def scene(link, tls, entering) -> None:
        await entering
        assert tls.closed
        assert reported.of("SES-FAILED")["session"] == link.opening.session

    enter(main, scene)
    assert reported.of("SES-FAILED")["reason"] == "no session link came from the client"
    assert main.counts_nobody()


def test_a_partner_without_a_process_is_let_go_and_it_is_said_why(main, reported) -> None:
    async def scene(link, tls, entering) -> None:
        inside = Tls()
        assert main.opening.redeem(link.opening.ticket, "client one", inside)
        await entering
        assert (tls.closed, inside.closed) == (True, True)
        assert reported.of("SES-FAILED")["session"] == link.opening.session

    enter(main, scene)
    assert reported.of("SES-FAILED")["reason"] == "no process for it: Resource temporarily unavailable"
    assert main.counts_nobody()


def test_a_ticket_is_for_the_client_it_was_sent_to_and_for_one_link(main, monkeypatch) -> None:
    async def scene(link, tls, entering) -> None:
        other = Tls()
        assert main.opening.redeem(link.opening.ticket, "another client", other) is False
        assert not other.kept
        assert main.opening.redeem(link.opening.ticket, "client one", Tls())
        assert main.opening.redeem(link.opening.ticket, "client one", other) is False
        assert not other.kept
        await entering

    enter(main, scene)


@pytest.mark.parametrize("linked", [False, True])
def test_a_port_that_closes_while_a_partner_waits_leaves_no_count_and_no_link(main, linked) -> None:
    async def scene(link, tls, entering) -> None:
        inside = Tls()
        if linked:
            main.opening.redeem(link.opening.ticket, "client one", inside)
        entering.cancel()
        await asyncio.gather(entering, return_exceptions=True)
        assert inside.closed is linked

    enter(main, scene)
    assert main.forks == []
    assert main.counts_nobody()


def test_without_a_client_a_partner_is_let_go(main, reported) -> None:
    asyncio.run(main.opening.enter(admitted(Tls()), None))
    assert reported.codes == ["ADM-LIMIT"]
    assert main.counts_nobody()


def test_a_partner_over_its_limit_is_let_go_before_anything_happens_inside(main, reported) -> None:
    main.put(in_force(PARTNER, sessions_per_partner=1))
    main.table.reserve(Claim("P1", "incoming", PIN), main.in_force.configuration.limits)
    tls, link = Tls(), Link()
    asyncio.run(main.opening.enter(admitted(tls), link))
    assert tls.closed
    assert link.opening is None
    assert reported.of("ADM-LIMIT")["limit"] == "the limit of 1 session of partner P1 at once"


@pytest.mark.parametrize(("own", "general", "limit"), [(1, 5, "1 session "), (2, 1, ""), (2, 9, "2 sessions ")])
def test_a_partner_may_have_more_sessions_than_others_or_fewer(main, reported, own, general, limit) -> None:
    partner = msgspec.structs.replace(HOST, sessions=own)
    main.put(in_force(partner, sessions_per_partner=general))
    for _ in range(own if limit else 1):
        main.table.reserve(Claim("P1", "incoming", PIN), Limits())
    said = main.opening.dial(m.Dial("session-9", "P1"), Tls(), "a", "client one")
    assert said == (f"the limit of {limit}of partner P1 at once is reached" if limit else NO_PROCESS)
    if limit:
        asyncio.run(main.opening.enter(admitted(Tls()), Link()))
        assert reported.of("ADM-LIMIT")["limit"] == f"the limit of {limit}of partner P1 at once"


NO_PROCESS = "no process for it: Resource temporarily unavailable"


# --- outgoing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("force", "reason"),
    [
        (in_force(), "partner P1 is not known or disabled"),
        (in_force(ServerPartner("P1", "One", enabled=False, host="h")), "partner P1 is not known or disabled"),
        (in_force(ServerPartner("P1", "One")), "partner P1 has no address to dial"),
        (in_force(HOST, dialler=None), "partner P1 has no address to dial"),
    ],
)
def test_a_dial_is_looked_up_and_refused_in_words(main, force, reason) -> None:
    main.put(force)
    assert main.opening.dial(m.Dial("session-1", "P1"), Tls(), "source", "client one") == reason
    assert main.counts_nobody()


def test_a_dial_over_the_limit_is_refused(main) -> None:
    main.put(in_force(HOST, sessions=1))
    main.table.reserve(Claim("P1", "incoming", PIN), Limits())
    answer = main.opening.dial(m.Dial("session-1", "P1"), Tls(), "source", "client one")
    assert answer == "the limit of 1 session at once is reached"


def test_a_dial_with_the_id_of_a_running_session_is_refused(main, monkeypatch) -> None:
    monkeypatch.setattr(main.table, "has", lambda session: session == "session-1")
    answer = main.opening.dial(m.Dial("session-1", "P1"), Tls(), "s", "client one")
    assert answer == "this session is running already"
    assert main.forks == []


def test_a_dial_with_the_id_of_a_session_that_waits_is_refused(main) -> None:
    """Its id was told to the client in OpenSession; two sessions of one id would mix in the table and the journal."""

    async def scene(link, tls, entering) -> None:
        answer = main.opening.dial(m.Dial(link.opening.session, "P1"), Tls(), "s", "client one")
        assert answer == "this session is running already"
        entering.cancel()
        await asyncio.gather(entering, return_exceptions=True)

    enter(main, scene)
    assert main.forks == []


def test_what_the_inside_dials_does_not_use_up_what_partners_may_start(main, monkeypatch) -> None:
    begun = []
    monkeypatch.setattr(main.table, "start", lambda assignment, *_: begun.append(assignment.session))
    main.put(in_force(HOST, sessions_per_minute=4))
    for number in range(5):
        assert main.opening.dial(m.Dial(f"session-{number}", "P1"), Tls(), "s", "client one") is None
    assert main.table.reserve(Claim("P1", "incoming", PIN), Limits(sessions_per_minute=4)) == ""
    assert len(begun) == 5


def test_a_dial_that_gets_no_process_is_answered_with_the_reason_and_can_be(main, reported) -> None:
    tls = Tls()
    answer = main.opening.dial(m.Dial("session-1", "P1"), tls, "s", "client one")
    assert answer == "no process for it: Resource temporarily unavailable"
    assert not tls.closed, "who has asked is yet to be told"
    assert reported.of("SES-FAILED")["session"] == "session-1"


@pytest.mark.parametrize(("host", "name"), [("127.0.0.1", ""), ("2001:db8::1", ""), ("dmz.example", "dmz.example")])
def test_a_name_that_is_dialled_is_said_in_the_handshake_and_a_literal_address_is_not(
    main, host, name, monkeypatch
) -> None:
    said = []
    monkeypatch.setattr(module, "connecting", lambda _, server_name: said.append(server_name))
    main.put(in_force(ServerPartner("P1", "One", host=host)))
    main.opening.dial(m.Dial("session-1", "P1"), Tls(), "s", "client one")
    assert said == [name]


# --- the same with a whole server -----------------------------------------------------------------------------------


def test_a_partner_nobody_comes_for_is_let_go(alone, tmp_path) -> None:
    alone(refused_inside, tmp_path)


def refused_inside(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream)
            partner = await proxy.connect(proxy.external, proxy.partner.dials())
            opening = await proxy.next(stream, m.OpenSession)
            await stream.send(m.SessionRefused(opening.session, "no receive daemon"))
            with pytest.raises(EndOfStream) as end:
                await partner.read_exactly(1)
            assert end.value.clean
            await proxy.until("refused inside: no receive daemon")
            assert proxy.logged(f"SES-FAILED [{opening.session}]")

    assert Proxy(directory).play(scene) == 0


def test_limits_hold_while_sessions_are_being_brought_about(alone, tmp_path) -> None:
    alone(limited, tmp_path)


def limited(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream, limits=Limits(sessions_per_partner=1, drain_seconds=1))
            one = await proxy.connect(proxy.external, proxy.partner.dials())
            await proxy.next(stream, m.OpenSession)
            two = await proxy.connect(proxy.external, proxy.partner.dials())
            await proxy.until("the limit of 1 session of partner P1 at once")
            one.close()
            two.close()

    assert Proxy(directory).play(scene) == 0


def test_a_partner_that_loses_its_right_while_it_waits_for_its_link_gets_no_session(alone, tmp_path) -> None:
    alone(rights_lost, tmp_path)


def rights_lost(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        pins, version = (proxy.partner.fingerprint,), 1
        for partners in (
            (),
            (ServerPartner("P1", "One", pins=pins, enabled=False),),
            (ServerPartner("P1", "One", pins=("0" * 64,)),),
        ):
            async with proxy.client() as stream:
                await proxy.deliver(stream, proxy.delivery(version))
                await proxy.until(f"Configuration {version} in force")
                while not await proxy.reachable():
                    await asyncio.sleep(0.01)
                partner = await proxy.connect(proxy.external, proxy.partner.dials())
                opening = await proxy.next(stream, m.OpenSession)
                await proxy.deliver(stream, proxy.delivery(version + 1, partners=partners))
                await proxy.until(f"Configuration {version + 1} in force")
                with pytest.raises((EndOfStream, OSError)):
                    await proxy.session_link(m.Ticket(opening.ticket))
                with pytest.raises((EndOfStream, OSError)):
                    await partner.read_exactly(1)
                await proxy.until(f"SES-FAILED [{opening.session}]")
            version += 2
        assert not proxy.logged("SES-START")

    assert Proxy(directory).play(scene) == 0
