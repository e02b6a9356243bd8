"""The client as a whole: courier and server are played."""

import asyncio
import json
import socket
from typing import get_args

import msgspec
import pytest

from seon.client import client
from seon.client.client import EXIT_AWAY, EXIT_COURIER, EXIT_LINK, EXIT_REFUSED
from seon.client.courier import messages as c
from seon.config import ClientPartner, PartnerRules
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
        inside.client._table.follow = lambda *_: 1 / 0
        await inside.offer(1)
        await inside.ended

    inside = Inside(directory)
    assert inside.play(scene) == EXIT_COURIER
    assert inside.logged("CLI-END Client ended: internal error: ZeroDivisionError('division by zero')")


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


# --- what ends a session is told between the hosts --------------------------------------------------------------------


def end_of(inside, session: str = "session-1") -> str:
    """Return what the log says of a session's end."""
    lines = [line for line in inside.log.path.read_text().splitlines() if f"SES-END [{session}]" in line]
    assert len(lines) == 1, lines
    return lines[0]


@pytest.mark.parametrize(
    ("words", "end", "passed_on"),
    [
        ([("partner", "esid")], "ended by partner: ESID 05", 1),
        ([("partner", "esid"), ("verifier", "declined")], "ended by partner: ESID 05", 1),
        ([("station", "esid")], "ended by link: the connection between server and client was lost", 0),
        ([("idle", "rule")], "ended by link: the connection between server and client was lost", 0),
        ([("station", "esid"), ("crash", "killed")], "ended by crash: the session process of the server", 1),
    ],
)
def test_what_the_dmz_says_of_a_sessions_end_counts_where_it_can_know_it_and_once(
    alone, tmp_path, words, end, passed_on
) -> None:
    alone(dmz_says, tmp_path, json.dumps(words), end, passed_on)


def dmz_says(directory: str, words: str, end: str, passed_on: str) -> None:
    from inside import Inside, Station, opening

    from seon.daemon.children import Child

    heard, tell = [], Child.tell
    Child.tell = lambda self, message: (heard.append(message), tell(self, message))

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        async with Station(b"").serving() as daemon:
            await inside.configure(receive_daemon=daemon)
            await control.send(opening())
            _, tls = await inside.join()
            await inside.until("SES-START")
            await control.send(m.SessionEnding("session-0", "partner", "esid", number=1))  # of none that runs
            for by, why in json.loads(words):
                await control.send(m.SessionEnding("session-1", by, why, number=5))
            await control.send(m.ConfigurationWanted(-1))
            await inside.next(control, m.Offered)
            tls.close()
            await inside.until("SES-END")
            assert end in end_of(inside)
            assert len(heard) == int(passed_on)
            assert {message.end.host for message in heard} <= {"dmz"}, "it speaks for its own host only"

    assert Inside(directory).play(scene) == 0


def test_the_dmz_cannot_put_its_word_in_place_of_what_the_inside_has_seen(alone, tmp_path) -> None:
    alone(own_truth, tmp_path)


def own_truth(directory: str) -> None:
    from inside import Inside, Station, opening

    station = Station(b"")

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        async with station.serving() as daemon:
            await inside.configure(receive_daemon=daemon)
            await control.send(opening())
            _, tls = await inside.join()
            await inside.until("SES-START")
            await control.send(m.SessionEnding("session-1", "verifier", "rule", "STH-VER"))
            await inside.configure(2, receive_daemon=daemon, partners=())
            said = await inside.next(control, m.SessionEnding)
            assert said == m.SessionEnding("session-1", "administrator", "barred")
            tls.close()
            await inside.until("SES-END")
            assert "ended by administrator: the partner may not have sessions any more" in end_of(inside)

    assert Inside(directory).play(scene) == 0


# --- a configuration that cannot be used ------------------------------------------------------------------------------


def test_a_configuration_that_cannot_be_followed_is_refused_whole_and_named(alone, tmp_path) -> None:
    alone(refused_whole, tmp_path)


def refused_whole(directory: str) -> None:
    from inside import Inside, Station, opening

    one = ClientPartner("P1", "One")

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        async with Station(b"").serving() as daemon:
            await inside.configure(1, receive_daemon=daemon)
            await inside.next(control, m.Part)
            await control.send(opening())
            _, tls = await inside.join()
            await inside.until("SES-START")
            for version, partners, reason in (
                (2, (odd("FLD-NEW", "warn"),), "partner P2: there is no rule 'FLD-NEW'"),
                (3, (odd("STH-VER", "ignore"),), "partner P2: rule STH-VER cannot be softened"),
                (4, (one, ClientPartner("P1", "Again")), "there are two partners P1"),
            ):
                await inside.offer(version, partners=partners)
                await inside.until(f"CFG-BAD Configuration {version} not taken, the one before stays: {reason}")
            assert not inside.logged("SES-END"), "P1 is in none of the first two, and its session goes on"
            await control.send(opening(session="session-2"))
            _, another = await inside.join()
            await control.send(m.ConfigurationWanted(0))
            await inside.next(control, m.Offered)
            sent = msgspec.json.decode((await inside.next(control, m.Part)).data, type=m.Delivery)
            assert sent.version == 1, "the server does not get what the client cannot follow"
            for end in (tls, another):
                end.close()

    assert Inside(directory).play(scene) == 0


def test_a_license_that_is_withdrawn_ends_the_link_though_the_rest_cannot_be_followed(alone, tmp_path) -> None:
    alone(withdrawn_with_the_rest, tmp_path)


def withdrawn_with_the_rest(directory: str) -> None:
    from inside import Inside

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        await inside.configure(1)
        await inside.offer(2, partners=(odd("FLD-NEW", "warn"),))
        await inside.until("CFG-BAD Configuration 2")
        assert not inside.logged("LIC-WITHDRAWN"), "its license is in force"
        await inside.offer(3, partners=(odd("FLD-NEW", "warn"),), licenses=())
        await inside.next(control, m.LicenseWithdrawn)
        await inside.ended
        assert inside.logged("LIC-WITHDRAWN")

    assert Inside(directory).play(scene) == EXIT_LINK


def odd(rule: str, severity: str) -> ClientPartner:
    return ClientPartner("P2", "Two", rules=PartnerRules(rules={rule: severity}))


# --- the end ----------------------------------------------------------------------------------------------------------


def test_an_orderly_stop_speaks_of_no_error(alone, tmp_path) -> None:
    """With everything that can be under way: a link, sessions in both directions, a port, and events to keep."""
    alone(orderly, tmp_path)


def orderly(directory: str) -> None:
    from inside import Inside, Station, listener, opening

    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        async with Station(b"").serving() as daemon:
            await inside.configure(receive_daemon=daemon, listeners=(listener(port),))
            await inside.until("CLI-LISTEN")
            await control.send(opening())
            _, tls = await inside.join()
            await inside.until("SES-START [session-1]")
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            dial, outward = await inside.join()
            await inside.until(f"SES-START [{dial.session}]")
            inside.stop()
            assert (await inside.next(control, m.Bye)).reason == "signal SIGTERM"
            control.tls.close()
            await inside.ended
            writer.close()
            for end in (tls, outward):
                end.close()

    inside = Inside(directory)
    assert inside.play(scene) == 0
    text = inside.log.path.read_text()
    assert "CLI-END Client ended: signal SIGTERM" in text
    assert f"Listening port 127.0.0.1:{port} for partner P1 closed: the client is ending" in text
    assert "ended by administrator: the client is ending" in text
    for word in ("internal error", "Internal error", "Traceback", "CLI-FAULT", "SES-KILLED"):
        assert word not in text


def test_of_a_session_that_is_still_being_brought_about_an_orderly_stop_says_why_it_failed(alone, tmp_path) -> None:
    alone(never_begun, tmp_path)


def never_begun(directory: str) -> None:
    from inside import Inside, Station, opening

    from seon.daemon import children

    children.OBEY_SECONDS = 0.5

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        async with Station(b"").serving() as daemon:
            await inside.configure(receive_daemon=daemon)
            await control.send(opening())
            _, tls = await inside.sessions.get()  # and nobody joins it
            inside.stop()
            await inside.ended
            tls.close()

    inside = Inside(directory)
    assert inside.play(scene) == 0
    assert inside.logged("SES-FAILED [session-1] Session with partner P1, incoming, not started: the client is ending")


@pytest.mark.parametrize("what", ["serving the link", "supplying the server", "keeping the ports"])
def test_a_vital_task_that_fails_ends_the_client_and_is_told(alone, tmp_path, what) -> None:
    """Without link, supply or ports it is of no use; the service manager starts it anew."""
    alone(vital, tmp_path, what)


def vital(directory: str, what: str) -> None:
    from inside import Inside, listener

    client.PORTS_SECONDS = 0.2  # nobody closes them any more

    def fail(*_: object) -> None:
        raise RuntimeError("nobody thought of this")

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        await inside.until("CLI-LINKED")
        if what == "serving the link":
            inside.client.blobs_wanted = fail
            await control.send(m.BlobsWanted(("0" * 64,)))
        elif what == "supplying the server":
            inside.client._supply._deliver = fail
            await inside.offer(1)
        else:
            inside.client.not_opened = fail
            with socket.create_server(("127.0.0.1", 0)) as taken:
                await inside.configure(listeners=(listener(taken.getsockname()[1]),))
                await inside.until("CLI-FAULT")
        await inside.ended

    inside = Inside(directory)
    assert inside.play(scene) == EXIT_LINK
    kept = [event for event in inside.kept if event.code == "CLI-FAULT"]
    assert len(kept) == 1, "it is in the journal"
    assert str(kept[0].fields["reason"]).startswith("RuntimeError (test_client.py:")
    assert "nobody thought of this" not in str(kept[0].fields)
    assert inside.logged("RuntimeError: nobody thought of this"), "its trace is in the log of this host"


def test_a_task_that_fails_is_told_and_the_client_goes_on(alone, tmp_path) -> None:
    alone(told, tmp_path)


def told(directory: str) -> None:
    from inside import Inside

    async def fail(*_: object) -> None:
        raise RuntimeError("nobody thought of this")

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        await inside.until("CLI-LINKED")
        inside.client._control.events_taken = fail
        await control.send(m.Events(1, (EventMaker("dmz").make("SRV-END", reason="why"),)))
        await inside.until("CLI-FAULT Internal error while acknowledging events: RuntimeError (test_client.py:")
        await control.send(m.Heartbeat())
        await asyncio.sleep(0.1)
        assert not inside.ended.done()

    assert Inside(directory).play(scene) == 0
