"""What a mutant is."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One change. `apply` makes it in this process; it cannot be taken back."""

    id: str
    apply: Callable[[], None]
