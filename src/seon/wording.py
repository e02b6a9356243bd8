"""Texts with places for values, such as the catalogue of events consists of.

A place is a field's name in braces, with what the value decides behind a colon:

* `{reason}` shows the value. A truth value reads "yes" or "no".
* `{count:# event|# events}` shows the first choice for 1 and for true, else the second. `#` stands for the value.
  With a third choice, that is shown for 0 and for false.
* `{side:name}` shows a word in capitals as a name: "Initiator" for INITIATOR.
* `[; restart at {restart}]` is left out when none of its values says anything: missing, "", "-", 0, false.

Elsewhere a value that is missing, "" or "-" reads "(none)".
"""

import re
import string
from collections.abc import Callable, Mapping

NOTHING = "(none)"
_SILENT = (None, "", "-")
_OPTIONAL = re.compile(r"\[([^][]*)\]")
_NAME = "name"


def fill(text: str, values: Mapping[str, object], show: Callable[[object], str] = str) -> str:
    """Return `text` with its values. `show` makes a value's text, and escapes what must not be shown as it is."""
    pieces = _OPTIONAL.split(text)  # each second one stood in brackets
    spoken = [piece for number, piece in enumerate(pieces) if number % 2 == 0 or _says_something(piece, values)]
    return "".join(_filled(piece, values, show) for piece in spoken)


def field_names(text: str) -> tuple[str, ...]:
    """Return the names of the values that `text` shows, in order."""
    return tuple(name for _, name, _, _ in string.Formatter().parse(text) if name)


def literal_pieces(text: str) -> tuple[str, ...]:
    """Return what stands between the places of `text`, in order: it is the same whatever the values are."""
    plain = _OPTIONAL.sub(lambda piece: "{}" + piece[1] + "{}", text)
    return tuple(piece for piece, _, _, _ in string.Formatter().parse(plain) if piece)


def _says_something(piece: str, values: Mapping[str, object]) -> bool:
    return any(values.get(name) not in (*_SILENT, 0) for name in field_names(piece))  # False equals 0


def _filled(piece: str, values: Mapping[str, object], show: Callable[[object], str]) -> str:
    made = ""
    for plain, name, form, _ in string.Formatter().parse(piece):
        made += plain
        if name:
            made += _place(values.get(name), form or "", show)
    return made


def _place(value: object, form: str, show: Callable[[object], str]) -> str:
    if value in _SILENT:
        shown = NOTHING
    elif isinstance(value, bool):
        shown = "yes" if value else "no"
    else:
        shown = show(value)
    if form == _NAME:
        return shown.capitalize()
    if not form or (value in _SILENT and "#" not in form):
        return shown
    one, other, *none = form.split("|")
    choice = one if value == 1 else none[0] if none and value == 0 else other
    return choice.replace("#", shown)
