"""The client's sessions: it decides itself where they go and whether they may be. Session processes are real."""

import asyncio
import contextlib
import socket
import types

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from OpenSSL import SSL

from seon.client import opening as module
from seon.client.in_force import EMPTY, put_in_force
from seon.client.opening import Link, Opening
from seon.config import ClientConfiguration, ClientPartner, Limits, ReceiveDaemon
from seon.daemon.log import Log
from seon.daemon.session_table import Claim, SessionTable, Surroundings
from seon.daemon.tasks import Tasks
from seon.link import messages as m
from seon.net.ends import Caller
from seon.oftp2 import commands
from seon.oftp2.codec import encode
from seon.oftp2.framing import frame
from seon.process.levels import Level
from seon.session.assignment import LinkAddress

SSRM = frame(encode(commands.StartSessionReady(), 5))
SSID = frame(encode(commands.StartSession(5, "ONE", "PASSWORD", 4_096, "B", False, False, False, 20), 5))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


# --- a right is asked when it is used: no process comes of these ------------------------------------------------------


GONE = {"removed": (), "disabled": (ClientPartner("P1", "One", enabled=False),)}


class Main:
    """The main around an Opening: what is in force, the table, and what was forked."""

    def __init__(self, reported, directory, monkeypatch) -> None:
        self.log = log = Log(directory, "log")
        tasks = Tasks(lambda *_: None)
        surroundings = Surroundings("seon test", log, reported, lambda _: None, lambda *_: None, tasks)
        self.forks: list[str] = []
        self.refused: list[str] = []
        self.table = SessionTable(surroundings)
        self.opening = Opening(surroundings, self.table, directory, lambda: self.in_force)
        self.put(ClientPartner("P1", "One"))
        monkeypatch.setattr("seon.daemon.session_table.children.fork", self._fork)
        self._context = types.SimpleNamespace(context=SSL.Context(SSL.TLS_CLIENT_METHOD))

    def put(self, *partners: ClientPartner) -> None:
        """Put a configuration in force."""
        self.in_force = put_in_force(ClientConfiguration(partners=partners, receive_daemon=ReceiveDaemon("inside")))
        self.table.follow(self.in_force.barred, lambda _: False)

    def _fork(self, title: str, *_: object) -> None:
        self.forks.append(title)
        raise BlockingIOError(11, "Resource temporarily unavailable")

    def bring_about(self, direction: str, session: str = "session-1") -> str | None:
        """Have a session opened in a direction; return why it is refused at once, or None."""
        link = Link(LinkAddress("192.0.2.9", 2878, (), m.PROTOCOL), self._context)
        if direction == "incoming":
            message = m.OpenSession(bytes(16), session, "P1", "192.0.2.1:5", "0" * 64)
            return self.opening.incoming(message, link, self.refused.append)
        return self.opening.outgoing(None, Caller("127.0.0.1", "127.0.0.1:5", "127.0.0.1:6"), "P1", link)

    def counts_nobody(self) -> bool:
        """Whether every reservation was taken back."""
        self.table.follow(lambda _: "", lambda _: False)
        return self.table.reserve(Claim("P1", "outgoing"), Limits(sessions=1), rated=False) == ""


@pytest.fixture
def main(reported, tmp_path, monkeypatch) -> Main:
    return Main(reported, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        ("incoming", "OpenSession received from the server: partner P1, from 192.0.2.1:5"),
        ("outgoing", "the send daemon has connected: partner P1, from 127.0.0.1:5"),
    ],
)
def test_at_debug_the_beginning_of_a_session_is_said(main, direction, said) -> None:
    main.log.level_changed(Level.DEBUG)
    main.bring_about(direction)
    assert main.log.path.read_text().splitlines()[-1].endswith(f"] {said}")


@pytest.mark.parametrize("partners", GONE.values(), ids=GONE)
@pytest.mark.parametrize("direction", ["incoming", "outgoing"])
def test_a_partner_that_loses_its_right_between_its_reservation_and_the_fork_gets_no_session(
    main, reported, monkeypatch, direction, partners
) -> None:
    reserve = main.table.reserve

    def lose_after(*arguments, **more) -> str:
        answer = reserve(*arguments, **more)
        main.put(*partners)
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(main.table, "reserve", lose_after)
        assert main.bring_about(direction) is None
    assert main.forks == []
    failed = reported.of("SES-FAILED")
    assert failed["session"]
    assert failed["reason"] == "partner P1 is not known inside or disabled"
    assert main.refused == ([failed["reason"]] if direction == "incoming" else []), "the server is told"
    assert main.counts_nobody()


@pytest.mark.parametrize("partners", GONE.values(), ids=GONE)
@pytest.mark.parametrize("direction", ["incoming", "outgoing"])
def test_a_partner_that_lost_its_right_before_gets_no_session_and_the_event_names_the_session(
    main, reported, direction, partners
) -> None:
    main.put(*partners)
    main.bring_about(direction)
    assert main.forks == []
    assert reported.codes == ["SES-FAILED"]
    assert reported.of("SES-FAILED")["session"]
    assert main.counts_nobody()


@pytest.mark.parametrize("direction", ["incoming", "outgoing"])
def test_a_partner_with_a_right_gets_a_process_and_where_there_is_none_it_is_said(main, reported, direction) -> None:
    main.bring_about(direction)
    (title,) = main.forks
    assert f"{direction}, partner P1" in title
    assert reported.of("SES-FAILED")["reason"] == "no process for it: Resource temporarily unavailable"
    assert main.counts_nobody()


def test_an_id_that_was_used_is_refused_even_if_nothing_came_of_it(main, reported) -> None:
    """What was said of it would mix in the journal."""
    main.bring_about("incoming")
    assert main.bring_about("incoming") == "a session of this id was there before"
    assert main.bring_about("incoming", "session-2") is None
    assert len(main.forks) == 2


# --- with session processes -------------------------------------------------------------------------------------------


def test_an_incoming_partner_is_brought_to_the_receive_daemon(alone, tmp_path) -> None:
    alone(incoming, tmp_path)


def incoming(directory: str) -> None:
    from inside import Inside, Station, opening

    station = Station(SSRM)

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        async with station.serving() as daemon:
            await inside.configure(receive_daemon=daemon)
            await control.send(opening())
            shown, tls = await inside.join()
            assert shown == m.Ticket(opening().ticket)
            assert await tls.read_exactly(len(SSRM)) == SSRM
            await tls.write(SSID)
            while len(station.heard) < len(SSID):
                await asyncio.sleep(0.01)
            assert station.heard == SSID
            tls.close()
            await inside.until("SES-END")

    assert Inside(directory).play(scene) == 0


def test_what_the_dmz_lets_through_is_checked_again(alone, tmp_path) -> None:
    """Mission A9: a DMZ host in an attacker's hands gets nothing but correct OFTP2 through."""
    alone(checked_again, tmp_path)


def checked_again(directory: str) -> None:
    from inside import Inside, Station, opening

    station = Station(SSRM)

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        async with station.serving() as daemon:
            await inside.configure(receive_daemon=daemon)
            await control.send(opening())
            _, tls = await inside.join()
            assert await tls.read_exactly(len(SSRM)) == SSRM
            await tls.write(frame(b"?nonsense"))
            await inside.until("SES-REFUSED")
            tls.close()
            await inside.until("SES-END")
            assert b"nonsense" not in station.heard

    assert Inside(directory).play(scene) == 0


def test_a_receive_daemon_that_is_down_is_said_to_the_server_and_in_the_log(alone, tmp_path) -> None:
    alone(daemon_down, tmp_path)


def daemon_down(directory: str) -> None:
    from inside import Inside, opening

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        await inside.configure(receive_daemon=ReceiveDaemon("127.0.0.1", 1))
        await control.send(opening())
        refused = await inside.next(control, m.SessionRefused)
        assert refused.reason == "the receive daemon cannot be reached, the client's log says why"
        assert inside.sessions.empty(), "nobody was let further in"
        await inside.until("SES-FAILED [session-1]")
        assert inside.logged("receive daemon: 127.0.0.1:1: connect: refused (nothing listens on that port)")

    assert Inside(directory).play(scene) == 0


def test_what_the_server_says_of_a_partner_is_checked_against_our_own_copy(alone, tmp_path) -> None:
    alone(own_copy, tmp_path)


def own_copy(directory: str) -> None:
    from inside import Inside, Station, opening

    station = Station(SSRM)

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        async with station.serving() as daemon:
            await inside.configure(1)
            await control.send(opening(session="session-0"))
            assert "no receive daemon is set" in (await inside.next(control, m.SessionRefused)).reason
            partners = (ClientPartner("P1", "One"), ClientPartner("P2", "Two", enabled=False))
            await inside.configure(2, receive_daemon=daemon, partners=partners)
            for partner in ("P2", "P9"):
                await control.send(opening(partner, f"session-{partner.lower()}"))
                assert "not known inside or disabled" in (await inside.next(control, m.SessionRefused)).reason
            limits = Limits(sessions_per_partner=9, drain_seconds=1)
            own = (ClientPartner("P1", "One", sessions=1),)
            await inside.configure(3, receive_daemon=daemon, limits=limits, partners=own)
            await control.send(opening())
            _, tls = await inside.join()
            await control.send(opening())
            assert "was there before" in (await inside.next(control, m.SessionRefused)).reason
            await control.send(opening(session="session-2"))
            assert "the limit of 1 session " in (await inside.next(control, m.SessionRefused)).reason
            await asyncio.sleep(0.1)
            assert station.accepted == 1
            tls.close()

    assert Inside(directory).play(scene) == 0


def test_a_running_session_is_traced_as_the_configuration_says(alone, tmp_path) -> None:
    alone(traced, tmp_path)


def traced(directory: str) -> None:
    from inside import Inside, Station, opening

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        async with Station(SSRM).serving() as daemon:
            await inside.configure(1, receive_daemon=daemon)
            await control.send(opening())
            _, tls = await inside.join()
            await tls.read_exactly(len(SSRM))
            (child,) = (running.child for running in inside.client._table._running.values())
            assert child.tracing is False
            await inside.configure(2, receive_daemon=daemon, traced_sessions=(opening().session,))
            assert child.tracing is True
            await inside.configure(3, receive_daemon=daemon)
            assert child.tracing is False
            tls.close()

    assert Inside(directory).play(scene) == 0


def test_an_outgoing_session_asks_for_a_partner_and_never_for_an_address(alone, tmp_path) -> None:
    alone(outgoing, tmp_path)


def outgoing(directory: str) -> None:
    from inside import Inside, listener

    port = free_port()

    async def scene(inside: Inside) -> None:
        await inside.controls.get()
        await inside.configure(listeners=(listener(port),))
        await inside.until("CLI-LISTEN")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        asked, tls = await inside.join()
        assert (type(asked), asked.partner) == (m.Dial, "P1")
        await tls.write(SSRM)
        assert await reader.readexactly(len(SSRM)) == SSRM
        writer.close()
        tls.close()
        await inside.until("SES-END")

    assert Inside(directory).play(scene) == 0


def test_a_server_that_does_not_join_closes_the_send_daemons_connection(alone, tmp_path) -> None:
    alone(not_joined, tmp_path)


def not_joined(directory: str) -> None:
    from inside import Inside, listener

    from seon.link.codec import encode as encode_message

    port = free_port()

    async def scene(inside: Inside) -> None:
        await inside.controls.get()
        await inside.configure(listeners=(listener(port),))
        await inside.until("CLI-LISTEN")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        _, tls = await inside.sessions.get()
        await tls.write(encode_message(m.NotJoined("partner P1 has no address to dial")))
        assert await reader.read() == b""
        await inside.until("the server did not join: partner P1 has no address to dial")
        writer.close()
        tls.close()

    assert Inside(directory).play(scene) == 0


@pytest.mark.parametrize("when", ["at once", "meanwhile"])
def test_for_a_caller_with_tls_no_partner_is_dialled(alone, tmp_path, when) -> None:
    """The listening port is plain: whoever sends a ClientHello there is no send daemon that could go on."""
    alone(caller_with_tls, tmp_path, when)


def caller_with_tls(directory: str, when: str) -> None:
    from inside import Inside, listener

    port = free_port()

    async def scene(inside: Inside) -> None:
        await inside.controls.get()
        await inside.configure(listeners=(listener(port),))
        await inside.until("CLI-LISTEN")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        if when == "meanwhile":
            await inside.sessions.get()
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500))
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        words = "it speaks TLS (this port is plain: switch TLS off at the send daemon)"
        await inside.until(f"the caller is no send daemon: {words}")
        assert inside.sessions.empty(), "the server was not asked for the partner"
        writer.close()

    assert Inside(directory).play(scene) == 0


def test_a_session_link_leads_only_to_a_server_that_was_named_at_enrolment(alone, tmp_path) -> None:
    """Also where another server of the same installation answers: its license is no license for this one."""
    alone(other_server, tmp_path)


def other_server(directory: str) -> None:
    from inside import Inside, Station, opening

    station = Station(SSRM)

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        async with station.serving() as daemon:
            await inside.configure(receive_daemon=daemon)
            inside.context = inside.context_of(Ed25519PrivateKey.generate())
            await control.send(opening())
            refused = await inside.next(control, m.SessionRefused)
            assert "not one this client may serve" in refused.reason

    assert Inside(directory).play(scene) == 0


def test_sessions_of_a_partner_that_was_disabled_end(alone, tmp_path) -> None:
    alone(disabled, tmp_path)


def disabled(directory: str) -> None:
    from inside import Inside, Station, opening

    station = Station(SSRM)

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        async with station.serving() as daemon:
            await inside.configure(1, receive_daemon=daemon)
            await control.send(opening())
            _, tls = await inside.join()
            await tls.read_exactly(len(SSRM))
            await inside.configure(2, receive_daemon=daemon, partners=())
            farewell = await tls.read_exactly(11)
            assert farewell[4:7] == b"F99"
            tls.close()
            await inside.until("ended by administrator")

    assert Inside(directory).play(scene) == 0


def test_the_server_cannot_give_a_session_of_its_own_the_id_of_an_outgoing_one(alone, tmp_path) -> None:
    """It learns the id when it is asked to dial; two sessions of one id would mix in the table and in the journal."""
    alone(id_again, tmp_path)


def id_again(directory: str) -> None:
    from inside import Inside, Station, listener, opening

    port = free_port()

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        async with Station(SSRM).serving() as daemon:
            await inside.configure(listeners=(listener(port),), receive_daemon=daemon)
            await inside.until("CLI-LISTEN")
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            dial, tls = await inside.join()
            await control.send(opening(session=dial.session))
            refused = await inside.next(control, m.SessionRefused)
            assert (refused.session, refused.reason) == (dial.session, "a session of this id was there before")
            tls.close()
            writer.close()
            await inside.until("SES-END")

    assert Inside(directory).play(scene) == 0


def test_a_server_that_asks_without_end_does_not_fill_the_log(monkeypatch, tmp_path) -> None:
    """Each session that it asks for is refused; that is told to it, and here so many times."""
    told: list[str] = []
    our = types.SimpleNamespace(report=lambda code, *_rest, **_fields: told.append(code))
    made = module.Opening(our, types.SimpleNamespace(has=lambda _: False), tmp_path, lambda: EMPTY)
    for number in range(2 * int(module.REFUSALS_AT_ONCE)):
        asked = m.OpenSession(bytes(16), f"{number:024d}", "P9", "192.0.2.1:5", "ab" * 32)
        assert "not known inside" in made.incoming(asked, None, lambda _: None)
    assert module.REFUSALS_AT_ONCE <= len(told) < module.REFUSALS_AT_ONCE + 30
