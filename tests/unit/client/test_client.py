"""The client as a whole: courier and server are played."""

import asyncio

from seon.client import courier_messages as c
from seon.client.client import EXIT_COURIER, EXIT_LINK
from seon.link import messages as m


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


def test_a_courier_that_is_gone_ends_the_client(alone, tmp_path) -> None:
    alone(courier_gone, tmp_path)


def courier_gone(directory: str) -> None:
    from inside import Inside

    async def scene(inside: Inside) -> None:
        await inside.controls.get()
        inside._courier.shutdown(2)
        await inside.ended

    assert Inside(directory).play(scene) == EXIT_COURIER


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
        for state, code in (("away", "CLI-NOAPI"), ("back", "CLI-API"), ("spool", "CLI-SPOOL")):
            await inside.say(c.ApiState(state, "why", 5))
            await inside.until(code)
        await inside.say(c.ApiState("refused", "no valid token", 5))
        await inside.ended

    assert Inside(directory).play(scene) == EXIT_LINK


def test_events_there_was_no_room_for_are_counted(alone, tmp_path) -> None:
    alone(no_room, tmp_path)


def no_room(directory: str) -> None:
    from inside import Inside

    from seon.process import outbox

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
