"""Lines as JSON objects with names of the Elastic Common Schema."""

from seon.ecs import document
from seon.process.events import EventMaker

LINE = {"time": 1_780_000_000.5, "level": "WARNING", "category": "gate", "pid": 7, "program": "p", "text": "t"}


def test_a_line_has_time_level_category_process_and_text() -> None:
    found = document(None, **LINE)
    assert found["@timestamp"] == "2026-05-28T20:26:40.500Z"
    assert found["log"] == {"level": "warning", "logger": "gate"}
    assert found["process"] == {"pid": 7, "name": "p"}
    assert found["message"] == "t"
    assert "event" not in found


def test_an_event_has_its_code_and_its_fields() -> None:
    found = document(EventMaker("dmz", "s1").make("SES-FAILED", partner="P1"), **LINE)
    assert found["event"]["code"] == "SES-FAILED"
    assert found["seon"] == {"session": "s1", "partner": "P1"}
