"""What a mutant is."""

from collections.abc import Callable
from dataclasses import dataclass


class NotLoadedError(Exception):
    """The change leaves code that cannot even be imported, which every test notices."""


@dataclass(frozen=True)
class Mutant:
    """One change. `apply` makes it in this process; it cannot be taken back. It may raise NotLoadedError."""

    id: str
    apply: Callable[[], None]
