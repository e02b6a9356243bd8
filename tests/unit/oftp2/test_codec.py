"""Every command, there and back, and what is refused or noted on the way."""

import csv
from pathlib import Path

import pytest

from seon.oftp2.codec import decode, encode, placed
from seon.oftp2.commands import (
    AuthenticationChallenge,
    AuthenticationResponse,
    EndFile,
    EndSession,
    EndToEndResponse,
    NegativeEndResponse,
    StartFile,
    StartFileAccepted,
    StartSession,
)
from seon.oftp2.errors import Flaw, InvalidBufferError, LocalError
from seon.oftp2.framing import HEADER
from seon.oftp2.layouts import DATA
from seon.oftp2.rules import RULES

VECTORS = Path(__file__).parents[2] / "vectors" / "messages.tsv"
with VECTORS.open() as lines:
    MESSAGES = [
        (row["id"], int(row["level"]), bytes.fromhex(row["octets"])[HEADER:])
        for row in csv.DictReader(lines, delimiter="\t")
    ]
COMMANDS = [message for message in MESSAGES if message[2][0] != DATA]
BY_ID = {name: (level, octets) for name, level, octets in MESSAGES}

SFID = StartFile("NAME", "20260131", "2359580001", "", "O0013DEST", "O0013ORIG", "U", 0, 3)


def flaws_of(octets: bytes, level: int = 5) -> list[str]:
    return [flaw.rule for flaw in decode(octets, level)[1]]


def refused(octets: bytes, level: int = 5) -> InvalidBufferError:
    with pytest.raises(InvalidBufferError) as caught:
        decode(octets, level)
    return caught.value


@pytest.mark.parametrize(("name", "level", "octets"), COMMANDS, ids=[name for name, _, _ in COMMANDS])
def test_a_valid_message_is_read_without_a_flaw_and_written_as_it_was(name: str, level: int, octets: bytes) -> None:
    command, flaws = decode(octets, level)
    assert flaws == []
    assert encode(command, level) == octets


@pytest.mark.parametrize(("name", "level", "octets"), COMMANDS, ids=[name for name, _, _ in COMMANDS])
def test_no_part_of_a_message_and_nothing_longer_has_the_same_reading(name: str, level: int, octets: bytes) -> None:
    command, _ = decode(octets, level)
    for other in [octets[:end] for end in range(1, len(octets))] + [octets + b" ", octets + b"0"]:
        try:
            shorter, flaws = decode(other, level)
        except InvalidBufferError:
            continue
        left_out = {"CMD-LEN/terminator", "CMD-LEN/terminator-esid", "CMD-LEN/tail"}
        assert shorter != command or {flaw.rule for flaw in flaws[:1]} & left_out


def test_fields_come_out_with_their_values() -> None:
    command, _ = decode(BY_ID["V06"][1], 5)
    assert isinstance(command, StartFile)
    assert (command.name, command.date, command.time) == ("CAD-PART/4711(A)", "20260228", "0000000042")
    assert (command.format, command.record_length, command.size_k, command.original_size_k) == ("V", 65535, 5120, 20480)
    assert (command.restart, command.security, command.cipher, command.signed_receipt) == (1500, 3, 2, True)
    assert command.description == "Stückliste №1"


def test_the_two_lengths_of_a_signed_receipt_are_counted_on_their_own() -> None:
    receipt = EndToEndResponse("N", "20260131", "2359580001", "", "D", "O", hash=b"h" * 20, signature=b"s" * 300)
    assert decode(encode(receipt, 5), 5) == (receipt, [])


def test_an_ssid_is_read_by_the_level_it_carries() -> None:
    command, flaws = decode(BY_ID["V04"][1], 5)
    assert isinstance(command, StartSession)
    assert (command.level, command.authentication, flaws) == (1, False, [])


def test_secrets_stand_in_no_repr() -> None:
    ssid, _ = decode(BY_ID["V02"][1], 5)
    assert "PWI" not in repr(ssid)
    assert "123" not in repr(AuthenticationChallenge(b"123")) + repr(AuthenticationResponse(b"123" * 7))


@pytest.mark.parametrize(
    ("octets", "rule"),
    [
        (b"", "STH-MIN"),
        (b"z", "CMD-ID"),
        (b"D", "CMD-ID"),
        (b"F13\r", "FLD-ENUM/reason"),
    ],
)
def test_an_unknown_command_has_no_reading(octets: bytes, rule: str) -> None:
    if rule == "FLD-ENUM/reason":
        assert rule in flaws_of(octets, 4)
    else:
        assert refused(octets).rule == rule


@pytest.mark.parametrize("command", [AuthenticationChallenge(b"1"), AuthenticationResponse(b"1" * 20)])
def test_authentication_does_not_exist_below_level_5(command: AuthenticationChallenge) -> None:
    octets = encode(command, 5)
    assert refused(octets, 4).rule == "CMD-LVL"
    with pytest.raises(LocalError):
        encode(command, 4)


def test_nerp_does_not_exist_below_level_4() -> None:
    nerp = NegativeEndResponse("N", "20260131", "2359580001", "D", "O", "C", 34)
    assert decode(encode(nerp, 4), 4) == (nerp, [])
    assert refused(encode(nerp, 4), 2).rule == "CMD-LVL"


@pytest.mark.parametrize(
    ("octets", "level", "rules"),
    [
        (b"F00000", 5, ["CMD-LEN/terminator-esid"]),
        (b"F00", 4, ["CMD-LEN/terminator-esid"]),
        (b"F00\r", 5, ["CMD-LEN/tail"]),
        (b"F00000\n", 5, ["FLD-CR/line-feed"]),
        (b"F13000\r", 5, ["FLD-ENUM/reason"]),
        (b"302Y", 5, ["CMD-LEN/tail"]),
        (b"C", 5, ["CMD-LEN/tail"]),
        (b"Cxx", 5, ["FLD-RSV"]),
        (b"A\x00\x00", 5, ["FLD-RNG"]),
        (b"2 0000000000000007", 5, ["FLD-9/left"]),
        (b"502001\xfc", 5, ["FLD-UTF8"]),
        (BY_ID["V26"][1][:-4], 5, ["CMD-LEN/tail"]),
        (BY_ID["V29"][1][:-4], 5, ["CMD-LEN/tail"]),
        (BY_ID["V05"][1][:-3], 5, ["CMD-LEN/tail"]),
        (BY_ID["V01"][1][:-1] + b"\x8d", 5, []),
    ],
)
def test_what_real_stations_do_is_read_and_noted(octets: bytes, level: int, rules: list[str]) -> None:
    assert flaws_of(octets, level) == rules


@pytest.mark.parametrize(
    ("octets", "level", "rule", "field"),
    [
        (b"F00000\x00", 5, "FLD-CR", "ESIDCR"),
        (b"F0000\r", 5, "FLD-9", "ESIDREASL"),
        (b"F00002a\r", 5, "CMD-LEN", "ESIDCR"),
        (b"F00000\r\r", 5, "CMD-LEN", "ESIDCR"),
        (b"F00001\r", 5, "CMD-LEN", "ESIDCR"),
        (b"F00001\x8d", 5, "CMD-LEN", "ESIDCR"),
        (b"F0x000\r", 5, "FLD-9", "ESIDREAS"),
        (b"4y", 5, "FLD-ENUM", "EFPACD"),
        (b"2" + b"1" * 9, 5, "CMD-LEN", "SFPA"),
        (b"2+0000000000000007", 5, "FLD-9", "SFPAACNT"),
        (b"2" + "٣".encode() * 8 + b"0", 5, "FLD-9", "SFPAACNT"),
        (b"A\x00\x00x", 5, "CMD-LEN", ""),
        (b"ISomething Else 123\r", 5, "CMD-LEN", "SSRM"),
        (b"IODETTE FTP ready \r", 5, "FLD-FIX", "SSRMMSG"),
        (BY_ID["V05"][1].replace(b"ORDERS", b"ORD\0RS"), 5, "FLD-X", "SFIDDSN"),
        (BY_ID["V05"][1].replace(b"ORDERS", b"ORD\nRS"), 5, "FLD-X", "SFIDDSN"),
    ],
)
def test_what_has_no_single_reading_is_refused(octets: bytes, level: int, rule: str, field: str) -> None:
    error = refused(octets, level)
    assert (error.rule, error.field) == (rule, field)


def test_a_refused_field_does_not_hide_the_flaws_before_it() -> None:
    error = refused(BY_ID["V05"][1].replace(b"ORDERS", b"orders").replace(b"20260131", b"2026013x"))
    assert [flaw.rule for flaw in error.before] == ["FLD-X/case"]
    assert (error.rule, error.offset) == ("FLD-9", 30)


@pytest.mark.parametrize(
    ("octets", "level", "rules"),
    [
        (b"IODETTE FTP READY\r", 5, ["CMD-LEN", "FLD-FIX"]),
        (b"F0x000", 5, ["CMD-LEN", "FLD-ENUM", "FLD-9"]),
        (b"302J", 5, ["CMD-LEN", "FLD-ENUM"]),
        (b"F0x0", 4, ["FLD-ENUM", "FLD-9"]),
        (b"F00001", 5, ["CMD-LEN"]),
    ],
)
def test_fields_may_be_missing_only_where_the_rest_is_right(octets: bytes, level: int, rules: list[str]) -> None:
    error = refused(octets, level)
    assert [flaw.rule for flaw in (*error.before, error.flaw)] == rules


def test_a_flaw_says_where_it_stands() -> None:
    _, (flaw,) = decode(BY_ID["V05"][1].replace(b"ORDERS.EDI", b"ORDERS EDI"), 5)
    assert (flaw.rule, flaw.field, flaw.offset) == ("FLD-XPAD", "SFIDDSN", 1)


@pytest.mark.parametrize(
    "command",
    [
        StartFileAccepted(10**17),
        StartFileAccepted(-1),
        EndFile(0, 10**17),
        EndSession(100),
        EndSession(0, "ü" * 500),
        SFID.__class__("N" * 27, *[getattr(SFID, name) for name in SFID.__slots__[1:]]),
        AuthenticationResponse(b"short"),
        AuthenticationChallenge(b""),
    ],
)
def test_a_value_that_does_not_fit_its_field_is_never_written(command: EndSession) -> None:
    with pytest.raises(LocalError):
        encode(command, 5)


@pytest.mark.parametrize(
    "command", [EndSession(5, "closing"), EndToEndResponse("N", "260131", "235958", "", "D", "O", b"h")]
)
def test_a_value_that_a_level_has_no_field_for_is_not_lost_in_silence(command: EndSession) -> None:
    with pytest.raises(LocalError, match="does not exist at level 2"):
        encode(command, 2)


def test_a_date_is_written_as_long_as_the_level_has_it() -> None:
    with pytest.raises(LocalError, match="SFIDDATE"):
        encode(SFID, 2)


def test_the_error_for_a_password_that_does_not_fit_does_not_show_it() -> None:
    ssid = StartSession(5, "O1", "Pässwort", 128, "B", False, False, False, 1)
    with pytest.raises(LocalError) as caught:
        encode(ssid, 5)
    assert "ssw" not in str(caught.value)


def test_level_3_was_never_assigned() -> None:
    with pytest.raises(LocalError, match="level 3"):
        encode(EndSession(0), 3)


def test_an_ssid_is_written_by_its_own_level() -> None:
    ssid, _ = decode(BY_ID["V04"][1], 1)
    assert encode(ssid, 5) == BY_ID["V04"][1]
    with pytest.raises(LocalError, match="does not exist at level 2"):
        encode(NegativeEndResponse("N", "20260131", "2359580001", "D", "O", "C", 34), 2)


def test_an_empty_buffer_has_a_flaw_of_its_own() -> None:
    assert refused(b"").flaw == Flaw("STH-MIN", 0, "", RULES["STH-MIN"].meaning)


def test_the_length_of_a_challenge_is_shown_where_the_challenge_cannot_be_read() -> None:
    error = refused(b"A\x00\x00x")
    assert [(flaw.rule, flaw.seen) for flaw in error.before] == [("FLD-RNG", b"\0\0")]
    assert (error.rule, error.offset, error.text) == ("CMD-LEN", 3, "octets too many: 1")


@pytest.mark.parametrize(
    ("vector", "level", "field", "offset", "seen"),
    [
        ("V02", 5, "SSIDCRED", 44, b"064"),
        ("V04", 5, "SSIDRSV1", 47, b"     "),
        ("V02", 5, "SSIDPSWD", 27, b""),
        ("V16", 5, "EFIDUCNT", 18, None),
        ("V05", 5, "SFIDDESC", 0, b""),
        ("V05", 5, "EFIDUCNT", 0, b""),
    ],
)
def test_a_flaw_gets_the_place_of_its_field(
    vector: str, level: int, field: str, offset: int, seen: bytes | None
) -> None:
    raw = BY_ID[vector][1]
    expected = raw[18:35] if seen is None else seen
    flaw = placed(Flaw("FLD-RNG", 0, field, "why"), memoryview(raw), level)
    assert flaw == Flaw("FLD-RNG", offset, field, "why", expected)


def test_what_is_missing_is_noted_where_it_is_missing() -> None:
    for octets, rule, offset in ((b"302Y", "CMD-LEN/tail", 4), (b"F00000", "CMD-LEN/terminator-esid", 6)):
        assert [(flaw.rule, flaw.offset) for flaw in decode(octets, 5)[1]] == [(rule, offset)]
    assert refused(b"F00002a\r").offset == 8


def test_a_value_that_a_level_has_no_field_for_is_named() -> None:
    with pytest.raises(LocalError, match=r"^EndToEndResponse\.hash does not exist at level 4$"):
        encode(EndToEndResponse("N", "20260131", "2359580001", "", "D", "O", b"h", b""), 4)
