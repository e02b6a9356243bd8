"""Settings by name, as the command line sets and shows them.

A key is a field of a row, or `rules.RULE` for what a rule of the verifier is worth. Partners have keys like that, too,
since both have session rules.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import models, transaction

from seon.addresses import AddressError, read_host, split_host_port
from seon.addresses import shown as shown_address
from seon.backend.configuration.models import Settings
from seon.backend.configuration.rules import SETTABLE, SEVERITIES, effect_of, validate_rule
from seon.backend.configuration.values import Shown, Value, by_field, read_value, shown
from seon.backend.configuration.versioned import take_turn
from seon.backend.errors import OperatorError
from seon.backend.partners.models import Partner
from seon.backend.session_rules.demands import DEMANDS
from seon.backend.session_rules.models import AS_IN_GENERAL, rules_of

RULES = "rules."
_EMPTY = {
    Settings: "empty: the product's default.",
    Partner: "empty: as in general.",
}
_OTHERWISE = {Settings: "as the profile says", Partner: AS_IN_GENERAL}
RECEIVE_DAEMON = "receive_daemon"
_HIDDEN = frozenset({"id"})
_LONGEST = 60
"""Characters of a key that is not there, as it is told."""
_PARTS = {"receive_daemon_host", "receive_daemon_port"}
"""What people see as one setting."""


class Done(NamedTuple):
    """What there is to say of a setting that was made: for people, and for programs."""

    text: str = ""
    data: Mapping[str, object] = MappingProxyType({})


def all_settings() -> list[Shown]:
    """Return every setting, in the order of the model, and the rules that are set."""
    settings = Settings.load()
    rows = [row for row in Keys(settings, _HIDDEN).all() if row.key not in _PARTS]
    daemon = (
        shown_address(settings.receive_daemon_host, settings.receive_daemon_port)
        if settings.receive_daemon_host
        else ""
    )
    meaning = Settings._meta.get_field("receive_daemon_host").help_text
    rows.insert(3, Shown(RECEIVE_DAEMON, daemon, "HOST:PORT, or empty", str(meaning)))
    return rows


def setting(key: str) -> Shown:
    """Return one setting by its key. Raises OperatorError."""
    return chosen(all_settings(), key)


def set_setting(key: str, value: str) -> Done:
    """Set one setting from text. Raises OperatorError that names what is allowed."""
    return set_settings({key: value})


def set_settings(values: Mapping[str, Value], *, new: bool = False) -> Done:
    """Set settings by their keys, from text or as they are; all of them or none. `new`: a rule must not be set yet.

    Returns what there is to say of the last rule among them. Raises OperatorError that names what is allowed.
    """
    with transaction.atomic():
        take_turn()  # first of all: two that change settings at once wait here, and neither undoes the other's
        fields = dict(values)
        if RECEIVE_DAEMON in fields:
            fields |= _receive_daemon(str(fields.pop(RECEIVE_DAEMON) or ""))
        return Keys(Settings.load(), _HIDDEN).put(fields, all_settings, new=new)


def read_host_port(key: str, text: str, read: Callable[[str], str]) -> tuple[str, int]:
    """Read `HOST:PORT` or `[V6]:PORT`; `read` says what the host may be. Raises OperatorError that names the key."""
    try:
        host, port = split_host_port(text, None)
        return read(host), port
    except AddressError as error:
        raise OperatorError(f"{key}: {error}; allowed: HOST:PORT, an IPv6 address in brackets") from None


def _receive_daemon(text: str) -> dict[str, Value]:
    if not text.strip():
        return {"receive_daemon_host": ""}
    host, port = read_host_port(RECEIVE_DAEMON, text, read_host)
    return {"receive_daemon_host": host, "receive_daemon_port": port}


# --- what settings and partners have in common ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Keys:
    """What can be set by name for one owner: fields of its own that are not hidden, its demands, its severities."""

    owner: Settings | Partner
    hidden: frozenset[str]

    def all(self) -> list[Shown]:
        """Return everything: the owner's fields, the demands, and the rules that are set."""
        own = [shown(self.owner, field) for field in self.owner._meta.fields if field.name not in self.hidden]
        rules = self.owner.rules.all() if self.owner.pk else ()
        return [*own, *self._demands(), *(_shown_rule(row.rule, row.severity) for row in rules)]

    def _demands(self) -> list[Shown]:
        row, empty = rules_of(self.owner), _EMPTY[type(self.owner)]
        found = (shown(row, row._meta.get_field(name)) for name in DEMANDS)  # type: ignore[arg-type]  # no relations
        return [replace(one, meaning=f"{one.meaning.removesuffix('.')}; {empty}") for one in found]

    def put(self, values: Mapping[str, Value], there_are: Callable[[], Sequence[Shown]], *, new: bool) -> Done:
        """Put values into the rows by their keys, from text or as they are, and save what was changed.

        Returns what there is to say of the last rule among them. Raises OperatorError, which names what is allowed, or
        `there_are`; call it in a transaction.
        """
        done, rules = Done(), rules_of(self.owner)
        touched: dict[str, models.Model] = {"": self.owner} if self.owner._state.adding else {}
        for key, value in values.items():
            if key.startswith(RULES):
                continue
            row = rules if key in DEMANDS else self.owner
            field = next((field for field in row._meta.fields if field.name == key), None)
            if field is None or key in self.hidden:
                raise no_such(key, there_are())
            wanted = read_value(row, field, value) if isinstance(value, str) else _stored(value)
            if wanted != getattr(row, key):
                setattr(row, key, wanted)
                touched[key] = row
        # The owner comes first: the rules belong to a row that is there.
        _save({id(row): row for row in touched.values()}.values(), ", ".join(filter(None, touched)))
        for key in (key for key in values if key.startswith(RULES)):
            done = self._put_rule(key.removeprefix(RULES), str(values[key] or ""), new=new)
        return done

    def _put_rule(self, name: str, text: str, *, new: bool) -> Done:
        """Set what a rule is worth; empty: nothing of its own. What that does to its forms is said.

        Raises OperatorError; nothing is changed then.
        """
        severity, otherwise = text.strip(), _OTHERWISE[type(self.owner)]
        stored = self.owner.rules.filter(rule=name).first()
        if stored is not None and new:
            raise OperatorError(f"A severity for {name} already exists: {stored.severity}")
        try:
            if severity or stored is None:  # one of another version can be taken away
                validate_rule(name)
            if severity and severity not in SEVERITIES:
                allowed = f"{SETTABLE[name].can_be}, or empty ({otherwise})"
                raise OperatorError(f"{RULES}{name} cannot be {text[:40]!r}; allowed: {allowed}")
            beside = dict(self.owner.rules.exclude(rule=name).values_list("rule", "severity"))
            if not severity:
                self.owner.rules.filter(rule=name).delete()
                return Done(_unset(name, beside, otherwise))
            effect = effect_of(name, severity, beside)
        except ValidationError as error:
            raise OperatorError(" ".join(error.messages)) from None
        self.owner.rules.update_or_create(rule=name, defaults={"severity": severity})
        return Done(effect.text, asdict(effect))


def _stored(value: Value) -> object:
    return "\n".join(value) if isinstance(value, list) else value


def _shown_rule(name: str, severity: str) -> Shown:
    rule = SETTABLE.get(name)
    allowed = rule.can_be if rule else ", ".join(SEVERITIES)
    return Shown(f"{RULES}{name}", severity, f"{allowed}, or empty", rule.meaning if rule else "of another version")


def _unset(name: str, beside: Mapping[str, str], otherwise: str) -> str:
    """Say what holds for a rule that is not set any more: what its id says if that is set, or else `otherwise`."""
    identifier = name.partition("/")[0]
    if identifier in beside and identifier in SETTABLE and name in effect_of(identifier, beside[identifier]).sets:
        return f"as {RULES}{identifier} says"
    own = [key for key in beside if key.startswith(f"{name}/")]
    return f"{otherwise}; with a setting of its own as before: {', '.join(own)}" if own else otherwise


def _save(rows: Iterable[models.Model], key: str) -> None:
    """Save rows. Raises OperatorError with what does not validate; the transaction around it is then to be undone."""
    try:
        for row in rows:
            row.save()
    except ValidationError as error:
        raise OperatorError(f"{key}: {'; '.join(error.messages)}", fields=by_field(error)) from None


def no_such(key: str, there_are: Sequence[Shown]) -> OperatorError:
    """Return the error for a key that is not there, with those that are like it."""
    near = " or ".join(get_close_matches(key[:_LONGEST], [row.key for row in there_are], n=2))
    of_partner = all(row.key != RECEIVE_DAEMON for row in there_are)
    where = "seonapi partner get ID" if of_partner else "seonapi settings list"
    meant = f"; do you mean {near}?" if near else ";"
    return OperatorError(
        f"There is no setting {key[:_LONGEST]!r}{meant} `{where}` shows all, `seonapi rules` the rules"
    )


def chosen(rows: Sequence[Shown], key: str) -> Shown:
    """Return the setting of this key; a rule that is not set is empty. Raises OperatorError."""
    found = next((row for row in rows if row.key == key), None)
    if found:
        return found
    name = key.removeprefix(RULES)
    if key.startswith(RULES) and name in SETTABLE:
        return _shown_rule(name, "")
    raise no_such(key, rows)
