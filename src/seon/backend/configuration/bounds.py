"""Ranges and defaults of settings, read from config.py: what it cannot decode must not be storable."""

from dataclasses import dataclass
from typing import get_args

from msgspec import inspect

from seon.config import AdmissionRules, FileOctets, FileRules, Limits, Profile, SessionCount, Struct

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

    @classmethod
    def of(cls, kind: inspect.Type, default: int) -> "Bounds":
        """Return the bounds of a whole number in the typed configuration."""
        assert isinstance(kind, inspect.IntType)
        assert kind.ge is not None
        assert kind.le is not None
        return cls(kind.ge, kind.le, default)


def _numbers(kind: type[Struct]) -> dict[str, Bounds]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return {
        field.name: Bounds.of(field.type, field.default)
        for field in info.fields
        if isinstance(field.type, inspect.IntType)
    }


LIMITS = _numbers(Limits)
"""The fields of config.Limits by name."""
ADMISSION_NUMBERS = _numbers(AdmissionRules)
"""Those fields of config.AdmissionRules that are whole numbers, by name."""
SESSIONS = Bounds.of(inspect.type_info(SessionCount), LIMITS["sessions_per_partner"].default)
"""Sessions at once of one partner."""
FILE_OCTETS = Bounds.of(inspect.type_info(FileOctets), FileRules().max_octets)
