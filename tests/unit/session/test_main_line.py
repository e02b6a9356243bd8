"""The session process's end of the line: what it says, what it obeys, and that it does not wait for ever."""

import contextlib
import os
import select
import signal
import socket
import threading
import time

import pytest

from seon.endings import SessionEnd
from seon.events import MAX_VALUE_OCTETS
from seon.net.pump import Order
from seon.oftp2.reasons import EndReason
from seon.process import line
from seon.process.levels import Level
from seon.session import main_line as module
from unit.session.scenes import assignment, main_line

END = SessionEnd("idle", "idle", "inside", number=300)


def wakes(session_line) -> bool:
    """Whether the pump would look at it now."""
    return bool(select.select(session_line.filenos(), [], [], 0)[0])


# --- what it says ---------------------------------------------------------------------------------------------------


def test_events_are_numbered_from_one_and_long_texts_are_cut(ends) -> None:
    session_line = main_line(ends[1])
    session_line.report("SES-START", partner="P1")
    session_line.report("SES-END", reason="x" * 10_000, files=3)
    assert line.hear_session(ends[0]) == line.Reported(1, "SES-START", {"partner": "P1"})
    last = line.hear_session(ends[0])
    assert (last.number, last.fields["files"]) == (2, 3)
    assert len(last.fields["reason"]) <= MAX_VALUE_OCTETS


def test_log_lines_and_stages_and_endings_go_to_the_main(ends) -> None:
    session_line = main_line(ends[1])
    session_line.log("session", Level.INFO, "x" * (line.MAX_LINE + 1))
    session_line.running("")
    session_line.ending(END)
    assert line.hear_session(ends[0]) == line.LogLine("session", Level.INFO, "x" * line.MAX_LINE)
    assert line.hear_session(ends[0]) == line.Stage("running")
    assert line.hear_session(ends[0]) == line.Ending(END)


def test_what_a_dialled_partner_has_shown_goes_to_the_main_in_parts_that_fit(ends) -> None:
    long = bytes(range(256)) * 100
    main_line(ends[1]).shown([long, b"short"])
    parts = [line.hear_session(ends[0]) for _ in range(4)]
    assert [part.number for part in parts] == [0, 0, 0, 1]
    assert b"".join(part.octets for part in parts[:3]) == long
    assert parts[3] == line.Shown(1, b"short")


def test_a_signal_for_the_level_of_the_log_is_the_mains_affair(ends) -> None:
    session_line = main_line(ends[1])
    os.kill(os.getpid(), 21)
    assert line.hear_session(ends[0]) == line.LogLevel(Level.DEBUG)
    assert session_line.poll() is None, "it ends nothing"


def test_a_level_set_while_the_main_is_heard_and_does_not_keep_up_is_said_all_the_same(ends, monkeypatch) -> None:
    session_line, honest = main_line(ends[1]), line.hear_main
    full = fill(ends[1])

    def signalled(sock: socket.socket, **more: bool) -> line.FromMain | None:
        reader.start()
        os.kill(os.getpid(), 21)  # the handler says it at once: there is no room yet
        return honest(sock, **more)

    heard: list[line.FromSession] = []
    reader = threading.Timer(0.1, lambda: heard.extend(line.hear_session(ends[0]) for _ in range(full + 1)))
    monkeypatch.setattr(line, "hear_main", signalled)
    assert session_line.poll() is None
    reader.join(10)
    assert heard[full:] == [line.LogLevel(Level.DEBUG)]


def fill(sock: socket.socket) -> int:
    """Say so much that nothing more can be said; return how many messages that was."""
    sock.setblocking(False)
    count = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            line.say(sock, line.Stage("running"))
            count += 1
    sock.setblocking(True)
    return count


def test_a_line_that_has_no_utf_8_is_said(ends) -> None:
    main_line(ends[1]).log("session", Level.INFO, "a\ud800b")
    assert line.hear_session(ends[0]) == line.LogLine("session", Level.INFO, "a?b")


# --- what it obeys --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "reason"), [("barred", EndReason.UNSPECIFIED), ("shutdown", EndReason.EMERGENCY_CLOSE)]
)
def test_an_order_of_the_main_is_obeyed(ends, why, reason) -> None:
    session_line = main_line(ends[1])
    assert session_line.poll() is None
    assert not wakes(session_line)
    line.say(ends[0], line.End(why))
    assert wakes(session_line)
    assert session_line.poll() == Order(reason, why)
    assert not wakes(session_line), "it is read, and does not wake again"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_wakes_the_pump_and_is_an_order(ends, number) -> None:
    session_line = main_line(ends[1])
    os.kill(os.getpid(), number)
    assert wakes(session_line)
    assert session_line.poll() == Order(EndReason.EMERGENCY_CLOSE, "signal")
    assert session_line.signal == number
    assert not wakes(session_line)


def test_the_main_switches_the_trace_of_a_running_session(ends) -> None:
    session_line = main_line(ends[1], assignment(trace=True))
    assert session_line.tracing is True
    for on in (False, True):
        line.say(ends[0], line.Trace(on=on))
        assert session_line.poll() is None, "it is no order to end"
        assert session_line.tracing is on


def test_a_session_whose_main_is_gone_is_ordered_to_end_within_its_time(ends) -> None:
    session_line = main_line(ends[1], assignment(drain_seconds=1))
    assert session_line.deadline() is None
    ends[0].close()
    assert wakes(session_line)
    assert session_line.poll() is None, "not yet"
    assert 0.5 < session_line.deadline() - time.monotonic() <= 1
    assert not wakes(session_line), "a line that is gone wakes nobody"
    assert not session_line.orphaned
    time.sleep(1.01)
    assert session_line.poll() == Order(EndReason.EMERGENCY_CLOSE, "orphaned")
    assert session_line.orphaned
    session_line.report("SES-END")  # nobody hears it, and nothing breaks


# --- the other host's word ------------------------------------------------------------------------------------------


def test_the_other_hosts_word_is_waited_for(ends) -> None:
    session_line = main_line(ends[1])
    thread = threading.Timer(0.1, line.say, (ends[0], line.Ending(END)))
    thread.start()
    began = time.monotonic()
    session_line.wait_for_far_end(5)
    assert time.monotonic() - began < 3
    assert session_line.far_end == END
    thread.join()


def test_but_not_longer_than_that(ends) -> None:
    session_line = main_line(ends[1])
    began = time.monotonic()
    session_line.wait_for_far_end(0.1)
    assert 0.05 < time.monotonic() - began < 2
    assert session_line.far_end is None


def test_and_not_at_all_if_it_is_there_or_the_main_is_gone(ends) -> None:
    session_line = main_line(ends[1])
    line.say(ends[0], line.Ending(END))
    session_line.poll()
    began = time.monotonic()
    session_line.wait_for_far_end(30)
    session_line.far_end = None
    ends[0].close()
    session_line.wait_for_far_end(30)
    assert time.monotonic() - began < 2


def test_the_first_word_counts(ends) -> None:
    session_line = main_line(ends[1])
    for end in (END, SessionEnd("partner", "closed", "dmz")):
        line.say(ends[0], line.Ending(end))
    session_line.poll()
    assert session_line.far_end == END


# --- the end --------------------------------------------------------------------------------------------------------


def test_goodbye_waits_for_the_main_to_have_everything(ends) -> None:
    session_line = main_line(ends[1])
    session_line.report("SES-START")
    session_line.report("SES-END")
    line.say(ends[0], line.Taken(1))

    def slowly() -> None:
        time.sleep(0.2)
        line.say(ends[0], line.Taken(2))

    thread = threading.Thread(target=slowly)
    thread.start()
    began = time.monotonic()
    session_line.say_goodbye()
    assert 0.15 < time.monotonic() - began < 3
    thread.join()


def test_one_number_acknowledges_all_before_it(ends) -> None:
    session_line = main_line(ends[1])
    for _ in range(10):
        session_line.report("SES-FINDING")
    line.say(ends[0], line.Taken(10))
    line.say(ends[0], line.Taken(3))  # an older one takes nothing back
    began = time.monotonic()
    session_line.say_goodbye()
    assert time.monotonic() - began < 1


def test_who_has_said_nothing_says_goodbye_at_once(ends) -> None:
    began = time.monotonic()
    main_line(ends[1]).say_goodbye()
    assert time.monotonic() - began < 1


def test_goodbye_does_not_wait_for_ever(ends, monkeypatch) -> None:
    monkeypatch.setattr(module, "LAST_WORDS_SECONDS", 0.1)
    session_line = main_line(ends[1])
    session_line.report("SES-END")
    began = time.monotonic()
    session_line.say_goodbye()
    assert time.monotonic() - began < 2


def test_after_an_order_it_is_shorter_since_the_main_kills_whoever_takes_longer(ends, monkeypatch) -> None:
    from seon.daemon.children import OBEY_SECONDS
    from seon.net.pump import ORDERED_CLOSING_SECONDS

    assert module.ORDERED_LAST_WORDS_SECONDS + ORDERED_CLOSING_SECONDS < OBEY_SECONDS
    monkeypatch.setattr(module, "ORDERED_LAST_WORDS_SECONDS", 0.1)
    session_line = main_line(ends[1])
    session_line.report("SES-END")
    line.say(ends[0], line.End("barred"))
    session_line.poll()
    began = time.monotonic()
    session_line.say_goodbye()
    assert time.monotonic() - began < 2


def test_goodbye_to_a_main_that_is_gone_is_short(ends) -> None:
    session_line = main_line(ends[1])
    session_line.report("SES-END")
    ends[0].close()
    session_line.report("SES-END")
    began = time.monotonic()
    session_line.say_goodbye()
    assert time.monotonic() - began < 1


def test_a_main_that_is_slow_loses_nothing(ends) -> None:
    """The line is full, and the session waits for its main: no event is dropped."""
    ends[1].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    session_line = main_line(ends[1])

    def report() -> None:
        for _ in range(500):
            session_line.report("SES-FINDING", text="x" * 200)

    thread = threading.Thread(target=report)
    thread.start()
    time.sleep(0.1)
    assert thread.is_alive(), "it waits"
    assert [line.hear_session(ends[0]).number for _ in range(500)] == list(range(1, 501))
    thread.join(5)


# --- how far it is --------------------------------------------------------------------------------------------------


def test_how_far_it_is_is_said_only_into_an_empty_line_so_it_never_waits(ends) -> None:
    session_line, first, second = main_line(ends[1]), line.Progress("idle", 1), line.Progress("idle", 2)
    assert session_line.progress(first)
    for _ in range(1_000):  # the main is stopped
        assert not session_line.progress(second)
    assert line.hear_session(ends[0]) == first
    assert session_line.progress(second)
    assert line.hear_session(ends[0]) == second


def test_how_far_it_is_is_not_said_before_events_that_the_main_has_not_read(ends) -> None:
    session_line = main_line(ends[1])
    session_line.report("SES-START", partner="P1")
    assert not session_line.progress(line.Progress("idle"))


def test_a_main_that_is_gone_hears_nothing_and_nobody_waits_for_it(ends) -> None:
    session_line = main_line(ends[1])
    ends[0].close()
    assert session_line.progress(line.Progress("idle"))
    session_line.poll()
    assert session_line.progress(line.Progress("idle")), "its end of the line is closed now"


@pytest.mark.parametrize(("given", "reason"), [(0, 99), (5, 5), (99, 99)])
def test_an_administrator_who_ends_a_session_chooses_the_reason_of_its_esid(ends, given, reason) -> None:
    session_line = main_line(ends[1])
    line.say(ends[0], line.End("ended", given))
    assert session_line.poll() == Order(EndReason(reason), "ended")
