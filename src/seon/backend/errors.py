"""What an operator is told."""


class OperatorError(Exception):
    """Something the operator must set right; the text is one line and says what to do. Never carries a secret."""


_FULL = ("database or disk is full", "no space left on device", "disk quota exceeded")
"""What SQLite, PostgreSQL and the system say of a disk that is full."""


def disk_full(error: Exception) -> OperatorError | None:
    """Return what to say if an error means that a disk is full; None for any other."""
    said = str(error)
    if not any(words in said.lower() for words in _FULL):
        return None
    where = f" ({error.filename})" if isinstance(error, OSError) and error.filename else ""
    return OperatorError(f"The disk is full{where}: make room, and do it again")
