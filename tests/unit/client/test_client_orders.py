"""What a client tells of what runs, and what it does when an administrator wants something: courier and server are
played, its session processes are real."""

import asyncio
import socket

from seon.client.client import EXIT_LINK
from seon.link import messages as m


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


async def reachable(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def test_what_runs_is_told_from_the_start_on(alone, tmp_path) -> None:
    alone(told, tmp_path)


def told(directory: str) -> None:
    from inside import Inside, Station, listener, opening

    station = Station(b"")

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        state = await inside.runs(lambda state: state.servers[0].linked)
        assert state.servers[0].proxy_id == inside.proxy_id
        assert state.servers[0].external_reason == "the server has not said it yet"
        await control.send(m.ServerState(7, "", 6619, True, "", 2))
        state = await inside.runs(lambda state: state.servers[0].external_open)
        assert (state.servers[0].version, state.servers[0].sessions) == (7, 2)
        async with station.serving() as daemon:
            port = free_port()
            await inside.configure(7, receive_daemon=daemon, listeners=(listener(port),))
            state = await inside.runs(lambda state: state.receive_daemon_reached)
            assert (state.version, state.draining) == (7, False)
            await inside.runs(lambda state: [one.port for one in state.listeners if one.open] == [port])
            await control.send(opening())
            _, tls = await inside.join()
            state = await inside.runs(lambda state: [one.phase for one in state.sessions] == ["negotiating"])
            (session,) = state.sessions
            assert (session.session, session.partner, session.direction) == ("session-1", "P1", "incoming")
            assert session.source == "192.0.2.1:5"
            tls.close()
            await inside.runs(lambda state: not state.sessions)
        await control.send(m.Heartbeat())

    assert Inside(directory).play(scene) == 0


def test_a_server_that_is_not_reached_is_told_with_the_reason(alone, tmp_path) -> None:
    alone(not_reached, tmp_path)


def not_reached(directory: str) -> None:
    from inside import Inside

    inside = Inside(directory)
    inside.listener.close()

    async def scene(inside: Inside) -> None:
        state = await inside.runs(lambda state: "refused" in state.servers[0].reason)
        assert not state.servers[0].linked

    inside._be_server = lambda: asyncio.sleep(0)
    assert inside.play(scene) == 0


def test_a_session_is_ended_on_both_hosts_by_an_order(alone, tmp_path) -> None:
    alone(killed, tmp_path)


def killed(directory: str) -> None:
    from inside import Inside, Station, opening

    station = Station(b"")

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        async with station.serving() as daemon:
            await inside.configure(1, receive_daemon=daemon)
            assert (await inside.order("kill", "session-1")).reason == "no such session runs at this client"
            await control.send(opening())
            _, tls = await inside.join()
            await inside.until("SES-START")
            assert (await inside.order("trace", "session-1")).done
            await inside.runs(lambda state: [one.traced for one in state.sessions] == [True])
            assert (await inside.order("untrace", "session-1")).done
            await inside.runs(lambda state: [one.traced for one in state.sessions] == [False])
            done = await inside.order("kill", "session-1")
            assert (done.done, done.reason) == (True, "the session was told to end")
            ending = await inside.next(control, m.SessionEnding)
            assert (ending.session, ending.by, ending.why) == ("session-1", "administrator", "ended")
            await inside.until("ended by administrator: ended by the administrator")
            tls.close()
            repeated = await inside.order("kill", "session-1", number=inside.done.index(done))
            assert repeated == done, "it is acknowledged again, and not looked for again"

    assert Inside(directory).play(scene) == 0


def test_a_drained_client_begins_no_session_and_those_that_run_go_on(alone, tmp_path) -> None:
    alone(drained, tmp_path)


def drained(directory: str) -> None:
    from inside import Inside, Station, listener, opening

    station = Station(b"")

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        async with station.serving() as daemon:
            port = free_port()
            await inside.configure(1, receive_daemon=daemon, listeners=(listener(port),))
            await control.send(opening())
            _, tls = await inside.join()
            await inside.until("SES-START")
            done = await inside.order("drain")
            assert done.reason == "no session begins any more; 1 session runs"
            assert await inside.next(control, m.Draining) == m.Draining(True)
            while await reachable(port):
                await asyncio.sleep(0.01)
            await control.send(opening(session="session-2"))
            refused = await inside.next(control, m.SessionRefused)
            assert (refused.session, "drained" in refused.reason) == ("session-2", True)
            state = await inside.runs(lambda state: state.draining)
            assert ["drained" in one.reason for one in state.listeners] == [True]
            assert [one.session for one in state.sessions] == ["session-1"]
            await inside.order("drain")
            assert inside.log.path.read_text().count("CLI-DRAINED") == 1, "it is drained already"
            assert (await inside.order("resume")).reason == "sessions may begin again"
            assert await inside.next(control, m.Draining) == m.Draining(False)
            await inside.until("CLI-RESUMED")
            while not await reachable(port):
                await asyncio.sleep(0.01)
            tls.close()
            await inside.until("SES-END")
        assert [event.code for event in inside.kept if event.code in ("CLI-DRAINED", "CLI-RESUMED")] == [
            "CLI-DRAINED", "CLI-RESUMED"
        ]  # fmt: skip

    assert Inside(directory).play(scene) == 0


def test_an_order_to_end_the_link_says_bye_after_it_was_acknowledged(alone, tmp_path) -> None:
    alone(link_ended, tmp_path)


def link_ended(directory: str) -> None:
    from inside import Inside

    inside = Inside(directory)

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        await inside.until("CLI-LINKED")
        done = await inside.order("end-link")
        assert done.done
        assert (await inside.next(control, m.Bye)).reason == "the administrator wants the link to end"
        await inside.ended

    assert inside.play(scene) == EXIT_LINK
    assert inside.kept[-1].code == "CLI-END"
