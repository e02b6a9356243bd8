"""What a called station answered, in one line."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from seon.cli.quickstart.answers import Called, Told, failure
from seon.events import Event, describe
from seon.oftp2.reasons import AnswerReason, EndReason

STATION = Called(
    who="the receive daemon",
    address="10.0.0.5:3305",
    code="OURCODE",
    password=Path("/run/our-password"),
    caller="PARTNERCODE",
    caller_password=Path("/run/partner-password"),
)
STARTED = {"event": "session-started", "peer": "OURCODE"}


def logged(code: str, **fields: Any) -> str:
    """Return a line of the log, as `daemon.log` writes it."""
    event = Event(id="a-inside-1", code=code, time=0.0, hop="inside", session="cfaa3f42", fields=fields)
    return f"2026-01-01 12:00:00.000 ERROR   4711 {code} [cfaa3f42] {describe(event)}\n"


def ended(reason: int | None, *, by_us: bool = False, orderly: bool = False, text: str = "") -> dict[str, Any]:
    return {"event": "session-ended", "reason": reason, "by_us": by_us, "orderly": orderly, "text": text}


def rejected(reason: int, name: str = "ORDER") -> dict[str, Any]:
    return {"event": "file-rejected", "name": name, "reason": reason, "retry": False, "text": ""}


def told(*events: dict[str, Any], log: str = "", called: Called = STATION) -> str:
    said = failure(called, Told(events, log, 30))
    assert "\n" not in said
    assert said.startswith(f"{called.who} at {called.address} ")
    return said


AGREED = logged("SES-AGREED", initiator="PARTNERCODE", responder="OTHER", level=5, buffer=1, credit=1)
MUTE = logged("SES-END", partner="p", ended_by="station", reason="x", seconds=1, octets_in=0, octets_out=0, files=0)
SPOKE = logged("SES-END", partner="p", ended_by="station", reason="x", seconds=1, octets_in=65, octets_out=23, files=0)


@pytest.mark.parametrize("reason", [reason for reason in EndReason if reason])
def test_an_esid_is_told_with_number_and_meaning(reason) -> None:
    assert f"ESID {reason:02d} {reason.text}" in told(ended(reason))


def test_of_an_unknown_code_it_is_said_what_to_enter() -> None:
    said = told(ended(3))
    for needed in ("PARTNERCODE", "/run/partner-password", "OURCODE", "--partner-code", "--our-code"):
        assert needed in said


def test_of_a_wrong_password_it_is_said_where_the_right_one_stands() -> None:
    said = told(ended(4))
    assert "/run/partner-password" in said
    assert "--partner-password" in said


@pytest.mark.parametrize(
    "words",
    [
        "SES-FAILED Session with partner p, incoming, not started: receive daemon: do this",
        "SES-REFUSED [a] OFTP2 refused, incoming, from a to b: rule X, key X, the Responder's stream buffer 1, "
        "offset 0: do this; partner p",
        "FIL-RECEIPT [a] Receipt NERP for file NAME of today: not delivered: do this; signed",
    ],
)
def test_words_of_the_station_in_the_log_are_not_taken_for_lines_of_it(words) -> None:
    farewell = f"connection closed; ESID 03 user code not known, {words}, by the Responder"
    log = logged(
        "SES-END", partner="p", ended_by="station", reason=farewell, seconds=1, octets_in=9, octets_out=9, files=0
    )
    said = told(ended(3), log=log)
    assert "answered ESID 03" in said
    assert "do this" not in said


@pytest.mark.parametrize("words", ["1 s", "1 s, 0 octets in, 0 octets out, 0 files"])
def test_words_of_the_station_do_not_make_it_mute(words) -> None:
    farewell = f"connection closed; ESID 03; {words}"
    log = logged(
        "SES-END", partner="p", ended_by="station", reason=farewell, seconds=1, octets_in=9, octets_out=9, files=0
    )
    assert "without a word" not in told(ended(None), log=log)


def test_a_session_process_that_died_does_not_make_the_station_mute() -> None:
    log = logged("SES-END", partner="p", ended_by="crash", reason="it was ended by signal 9", seconds=1)
    assert "without a word" not in told(ended(None), log=log)


def test_words_of_the_station_are_shown_escaped() -> None:
    assert '("go\\x1b[1m\\naway")' in told(ended(99, text="go\x1b[1m\naway"))


def test_a_station_that_shows_another_code_is_told_with_it() -> None:
    said = told(ended(3, by_us=True, text="identification code not known"), log=AGREED)
    assert "answered as OTHER" in said
    assert "OURCODE" in said
    assert "--our-code" in said


def test_a_station_that_shows_another_password_is_told_where_the_right_one_stands() -> None:
    said = told(ended(4, by_us=True, text="password wrong"), log=AGREED)
    assert "/run/our-password" in said
    assert "--our-password" in said


def test_silence_is_told_with_its_seconds_and_before_any_ssid_the_port_is_doubted() -> None:
    silent = ended(9, by_us=True)
    assert "said nothing for 30 s: 10.0.0.5:3305 must be its port" in told(silent)
    assert "said nothing more for 30 s: its own log" in told(silent, log=AGREED)


def test_what_the_caller_cannot_take_is_told() -> None:
    assert "SSID too odd" in told(ended(2, by_us=True, text="SSID too odd"))


def test_a_connection_that_is_closed_is_told_by_how_far_it_came() -> None:
    assert "without a word: 10.0.0.5:3305 must be its port" in told(ended(None), log=MUTE)
    after_ssid = told(ended(None), log=SPOKE)
    assert "code and password" in after_ssid
    assert "enter the partner PARTNERCODE" in after_ssid
    assert "in the middle of the session" in told(STARTED, ended(None), log=SPOKE)


def test_nobody_there_is_told_with_the_system_s_words() -> None:
    reason = "receive daemon: 10.0.0.5:3305: connect: refused (nothing listens on that port)"
    said = told(ended(None), log=logged("SES-FAILED", partner="p", direction="incoming", reason=reason))
    assert "refused (nothing listens on that port)" in said
    assert "--receive-daemon" in said
    other = told(ended(None), log=logged("SES-FAILED", partner="p", direction="incoming", reason="limit reached"))
    assert "limit reached" in other


def refused(side: str, rule: str = "STH-VER") -> str:
    fields = {"rule": rule, "side": side, "stb": 1, "offset": 0, "text": "it is wrong", "partner": "p", "field": "F",
              "direction": "outgoing", "source": "10.0.0.4:40000", "target": "10.0.0.5:3305"}  # fmt: skip
    return logged("SES-REFUSED", **fields, seen="x")


def test_what_is_no_oftp2_is_told_with_the_rule() -> None:
    said = told(ended(2), log=refused("RESPONDER"))
    assert "no OFTP2" in said
    assert "STH-VER" in said
    assert "10.0.0.5:3305 must be its port" in said
    later = told(STARTED, ended(2), log=AGREED + refused("RESPONDER", "DAT-CF"))
    assert "DAT-CF" in later
    assert "must be its port" not in later
    demand = told(ended(10), log=refused("RESPONDER", "POL-AUTH"))
    assert "POL-AUTH" in demand
    assert "must be its port" not in demand
    assert "did not get" in told(ended(2), log=refused("INITIATOR"))


def test_a_refused_file_is_told_with_the_command_that_refused_it() -> None:
    assert "file ORDER with SFNA 02 invalid destination: it must take files for OURCODE" in told(rejected(2))
    started = {"event": "file-started", "name": "ORDER"}
    assert "EFNA 21 file signature not valid" in told(STARTED, started, rejected(21))
    assert "SFNA" in told(STARTED, started, rejected(21, "OTHER"))


@pytest.mark.parametrize("reason", AnswerReason)
def test_each_reason_to_refuse_a_file_has_a_line(reason) -> None:
    assert f"{reason:02d} {reason.text}" in told(rejected(reason))


def test_a_negative_receipt_is_told_with_its_reason() -> None:
    fields = {"kind": "NERP", "name": "ORDER", "result": "not delivered: 34 file processing failed", "signed": False}
    said = told(STARTED, ended(0, orderly=True), log=logged("FIL-RECEIPT", **fields))
    assert "negative receipt for the file ORDER (NERP 34 file processing failed)" in said


def test_a_session_that_never_began_is_told_with_the_caller_s_words() -> None:
    assert "[Errno 111] refused" in told({"event": "session-failed", "text": "[Errno 111] refused"})
    assert "before it had taken all files" in told(STARTED, ended(0, orderly=True))


def test_a_built_in_station_is_nothing_to_set_but_something_to_read() -> None:
    built_in = dataclasses.replace(STATION, output=Path("/run/o.txt"))
    said = told(ended(3), called=built_in)
    assert said.endswith(": see /run/o.txt")
