"""What a main reports: in its log, on the way to the journal, and its faults with their place."""

import asyncio

import pytest

from seon.daemon.log import Log
from seon.daemon.recorder import Recorder


@pytest.fixture
def handed_on() -> list:
    return []


@pytest.fixture
def log(tmp_path) -> Log:
    return Log(tmp_path, "log")


@pytest.fixture
def recorder(log, handed_on) -> Recorder:
    return Recorder("dmz", log, handed_on.append, "SRV-FAULT")


def test_an_event_is_logged_and_handed_on(recorder, log, handed_on) -> None:
    recorder.report("SRV-END", reason="why")
    recorder.report("SES-FAILED", "session-1", partner="P1", direction="incoming", reason="why")
    first, second = handed_on
    assert (first.code, first.hop, first.session, first.fields) == ("SRV-END", "dmz", "", {"reason": "why"})
    assert (second.code, second.session) == ("SES-FAILED", "session-1")
    assert first.id != second.id
    assert [line.split()[4] for line in log.path.read_text().splitlines()] == ["SRV-END", "SES-FAILED"]


def test_it_is_in_the_log_though_it_cannot_be_handed_on(log) -> None:
    def fails(_) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        Recorder("dmz", log, fails, "SRV-FAULT").report("SRV-END", reason="why")
    assert "SRV-END" in log.path.read_text()


def test_a_failed_task_is_an_event_with_its_place_and_a_trace_in_the_log(recorder, log, handed_on) -> None:
    try:
        raise ValueError("what a stranger sent")
    except ValueError as error:
        recorder.trouble("keeping the ports", error)
    (event,) = handed_on
    assert event.code == "SRV-FAULT"
    assert event.fields["what"] == "keeping the ports"
    assert event.fields["reason"].startswith("ValueError (test_recorder.py:")
    text = log.path.read_text()
    assert "Internal error while keeping the ports" in text
    assert "ValueError: what a stranger sent" in text


def test_what_nobody_caught_in_a_loop_is_reported_with_its_trace(recorder, log, handed_on) -> None:
    async def play() -> None:
        asyncio.get_running_loop().set_exception_handler(recorder.uncaught)
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        asyncio.get_running_loop().call_exception_handler({"message": "a socket was not closed"})
        await asyncio.sleep(0.01)

    asyncio.run(play())
    socket, division = handed_on
    assert socket.fields["what"] == "a socket was not closed"
    assert division.fields["reason"].startswith("ZeroDivisionError (test_recorder.py:")
    assert "ZeroDivisionError: division by zero" in log.path.read_text()
