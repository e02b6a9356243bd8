"""What can be done with ignore rules, and with sessions that run."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.configuration.versioned import take_turn
from seon.backend.errors import OperatorError
from seon.backend.journal.models import IgnoreRule
from seon.backend.journal.tracing import switch_trace
from seon.backend.live import lists
from seon.backend.live.orders import give


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What is to be another than before; None stays as it is."""

    description: str | None = None
    text: str | None = None
    code: str | None = None
    """Empty: events of any code."""
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    for_ever: bool = False
    """Take the end away."""


@act("ignore.add", Right.IGNORE)
def add_rule(
    _: Actor,
    description: str,
    text: str,
    code: str = "",
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> IgnoreRule:
    """Add an ignore rule: from now on, or from a moment on, for ever or until a moment, which does not belong to it.

    Raises OperatorError; nothing is stored then.
    """
    rule = IgnoreRule(
        description=description, text=text, code=code, valid_from=valid_from or timezone.now(), valid_to=valid_to
    )
    _refuse_past(rule)
    rule.save()
    return rule


@act("ignore.change", Right.IGNORE)
def change_rule(_: Actor, key: int, change: RuleChange) -> IgnoreRule:
    """Change an ignore rule. Raises OperatorError; nothing is stored then."""
    rule = rule_named(key, lock=True)
    for name in ("description", "text", "code", "valid_from", "valid_to"):
        value = getattr(change, name)
        if value is not None:
            setattr(rule, name, value)
    if change.for_ever:
        rule.valid_to = None
    _refuse_past(rule)
    rule.save()
    return rule


@act("ignore.remove", Right.IGNORE)
def remove_rule(_: Actor, key: int) -> None:
    """Remove an ignore rule: its events come into the system log again. Raises OperatorError if there is none."""
    rule_named(key, lock=True).delete()


def rule_named(key: int, *, lock: bool = False) -> IgnoreRule:
    """Return the ignore rule of this number. Raises OperatorError."""
    rules = IgnoreRule.objects.select_for_update() if lock else IgnoreRule.objects
    found = rules.filter(pk=key).first()
    if found is None:
        known = ", ".join(str(pk) for pk in IgnoreRule.objects.values_list("pk", flat=True)[:20]) or "none"
        raise OperatorError(f"There is no ignore rule {key}; there are: {known} (seonapi ignore list)")
    return found


def _refuse_past(rule: IgnoreRule) -> None:
    if rule.valid_to is not None and rule.valid_to <= timezone.now():
        raise OperatorError(
            f"The rule would have ended at {rule.valid_to:%Y-%m-%d %H:%M} UTC, which is over: give a later end"
        )


@act("session.trace", Right.SESSIONS)
def trace_session(by: Actor, session: str, *, on: bool) -> str:
    """Switch the trace of a running session on or off; return the session's id.

    `session`: the id, or the first 8 characters of it or more. Raises OperatorError. Both hosts learn it by the
    configuration, and the session's client by an order at once, if it is heard of.
    """
    take_turn()  # first of all: two that switch at once wait here
    found = switch_trace(session, on=on)
    running = lists.session(found)
    if running is not None:
        give(by, running.client.place, "trace" if on else "untrace", found)
    return found
