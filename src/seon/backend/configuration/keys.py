"""Settings by name, as the command line sets and shows them.

A key is a field of a row, or `rules.RULE` for what a rule of the verifier is worth. Partners have keys like that, too.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models, transaction

from seon.addresses import AddressError, read_host, split_host_port
from seon.addresses import shown as shown_address
from seon.backend.configuration.models import RuleRow, Settings
from seon.backend.configuration.rules import SETTABLE, SEVERITIES, effect_of, validate_rule
from seon.backend.configuration.values import Shown, read_value, shown
from seon.backend.errors import OperatorError

RULES = "rules."
_RECEIVE_DAEMON = "receive_daemon"
_HIDDEN = {"id", "receive_daemon_host", "receive_daemon_port"}


def all_settings() -> list[Shown]:
    """Return every setting, in the order of the model, and the rules that are set."""
    settings = Settings.load()
    rows = shown_fields(settings, _HIDDEN)
    daemon = (
        shown_address(settings.receive_daemon_host, settings.receive_daemon_port)
        if settings.receive_daemon_host
        else ""
    )
    meaning = Settings._meta.get_field("receive_daemon_host").help_text
    rows.insert(3, Shown(_RECEIVE_DAEMON, daemon, "HOST:PORT, or empty", str(meaning)))
    return rows + shown_rules(settings.rules.all())


class Done(NamedTuple):
    """What there is to say of a setting that was made: for people, and for programs."""

    text: str = ""
    data: Mapping[str, object] = MappingProxyType({})


def set_setting(key: str, value: str) -> Done:
    """Set one setting from text. Raises OperatorError that names what is allowed."""
    settings = Settings.load()
    if key.startswith(RULES):
        return set_rule(Settings.objects.get_or_create(pk=1)[0].rules, key, value, "as the profile says")
    if key == _RECEIVE_DAEMON:
        _set_receive_daemon(settings, value)
        save(settings, key)
    else:
        set_field(settings, key, value, all_settings(), _HIDDEN)
    return Done()


def read_host_port(key: str, text: str, read: Callable[[str], str]) -> tuple[str, int]:
    """Read `HOST:PORT` or `[V6]:PORT`; `read` says what the host may be. Raises OperatorError that names the key."""
    try:
        host, port = split_host_port(text, None)
        return read(host), port
    except AddressError as error:
        raise OperatorError(f"{key}: {error}; allowed: HOST:PORT, an IPv6 address in brackets") from None


def _set_receive_daemon(settings: Settings, value: str) -> None:
    settings.receive_daemon_host = ""
    if value.strip():
        settings.receive_daemon_host, settings.receive_daemon_port = read_host_port(_RECEIVE_DAEMON, value, read_host)


# --- what settings and partners have in common ------------------------------------------------------------------------


def shown_fields(row: models.Model, hidden: set[str]) -> list[Shown]:
    """Return the fields of a row as they are shown."""
    return [shown(row, field) for field in row._meta.fields if field.name not in hidden]


def shown_rules(rules: Iterable[RuleRow]) -> list[Shown]:
    """Return rules that are set as they are shown."""
    return [_shown_rule(found.rule, found.severity) for found in rules]


def _shown_rule(name: str, severity: str) -> Shown:
    rule = SETTABLE.get(name)
    allowed = rule.can_be if rule else ", ".join(SEVERITIES)
    return Shown(f"{RULES}{name}", severity, f"{allowed}, or empty", rule.meaning if rule else "of another version")


def set_field(row: models.Model, key: str, text: str, there_are: list[Shown], hidden: set[str]) -> None:
    """Set a field of a row from text and save it. Raises OperatorError that names what is allowed, or the keys."""
    try:
        field = row._meta.get_field(key)
    except FieldDoesNotExist:
        field = None
    if key in hidden or not isinstance(field, models.Field):
        raise no_such(key, there_are)
    setattr(row, key, read_value(row, field, text))
    save(row, key)


def set_rule(rules: "models.Manager[Any]", key: str, text: str, otherwise: str) -> Done:
    """Set what a rule is worth among the rules of a row; empty: `otherwise`. What that does to its forms is said.

    Raises OperatorError; nothing is changed then.
    """
    name, severity = key.removeprefix(RULES), text.strip()
    try:
        validate_rule(name)
        if severity and severity not in SEVERITIES:
            allowed = f"{SETTABLE[name].can_be}, or empty ({otherwise})"
            raise OperatorError(f"{key} cannot be {text[:40]!r}; allowed: {allowed}")
        beside = dict(rules.exclude(rule=name).values_list("rule", "severity"))
        if not severity:
            rules.filter(rule=name).delete()
            return Done(_unset(name, beside, otherwise))
        effect = effect_of(name, severity, beside)
    except ValidationError as error:
        raise OperatorError(" ".join(error.messages)) from None
    rules.update_or_create(rule=name, defaults={"severity": severity})
    return Done(effect.text, asdict(effect))


def _unset(name: str, beside: Mapping[str, str], otherwise: str) -> str:
    """Say what holds for a rule that is not set any more: what its id says if that is set, or else `otherwise`."""
    identifier = name.partition("/")[0]
    if identifier in beside and name in effect_of(identifier, beside[identifier]).sets:
        return f"as {RULES}{identifier} says"
    own = [key for key in beside if key.startswith(f"{name}/")]
    return f"{otherwise}; with a setting of its own as before: {', '.join(own)}" if own else otherwise


def save(row: models.Model, key: str) -> None:
    """Save a row. Raises OperatorError with what does not validate."""
    try:
        with transaction.atomic():
            row.save()
    except ValidationError as error:
        raise OperatorError(f"{key}: {'; '.join(error.messages)}") from None


def no_such(key: str, there_are: list[Shown]) -> OperatorError:
    """Return the error for a key that is not there."""
    names = ", ".join(row.key for row in there_are if not row.key.startswith(RULES))
    return OperatorError(f"There is no setting {key!r}; there are: {names}, and {RULES}RULE (see: seonapi rules)")


def chosen(rows: list[Shown], key: str) -> Shown:
    """Return the setting of this key; a rule that is not set is empty. Raises OperatorError."""
    found = next((row for row in rows if row.key == key), None)
    if found:
        return found
    name = key.removeprefix(RULES)
    if key.startswith(RULES) and name in SETTABLE:
        return _shown_rule(name, "")
    raise no_such(key, rows)
