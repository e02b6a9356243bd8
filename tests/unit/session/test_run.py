"""The session between its two peers: what the main hears of it from start to end, and that the end is the truth."""

import contextlib
import os
import signal
import socket
import time
import types

import pytest

from seon import addresses
from seon.endings import SessionEnd
from seon.net.legs import PlainLeg
from seon.oftp2 import commands as c
from seon.oftp2.demands import Demands
from seon.oftp2.framing import frame
from seon.oftp2.reasons import EndReason
from seon.oftp2.rules import Policy, Severity
from seon.process import line
from seon.process.levels import Level
from seon.session import run as module
from unit.session.scenes import SECRET, SSRM, Session, assignment, esid, leave, ssid, stb, wait_until

BAD = frame(b"?")
OFFER = stb(c.StartFile("F", "20260101", "1200000001", "", "TWO", "ONE", "U", 0, 1, 1))


def test_a_session_is_reported_from_start_to_end(ends) -> None:
    play = Session(ends, assignment())
    play.play(leave)
    codes = [code for code in play.main.codes if code != "SES-FINDING"]
    assert codes == ["SES-START", "SES-AGREED", "SES-END"]
    start, end = play.main.fields("SES-START"), play.main.fields("SES-END")
    assert start == {"partner": "P1", "direction": "incoming", "source": "192.0.2.1:5", "target": "127.0.0.1:3305",
                     "tls": "TLSv1.3 X"}  # fmt: skip
    assert end["octets_in"] == len(ssid("ONE") + esid(EndReason.NORMAL))
    assert end["octets_out"] == len(SSRM + ssid("TWO"))
    assert end["files"] == 0
    assert line.Stage("running") in play.main.heard


def test_no_password_is_in_anything_that_it_says(ends) -> None:
    play = Session(ends, assignment())
    play.play(leave)
    assert play.main.fields("SES-AGREED")["initiator"] == "ONE", "the SSIDs were read"
    assert SECRET not in str(play.main.heard)


def test_octets_in_and_out_are_the_companys_whichever_side_the_partner_is_on(ends) -> None:
    play = Session(ends, assignment(direction="outgoing"))
    play.play(leave)
    assert play.main.fields("SES-END")["octets_in"] == len(SSRM + ssid("TWO"))


# --- who ended it ---------------------------------------------------------------------------------------------------

NEAR_AND_FAR = [
    ("dmz", "incoming", "one", "partner"),
    ("dmz", "incoming", "two", "link"),
    ("dmz", "outgoing", "one", "link"),
    ("dmz", "outgoing", "two", "partner"),
    ("inside", "incoming", "one", "link"),
    ("inside", "incoming", "two", "station"),
    ("inside", "outgoing", "one", "station"),
    ("inside", "outgoing", "two", "link"),
]


@pytest.mark.parametrize(("hop", "direction", "first", "who"), NEAR_AND_FAR)
def test_whoever_closes_is_named_and_nobody_else(ends, monkeypatch, hop, direction, first, who) -> None:
    monkeypatch.setattr(module, "FAR_WORD_SECONDS", 0.05)

    def scene(play: Session) -> None:
        sides = [play.one, play.two] if first == "one" else [play.two, play.one]
        sides[0].close()
        sides[1].recv(1)
        sides[1].close()

    play = Session(ends, assignment(hop=hop, direction=direction))
    end = play.play(scene)
    assert (end.by, end.host) == (who, hop)
    assert play.main.fields("SES-END")["ended_by"] == who
    assert play.main.ends == [end], "a guess, too: it tells the other host that nothing else was seen here"


@pytest.mark.parametrize(("hop", "direction", "first", "who"), NEAR_AND_FAR)
def test_an_esid_is_its_senders_and_not_whose_connection_closes_first(
    ends, monkeypatch, hop, direction, first, who
) -> None:
    monkeypatch.setattr(module, "FAR_WORD_SECONDS", 0.05)

    def scene(play: Session) -> None:
        play.open()
        if first == "two":
            hand_over(play)
        sides = [play.one, play.two] if first == "one" else [play.two, play.one]
        sides[0].sendall(esid(EndReason.NORMAL))
        sides[1].recv(100)
        sides[1].close()  # the one that did not send it
        sides[0].close()

    play = Session(ends, assignment(hop=hop, direction=direction))
    end = play.play(scene)
    assert end == SessionEnd(who, "unsaid" if who == "link" else "esid", hop)
    assert play.main.ends == [end]


def hand_over(play: Session) -> None:
    """Give the turn to the Responder."""
    cd = frame(b"R")
    play.one.sendall(cd)
    assert play.two.recv(len(cd), socket.MSG_WAITALL) == cd


def test_what_the_other_host_knows_is_waited_for_and_reported(ends) -> None:
    told = SessionEnd("verifier", "rule", "dmz", "CMD-ID")

    def scene(play: Session) -> None:
        play.open()
        play.one.sendall(esid(EndReason.COMMAND_NOT_RECOGNISED))
        play.two.recv(100)
        play.close()
        time.sleep(0.2)
        line.say(play.main.sock, line.Ending(told))

    play = Session(ends, assignment())
    assert play.play(scene) == told
    assert play.main.fields("SES-END")["ended_by"] == "server verifier"
    assert "rule CMD-ID" in play.main.fields("SES-END")["reason"]
    assert play.main.ends == [SessionEnd("link", "unsaid", "inside", number=1)], "it is not said to it again"


def test_without_that_word_it_is_called_what_it_looks_like_after_a_second(ends) -> None:
    began = time.monotonic()

    def scene(play: Session) -> None:
        play.open()
        play.one.sendall(esid(EndReason.TIME_OUT))
        play.two.recv(100)
        play.close()

    play = Session(ends, assignment())
    assert play.play(scene) == SessionEnd("link", "unsaid", "inside", number=9)
    assert 0.9 < time.monotonic() - began < 5


@pytest.mark.parametrize("told", [True, False])
def test_what_this_host_knows_keeps_nobody_waiting_and_stands_against_the_others_word(ends, monkeypatch, told) -> None:
    monkeypatch.setattr(module, "FAR_WORD_SECONDS", 20)

    def scene(play: Session) -> None:
        play.open()
        if told:
            line.say(play.main.sock, line.Ending(SessionEnd("partner", "closed", "dmz")))
        play.two.sendall(BAD)
        play.two.recv(100)
        play.close()

    play = Session(ends, assignment())
    began = time.monotonic()
    assert play.play(scene) == SessionEnd("verifier", "rule", "inside", "CMD-ID")
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(("hop", "who"), [("dmz", "server verifier"), ("inside", "client verifier")])
def test_a_verifier_that_ends_a_session_is_named(ends, hop, who) -> None:
    def scene(play: Session) -> None:
        play.open()
        play.one.sendall(BAD)
        assert play.one.recv(100) == esid(EndReason.COMMAND_NOT_RECOGNISED, "rule CMD-ID")
        assert play.two.recv(100) == esid(EndReason.COMMAND_NOT_RECOGNISED)
        play.close()

    play = Session(ends, assignment(hop=hop))
    assert play.play(scene) == SessionEnd("verifier", "rule", hop, "CMD-ID")
    assert play.main.fields("SES-END")["ended_by"] == who
    assert play.main.fields("SES-REFUSED")["rule"] == "CMD-ID"


@pytest.mark.parametrize(
    ("hop", "direction", "ours"),
    [("dmz", "incoming", "initiator"), ("dmz", "outgoing", "responder"),
     ("inside", "incoming", "responder"), ("inside", "outgoing", "initiator")],
)  # fmt: skip
def test_the_ends_of_a_refusal_are_those_of_the_connection_that_is_no_session_link(hop, direction, ours) -> None:
    legs, ends = {}, {}
    with contextlib.ExitStack() as stack:
        for name in ("initiator", "responder"):
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            calling = stack.enter_context(socket.create_connection(listener.getsockname()))
            called = stack.enter_context(listener.accept()[0])
            # The Initiator has called us, and we have called the Responder.
            legs[name] = types.SimpleNamespace(sock=called if name == "initiator" else calling)
            caller, listening = (addresses.shown(*sock.getsockname()) for sock in (calling, listener))
            ends[name] = (caller, listening)
        given = assignment(hop=hop, direction=direction)
        assert module._call(given, legs["initiator"], legs["responder"]) == {
            "direction": direction, "source": ends[ours][0], "target": ends[ours][1],
        }  # fmt: skip


def test_the_end_is_said_before_its_esid_can_arrive_anywhere(ends, monkeypatch) -> None:
    """Else the other host would see our ESID first, and take it for a stranger's."""
    order = []
    say, write = line.say, PlainLeg.write_octets
    monkeypatch.setattr(
        line, "say", lambda sock, message, **how: (order.append(type(message)), say(sock, message, **how))
    )
    monkeypatch.setattr(PlainLeg, "write_octets", lambda leg, wire: (order.append("ESID"), write(leg, wire)))

    def scene(play: Session) -> None:
        play.open()
        play.one.sendall(BAD)
        play.one.recv(100)
        play.close()

    Session(ends, assignment()).play(scene)
    assert [step for step in order if step in (line.Ending, "ESID")] == [line.Ending, "ESID", "ESID"]


def test_idle_time_is_named_with_its_seconds(ends) -> None:
    def scene(play: Session) -> None:
        play.open()
        assert play.one.recv(100) == esid(EndReason.TIME_OUT)
        play.close()

    end = Session(ends, assignment(idle_seconds=1)).play(scene)
    assert end == SessionEnd("idle", "idle", "inside", number=1)


@pytest.mark.parametrize(
    ("why", "reason"), [("barred", EndReason.UNSPECIFIED), ("shutdown", EndReason.EMERGENCY_CLOSE)]
)
def test_an_order_of_the_main_ends_the_session(ends, why, reason) -> None:
    def scene(play: Session) -> None:
        play.open()
        line.say(play.main.sock, line.End(why))
        assert play.one.recv(100) == play.two.recv(100) == esid(reason)
        play.close()

    play = Session(ends, assignment())
    assert play.play(scene) == SessionEnd("administrator", why, "inside")
    assert play.main.fields("SES-END")["ended_by"] == "administrator"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_session_in_order(ends, number) -> None:
    def scene(play: Session) -> None:
        play.open()
        os.kill(os.getpid(), number)
        assert play.one.recv(100) == play.two.recv(100) == esid(EndReason.EMERGENCY_CLOSE)
        play.close()

    play = Session(ends, assignment())
    assert play.play(scene) == SessionEnd("administrator", "signal", "inside", number=number)
    assert f"signal {number:d} " in play.main.fields("SES-END")["reason"]


def test_a_session_whose_main_is_gone_goes_on_and_ends_within_the_limit(ends) -> None:
    def scene(play: Session) -> None:
        play.open()
        play.main.sock.shutdown(socket.SHUT_RDWR)
        began = time.monotonic()
        assert play.one.recv(100) == esid(EndReason.EMERGENCY_CLOSE)
        assert 0.9 < time.monotonic() - began < 4
        play.close()

    end = Session(ends, assignment(drain_seconds=1)).play(scene)
    assert end == SessionEnd("crash", "orphaned", "inside")


@pytest.mark.parametrize(
    ("hop", "direction", "broken", "peer"),
    [
        ("dmz", "incoming", "one", "partner"), ("dmz", "incoming", "two", "client"),
        ("dmz", "outgoing", "one", "client"), ("inside", "incoming", "one", "server"),
        ("inside", "incoming", "two", "station"), ("inside", "outgoing", "two", "server"),
    ],
)  # fmt: skip
def test_the_log_says_which_connection_broke_and_how_in_the_kernels_words(
    ends, monkeypatch, hop, direction, broken, peer
) -> None:
    monkeypatch.setattr(module, "FAR_WORD_SECONDS", 0.05)

    def scene(play: Session) -> None:
        play.open()
        breaks, stays = (play.one, play.two) if broken == "one" else (play.two, play.one)
        if broken == "one":
            hand_over(play)
        stays.sendall(OFFER)
        wait_until(lambda: breaks.recv(5, socket.MSG_PEEK))
        breaks.close()
        stays.recv(1)
        stays.close()

    play = Session(ends, assignment(hop=hop, direction=direction))
    play.play(scene)
    said = [message for message in play.main.heard if isinstance(message, line.LogLine)]
    assert said == [line.LogLine("session", Level.INFO, f"Connection to the {peer} broken: connection reset by peer")]


# --- what it is judged by -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("direction", "code", "good"), [
    ("incoming", "ONE", True), ("incoming", "OTHER", False), ("outgoing", "TWO", True), ("outgoing", "OTHER", False),
])  # fmt: skip
def test_the_partners_code_must_be_one_of_its_own(ends, direction, code, good) -> None:
    """Mission A10; the code of our own station is its own affair."""

    def scene(play: Session) -> None:
        play.two.sendall(SSRM)
        play.one.recv(len(SSRM), socket.MSG_WAITALL)
        play.one.sendall(ssid("ONE"))
        play.two.recv(200)
        if direction == "outgoing":
            play.two.sendall(ssid("TWO"))
            play.one.recv(200)
        play.close()

    play = Session(ends, assignment(direction=direction, partner_codes=("X", code)))
    end = play.play(scene)
    assert (end.by != "verifier") is good
    assert good or play.main.fields("SES-REFUSED")["rule"] == "ADM-CODE"


def first_ssid(code: str):
    def scene(play: Session) -> None:
        play.two.sendall(SSRM)
        play.one.recv(len(SSRM), socket.MSG_WAITALL)
        play.one.sendall(ssid(code))
        play.two.recv(200)
        play.close()

    return scene


def test_what_is_demanded_beyond_the_protocol_ends_the_session(ends) -> None:
    play = Session(ends, assignment(demands=Demands(authentication=True)))
    assert play.play(first_ssid("ONE")).rule == "POL-AUTH"
    assert play.main.fields("SES-REFUSED")["rule"] == "POL-AUTH"


@pytest.mark.parametrize(("severity", "code"), [(Severity.WARN, "SES-FINDING"), (Severity.REFUSE, "SES-REFUSED")])
def test_a_rule_is_worth_what_the_policy_says(ends, severity, code) -> None:
    play = Session(ends, assignment(policy=Policy(overrides={"FLD-X/case": severity})))
    play.play(first_ssid("one"))
    assert play.main.fields(code)["rule"] == "FLD-X"


def test_our_esid_does_not_name_the_rule_where_that_is_switched_off(ends) -> None:
    def scene(play: Session) -> None:
        play.open()
        play.one.sendall(BAD)
        assert play.one.recv(100) == esid(EndReason.COMMAND_NOT_RECOGNISED)
        play.close()

    Session(ends, assignment(names_rules=False)).play(scene)


@pytest.mark.parametrize(("hop", "told"), [("inside", True), ("dmz", False)])
def test_only_the_inside_tells_of_what_was_agreed_and_of_files(ends, hop, told) -> None:
    play = Session(ends, assignment(hop=hop))
    play.play(leave)
    assert ("SES-AGREED" in play.main.codes) is told


# --- its trace ------------------------------------------------------------------------------------------------------


def test_a_traced_session_leaves_a_trace_that_ends_with_the_truth(ends, tmp_path) -> None:
    play = Session(ends, assignment(trace=True, directory=str(tmp_path)))
    end = play.play(leave)
    (file,) = (tmp_path / "traces").iterdir()
    assert file.name == "0123456789abcdef-inside.oftp"
    assert f"# end: {end.ended_by}: {end.reason}\n" in file.read_text()
    assert play.main.codes[:2] == ["SES-START", "SES-TRACE"]
    assert play.main.codes[-2:] == ["SES-TRACED", "SES-END"]


def test_the_main_switches_the_trace_of_a_running_session(ends, tmp_path) -> None:
    def scene(play: Session) -> None:
        play.open()
        line.say(play.main.sock, line.Trace(on=True))
        wait_until(lambda: play.line.tracing)
        leave_now(play)

    def leave_now(play: Session) -> None:
        play.one.sendall(esid(EndReason.NORMAL))
        play.two.recv(100)
        play.close()

    play = Session(ends, assignment(directory=str(tmp_path)))
    play.play(scene)
    (file,) = (tmp_path / "traces").iterdir()
    assert "middle of the session" in file.read_text()
