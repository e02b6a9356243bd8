"""The life of a session process: pump, reports to the main, orders from it, and no life without it."""

import os
import signal
import socket
import threading
import time

import pytest

from seon.config import (
    ClientConfiguration,
    ClientPartner,
    FileRules,
    Limits,
    PartnerRules,
    ServerConfiguration,
    ServerPartner,
    SessionRules,
)
from seon.daemon.log import Log
from seon.net.legs import PlainLeg
from seon.net.pump import Cause
from seon.oftp2 import commands as c
from seon.oftp2.codec import encode
from seon.oftp2.demands import Demands
from seon.oftp2.framing import frame
from seon.oftp2.observer import Side
from seon.oftp2.reasons import EndReason
from seon.oftp2.rules import Policy, Severity
from seon.process import line
from seon.session.run import MainLine, NotUsableError, Task, make_task, run, session_title, traced_by

SSRM = frame(encode(c.StartSessionReady(), 5))
SECRET = "HUSHHUSH"


def ssid(code: str) -> bytes:
    return frame(encode(c.StartSession(5, code, SECRET, 4_096, "B", False, False, False, 20), 5))


def esid(reason: EndReason, text: str = "") -> bytes:
    return frame(encode(c.EndSession(reason, text), 5))


def task(**fields) -> Task:
    known = {"session": "0123456789abcdef", "partner": "P1", "direction": "incoming", "hop": "inside",
             "source": "192.0.2.1:5", "target": "127.0.0.1:3305", "partner_codes": (),
             "idle_seconds": 30, "drain_seconds": 30}  # fmt: skip
    return Task(**{**known, **fields})


@pytest.fixture(autouse=True)
def handlers():
    """Signal handlers as they were."""
    before = {number: signal.getsignal(number) for number in (1, 2, 15)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def ends():
    ours, theirs = line.pair()
    ours.settimeout(5)
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.fixture
def log(tmp_path) -> Log:
    return Log(tmp_path, "log", echo=False)


class Main:
    """A main that hears and acknowledges, in a thread."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.heard: list[line.FromSession] = []
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    def _hear(self) -> None:
        try:
            while message := line.hear_session(self.sock):
                self.heard.append(message)
                if isinstance(message, line.Happened):
                    line.say(self.sock, line.Taken(1))
        except OSError:
            return

    @property
    def events(self):
        return [message.event for message in self.heard if isinstance(message, line.Happened)]


class Session:
    """A session run in this thread between two peers."""

    def __init__(self, ends, log, task: Task) -> None:
        self.main = Main(ends[0])
        (self.one, leg_one), (self.two, leg_two) = socket.socketpair(), socket.socketpair()
        for sock in (self.one, self.two):
            sock.settimeout(10)
        self._line = MainLine(ends[1], log, task)
        self._task, self._legs = task, (PlainLeg(leg_one), PlainLeg(leg_two))

    def play(self, scene):
        """Run the session; the scene plays the peers in a thread."""
        thread = threading.Thread(target=scene, args=(self,), daemon=True)
        thread.start()
        ending = run(self._line, self._task, *self._legs, "TLSv1.3 X")
        thread.join(10)
        assert not thread.is_alive(), "the scene has not come to its end"
        for sock in (self.one, self.two):
            sock.close()
        return ending

    def open(self) -> None:
        for source, sink, octets in ((self.two, self.one, SSRM), (self.one, self.two, ssid("ONE")),
                                     (self.two, self.one, ssid("TWO"))):  # fmt: skip
            source.sendall(octets)
            assert sink.recv(len(octets), socket.MSG_WAITALL) == octets

    def event(self, code: str):
        (event,) = [event for event in self.main.events if event.code == code]
        return event


def leave(play: Session) -> None:
    play.open()
    play.one.sendall(esid(EndReason.NORMAL))
    play.two.recv(100)
    play.one.shutdown(socket.SHUT_WR)
    play.two.close()


def test_a_session_is_reported_from_start_to_end(ends, log) -> None:
    play = Session(ends, log, task())
    play.play(leave)
    codes = [event.code for event in play.main.events if event.code != "SES-FINDING"]
    assert codes == ["SES-START", "SES-AGREED", "SES-END"]
    start, end = play.event("SES-START"), play.event("SES-END")
    assert start.fields["source"] == "192.0.2.1:5"
    assert start.fields["tls"] == "TLSv1.3 X"
    assert start.session == end.session == "0123456789abcdef"
    assert start.hop == "inside"
    assert end.fields["reason"].endswith("ESID 00 normal end by the Initiator")
    assert end.fields["octets_in"] == len(ssid("ONE") + esid(EndReason.NORMAL))
    assert end.fields["octets_out"] == len(SSRM + ssid("TWO"))
    assert line.Stage("running") in play.main.heard


def test_no_password_is_in_any_event_or_log(ends, log) -> None:
    play = Session(ends, log, task())
    play.play(leave)
    assert play.event("SES-AGREED").fields["initiator"] == "ONE", "the SSIDs were read"
    assert SECRET not in str(play.main.heard)
    assert SECRET not in log.path.read_text()


def test_octets_in_and_out_are_the_companys_whichever_side_the_partner_is_on(ends, log) -> None:
    play = Session(ends, log, task(direction="outgoing"))
    play.play(leave)
    assert play.event("SES-END").fields["octets_in"] == len(SSRM + ssid("TWO"))


@pytest.mark.parametrize(
    ("hop", "direction", "first", "who"),
    [
        ("dmz", "incoming", "one", "partner"),
        ("dmz", "incoming", "two", "link"),
        ("dmz", "outgoing", "one", "link"),
        ("dmz", "outgoing", "two", "partner"),
        ("inside", "incoming", "one", "link"),
        ("inside", "incoming", "two", "station"),
        ("inside", "outgoing", "one", "station"),
        ("inside", "outgoing", "two", "link"),
    ],
)
def test_who_ended_a_session_is_named(ends, log, hop, direction, first, who) -> None:
    def scene(play: Session) -> None:
        sides = [play.one, play.two] if first == "one" else [play.two, play.one]
        sides[0].close()
        sides[1].recv(1)
        sides[1].close()

    play = Session(ends, log, task(hop=hop, direction=direction))
    play.play(scene)
    assert play.event("SES-END").fields["ended_by"] == who


@pytest.mark.parametrize(("hop", "who"), [("dmz", "server verifier"), ("inside", "client verifier")])
def test_a_verifier_that_ends_a_session_is_named(ends, log, hop, who) -> None:
    def scene(play: Session) -> None:
        play.open()
        play.one.sendall(frame(b"?"))
        assert play.one.recv(100) == esid(EndReason.COMMAND_NOT_RECOGNISED, "rule CMD-ID")
        assert play.two.recv(100) == esid(EndReason.COMMAND_NOT_RECOGNISED)
        play.one.close()
        play.two.close()

    play = Session(ends, log, task(hop=hop))
    assert play.play(scene).cause is Cause.VERIFIER
    assert play.event("SES-END").fields["ended_by"] == who
    assert play.event("SES-REFUSED").fields["rule"] == "CMD-ID"


@pytest.mark.parametrize(("direction", "code", "good"), [
    ("incoming", "ONE", True), ("incoming", "OTHER", False), ("outgoing", "TWO", True), ("outgoing", "OTHER", False),
])  # fmt: skip
def test_the_partners_code_must_be_one_of_its_own(ends, log, direction, code, good) -> None:
    """Mission A10; the code of our own station is its own affair."""

    def scene(play: Session) -> None:
        play.two.sendall(SSRM)
        play.one.recv(len(SSRM), socket.MSG_WAITALL)
        play.one.sendall(ssid("ONE"))
        play.two.recv(200)
        if direction == "outgoing":
            play.two.sendall(ssid("TWO"))
            play.one.recv(200)
        play.one.close()
        play.two.close()

    play = Session(ends, log, task(direction=direction, partner_codes=("X", code)))
    ending = play.play(scene)
    assert (ending.cause is not Cause.VERIFIER) is good
    assert good or play.event("SES-REFUSED").fields["rule"] == "ADM-CODE"


def test_an_order_of_the_main_ends_the_session(ends, log) -> None:
    def scene(play: Session) -> None:
        play.open()
        line.say(play.main.sock, line.End(99, "the partner was disabled"))
        assert play.one.recv(100) == play.two.recv(100) == esid(EndReason.UNSPECIFIED)
        play.one.close()
        play.two.close()

    play = Session(ends, log, task())
    ending = play.play(scene)
    assert (ending.cause, ending.text) == (Cause.ORDER, "the partner was disabled")
    assert play.event("SES-END").fields["ended_by"] == "administrator"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_session_in_order(ends, log, number) -> None:
    def scene(play: Session) -> None:
        play.open()
        os.kill(os.getpid(), number)
        assert play.one.recv(100) == play.two.recv(100) == esid(EndReason.EMERGENCY_CLOSE)
        play.one.close()
        play.two.close()

    play = Session(ends, log, task())
    assert f"signal {number:d}" in play.play(scene).text


def test_a_session_whose_main_is_gone_goes_on_and_ends_within_the_limit(ends, log) -> None:
    def scene(play: Session) -> None:
        play.open()
        play.main.sock.shutdown(socket.SHUT_RDWR)
        began = time.monotonic()
        assert play.one.recv(100) == esid(EndReason.EMERGENCY_CLOSE)
        assert 0.9 < time.monotonic() - began < 4
        play.one.close()
        play.two.close()

    play = Session(ends, log, task(drain_seconds=1))
    assert play.play(scene).text == "the main process is gone"
    assert "SES-END" in log.path.read_text(), "the log has what nobody took"


def test_goodbye_waits_for_the_main_to_have_everything(ends, log) -> None:
    session_line = MainLine(ends[1], log, task())
    session_line.report("SES-END")

    def slowly() -> None:
        time.sleep(0.2)
        line.hear_session(ends[0])
        line.say(ends[0], line.Taken(1))

    thread = threading.Thread(target=slowly)
    thread.start()
    began = time.monotonic()
    session_line.say_goodbye()
    assert 0.15 < time.monotonic() - began < 3
    thread.join()


def test_goodbye_does_not_wait_for_ever(ends, log, monkeypatch) -> None:
    monkeypatch.setattr(session, "LAST_WORDS_SECONDS", 0.1)
    session_line = MainLine(ends[1], log, task())
    session_line.report("SES-END")
    began = time.monotonic()
    session_line.say_goodbye()
    assert time.monotonic() - began < 2


def test_goodbye_to_a_main_that_is_gone_is_short(ends, log) -> None:
    session_line = MainLine(ends[1], log, task())
    session_line.report("SES-END")
    ends[0].close()
    session_line.report("SES-END")
    began = time.monotonic()
    session_line.say_goodbye()
    assert time.monotonic() - began < 1
    assert session_line.fileno() == -1


def test_a_task_takes_what_the_configuration_says() -> None:
    rules = SessionRules("strict", level_5_only=True, incoming=FileRules(max_octets=1), outgoing=FileRules(2))
    configuration = ServerConfiguration(limits=Limits(idle_seconds=7, drain_seconds=8), rules=rules)
    own = PartnerRules(rules={"FLD-XPAD": "ignore"}, secure_authentication=True)
    partner = ServerPartner("P1", "One", ssid_codes=("A", "B"), rules=own)
    made = make_task("dmz", "outgoing", "s" * 10, partner, ("from", "to"), configuration)
    assert (made.idle_seconds, made.drain_seconds) == (7, 8)
    assert made.policy == Policy("strict", {"FLD-XPAD": Severity.IGNORE})
    assert (made.demands.level_5, made.demands.authentication) == (True, True)
    assert made.demands.of_files(Side.RESPONDER).max_octets == 1, "the partner's files are the incoming ones"
    assert made.demands.of_files(Side.INITIATOR).max_octets == 2
    assert (made.partner, made.partner_codes, made.fingerprint) == ("P1", ("A", "B"), "")
    assert made.partner_side is Side.RESPONDER
    incoming = make_task("dmz", "incoming", "s" * 10, ClientPartner("P1", "One"), ("a", "b"), configuration, "f")
    assert incoming.partner_side is Side.INITIATOR
    assert incoming.demands.of_files(Side.INITIATOR).max_octets == 1


@pytest.mark.parametrize(
    ("general", "own", "reason"),
    [
        (SessionRules(rules={"FLD-NEW": "warn"}), PartnerRules(), "no rule 'FLD-NEW'"),
        (SessionRules(), PartnerRules(rules={"SEQ-TURN": "ignore"}), "SEQ-TURN cannot be softened"),
    ],
)
def test_a_rule_that_this_program_cannot_follow_makes_no_session(general, own, reason) -> None:
    """It would otherwise be judged by other rules than somebody has set."""
    with pytest.raises(NotUsableError, match=f"the configuration does not fit this program: .*{reason}"):
        make_task("dmz", "incoming", "s" * 10, ServerPartner("P1", "One", rules=own), ("a", "b"),
                  ServerConfiguration(rules=general))  # fmt: skip


def test_a_session_is_traced_by_its_partner_or_by_its_id() -> None:
    one, two = "session-1", "session-2"
    configuration = ClientConfiguration(
        partners=(ClientPartner("P1", "One", trace=True), ClientPartner("P2", "Two")), traced_sessions=(two,)
    )
    wanted = traced_by(configuration)
    for partner, name, traced in (("P1", one, True), ("P2", one, False), ("P2", two, True), ("P3", one, False)):
        assert wanted(task(partner=partner, session=name)) is traced
    for number, name, traced in ((0, one, True), (1, one, False), (1, two, True)):
        made = make_task("inside", "incoming", name, configuration.partners[number], ("a", "b"), configuration)
        assert made.trace is traced


def test_the_main_switches_the_trace_of_a_running_session(ends, log) -> None:
    session_line = MainLine(ends[1], log, task(trace=True))
    assert session_line.tracing is True
    for on in (False, True):
        line.say(ends[0], line.Trace(on=on))
        assert session_line.poll() is None, "it is no order to end"
        assert session_line.tracing is on


def test_what_is_demanded_beyond_the_protocol_ends_the_session(ends, log) -> None:
    def scene(play: Session) -> None:
        play.two.sendall(SSRM)
        play.one.recv(len(SSRM), socket.MSG_WAITALL)
        play.one.sendall(ssid("ONE"))
        play.one.recv(200)
        play.one.close()
        play.two.close()

    play = Session(ends, log, task(demands=Demands(authentication=True)))
    assert play.play(scene).cause is Cause.VERIFIER
    assert play.event("SES-REFUSED").fields["rule"] == "POL-AUTH"


@pytest.mark.parametrize(("severity", "code"), [(Severity.WARN, "SES-FINDING"), (Severity.REFUSE, "SES-REFUSED")])
def test_a_rule_is_worth_what_the_policy_says(ends, log, severity, code) -> None:
    def scene(play: Session) -> None:
        play.two.sendall(SSRM)
        play.one.recv(len(SSRM), socket.MSG_WAITALL)
        play.one.sendall(ssid("one"))
        play.two.recv(200)
        play.one.close()
        play.two.close()

    play = Session(ends, log, task(policy=Policy(overrides={"FLD-X/case": severity})))
    play.play(scene)
    assert play.event(code).fields["rule"] == "FLD-X"


def test_the_title_says_what_the_process_is_doing() -> None:
    assert session_title("seon", task()) == (
        "seon: session 01234567 incoming, partner P1, 192.0.2.1:5 to 127.0.0.1:3305"
    )
