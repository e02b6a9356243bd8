"""Documents for log collectors: by the schema's names, with its types, whatever a stranger has sent."""

import datetime as dt
import ipaddress
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example as shown_as
from hypothesis import given
from hypothesis import strategies as st

from seon import ecs
from seon.events import CATALOGUE, Event, Kind, describe
from seon.events_page import TIME, example, example_document
from seon.process.events import EventMaker

KINDS = pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.code)
LISTED = (Path(__file__).parents[1] / "vectors" / "ecs-fields.txt").read_text().splitlines()
FIELDS = dict(line.split(" ") for line in LISTED if not line.startswith("#"))
TYPES = {
    "keyword": (str, list), "match_only_text": (str,), "long": (int,), "ip": (str,), "date": (str,), "boolean": (bool,),
}  # fmt: skip
EXPECTED = {
    "network": {"access", "allowed", "connection", "denied", "end", "info", "protocol", "start"},
    "intrusion_detection": {"allowed", "denied", "info"},
    "authentication": {"start", "end", "info"},
    "session": {"start", "end", "info"},
    "file": {"access", "change", "creation", "deletion", "info"},
    "process": {"access", "change", "end", "info", "start"},
    "configuration": {"access", "change", "creation", "deletion", "info"},
}
"""Categories of events, and the types that the schema expects of each."""


def made(event: Event | None, text: str = "text") -> dict[str, Any]:
    return ecs.document(
        event, time=TIME, level="WARNING", category="gate", pid=1234, program="seon_proxyserver2", text=text
    )


def flat(document: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def test_the_list_of_the_schema_is_read() -> None:
    assert len(FIELDS) > 200
    assert FIELDS["source.ip"] == "ip"


@KINDS
def test_every_field_is_the_schemas_with_its_type_or_below_our_own_name(kind) -> None:
    for name, value in flat(example_document(kind)):
        if not name.startswith("seon."):
            assert name in FIELDS, name
            assert isinstance(value, TYPES[FIELDS[name]]), name
            assert not (isinstance(value, bool) and FIELDS[name] == "long"), name


def test_a_name_below_our_own_has_one_type_in_all_kinds() -> None:
    """A search engine refuses a document whose field has another type than the documents before."""
    types: dict[str, set[type]] = {}
    for kind in CATALOGUE.values():
        for name, value in flat(example_document(kind)):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            types.setdefault(name, set()).add(float if number else type(value))
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


@KINDS
def test_category_and_type_are_those_that_the_schema_expects(kind) -> None:
    event = example_document(kind)["event"]
    allowed = set().union(*(EXPECTED[category] for category in event["category"]))
    assert set(event["type"]) <= allowed
    assert event.get("outcome") in (None, "success", "failure")


@KINDS
def test_no_value_of_an_event_is_lost(kind) -> None:
    values = [text for _, value in flat(example_document(kind)) for text in ([value] if isinstance(value, str) else [])]
    everything = "\n".join(values).lower()
    for name, value in example(kind).fields.items():
        if isinstance(value, str) and name not in ("source", "target", "direction", "tls"):
            assert value.lower() in everything, name


@pytest.mark.parametrize("kind", [kind for kind in CATALOGUE.values() if kind.group == "refused"], ids=lambda k: k.code)
def test_what_is_refused_has_both_addresses_and_ports_in_the_schemas_fields(kind) -> None:
    document = example_document(kind)
    for end in ("source", "destination"):
        assert ipaddress.ip_address(document[end]["ip"])
        assert document[end]["address"] == document[end]["ip"]
        assert 0 < document[end]["port"] < 65_536
    assert document["event"]["outcome"] == "failure"
    assert document["event"]["type"] == ["connection", "denied"]
    assert document["network"]["direction"] == ("outbound" if kind.code == "ADM-DIAL" else "inbound")


def test_a_refused_certificate_stands_in_the_schemas_fields_in_its_spelling() -> None:
    client = example_document(CATALOGUE["ADM-REFUSED"])["tls"]["client"]
    assert client["subject"] == client["x509"]["subject"]["distinguished_name"] == "CN=Example Partner,O=Example,C=DE"
    assert client["issuer"] == client["x509"]["issuer"]["distinguished_name"] == "CN=Example CA,C=DE"
    assert client["x509"]["serial_number"] == "4B1F09"
    assert client["hash"]["sha256"].isupper()
    assert len(client["hash"]["sha256"]) == 64


def test_the_certificate_of_a_partner_that_we_have_dialled_is_the_tls_servers() -> None:
    assert list(example_document(CATALOGUE["ADM-DIAL"])["tls"]) == ["server"]


def test_without_a_certificate_none_is_spoken_of() -> None:
    event = EventMaker("dmz").make("ADM-REFUSED", source="192.0.2.1:5", target="192.0.2.2:6", reason="x", subject="-",
                                   issuer="-", serial="-", fingerprint="-")  # fmt: skip
    assert "tls" not in made(event)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("192.0.2.1:5", {"address": "192.0.2.1", "ip": "192.0.2.1", "port": 5}),
        ("[2001:db8::1]:5", {"address": "2001:db8::1", "ip": "2001:db8::1", "port": 5}),
        ("192.0.2.1", {"address": "192.0.2.1", "ip": "192.0.2.1"}),
        ("2001:db8::1", {"address": "2001:db8::1", "ip": "2001:db8::1"}),
        ("partner.example:6619", {"address": "partner.example", "domain": "partner.example", "port": 6619}),
    ],
)
def test_an_end_is_an_address_or_a_name_with_its_port(text, end) -> None:
    assert made(EventMaker("dmz").make("ADM-TLS", source=text, target="x", reason="y"))["source"] == end


@pytest.mark.parametrize("words", ["client-3f2a9c01", "partner acme", "a b:5", "x:y", ":5", "ü:5"])
def test_other_words_of_where_a_session_goes_are_kept_as_they_are(words) -> None:
    document = made(EventMaker("dmz").make("SES-START", source="192.0.2.1:5", target=words))
    assert "destination" not in document
    assert document["seon"]["target"] == words


def test_the_time_is_utc_to_the_millisecond() -> None:
    assert made(None)["@timestamp"] == "2026-11-26T22:03:00.125Z"
    assert dt.datetime.fromisoformat(made(None)["@timestamp"]).timestamp() == TIME


def test_a_line_that_is_no_event_says_who_wrote_it_and_about_what() -> None:
    assert made(None, "Log level set to DEBUG") == {
        "@timestamp": "2026-11-26T22:03:00.125Z",
        "log": {"level": "warning", "logger": "gate"},
        "message": "Log level set to DEBUG",
        "ecs": {"version": ecs.VERSION},
        "event": {"kind": "event", "module": "seon", "dataset": "seon.smartproxy"},
        "process": {"pid": 1234, "name": "seon_proxyserver2"},
    }


@pytest.mark.parametrize(
    ("result", "outcome"),
    [("accepted", "success"), ("accepted; lines sent as records", "success"), ("delivered", "success"),
     ("refused at its end: 04", "failure"), ("broken off by the end of the session", "failure"),
     ("not delivered: 13", "failure")],
)  # fmt: skip
def test_a_file_has_the_outcome_of_its_transfer(result, outcome) -> None:
    assert made(EventMaker("inside").make("FIL-END", name="F", result=result))["event"]["outcome"] == outcome


def test_how_long_a_session_lasted_is_in_nanoseconds_as_the_schema_wants_it() -> None:
    assert made(EventMaker("dmz").make("SES-END", seconds=2.5))["event"]["duration"] == 2_500_000_000
    pause = made(EventMaker("dmz").make("CLI-NOAPI", seconds=4, reason="x"))
    assert "duration" not in pause["event"]
    assert pause["seon"]["seconds"] == 4


# --- what a stranger, or a newer program, may have put into it ------------------------------------------------------

VALUES = st.one_of(st.text(max_size=400), st.integers(), st.floats(), st.booleans())


@shown_as(code="ADM-REFUSED", value="\x7f\x85\u2028\u202e\ud800\n\x1b", text="\x7f", name="\x7f")
@given(
    code=st.sampled_from([*CATALOGUE, "NEW-KIND"]), value=VALUES, text=st.text(max_size=400), name=st.text(max_size=40)
)
def test_a_line_is_one_line_of_plain_ascii_that_reads_back(code, value, text, name) -> None:
    kind = CATALOGUE.get(code, Kind(code, 0, "server", ""))
    event = EventMaker("dmz").make(code, **{**dict.fromkeys(kind.fields, value), name: value})
    document = made(event, describe(event) + text)
    line = ecs.line(document)
    assert line.isascii()
    assert line.isprintable(), "no line break, no control character, nothing that turns the direction of writing"
    assert json.loads(line) == document
    assert set(json.loads(line)) <= {
        "@timestamp", "log", "message", "ecs", "event", "process", "source", "destination", "network", "tls", "file",
        "rule", "service", "seon",
    }  # fmt: skip
    assert document["event"]["code"] == code
    assert document["process"] == {"pid": 1234, "name": "seon_proxyserver2"}


def test_a_field_of_a_newer_program_cannot_take_the_place_of_ours_nor_nest_itself_elsewhere() -> None:
    fields = {"session": "forged", "hop": "inside", "a.b": 1, "event.code": "x", "Ü": 2}
    document = made(EventMaker("dmz", "session-1").make("NEW-KIND", **fields))
    assert document["seon"] == {"hop": "dmz", "session": "session-1", "a_b": 1, "event_code": "x", "_": 2}
    assert document["event"]["code"] == "NEW-KIND"
