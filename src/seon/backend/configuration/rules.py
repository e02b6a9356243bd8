"""The verifier's rules as they can be set: which there are, what they mean, and which are not to be softened."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import get_args

from django.core.exceptions import ValidationError

from seon.config import Severity
from seon.oftp2 import rules as oftp2
from seon.oftp2.errors import LocalError
from seon.oftp2.rules import RULES

SEVERITIES: tuple[str, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True)
class Settable:
    """A name under which a severity can be set: a rule, a form of one, or an id that stands for all its forms."""

    name: str
    meaning: str
    default: str
    strict: str
    can_be: str
    """The severities that it can take, by commas."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What setting a name does to the keys that it stands for."""

    sets: tuple[str, ...]
    keeps: tuple[str, ...]
    """Forms with a setting of their own, which counts before that of the id."""
    stays: tuple[str, ...]
    """Those that cannot take the severity and stay as they are."""

    @property
    def text(self) -> str:
        """The effect in words; empty where the name is a rule without forms."""
        parts = {
            "set": self.sets,
            "with a setting of its own as before": self.keeps,
            "as before, since it cannot be set so": self.stays,
        }
        if sum(map(len, parts.values())) == 1:
            return ""
        return "; ".join(f"{what}: {', '.join(keys)}" for what, keys in parts.items() if keys)


def effect_of(name: str, severity: str, own: Collection[str] = ()) -> Effect:
    """Return what setting `name` to `severity` does; `own`: the names that are set already.

    Raises ValidationError, which says why, if it can do nothing.
    """
    validate_rule(name)
    worth = oftp2.Severity(severity)
    try:
        oftp2.check_severity(name, worth)
    except LocalError as error:
        raise ValidationError(str(error)) from None
    can = {rule.key: rule.can_be(worth) for rule in oftp2.rules_named(name)}
    kept = {key for key in can if key != name and key in own}
    return Effect(
        sets=tuple(key for key, good in can.items() if good and key not in kept),
        keeps=tuple(key for key in can if key in kept),
        stays=tuple(key for key, good in can.items() if not good and key not in kept),
    )


def _settable() -> dict[str, Settable]:
    forms: dict[str, list[oftp2.Rule]] = {}
    for rule in RULES.values():
        if not rule.hard:
            forms.setdefault(rule.id, []).append(rule)
    found = {}
    for identifier, soft in forms.items():
        if RULES[identifier].hard:  # the rule itself stays; its id softens the forms
            meaning = "; ".join(rule.meaning for rule in soft)
            found[identifier] = Settable(identifier, meaning, "by form", "by form", _can_be(soft))
        for rule in soft:
            found[rule.key] = Settable(rule.key, rule.meaning, rule.default.value, rule.strict.value, _can_be([rule]))
    return found


def _can_be(rules: list[oftp2.Rule]) -> str:
    return ", ".join(one for one in SEVERITIES if any(rule.can_be(oftp2.Severity(one)) for rule in rules))


SETTABLE = _settable()
HARD = tuple(key for key, rule in RULES.items() if rule.hard and key not in SETTABLE)


def validate_rule(name: str) -> None:
    """Raise ValidationError, which says what there is, unless a severity can be set for a rule of this name."""
    if name in SETTABLE:
        return
    if name in RULES:
        raise ValidationError(
            f"Rule {name} ({RULES[name].meaning}) is always refused, and no setting changes that "
            '(docs/interoperability.md, "What cannot be softened"). '
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
