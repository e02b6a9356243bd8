"""The catalogue of events: complete, and safe to show whatever a stranger sent."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from collecting import held_back
from seon import events
from seon.events import (
    CATALOGUE,
    MAX_EVENT,
    MAX_FIELDS,
    MAX_VALUE,
    MAX_VALUE_OCTETS,
    Event,
    Kind,
    Severity,
    describe,
    fitting,
    may_come_from_dmz,
    severity_of,
    shown,
)
from seon.process.events import EventMaker
from seon.wording import field_names

SOURCE = Path(events.__file__).parent
CODE = re.compile(r"[A-Z]{3}-[A-Z]+")
REPORTERS = {"report", "_report", "make", "record"}
"""The calls that make an event; their first argument is its code."""


def reports() -> list[tuple[str, str, set[str] | None]]:
    """Return every event made in the source: where, its code, and its fields (None where `**` hides some)."""
    found = []
    for path in SOURCE.rglob("*.py"):
        with held_back():
            tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            code = node.args[0].value
            if name in REPORTERS and isinstance(code, str) and CODE.fullmatch(code):
                hidden = any(keyword.arg is None for keyword in node.keywords)
                names = None if hidden else {keyword.arg for keyword in node.keywords}
                found.append((f"{path.relative_to(SOURCE)}:{node.lineno}", code, names))
    return found


def test_every_code_that_is_reported_is_in_the_catalogue() -> None:
    found = reports()
    assert len(found) > 40, "the search finds them"
    assert [(where, code) for where, code, _ in found if code not in CATALOGUE] == []


OPTIONAL = re.compile(r"\[[^\]]*\]")
"""A part of a text that may be left out: so may its fields."""


def test_every_report_has_the_fields_that_its_text_shows() -> None:
    lacking = [
        (where, code, missing)
        for where, code, names in reports()
        if names is not None and (missing := set(field_names(OPTIONAL.sub("", CATALOGUE[code].text))) - names)
    ]
    assert lacking == []


def test_an_end_of_a_session_of_which_nobody_knows_the_octets_does_not_speak_of_them() -> None:
    known = {"partner": "P1", "ended_by": "crash", "reason": "why", "seconds": 1.5}
    assert describe(EventMaker("dmz").make("SES-END", **known)) == "Session with partner P1 ended by crash: why; 1.5 s"
    counts = {"octets_in": 1, "octets_out": 0, "files": 0}
    text = describe(EventMaker("dmz").make("SES-END", **known, **counts))
    assert text.endswith("; 1.5 s, 1 octet in, 0 octets out, 0 files")


def test_every_kind_is_reported_somewhere() -> None:
    """A kind that nobody makes any more goes out of the catalogue."""
    source = "\n".join(path.read_text() for path in SOURCE.rglob("*.py") if path.name != "events.py")
    assert [code for code in CATALOGUE if f'"{code}"' not in source] == []


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.code)
def test_a_kind_is_well_formed(kind) -> None:
    assert CODE.fullmatch(kind.code)
    assert len(set(kind.fields)) == len(kind.fields) <= MAX_FIELDS
    assert kind.text[0].isupper() or kind.text[0] == "{"
    assert not kind.text.endswith(".")


def test_codes_are_unique() -> None:
    assert len(CATALOGUE) == len(events._KINDS)


def test_who_was_refused_is_always_named_with_source_and_certificate() -> None:
    """Mission F2: an intrusion detection system gets both."""
    assert {"source", "reason", "subject", "issuer", "serial", "fingerprint"} <= set(CATALOGUE["ADM-REFUSED"].fields)
    assert "source" in CATALOGUE["AUD-TOKEN"].fields


REFUSED = [kind for kind in CATALOGUE.values() if kind.group == "refused"]


@pytest.mark.parametrize("kind", REFUSED, ids=lambda kind: kind.code)
def test_whatever_is_refused_has_both_addresses_and_ports_before_all_that_a_stranger_chooses(kind) -> None:
    """Mission F2. Filters read a line from its beginning: nothing of a stranger's may stand before the addresses."""
    assert {"source", "target"} <= set(field_names(OPTIONAL.sub("", kind.text))), "and they are never left out"
    before = kind.text[: kind.text.index("{target}")]
    assert set(field_names(before)) <= {"source", "direction", "count", "kind", "network"}


# --- what is shown ----------------------------------------------------------------------------------


def test_the_text_has_the_events_values() -> None:
    event = EventMaker("dmz").make("SRV-OPEN", address="127.0.0.1:6619", enforced="pins")
    assert describe(event) == "External port 127.0.0.1:6619 open; enforced: pins"


def test_a_value_that_is_missing_is_told_so() -> None:
    assert describe(EventMaker("dmz").make("SRV-END")) == "Server ended: (none)"


def test_a_value_cannot_reach_into_the_text() -> None:
    event = EventMaker("dmz").make("SRV-END", reason="{address} {0} %s {reason.__class__}")
    assert describe(event) == "Server ended: {address} {0} %s {reason.__class__}"


@pytest.mark.parametrize(
    "character", ["\n", "\r", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u200f", "\ufeff", "\ud800"]
)
def test_what_is_not_printable_is_escaped(character) -> None:
    text = shown(f"a{character}b")
    assert character not in text
    assert text.startswith("a\\")
    assert text.isprintable()


def test_a_backslash_is_escaped_so_that_nothing_can_look_escaped() -> None:
    assert shown("a\\nb") == "a\\\\nb"


def test_umlauts_and_other_letters_are_shown_as_they_are() -> None:
    assert shown("Müller & Søn, 東京") == "Müller & Søn, 東京"


def test_a_long_value_is_cut_and_marked_also_when_all_of_it_is_escaped() -> None:
    assert shown("x" * MAX_VALUE) == "x" * MAX_VALUE
    assert shown("x" * (MAX_VALUE + 1)) == "x" * MAX_VALUE + "…"
    assert len(shown("\U000e0001" * 100_000)) == MAX_VALUE * 10 + 1


def test_an_event_of_a_newer_build_is_shown_all_the_same() -> None:
    event = Event(id="a-dmz-1", code="NEW-KIND", time=1.0, hop="dmz", fields={"x": "a\nb"})
    assert "NEW-KIND" in describe(event)
    assert "\n" not in describe(event)
    assert severity_of("NEW-KIND") is Severity.ERROR


SAMPLES = ("", "-", False, True, 0, 1, 2, 0.0, 1.0, 0.25)
"""Values that a field can have, and that read badly if nobody thought of them."""
SIDES = ("INITIATOR", "RESPONDER")
"""What the field `side` has besides. A file may have such a name, and keeps it."""
PLURALS = "clients days events exchanges files findings handshakes minutes octets receipts records refusals seconds"
"""Words of the texts that stand behind a number."""
BAD = {
    "the name of a value in Python": r"\b(?:True|False|None)\b",
    "two spaces": "  ",
    "a space before a comma": r" [,;:.]",
    "empty brackets": r"\(\)|\[|\]|\{|\}|#",
    "nothing behind the last word": r"(?: by| at| from| of|[,;:]) *$",
    "capitals of the code": "INITIATOR|RESPONDER",
    "a dash in the place of a value": r"(?<!\S)-(?!\S)",
    "several of one": rf"\b1(?:\.0)? (?:more )?(?:{PLURALS.replace(' ', '|')})\b",
    "one of several": rf"(?<![\w.])(?:0|2) (?:more )?(?:{'|'.join(word[:-1] for word in PLURALS.split())})\b",
    "a word said twice": r"\b(?!yes|no)([A-Za-z]+) \1\b",
    "no pause": r"again in 0 s",
}


def renderings(kind: Kind) -> Iterator[str]:
    """Yield the kind's text with each sample in each field, with the same sample in all, and without any value."""
    plain = {name: f"<{name}>" for name in kind.fields}
    maker = EventMaker("dmz")
    for name in kind.fields:
        for sample in SIDES if name == "side" else SAMPLES:
            yield describe(maker.make(kind.code, **{**plain, name: sample}))
    for sample in SAMPLES:
        yield describe(maker.make(kind.code, **dict.fromkeys(kind.fields, sample)))
    yield describe(maker.make(kind.code))


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.code)
def test_a_text_reads_well_whatever_the_values_are(kind) -> None:
    faults = {(text, what) for text in renderings(kind) for what, bad in BAD.items() if re.search(bad, text)}
    assert faults == set()


# --- what is decoded --------------------------------------------------------------------------------


GOOD = {"id": "a-dmz-1", "code": "SRV-END", "time": 1.0, "hop": "dmz"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", ""), ("id", "a b"), ("id", "a\n"), ("id", "x" * 101), ("code", "srv-end"), ("code", "SRV-END\n"),
        ("code", "X" * 41), ("hop", "moon"), ("session", "x" * 65), ("time", "now"),
        ("fields", {"x": None}), ("fields", {"x": [1]}), ("fields", {"x": "y" * 2_001}), ("fields", {"x" * 41: 1}),
        ("fields", {f"f{n}": n for n in range(MAX_FIELDS + 1)}),
    ],
)  # fmt: skip
def test_an_event_is_bounded_and_checked_for_form(name, value) -> None:
    msgspec.convert(GOOD, Event)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**GOOD, name: value}, Event)


def test_what_a_newer_program_adds_to_an_event_is_passed_over() -> None:
    assert msgspec.convert({**GOOD, "cause": {"rule": [1, 2]}}, Event) == msgspec.convert(GOOD, Event)


def test_a_code_and_fields_of_a_newer_program_are_kept_on_every_hop() -> None:
    event = msgspec.convert({**GOOD, "code": "SES-CONFINED", "fields": {"calls": 40, "by": "seccomp"}}, Event)
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event
    assert all(text in describe(event) for text in ("SES-CONFINED", "calls", "40", "by", "seccomp"))


# --- what is carried ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["x" * 10**6, "\x01" * 10**6, "ü" * 10**6, "\U0001f600" * 10**6, "\ud800" * 10**6, '"' * 10**6],
    ids=["plain", "control", "umlaut", "emoji", "surrogate", "quote"],
)
def test_a_value_is_cut_to_its_octets_whatever_it_consists_of(text) -> None:
    cut = fitting(text)
    assert 50 < len(msgspec.json.encode(cut)) <= MAX_VALUE_OCTETS


@pytest.mark.parametrize("value", ["", "short", "Müller", 7, 1.5, True])
def test_a_value_that_fits_stays_as_it_is(value) -> None:
    assert fitting(value) == value


def test_the_largest_event_that_can_be_made_is_within_the_limit() -> None:
    fields = {f"{number:>040}": "\x01" * 10**5 for number in range(MAX_FIELDS)}
    event = EventMaker("inside", "s" * 64).make("SES-END", **fields)
    assert len(msgspec.json.encode(event)) <= MAX_EVENT


def test_a_server_may_not_tell_what_is_the_insides_to_tell() -> None:
    for code, good in (("SRV-END", True), ("ADM-REFUSED", True), ("SES-END", True), ("FIL-END", False),
                       ("FIL-RECEIPT", False), ("AUD-CHANGE", False), ("CLI-END", False),
                       ("NEW-KIND", False), ("FIL-NEW", False), ("AUD-NEW", False), ("CLI-NEW", False),
                       ("SRV", False), ("XSES-NEW", False), ("SRV-NEW", True), ("LNK-NEW", True), ("ADM-NEW", True),
                       ("SES-NEW", True), ("LIC-NEW", True), ("CFG-NEW-KIND", True)):  # fmt: skip
        assert may_come_from_dmz(Event(id="a", code=code, time=1.0, hop="dmz")) is good
    fields = {f"f{number}": "x" * 2_000 for number in range(MAX_FIELDS)}
    for code in ("SRV-END", "SRV-NEW"):
        assert not may_come_from_dmz(Event(id="a", code=code, time=1.0, hop="dmz", fields=fields))


def test_the_codes_of_the_dmz_begin_as_its_kinds_do() -> None:
    groups = {kind.code[:4]: kind.group for kind in CATALOGUE.values() if kind.group in events._DMZ_GROUPS}
    assert set(groups) == set(events._DMZ_CODES)
