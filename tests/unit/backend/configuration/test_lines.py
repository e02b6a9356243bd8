import pytest
from django.core.exceptions import ValidationError

from seon.backend.configuration.lines import (
    MOST,
    FileCodesField,
    LinesField,
    NamePatternsField,
    OdetteIdsField,
    entries_of,
)
from seon.config import FileRules


def cleaned(field: LinesField, text: str) -> str:
    return str(field.clean(text, None))


NAMES, CODES = NamePatternsField(blank=True), FileCodesField(blank=True)


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("", ()),
        (" \r\n,", ()),
        ("A", ("A",)),
        ("A\r\nB\r\n", ("A", "B")),
        (" A ,B , A\n\nC D", ("A", "B", "C D")),
    ],
)
def test_a_list_has_an_entry_per_line_or_between_commas_each_once(text: str, entries: tuple[str, ...]) -> None:
    assert entries_of(text) == entries
    assert cleaned(NAMES, text) == "\n".join(entries)
    assert entries_of(cleaned(NAMES, text)) == entries, "its form is stable"


@pytest.mark.parametrize("entry", ["*", "INVOICE.*", "lower_case", "A?B C", "A/B-C.(D)&'E'", "x" * 64])
def test_what_can_stand_in_a_file_name_can_stand_in_a_pattern(entry: str) -> None:
    assert cleaned(NAMES, entry) == entry


@pytest.mark.parametrize("entry", ["[A-Z]", "Ä*", "x" * 65, "a\x00", "A;B", "{A}"])
def test_a_pattern_that_could_match_no_name_is_refused_by_name(entry: str) -> None:
    with pytest.raises(ValidationError, match="is not possible here; allowed: patterns of up to 64") as caught:
        cleaned(NAMES, f"GOOD, {entry}")
    assert caught.value.messages[0].startswith(repr(entry[:80]))


@pytest.mark.parametrize("entry", ["O0013000001", "*", "A B", "O" * 25, "lower", "O_1"])
def test_a_code_is_one_that_sfid_can_hold_or_all(entry: str) -> None:
    assert cleaned(CODES, entry) == entry


@pytest.mark.parametrize("entry", ["Ä", "O" * 26, "O*", "O:1"])
def test_another_code_is_refused(entry: str) -> None:
    with pytest.raises(ValidationError, match="allowed: codes of up to 25"):
        cleaned(CODES, entry)


def test_there_are_no_more_entries_than_the_typed_configuration_takes() -> None:
    import msgspec

    entries = [f"F{number}" for number in range(MOST + 1)]
    assert len(entries_of(cleaned(NAMES, ",".join(entries[:MOST])))) == MOST
    with pytest.raises(ValidationError, match="101 entries; there can be 100"):
        cleaned(NAMES, ",".join(entries))
    msgspec.convert({"names": entries[:MOST]}, FileRules)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"names": entries}, FileRules)


@pytest.mark.parametrize("text", ["O0013;ACME", " ".join("x" * 40), "O\x7f", "Ö"])
def test_an_odette_id_is_one_in_every_file_that_has_several(text: str) -> None:
    assert cleaned(OdetteIdsField(), "O0013A, o 0013") == "O0013A\no 0013"
    with pytest.raises(ValidationError, match="without semicolon"):
        cleaned(OdetteIdsField(), text)
