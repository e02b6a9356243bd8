"""What is brought to a form: files and text together, and in bounds."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict

from seon.backend.certificates import MAX_FILES
from seon.backend.panel.uploads import BringForm


def form(text: str = "", *octets: bytes) -> BringForm:
    files: MultiValueDict[str, Any] = MultiValueDict()
    files.setlist("file", [SimpleUploadedFile(f"{number}.pem", held) for number, held in enumerate(octets)])
    return BringForm({"text": text}, files)


def test_several_files_and_a_text_are_brought_in_their_order() -> None:
    both = form("pasted", b"one", bytes(range(256)))
    assert both.is_valid()
    assert both.brought() == [b"one", bytes(range(256)), b"pasted"]


@pytest.mark.parametrize(
    ("brought", "said"),
    [
        (form(), "Nothing was brought"),
        (form("  \n"), "Nothing was brought"),
        (form("", b""), "empty"),
        (form("", *[b"x"] * (MAX_FILES + 1)), f"At most {MAX_FILES} files"),
    ],
)
def test_what_cannot_be_taken_is_told_at_the_files(brought: BringForm, said: str) -> None:
    assert not brought.is_valid()
    assert said in str(brought.errors["file"])


def test_a_text_that_is_too_long_or_holds_a_nul_is_told_at_the_text() -> None:
    for text in ("x" * 200_001, "a\0b"):
        assert "text" in form(text).errors
