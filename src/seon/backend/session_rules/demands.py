"""The demands on sessions, read from config.py: their names, their defaults, and the way from a row to a struct.

A demand is a field of `config.SessionRules`, or of a struct in it: `incoming.max_octets` is the field
`incoming_max_octets` of the model. To add one, add it at four places:

1. the field of `session_rules.models.SessionRules`, with what it means;
2. `config.SessionRules` (or `FileRules`), with the product's default;
3. `config.PartnerRules` (or `PartnerFileRules`), where None is the default: as in general;
4. where it is used (`admission/judgement.py`).

The configuration that is served, the keys of `seonapi set` and `seonapi partner set`, and the panel's forms follow by
themselves.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct, structs

from seon.config import SessionRules

SEVERITIES = "rules"
"""The one field of the structs that is no demand: the severities, which are rows of their own."""
S = TypeVar("S", bound=Struct)


class Demand(NamedTuple):
    """One demand: its name in the model, and the group that it stands in ("" or a struct's field)."""

    name: str
    group: str
    default: object
    """What the product demands where nobody says anything."""


def demands_of(kind: type[Struct], group: str = "") -> Iterator[Demand]:
    """Yield the demands of a struct and of the structs in it, in their order."""
    for field in structs.fields(kind):
        name = f"{group}_{field.name}" if group else field.name
        if _is_struct(field.type):
            yield from demands_of(field.type, field.name)
        elif name != SEVERITIES:
            yield Demand(name, group, field.default)


def struct_of(kind: type[S], value_of: Callable[[str], object | None], severities: Mapping[str, str]) -> S:
    """Return a struct with the values of the demands by their names; one that is None keeps the struct's default."""

    def made(kind: type[Any], prefix: str = "") -> Any:
        values: dict[str, Any] = {}
        for field in _fields(kind):  # type: ignore[arg-type]  # a class can be hashed
            if _is_struct(field.type):
                values[field.name] = made(field.type, f"{field.name}_")
            elif prefix + field.name == SEVERITIES:
                values[field.name] = dict(severities)
            else:
                values[field.name] = value_of(prefix + field.name)
        return kind(**{name: value for name, value in values.items() if value is not None})

    answer: S = made(kind)
    return answer


@cache
def _fields(kind: Any) -> "tuple[structs.FieldInfo, ...]":
    return structs.fields(kind)


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


DEMANDS: Mapping[str, Demand] = MappingProxyType({demand.name: demand for demand in demands_of(SessionRules)})
"""Every demand by its name in the model."""


def group(name: str) -> tuple[str, ...]:
    """Return the names of the demands in a group."""
    return tuple(demand.name for demand in DEMANDS.values() if demand.group == name)
