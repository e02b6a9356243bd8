"""Fields that hold a short list, one entry per line: in the panel a text area, on the command line with commas."""

import re
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from seon.addresses import AddressError, read_network

MOST = 100
"""Entries of a list, as config.py bounds them."""


def entries_of(text: str) -> tuple[str, ...]:
    """Return the entries of a list, each once, in their order. A comma ends a line, too: none stands in an entry."""
    found = (entry.strip() for entry in re.split(r"[\r\n,]", text))
    return tuple(dict.fromkeys(entry for entry in found if entry))


if TYPE_CHECKING:
    TextField = models.TextField[Any, Any]
else:  # generic in the stubs only
    TextField = models.TextField


class LinesField(TextField):
    """A list of entries that match `entry`; `allowed` says in words what that is. It may be empty, and is at first."""

    entry: ClassVar[re.Pattern[str]]
    allowed: ClassVar[str]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"blank": True, "default": "", **options})

    def to_python(self, value: object) -> str | None:
        """Bring a list into its one form."""
        text = super().to_python(value)
        return None if text is None else "\n".join(entries_of(text))

    def validate(self, value: object, model_instance: models.Model | None) -> None:
        """Raise ValidationError that names the first entry that is wrong."""
        super().validate(value, model_instance)
        entries = entries_of(str(value or ""))
        wrong = next((entry for entry in entries if not self.entry.fullmatch(entry)), None)
        if wrong is not None:
            raise ValidationError(f"{wrong[:80]!r} is not possible here; allowed: {self.allowed}")
        if len(entries) > MOST:
            raise ValidationError(f"{len(entries)} entries; there can be {MOST}")


class NamePatternsField(LinesField):
    """Patterns of virtual file names."""

    # The X set of RFC 5024 5.2, lower case and underscore, which real stations send, and the two wildcards.
    entry = re.compile(r"[A-Za-z0-9/.&()'_ *?-]{1,64}")
    allowed = "patterns of up to 64 characters, where * stands for any characters and ? for one, by line or by comma"


class FileCodesField(LinesField):
    """Odette codes of files, or `*` for every code."""

    entry = re.compile(r"\*|[A-Za-z0-9/.&()'_ -]{1,25}")
    allowed = "codes of up to 25 letters, digits, blanks and / - . & ( ) ' _, by line or by comma; * = every code"


class OdetteIdsField(LinesField):
    """Odette IDs as certificates have them."""

    entry = re.compile(r"(?! )[\x20-\x2b\x2d-\x3a\x3c-\x7e]{1,64}(?<! )")
    allowed = "Odette IDs of up to 64 characters of ASCII without semicolon, by line or by comma"


class AnchorsField(LinesField):
    """Trust anchors: entered by name, or by SHA-256 or its beginning; stored by SHA-256."""

    entry = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
    allowed = "names of trust anchors, or their SHA-256 or its beginning, by line or by comma"


class NetworksField(LinesField):
    """Networks of addresses, each in its one form; an address is a network of one."""

    entry = re.compile(r"[0-9A-Fa-f:./]{2,60}")
    allowed = "IP addresses and networks such as 10.0.0.0/24, by line or by comma"

    def to_python(self, value: object) -> str | None:
        """Bring each network into its one form; what is none stays for `validate`."""
        text = super().to_python(value)
        return None if text is None else "\n".join(dict.fromkeys(_network_or_text(entry) for entry in entries_of(text)))

    def validate(self, value: object, model_instance: models.Model | None) -> None:
        """Raise ValidationError that names the first network that is none."""
        super().validate(value, model_instance)
        for entry in entries_of(str(value or "")):
            try:
                read_network(entry)
            except AddressError as error:
                raise ValidationError(str(error)) from None


def _network_or_text(entry: str) -> str:
    try:
        return str(read_network(entry))
    except AddressError:
        return entry
