"""The client as a whole: courier and server are played."""

import asyncio
import os
import socket
import subprocess
import sys
from typing import get_args

import msgspec

from seon.client.courier import messages as c
from seon.client.main import EXIT_COURIER, EXIT_LINK, _stamped
from seon.events import MAX_ID
from seon.link import messages as m
from seon.process.events import EventMaker


def test_the_end_of_an_established_link_ends_the_client(alone, tmp_path) -> None:
    """Mission A7."""
    alone(link_ends, tmp_path)


def link_ends(directory: str) -> None:
    from inside import Inside

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        await inside.until("CLI-LINKED")
        await control.send(m.Bye("the server is ending"))
        await inside.ended

    inside = Inside(directory)
    assert inside.play(scene) == EXIT_LINK
    assert [event.code for event in inside.kept][-2:] == ["LNK-DOWN", "CLI-END"], "the last events are on disk"


def test_a_server_that_is_not_there_is_tried_again(alone, tmp_path) -> None:
    alone(tried_again, tmp_path)


def tried_again(directory: str) -> None:
    from inside import Inside

    from seon.client import main

    main.BACKOFF = (0, 0.1, 0.1)

    async def scene(inside: Inside) -> None:
        await inside.controls.get()
        await inside.until("CLI-LINKED")

    inside = Inside(directory)
    serve, calls = inside._serve, []

    async def refuse_twice(tls) -> None:
        calls.append(tls)
        if len(calls) <= 2:
            tls.close()
        else:
            await serve(tls)

    inside._serve = refuse_twice
    assert inside.play(scene) == 0
    assert len(calls) == 3
    assert inside.log.path.read_text().count("CLI-NOSERVER") == 1, "said once, not at every try"


def test_silence_is_no_end(alone, tmp_path) -> None:
    alone(silence, tmp_path)


def silence(directory: str) -> None:
    from inside import Inside

    m.HEARTBEAT_SECONDS, m.DEAD_SECONDS = 0.05, 0.2

    async def scene(inside: Inside) -> None:
        await inside.controls.get()
        await inside.controls.get()
        await inside.until("nothing was heard")
        assert not inside.ended.done()

    assert Inside(directory).play(scene) == 0


def test_a_courier_that_is_gone_ends_the_client(alone, tmp_path) -> None:
    alone(courier_gone, tmp_path)


def courier_gone(directory: str) -> None:
    from inside import Inside

    async def scene(inside: Inside) -> None:
        await inside.controls.get()
        await inside.say(c.Ending("failed", "internal error: its last word"))
        inside._courier.shutdown(2)
        await inside.ended

    inside = Inside(directory)
    assert inside.play(scene) == EXIT_COURIER
    assert inside.logged("CLI-END Client ended: the courier process has ended: internal error: its last word")


def test_a_client_that_seonapi_has_not_served_for_too_long_ends_in_order_and_says_so(alone, tmp_path) -> None:
    for why in ("refused", "away"):
        home = tmp_path / why
        home.mkdir()
        alone(given_up, home, why)


def given_up(directory: str, why: str) -> None:
    from inside import Inside

    async def scene(inside: Inside) -> None:
        await inside.controls.get()
        await inside.until("CLI-LINKED")
        await inside.say(c.Ending(why, "Seonapi has refused this client for 24 h: no valid token"))
        await inside.ended

    inside = Inside(directory)
    assert inside.play(scene) == {"refused": EXIT_REFUSED, "away": EXIT_AWAY}[why]
    last = inside.kept[-1]
    assert (last.code, last.fields["reason"]) == ("CLI-END", "Seonapi has refused this client for 24 h: no valid token")


def test_what_fails_in_the_line_to_the_courier_ends_the_client_with_a_reason(alone, tmp_path) -> None:
    alone(line_fails, tmp_path)


def line_fails(directory: str) -> None:
    from inside import Inside

    async def scene(inside: Inside) -> None:
        await inside.controls.get()
        inside.client._sessions.follow = lambda _: 1 / 0
        await inside.say(c.NewConfiguration(ProxyConfiguration(1, msgspec.Raw(b"{}"), ClientConfiguration())))
        await inside.ended

    inside = Inside(directory)
    assert inside.play(scene) == EXIT_COURIER
    assert inside.logged("CLI-END Client ended: internal error: ZeroDivisionError('division by zero')")


def test_the_servers_events_are_acknowledged_once_they_are_on_disk(alone, tmp_path) -> None:
    alone(servers_events, tmp_path)


def servers_events(directory: str) -> None:
    from inside import Inside

    maker = EventMaker("inside", "session-1")  # a server that lies about where it is
    events = tuple(maker.make("SES-END", reason=str(number)) for number in range(3))

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        await control.send(m.Events(events))
        assert (await inside.next(control, m.EventsTaken)).count == 3
        kept = [event for event in inside.kept if event.code == "SES-END"]
        assert [event.hop for event in kept] == ["dmz"] * 3
        assert not {event.id for event in kept} & {event.id for event in events}

    assert Inside(directory).play(scene) == 0


def test_the_dmz_cannot_take_an_id_that_the_inside_will_give() -> None:
    """Ids are stored once: an event of the DMZ with the id of one of ours would keep ours out of the journal."""
    ours = EventMaker("inside", "session-1").make("FIL-END")
    theirs = _stamped(msgspec.structs.replace(ours, fields={"result": "forged"}))
    assert theirs.hop == "dmz"
    assert theirs.id != ours.id
    longest = msgspec.structs.replace(ours, id="x" * MAX_ID)
    assert len(_stamped(longest).id) == MAX_ID


def test_the_configuration_goes_to_a_server_that_asks_and_is_asked_for_at_seonapi(alone, tmp_path) -> None:
    alone(configuration, tmp_path)


def configuration(directory: str) -> None:
    from inside import Inside

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        await inside.configure(5)
        assert (await inside.next(control, m.Offered)).what == "configuration"
        await inside.next(control, m.Part)
        await control.send(m.ConfigurationWanted(5))
        await control.send(m.ConfigurationWanted(4))
        assert (await inside.next(control, m.Offered)).what == "configuration", "not for 5, but for 4"

    assert Inside(directory).play(scene) == 0


def test_what_seonapi_says_is_an_event(alone, tmp_path) -> None:
    alone(api_states, tmp_path)


def api_states(directory: str) -> None:
    from inside import Inside

    async def scene(inside: Inside) -> None:
        await inside.controls.get()
        await inside.until("CLI-LINKED")
        codes = {"away": "CLI-NOAPI", "back": "CLI-API", "spool": "CLI-SPOOL", "spooled": "CLI-SPOOLED",
                 "rejected": "CLI-REJECTED", "unreadable": "CLI-UNREADABLE", "courier": "CLI-COURIER"}  # fmt: skip
        assert {*codes, "refused"} == set(get_args(c.State))
        for state, code in codes.items():
            await inside.say(c.ApiState(state, "why", 5))
            await inside.until(f"{code} ")
        await inside.say(c.ApiState("refused", "no valid token", 5))
        await inside.ended

    assert Inside(directory).play(scene) == EXIT_LINK


def test_without_a_courier_the_main_does_not_start(tmp_path) -> None:
    one, two = socket.socketpair()
    two.close()
    command = [sys.executable, "-m", "seon.client.main", str(one.fileno())]
    environment = {**os.environ, "SEON_HOME": str(tmp_path)}
    done = subprocess.run(
        command, env=environment, pass_fds=[one.fileno()], capture_output=True, check=False, timeout=30
    )
    one.close()
    assert done.returncode == 1
    assert done.stderr == b"The courier process ended before it could begin\n"
    assert list(tmp_path.iterdir()) == []


def test_the_main_of_the_client_loads_no_http_client_and_no_django() -> None:
    code = "import seon.client.main, sys; print([name for name in ('httpx', 'django') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=30)
    assert "httpx" not in done.stdout.decode()
    assert "django" not in done.stdout.decode()


def test_events_before_the_last_ones_were_acknowledged_end_the_link(alone, tmp_path) -> None:
    """A server that does not wait would fill our memory with what the disk has not taken yet."""
    alone(two_batches, tmp_path)


def two_batches(directory: str) -> None:
    from inside import Inside

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        maker = EventMaker("dmz")
        inside.hold = True
        await inside.until("CLI-LINKED")
        await control.send(m.Events((maker.make("SRV-END", reason="one"),)))
        await control.send(m.Events((maker.make("SRV-END", reason="two"),)))
        await inside.until("events came before the last ones were acknowledged")
        inside.hold = False
        await inside.ended

    assert Inside(directory).play(scene) == EXIT_LINK


def test_events_that_are_not_the_servers_to_tell_end_the_link_and_are_not_kept(alone, tmp_path) -> None:
    for code in ("AUD-CHANGE", "FIL-END", "CLI-END", "NEW-CODE"):
        home = tmp_path / code
        home.mkdir()
        alone(foreign, home, code)


def foreign(directory: str, code: str) -> None:
    from inside import Inside

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        maker = EventMaker("dmz")
        await control.send(m.Events((maker.make("SRV-END", reason="good"), maker.make(code, what="forged"))))
        await inside.ended

    inside = Inside(directory)
    assert inside.play(scene) == EXIT_LINK
    assert inside.logged("an event came that a server has no reason to send")
    assert not [event for event in inside.kept if event.hop == "dmz"]


def test_events_there_was_no_room_for_are_counted(alone, tmp_path) -> None:
    alone(no_room, tmp_path)


def no_room(directory: str) -> None:
    from inside import Inside

    from seon.daemon import outbox

    async def scene(inside: Inside) -> None:
        await inside.controls.get()
        await inside.until("CLI-LINKED")
        inside.hold = True
        outbox.CAPACITY = 5
        for number in range(12):
            inside.client.report("CLI-LISTEN", address=str(number), partner="P1")
        inside.hold = False
        while inside.client._courier._outbox._events:
            await asyncio.sleep(0.01)
        inside.client.report("CLI-LISTEN", address="last", partner="P1")
        await inside.until("CLI-LOST")

    inside = Inside(directory)
    assert inside.play(scene) == 0
    told = sum(event.code == "CLI-LISTEN" for event in inside.kept)
    lost = sum(event.fields["count"] for event in inside.kept if event.code == "CLI-LOST")
    assert (told, lost) == (13 - lost, lost)
    assert lost >= 7
