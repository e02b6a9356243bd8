"""The explanation agrees with the verifier's own reader, whatever the octets, and keeps secrets."""

import csv
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seon.oftp2 import commands as c
from seon.oftp2.codec import decode, encode
from seon.oftp2.errors import Flaw, InvalidBufferError
from seon.oftp2.explain import MASK, MAX_SUBRECORDS, Explanation, Row, explain
from seon.oftp2.framing import Frames
from seon.oftp2.layouts import DATA, ESID, FORMS, LEVELS, esid_level, layout

VECTORS = Path(__file__).parents[2] / "vectors" / "messages.tsv"
SECRET = "GEHEIM42"
SSID = encode(c.StartSession(5, "O0013", SECRET, 128, "B", False, True, False, 2), 5)


def vectors() -> list[tuple[bytes, int]]:
    with VECTORS.open() as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return [(oeb, int(row["level"])) for row in rows for oeb in Frames().feed(bytes.fromhex(row["octets"]))]


def row(told: Explanation, field: str) -> Row:
    return next(one for one in told.rows if one.field == field)


def flaws(told: Explanation) -> list[Flaw]:
    return [*told.flaws, *(flaw for one in told.rows for flaw in one.flaws)]


def judged(octets: bytes, level: int) -> tuple[set[str], bool]:
    """What the reader that the verifier uses says; of an ESID in answer to an SSID, which may have any layout."""
    if octets[0] == ESID and level < 5 and esid_level(len(octets)) == 5:
        level = 5
    try:
        return {flaw.rule for flaw in decode(octets, level)[1]}, True
    except InvalidBufferError as error:
        return {flaw.rule for flaw in (*error.before, error.flaw)}, False


@pytest.mark.parametrize(("octets", "level"), vectors())
def test_the_rows_of_a_good_buffer_lie_end_to_end_and_have_every_field(octets: bytes, level: int) -> None:
    told = explain(octets, level, show_secrets=True)
    assert told.readable
    assert flaws(told) == []
    if octets[0] == DATA:
        return
    assert "".join(one.octets for one in told.rows) == octets.hex()
    assert [one.offset for one in told.rows] == [
        sum(before.length for before in told.rows[:n]) for n in range(len(told.rows))
    ]
    names = [one.field for one in told.rows][1:]
    assert names == [field.name for field in layout(octets[0], told.level)]


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(vectors()), st.data())
def test_any_octets_are_explained_as_the_verifier_reads_them(vector: tuple[bytes, int], data: st.DataObject) -> None:
    octets, level = bytearray(vector[0]), data.draw(st.sampled_from(LEVELS))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(octets)))
        octets[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    told = explain(bytes(octets), level)
    if octets and octets[0] != DATA:
        rules, readable = judged(bytes(octets), level)
        assert rules <= {flaw.rule for flaw in flaws(told)}
        assert told.readable is readable


@given(st.binary(max_size=300), st.sampled_from(LEVELS))
@example(b"", 5)
@example(b"D", 5)
def test_any_octets_at_all_are_explained(octets: bytes, level: int) -> None:
    told = explain(octets, level)
    assert all(0 <= one.offset <= len(octets) for one in told.rows)


def test_a_flaw_stands_in_the_row_of_its_field_once() -> None:
    octets = bytearray(encode(c.StartFile("NAME", "20260131", "2359580001", "", "DEST", "ORIG", "U", 0, 1), 5))
    octets[27:30] = b"000"
    octets[30:38] = b"20260230"
    octets[107:112] = b"00080"
    told = explain(bytes(octets), 5)
    assert [flaw.rule for flaw in row(told, "SFIDRSV1").flaws] == ["FLD-RSV"]
    assert [flaw.rule for flaw in row(told, "SFIDDATE").flaws] == ["FLD-DATE"]
    assert [flaw.rule for flaw in row(told, "SFIDLRECL").flaws] == ["XF-LRECL"]
    assert len(flaws(told)) == 3


def test_every_flaw_of_a_buffer_is_told_not_only_the_first_that_ends_its_reading() -> None:
    octets = bytearray(encode(c.EndFile(0, 70), 5))
    octets[1], octets[20] = ord("x"), ord(",")
    assert [one.field for one in explain(bytes(octets), 5).rows if one.flaws] == ["EFIDRCNT", "EFIDUCNT"]


@pytest.mark.parametrize(
    ("command", "field", "value", "remark"),
    [
        (c.EndSession(6), "ESIDREAS", "06", "command contained invalid data"),
        (c.StartFileRefused(13, retry=False), "SFNAREAS", "13", "duplicate file"),
        (c.StartFileRefused(13, retry=False), "SFNARRTR", "N", "not to be sent again"),
        (c.EndFileRefused(11, "trop court"), "EFNAREAST", "trop court", ""),
        (c.EndFileAccepted(change_direction=True), "EFPACD", "Y", "asks for the turn"),
        (c.EndFile(0, 123), "EFIDUCNT", "123", "octets"),
        (c.StartFile("N", "20260131", "2359580001", "", "D", "O", "V", 80, 1), "SFIDFMT", "V", "variable records"),
        (c.StartFile("N", "20260131", "2359580001", "", "D", "O", "V", 80, 1), "SFIDDATE", "20260131", "2026-01-31"),
        (
            c.StartFile("N", "20260131", "2359580001", "", "D", "O", "V", 80, 1),
            "SFIDTIME",
            "2359580001",
            "23:59:58, counter 0001",
        ),
        (c.StartFile("N", "20260131", "2359580001", "", "D", "O", "V", 80, 1), "SFIDCIPH", "00", "none"),
    ],
)
def test_a_value_is_told_with_its_meaning(command: c.Command, field: str, value: str, remark: str) -> None:
    one = row(explain(encode(command, 5), 5), field)
    assert (one.value, one.remark) == (value, remark)


def test_an_unknown_reason_has_no_meaning_and_a_flaw() -> None:
    one = row(explain(b"F55000\r", 5), "ESIDREAS")
    assert (one.value, one.remark) == ("55", "")
    assert [flaw.rule for flaw in one.flaws] == ["FLD-ENUM/reason"]


def test_an_identification_code_is_taken_apart() -> None:
    remark = row(explain(SSID[:2] + b"O0177ACME          CAD   " + SSID[27:], 5), "SSIDCODE").remark
    assert remark == "ICD 0177, organisation ACME, sub-address CAD"
    assert row(explain(SSID, 5), "SSIDCODE").remark == "ICD 0013, organisation -, sub-address -"


@pytest.mark.parametrize(("level", "reserved"), [(1, 5), (2, 5), (4, 5), (5, 4)])
def test_an_ssid_is_read_by_its_own_level(level: int, reserved: int) -> None:
    octets = encode(c.StartSession(level, "O0013", SECRET, 128, "B", False, True, False, 2), 5)
    told = explain(octets, 5 if level < 5 else 1)
    assert told.level == level
    assert row(told, "SSIDRSV1").length == reserved


# --- secrets --------------------------------------------------------------------------------------------------------


def whole_text(told: Explanation) -> str:
    return repr(told)


SECRETS = [
    SSID,
    encode(c.AuthenticationChallenge(SECRET.encode()), 5),
    encode(c.AuthenticationResponse(SECRET.encode() + b"\0" * 12), 5),
]


@pytest.mark.parametrize("octets", SECRETS, ids=["SSID", "AUCH", "AURP"])
@pytest.mark.parametrize("cut", [0, 1, 2, 3, 5, 10])
def test_a_secret_is_not_told_even_where_the_buffer_is_cut_or_shifted(octets: bytes, cut: int) -> None:
    changed = [octets[:1] + octets[1 + cut :], octets[: len(octets) - cut], octets + b"x" * cut]
    if cut:
        changed.append(bytes([octets[0] ^ 0x20]) + octets[1:])  # a command that there is none of
    for buffer in changed:
        for level in LEVELS:
            text = whole_text(explain(buffer, level))
            for part in (SECRET[3:], SECRET.encode()[3:].hex()):
                assert part not in text


@pytest.mark.parametrize(("octets", "field"), list(zip(SECRETS, ["SSIDPSWD", "AUCHCHAL", "AURPRSP"], strict=True)))
def test_a_secret_is_told_where_it_is_asked_for(octets: bytes, field: str) -> None:
    assert SECRET.encode().hex() in row(explain(octets, 5, show_secrets=True), field).octets
    assert row(explain(octets, 5), field).octets == MASK


def test_what_is_no_secret_is_shown_beside_one() -> None:
    told = explain(SSID, 5)
    assert row(told, "SSIDCODE").value == "O0013"
    assert row(told, "SSIDSDEB").value == "128"


def test_octets_too_many_are_shown_where_no_secret_can_be_among_them() -> None:
    told = explain(b"R\r", 5)
    assert not told.readable
    assert (told.rows[-1].field, told.rows[-1].octets) == ("", "0d")


# --- data buffers ---------------------------------------------------------------------------------------------------


def test_subrecords_are_told_one_by_one() -> None:
    told = explain(b"D" + b"\x45 " + b"\x85HELLO" + b"\x80", 5)
    subrecords = [one for one in told.rows if one.field == "subrecord"]
    assert [(one.offset, one.length, one.value, one.remark) for one in subrecords] == [
        (1, 2, "5 times 20", "compressed"),
        (3, 6, "5 octets", "end of record"),
        (9, 1, "0 octets", "end of record"),
    ]
    assert row(told, "DATABUF").remark == "3 subrecords, 10 octets of content; records ended: 2"


@pytest.mark.parametrize(
    ("octets", "rule", "readable"),
    [
        (b"D", "DAT-EMPTY", True),
        (b"D\x40x", "DAT-CF0", True),
        (b"D\x05abc", "DAT-TRUNC", False),
        (b"D\x45", "DAT-TRUNC", False),
    ],
)
def test_what_is_wrong_with_a_data_buffer_is_told(octets: bytes, rule: str, readable: bool) -> None:
    told = explain(octets, 5)
    assert [flaw.rule for flaw in flaws(told)] == [rule]
    assert told.readable is readable


def test_a_buffer_of_many_subrecords_has_few_rows_and_still_shows_what_is_wrong_at_its_end() -> None:
    told = explain(b"D" + b"\x01a" * 40_000 + b"\x3f", 5)
    assert len(told.rows) < MAX_SUBRECORDS + 10
    assert [flaw.rule for flaw in flaws(told)] == ["DAT-TRUNC"]
    assert "40001 subrecords" in row(told, "DATABUF").remark


def test_every_command_has_a_title_in_words() -> None:
    assert {explain(bytes([code]), 5).title for code in FORMS} >= {"Start File", "End To End Response"}
    assert all(explain(bytes([code]), 5).name == form.name for code, form in FORMS.items())
