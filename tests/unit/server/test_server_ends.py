"""What ends a session is told between the hosts: of the server as a whole, as in test_server.py."""

import asyncio
import os
import signal

import msgspec
import pytest

from seon.link import messages as m
from seon.net.channel import EndOfStream


def end_of(proxy, session: str) -> str:
    """Return what the log says of a session's end."""
    lines = [line for line in proxy.log.path.read_text().splitlines() if f"SES-END [{session}]" in line]
    assert len(lines) == 1, lines
    return lines[0]


async def gone(tls) -> None:
    """Wait for the end of a connection, and close it."""
    with pytest.raises((EndOfStream, OSError)):
        await tls.read_exactly(1)
    tls.close()


ESID = m.SessionEnding("session-0", "station", "esid", number=5)


def test_what_the_inside_says_of_a_sessions_end_reaches_its_process_and_the_first_word_counts(alone, tmp_path) -> None:
    alone(inside_says, tmp_path)


def inside_says(directory: str) -> None:
    from proxy import Proxy

    from seon.daemon.children import Child

    passed_on, tell = [], Child.tell
    Child.tell = lambda self, message: (passed_on.append(message.end.by), tell(self, message))

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream)
            session, partner, inside = await proxy.joined(stream)
            await stream.send(ESID)  # of no session that runs
            for word in (ESID, m.SessionEnding("", "verifier", "rule", "STH-VER")):
                await stream.send(msgspec.structs.replace(word, session=session))
            inside.close()
            await gone(partner)
            await proxy.until("SES-END")
            assert "ended by station: ESID 05" in end_of(proxy, session)
            assert passed_on == ["station"]

    proxy = Proxy(directory)
    assert proxy.play(scene) == 0
    assert not proxy.fault()


@pytest.mark.parametrize("who", ["another client", "the client, but it cannot know that"])
def test_what_is_not_a_clients_to_say_of_a_session_is_not_believed(alone, tmp_path, who) -> None:
    alone(not_believed, tmp_path, who)


def not_believed(directory: str, who: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client("one") as stream:
            await proxy.opened(stream)
            session, partner, inside = await proxy.joined(stream)
            async with proxy.client("two", another=True) as other:
                if who == "another client":
                    await other.send(msgspec.structs.replace(ESID, session=session))
                else:
                    await stream.send(m.SessionEnding(session, "partner", "closed"))
                await asyncio.sleep(0.1)
                inside.close()
                await gone(partner)
                await proxy.until("SES-END")
            assert "ended by link: the connection between server and client was lost" in end_of(proxy, session)

    assert Proxy(directory).play(scene) == 0


def test_what_the_server_knows_of_a_sessions_end_is_said_inside_once(alone, tmp_path) -> None:
    alone(server_says, tmp_path)


def server_says(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream)
            session, partner, inside = await proxy.joined(stream)
            await partner.end()
            said = await proxy.next(stream, m.SessionEnding)
            assert said == m.SessionEnding(session, "partner", "closed")
            inside.close()
            await proxy.until("SES-END")
            assert "ended by partner: connection closed without ESID" in end_of(proxy, session)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await proxy.next(stream, m.SessionEnding)

    assert Proxy(directory).play(scene) == 0


def test_of_a_session_process_that_was_killed_the_server_says_it_inside(alone, tmp_path) -> None:
    alone(killed, tmp_path)


def killed(directory: str) -> None:
    from proxy import Proxy

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream)
            session, partner, inside = await proxy.joined(stream)
            await proxy.until("SES-START")
            (child,) = (running.child for running in proxy.server._table._running.values())
            os.kill(child.pid, signal.SIGKILL)
            assert await proxy.next(stream, m.SessionEnding) == m.SessionEnding(session, "crash", "killed", number=9)
            await proxy.until(f"SES-END [{session}]")
            assert "ended by crash: the session process of the server was ended by signal 9" in end_of(proxy, session)
            partner.close()
            inside.close()

    assert Proxy(directory).play(scene) == 0
