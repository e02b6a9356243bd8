import pytest

from seon.backend.journal.folding import folded

COMPOSED, WITH_MARK = "M\N{LATIN CAPITAL LETTER U WITH DIAERESIS}ller", "Mu\N{COMBINING DIAERESIS}ller"


@pytest.mark.parametrize(
    ("needle", "text"),
    [
        ("MÜLLER", "partner müller"),
        ("straße", "STRASSE 5"),
        ("STRASSE", "Straße 5"),
        ("istanbul", "İSTANBUL"),
        ("İstanbul", "istanbul"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        (COMPOSED, WITH_MARK),
        (WITH_MARK, COMPOSED.upper()),
        ("100%_'\\", "at 100%_'\\ it ends"),
    ],
)
def test_a_text_is_found_whatever_its_case_and_however_its_marks_are_written(needle: str, text: str) -> None:
    assert folded(needle) in folded(text)


def test_a_letter_is_not_found_in_one_with_a_mark() -> None:
    assert folded("muller") not in folded(COMPOSED)
    assert folded("muller") not in folded(WITH_MARK)
