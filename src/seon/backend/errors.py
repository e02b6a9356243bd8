"""What an operator is told."""

from collections.abc import Mapping


class OperatorError(Exception):
    """Something the operator must set right; the text is one line and says what to do. Never carries a secret."""

    def __init__(self, text: str = "", *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.fields = dict(fields or {})
        """What is wrong by the names of the fields that it is about, where that is known; "" for none of them."""


_FULL = ("database or disk is full", "no space left on device", "disk quota exceeded")
"""What SQLite, PostgreSQL and the system say of a disk that is full."""


def disk_full(error: Exception) -> OperatorError | None:
    """Return what to say if an error means that a disk is full; None for any other."""
    said = str(error)
    if not any(words in said.lower() for words in _FULL):
        return None
    where = f" ({error.filename})" if isinstance(error, OSError) and error.filename else ""
    return OperatorError(f"The disk is full{where}: make room, and do it again")
