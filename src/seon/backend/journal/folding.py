"""Text without upper and lower case, as searches and ignore rules compare it."""

import unicodedata

_DOTTED_I = "i\N{COMBINING DOT ABOVE}"
"""What is left of a Turkish capital I with a dot: everybody who looks for it types an i."""


def folded(text: str) -> str:
    """Return `text` for comparing without regard to case: "Straße" and "STRASSE" are alike, "Ü" and "ü" are.

    It makes no difference whether an umlaut is one character or a letter with a mark (Unicode 3.13, canonical caseless
    matching; composed at the end, so that a plain letter is not found in one with a mark).
    """
    plain = unicodedata.normalize("NFD", text).casefold().replace(_DOTTED_I, "i")
    return unicodedata.normalize("NFC", plain)
