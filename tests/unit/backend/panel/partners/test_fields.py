"""Fields of forms: files are bounded, and what an act says for the command line is said in the panel's words."""

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from seon.backend.panel.partners.fields import FilesField, in_panel_words
from seon.pki.containers import MAX_OCTETS


def files(count: int, size: int = 3) -> list[SimpleUploadedFile]:
    return [SimpleUploadedFile(f"{number}.pem", b"x" * size) for number in range(count)]


def test_files_come_as_their_octets() -> None:
    field = FilesField(required=False)
    assert field.clean(files(2)) == [b"xxx", b"xxx"]
    assert field.clean([]) == field.clean(None) == []
    assert not field.has_changed(None, [])


@pytest.mark.parametrize(
    ("given", "told"),
    [(files(21), "20 at most"), (files(1, MAX_OCTETS + 1), "more than 1 MiB"), ([], "Choose a file")],
    ids=["many", "large", "none"],
)
def test_too_many_and_too_large_files_are_refused(given: list[SimpleUploadedFile], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        FilesField().clean(given)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Ask the partner for its new one, or use --force", "its new one, or tick “Take it all the same”"),
        ("if the partner confirms the SHA-256 ab, use --force", "ab, tick “Take it all the same”"),
        ("There is no partner 'x'; see: seonapi partner list", "There is no partner 'x'"),
    ],
)
def test_what_an_act_says_is_said_in_words_of_the_panel(said: str, shown: str) -> None:
    assert in_panel_words(said).endswith(shown)
    assert "--" not in in_panel_words(said)
