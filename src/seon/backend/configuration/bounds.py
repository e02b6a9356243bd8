"""Ranges and defaults of settings, read from config.py: what it cannot decode must not be storable."""

from dataclasses import dataclass
from typing import get_args

from msgspec import inspect

from seon.config import Limits, Profile

PROFILES: tuple[str, ...] = get_args(Profile)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least, the most and the default value of a whole number."""

    least: int
    most: int
    default: int

    def less(self, margin: int) -> "Bounds":
        """Return the same with a most that leaves room for `margin` more."""
        return Bounds(self.least, self.most - margin, self.default)


def _limits() -> dict[str, Bounds]:
    info = inspect.type_info(Limits)
    assert isinstance(info, inspect.StructType)
    found = {}
    for field in info.fields:
        kind = field.type
        assert isinstance(kind, inspect.IntType), field.name
        assert kind.ge is not None, field.name
        assert kind.le is not None, field.name
        found[field.name] = Bounds(kind.ge, kind.le, field.default)
    return found


LIMITS = _limits()
"""The fields of config.Limits by name."""
