"""Every field of every command at every level, probed from outside against a second opinion on the layouts.

The verifier's own tables are not looked at: buffers are built from `layout_reference`, one field is changed, and the
reader must say what the reference says of such a value, of that field, at that place.
"""

from collections.abc import Iterator
from dataclasses import fields as attributes_of
from typing import Any

import pytest

from property.layout_reference import LEVELS, OCTETS, Row, rows_of
from seon.oftp2.codec import decode
from seon.oftp2.commands import Command
from seon.oftp2.errors import Flaw, InvalidBufferError
from seon.oftp2.layouts import FORMS, layout

CASES = [(command, level) for command in OCTETS for level in LEVELS]
EXISTING = [case for case in CASES if rows_of(*case) is not None]

Probe = tuple[bytes, str, Any]
"""Octets for a field, the rule that they break (or nothing), and the value that is read."""


def build(command: str, level: int, changed: str = "", octets: bytes = b"") -> bytes:
    """Return a valid buffer, counted fields filled, with the octets of one field changed."""
    rows = rows_of(command, level) or []
    out, counted = OCTETS[command].encode(), b""
    for index, row in enumerate(rows):
        if row.format in ("len", "len2"):
            counted = octets if rows[index + 1].name == changed else b"abc"
            value = len(counted).to_bytes(2, "big") if row.format == "len2" else b"%03d" % len(counted)
        else:
            value = ordinary(row, level, counted)
        out += octets if row.name == changed else value
    return out


def ordinary(row: Row, level: int, counted: bytes) -> bytes:
    width, (form, _, values) = row.width or 0, row.format.partition(":")
    if row.name == "SSIDLEV":
        return b"%d" % level
    return {
        "X": b"ABC",
        "9": row.options.get("least", "1").encode().rjust(width, b"0"),
        "date": b"20260131"[-width:],
        "time": b"2359580001"[:width],
        "YN": b"N",
        "one": values[:1].encode(),
        "code": values.split(",")[0].encode().rjust(width, b"0"),
        "res": b" " * width,
        "cr": b"\r",
        "bin": b"r" * width,
        "const": values.replace("_", " ").encode(),
    }.get(form, b"").ljust(width) or counted


def read(raw: bytes, level: int) -> tuple[Command | None, list[Flaw]]:
    try:
        command, flaws = decode(raw, level)
    except InvalidBufferError as error:
        return None, [*error.before, error.flaw]
    return command, [flaw for flaw in flaws if not flaw.rule.startswith("XF-") and flaw.rule != "FLD-SPEC"]


def probes(row: Row, level: int) -> Iterator[Probe]:
    form, _, values = row.format.partition(":")
    make = {
        "X": _x, "9": _9, "date": _date, "time": _time, "YN": _yn, "one": _one, "code": _code, "res": _res, "cr": _cr,
        "utf8": _utf8, "bin": _bin, "const": _const, "len": _nothing, "len2": _nothing,
    }[form]  # fmt: skip
    yield from make(row, row.width or 0, values)


def _nothing(_row: Row, _width: int, _values: str) -> Iterator[Probe]:
    return iter(())


def _x(row: Row, width: int, _values: str) -> Iterator[Probe]:
    full = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-.&()"
    for at in range(0, len(full), width):
        part = full[at : at + width]
        yield part.ljust(width), "", part.decode()
    yield b"ABCz".ljust(width), "FLD-X/case", "ABCz"
    yield b"A_B".ljust(width), "FLD-X/case", "A_B"
    yield b" A".ljust(width), "FLD-XPAD", " A"
    yield b"A B".ljust(width), "FLD-XPAD", "A B"
    yield b" " * width, row.options.get("blank", ""), ""
    for wrong in b"\0\t\n!*+,:;@[`{\x7f\x80\xc4\xff":
        yield b"A" * (width - 1) + bytes([wrong]), "FLD-X", None


def _9(row: Row, width: int, _values: str) -> Iterator[Probe]:
    least = int(row.options.get("least", "0"))
    yield b"9" * width, "", 10**width - 1
    yield b"%0*d" % (width, least), "", least
    yield (b"%d" % (least or 7)).rjust(width), "FLD-9/left", least or 7
    if least:
        yield b"%0*d" % (width, least - 1), "FLD-RNG", least - 1
        yield b"0" * width, "FLD-RNG", 0
    yield b"7".ljust(width), "FLD-9", None
    yield b"0" * (width - 1) + b"x", "FLD-9", None
    yield b"+" + b"1" * (width - 1), "FLD-9", None
    yield b"1" * (width - 1) + b"\n", "FLD-9", None
    yield b" " * width, "FLD-9", None


def _date(_row: Row, width: int, _values: str) -> Iterator[Probe]:
    for date, rule in (("20240229", ""), ("20251231", ""), ("20260230", "FLD-DATE"), ("20261301", "FLD-DATE")):
        yield date[-width:].encode(), rule, date[-width:]
    yield b"2026013x"[-width:], "FLD-9", None
    yield b" " * width, "FLD-9", None


def _time(_row: Row, width: int, _values: str) -> Iterator[Probe]:
    times = [("0000000001", ""), ("2359599999", ""), ("2400000001", "FLD-TIME"), ("2360000001", "FLD-TIME")]
    times += [("2359600001", "FLD-TIME")]
    times += [("2359590000", "FLD-TIMEC" if width == 10 else "")]
    for time, rule in times:
        yield time[:width].encode(), rule, time[:width]
    yield b"23595x0001"[:width], "FLD-9", None


def _yn(_row: Row, _width: int, _values: str) -> Iterator[Probe]:
    yield b"Y", "", True
    yield b"N", "", False
    for wrong in (b"y", b"n", b" ", b"1", b"J", b"\0"):
        yield wrong, "FLD-ENUM", None


def _one(_row: Row, _width: int, values: str) -> Iterator[Probe]:
    known = values.split(",")
    for octet in range(256):
        text = chr(octet)
        yield bytes([octet]), "" if text in known else "FLD-ENUM", text if text in known else None


def _code(row: Row, width: int, values: str) -> Iterator[Probe]:
    known = {int(value) for value in values.split(",")}
    soft = {int(value) for value in filter(None, row.options.get("soft", "").split(","))}
    unknown = row.options.get("unknown", "FLD-ENUM/reason")
    for number in range(10**width):
        rule = "" if number in known else row.options["softrule"] if number in soft else unknown
        yield b"%0*d" % (width, number), rule, None if rule == "FLD-ENUM" else number
    for wrong in (b"x", b" "):  # section 2.6: two digits of SFIDCIPH are an open list
        yield wrong * width, "FLD-9" if unknown == "FLD-CIPH" else "FLD-ENUM FLD-9", None


def _res(_row: Row, width: int, _values: str) -> Iterator[Probe]:
    yield b" " * (width - 1) + b"0", "FLD-RSV", None
    yield b"\0" + b" " * (width - 1), "FLD-RSV", None


def _cr(_row: Row, _width: int, _values: str) -> Iterator[Probe]:
    for octet in range(256):
        raw = bytes([octet])
        yield raw, "" if raw in b"\r\x8d" else "FLD-CR/line-feed" if raw == b"\n" else "FLD-CR", None


def _utf8(_row: Row, _width: int, _values: str) -> Iterator[Probe]:
    yield b"", "", ""
    yield "Stück".encode(), "", "Stück"
    yield b"Mu\xdf", "FLD-UTF8", "Muß"
    yield b"x" * 999, "", "x" * 999


def _bin(row: Row, width: int, _values: str) -> Iterator[Probe]:
    for raw in (b"\0" * width, bytes(range(width))) if width else (b"\xff", b"s" * 300):
        yield raw, "", raw


def _const(_row: Row, width: int, values: str) -> Iterator[Probe]:
    right = values.replace("_", " ").encode()
    yield right, "", None
    for at in range(width):
        yield right[:at] + b"x" + right[at + 1 :], "FLD-FIX", None


def level_of_reading(row: Row, octets: bytes, level: int) -> bool:
    """Whether the rest of an SSID still fits: it is read by the level that it carries itself."""
    return row.name != "SSIDLEV" or not octets.isdigit() or (int(octets) >= 5) == (level >= 5)


def test_commands_have_the_names_and_octets_of_the_rfc() -> None:
    assert {form.name: chr(form.code) for form in FORMS.values()} == OCTETS


@pytest.mark.parametrize(("command", "level"), EXISTING)
def test_fields_have_the_names_and_widths_of_the_rfc_and_secrets_are_marked(command: str, level: int) -> None:
    told = [(field.name, field.width, field.secret) for field in layout(ord(OCTETS[command]), level)]
    assert told == [(row.name, row.width, "secret" in row.options) for row in rows_of(command, level) or []]


@pytest.mark.parametrize(("command", "level"), EXISTING)
def test_an_ordinary_buffer_is_read_as_what_it_holds(command: str, level: int) -> None:
    read_one, flaws = read(build(command, level), level)
    assert flaws == []
    assert read_one is not None
    rows = rows_of(command, level) or []
    named = {row.attribute for row in rows if row.attribute}
    assert named <= {one.name for one in attributes_of(read_one)}


@pytest.mark.parametrize(("command", "level"), EXISTING)
def test_each_field_takes_and_refuses_what_its_format_says(command: str, level: int) -> None:
    no_secret = not any("secret" in row.options for row in rows_of(command, level) or [])
    for row in rows_of(command, level) or []:
        for octets, rule, value in probes(row, level):
            if not level_of_reading(row, octets, level):
                continue
            raw = build(command, level, row.name, octets)
            read_one, flaws = read(raw, level)
            told = [(flaw.rule, flaw.field, flaw.offset) for flaw in flaws]
            offset = raw_offset(command, level, row)
            assert told == [(one, row.name, offset) for one in rule.split()], (row.name, octets)
            secret = "secret" in row.options
            # A secret is named, not shown; so is all where it may stand anywhere.
            shows = rule and not secret and (read_one is not None or no_secret or row.offset < 2)
            assert [flaw.seen for flaw in flaws] == [octets if shows else b""] * len(flaws), (row.name, octets)
            if read_one is not None and row.attribute:
                assert getattr(read_one, row.attribute) == value, (row.name, octets)


def raw_offset(command: str, level: int, wanted: Row) -> int:
    """Return where a field stands in `build`'s buffer: each counted field before it has 3 octets."""
    counted_before = sum(
        3 for row in (rows_of(command, level) or []) if row.width is None and row.offset <= wanted.offset
        and row.name != wanted.name and (row.offset < wanted.offset or wanted.width is not None)
    )  # fmt: skip
    return wanted.offset + counted_before


@pytest.mark.parametrize(("command", "level"), EXISTING)
def test_a_buffer_of_any_other_length_is_refused_but_for_what_stations_leave_out(command: str, level: int) -> None:
    rows = rows_of(command, level) or []
    if command == "AUCH":
        return  # a challenge cannot be empty
    raw = b"".join([OCTETS[command].encode(), *(_empty(row, level) for row in rows)])
    has_cr = bool(rows) and rows[-1].format == "cr"
    tails = [row.offset for row in rows if row.tail]
    tolerated = {len(raw): []}
    if has_cr:
        missing = "CMD-LEN/terminator-esid" if command == "ESID" else "CMD-LEN/terminator"
        tolerated[len(raw) - 1] = [missing]
    for at in tails:
        tolerated[at + has_cr] = ["CMD-LEN/tail"]
        if has_cr:
            tolerated[at] = ["CMD-LEN/tail", missing]
    for length in range(1, len(raw) + 3):
        cut = raw[:length] if not (has_cr and length in (at + 1 for at in tails)) else raw[: length - 1] + b"\r"
        _, flaws = read(cut.ljust(length, b"x"), level)
        assert [flaw.rule for flaw in flaws] == tolerated.get(length, ["CMD-LEN"]), length


def _empty(row: Row, level: int) -> bytes:
    if row.width is None:
        return b""
    return {"len": b"000", "len2": b"\0\0"}.get(row.format) or ordinary(row, level, b"")


@pytest.mark.parametrize(("command", "level"), EXISTING)
def test_a_length_that_counts_wrongly_is_refused(command: str, level: int) -> None:
    for row in rows_of(command, level) or []:
        if row.format not in ("len", "len2"):
            continue
        right = 3
        for count in (right - 1, right + 1, 0, 999):
            octets = count.to_bytes(2, "big") if row.format == "len2" else b"%03d" % count
            read_one, flaws = read(build(command, level, row.name, octets), level)
            assert read_one is None, (row.name, count)
            assert flaws[-1].rule in ("CMD-LEN", "FLD-CR", "FLD-9"), (row.name, count)


@pytest.mark.parametrize(("command", "level"), [case for case in CASES if case not in EXISTING])
def test_a_command_of_a_later_level_does_not_exist(command: str, level: int) -> None:
    assert [flaw.rule for flaw in read(OCTETS[command].encode(), level)[1]] == ["CMD-LVL"]


@pytest.mark.parametrize("level", LEVELS)
def test_no_other_octet_is_a_command(level: int) -> None:
    for octet in set(range(256)) - set("".join(OCTETS.values()).encode()):
        assert [flaw.rule for flaw in read(bytes([octet]), level)[1]] == ["CMD-ID"]


def test_an_ssid_is_read_by_the_level_that_it_carries_itself() -> None:
    for carried in LEVELS:
        for in_force in LEVELS:
            assert read(build("SSID", carried), in_force)[1] == []
