"""The verifier's rules as they can be set: which there are, what they mean, and which are not to be softened."""

from dataclasses import dataclass
from typing import get_args

from django.core.exceptions import ValidationError

from seon.config import Severity
from seon.oftp2.rules import RULES, Rule

SEVERITIES: tuple[str, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True)
class Settable:
    """A name under which a severity can be set: a rule, a form of one, or an id that stands for its soft forms."""

    name: str
    meaning: str
    default: str
    strict: str


def _settable() -> dict[str, Settable]:
    forms: dict[str, list[Rule]] = {}
    for rule in RULES.values():
        if not rule.hard:
            forms.setdefault(rule.id, []).append(rule)
    found = {}
    for identifier, soft in forms.items():
        if RULES[identifier].hard:  # the rule itself stays; its id softens the forms
            found[identifier] = Settable(identifier, "; ".join(rule.meaning for rule in soft), "by form", "by form")
        for rule in soft:
            found[rule.key] = Settable(rule.key, rule.meaning, rule.default.value, rule.strict.value)
    return found


SETTABLE = _settable()
HARD = tuple(key for key, rule in RULES.items() if rule.hard and key not in SETTABLE)


def validate_rule(name: str) -> None:
    """Raise ValidationError, which says what there is, unless a severity can be set for a rule of this name."""
    if name in SETTABLE:
        return
    if name in RULES:
        raise ValidationError(
            f"Rule {name} ({RULES[name].meaning}) is always refused: what breaks it cannot be read in one way only. "
            f"The same holds for {', '.join(key for key in HARD if key != name)}"
        )
    raise ValidationError(f"There is no rule {name[:40]!r}; severities can be set for {', '.join(SETTABLE)}")


def rule_choices() -> list[tuple[str, str]]:
    """Return the rules that can be set, with what the profiles make of them, for a select box."""
    return [
        ("", "choose a rule"),
        *((rule.name, f"{rule.name}: {rule.meaning} ({_by_profile(rule)})") for rule in SETTABLE.values()),
    ]


def _by_profile(rule: Settable) -> str:
    return rule.default if rule.default == rule.strict else f"default {rule.default}, strict {rule.strict}"
