"""`typing.override`, which is not in Python 3.11 yet.

mypy checks that a method marked so does override one of a base class or protocol, and ruff asks no docstring of it:
what it does is said there.
"""

from typing import TYPE_CHECKING

__all__ = ["override"]

if TYPE_CHECKING:
    from typing_extensions import override
else:

    def override(method):  # noqa: D103 - the head says it
        return method
