"""How lines look."""

import json
import re

import pytest

from seon.daemon.writing.layouts import MAX_BASIC, cut, layout_of, seon_layout
from seon.daemon.writing.settings import AppenderSettings
from seon.process.events import EventMaker
from seon.process.levels import Level
from unit.daemon.writing.lines import NOON, record


def laid_out(layout, kind="seon_appender", bufsize=0, **more) -> str:
    return layout_of(AppenderSettings("place", kind, layout), bufsize)(record(**more))


def test_our_own_layout() -> None:
    line = seon_layout(record(time=NOON + 0.25, level=Level.WARNING))
    assert line == "2026-03-14 12:00:00.250 WARNING 4711 text"


def test_log4cs_basic() -> None:
    assert laid_out("basic") == "INFO     session - text"
    assert laid_out("basic_r", level=Level.WARNING) == "WARN     session - text"


def test_log4cs_dated_in_the_time_of_greenwich() -> None:
    assert laid_out("dated", time=1_780_000_000.5, level=Level.FATAL) == "20260528 20:26:40.500 FATAL    session- text"
    assert laid_out("dated_r", time=1_780_000_000.5) == "20260528 20:26:40.500 INFO     session - text"


def test_log4cs_dated_in_the_time_of_this_host() -> None:
    assert laid_out("dated_local", time=NOON + 0.25) == "20260314 12:00:00.250 INFO     session- text"
    assert laid_out("dated_local_r", time=NOON + 0.25) == "20260314 12:00:00.250 INFO     session - text"


@pytest.mark.parametrize("kind", ["stream", "stream2"])
def test_log4cs_layouts_begin_with_the_appenders_name_where_it_does_so(kind) -> None:
    for layout in ("basic", "basic_r", "dated", "dated_r", "dated_local", "dated_local_r"):
        assert laid_out(layout, kind).startswith("[place] ")
    for layout in ("seon_layout", "json"):
        assert "[place]" not in laid_out(layout, kind)


@pytest.mark.parametrize("kind", ["syslog", "rollingfile", "mmap", "seon_appender"])
def test_elsewhere_they_do_not(kind) -> None:
    assert laid_out("basic", kind) == "INFO     session - text"


def test_a_long_line_is_cut_where_log4c_cuts_it_and_says_so() -> None:
    long = "x" * 2_000
    assert laid_out("basic", text=long).endswith("x...")
    assert len(laid_out("dated", text=long)) == MAX_BASIC
    assert len(laid_out("dated_r", text=long)) > 2_000
    assert len(laid_out("dated_r", bufsize=200, text=long)) == 200
    assert len(laid_out("seon_layout", bufsize=200, text=long)) > 2_000


def test_what_fits_is_not_cut() -> None:
    assert (cut("abcdef", 6), cut("abcdefg", 6), cut("abcdefg", 0)) == ("abcdef", "abc...", "abcdefg")


def test_json_is_one_object_in_one_line_and_keeps_its_form_whatever_it_says() -> None:
    line = laid_out("json", "rollingfile", bufsize=128, text='" \\ {} ' * 100)
    assert "\n" not in line
    found = json.loads(line)
    assert found["message"] == '" \\ {} ' * 100
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z", found["@timestamp"])
    assert found["process"]["pid"] == 4_711


def test_json_of_an_event_has_its_code() -> None:
    from dataclasses import replace

    event = EventMaker("dmz", "s1").make("SES-FAILED", partner="P1", direction="incoming", reason="a\nb")
    line = layout_of(AppenderSettings("x", layout="json"), 0)(replace(record(), event=event))
    assert "\n" not in line
    assert json.loads(line)["event"]["code"] == "SES-FAILED"
