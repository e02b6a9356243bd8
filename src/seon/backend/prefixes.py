"""The paths of a reverse proxy below which Seonapi answers, besides "/"."""

import re
from collections.abc import Iterable

from seon.backend.errors import OperatorError

USUAL = "/seonapi"
"""Needs no setting."""
_FORM = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_OURS = ("api", "healthz", "index.php", "panel", "static")
"""What stands at the top of our own paths: a prefix that begins so would hide it."""
MOST = 20


def read_prefixes(texts: Iterable[str]) -> list[str]:
    """Return the usual prefix and those that were given, each as "/base". Raises OperatorError for a bad one."""
    prefixes = dict.fromkeys([USUAL, *map(_read, texts)])
    if len(prefixes) > MOST:
        raise OperatorError(f"--prefix: there can be at most {MOST - 1}")
    return list(prefixes)


def _read(text: str) -> str:
    prefix = f"/{text.strip().strip('/')}"
    if not _FORM.fullmatch(prefix) or {".", ".."} & set(prefix.split("/")) or len(prefix) > 200:
        raise OperatorError(
            f"--prefix: {text[:80]!r} is no path such as /base: letters, digits and - . _ ~ between single slashes"
        )
    if prefix.split("/")[1] in _OURS:
        raise OperatorError(f"--prefix: {prefix} begins as a path of Seonapi's own does: {', '.join(_OURS)}")
    return prefix
