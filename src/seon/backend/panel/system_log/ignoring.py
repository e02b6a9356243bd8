"""Which messages are like one: what an ignore rule could name, from all of its kind to this very text."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from seon.backend.journal.folding import folded
from seon.backend.journal.models import LONGEST_TEXT, Entry
from seon.events import CATALOGUE, shown
from seon.wording import literal_pieces

_LEAST = 4
"""Characters that a text of a rule should have."""


class Alike(NamedTuple):
    """A rule that could be made."""

    meaning: Any
    text: str
    code: str

    @property
    def query(self) -> str:
        """What the form of a new rule is filled in with."""
        return urlencode({"ignore_text": self.text, "ignore_code": self.code})


def rules_like(entry: Entry) -> list[Alike]:
    """Return the rules that would keep messages like this one out, the narrowest first."""
    if entry.group == "audit" and str(entry.fields.get("act", "")).startswith("ignore."):
        return []  # no rule ignores what was done with rules
    code = entry.code if entry.code in CATALOGUE else ""
    found = {one.text: one for one in _of_any_width(entry, code) if _is_in(entry, one.text)}
    return list(found.values())


def _of_any_width(entry: Entry, code: str) -> Iterator[Alike]:
    whole = _("Only this very text") if len(entry.text) <= LONGEST_TEXT else _("Messages that begin like this one")
    yield Alike(whole, entry.text[:LONGEST_TEXT], code)
    for name, meaning in (
        ("source", _("This kind of message from this source")),
        ("partner", _("This kind of message about this partner")),
        ("reason", _("This kind of message with this reason")),
        ("path", _("This kind of message about this path")),
    ):
        said = entry.source if name == "source" else shown(entry.fields.get(name, ""))
        yield Alike(meaning, said[:LONGEST_TEXT], code)
    if code:
        pieces = [piece.strip() for piece in literal_pieces(CATALOGUE[code].text)]
        fixed = max((piece for piece in pieces if _is_in(entry, piece)), key=len, default="")
        yield Alike(_("Every message of this kind"), fixed, code)


def _is_in(entry: Entry, text: str) -> bool:
    return len(text) >= _LEAST and folded(text) in folded(entry.text)
