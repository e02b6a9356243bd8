"""The rules of OFTP2 as the page shows them, and the form that says what each is worth in general."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.acting.actors import Actor
from seon.backend.configuration.actions import set_rules
from seon.backend.configuration.models import Settings
from seon.backend.configuration.rules import SETTABLE, Settable
from seon.backend.counting.lists import broken_rules
from seon.backend.panel.act_forms import ActForm
from seon.backend.session_rules.models import RuleSeverity, rules_of
from seon.oftp2.rules import RULES, Rule

GROUPS = {
    "STH": gettext_lazy("Stream header"),
    "CMD": gettext_lazy("Commands"),
    "FLD": gettext_lazy("Fields"),
    "XF": gettext_lazy("Start of a file"),
    "DAT": gettext_lazy("Data"),
    "NEG": gettext_lazy("Agreement at the start of a session"),
    "SEQ": gettext_lazy("Order of commands"),
    "SEM": gettext_lazy("Restart and counts"),
    "ADM": gettext_lazy("Identification codes"),
    "POL": gettext_lazy("Demands of your company"),
}
"""The beginnings of rule ids, in the order of the page."""
WORDS = {
    "refuse": gettext_lazy("refuse: the session ends"),
    "decline": gettext_lazy("decline: the file is refused, the session goes on"),
    "warn": gettext_lazy("warn: it goes into the system log"),
    "ignore": gettext_lazy("ignore: nothing happens"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One rule, or an id that stands for all its softer forms."""

    key: str
    field: str
    """The name of its field; empty where it is always refused."""
    meaning: str
    by_profile: str
    """What the profile in force makes of it."""
    other_profile: str
    """What the profiles make of it, where they differ."""
    reason: int
    """Of the ESID, where it is refused."""
    stored: str
    chosen: str
    choices: list[tuple[str, str]]
    errors: list[str]
    broken: int
    partners: int
    """Partners that have a setting of their own."""

    @property
    def anchor(self) -> str:
        """The name of its place on the page: an id that stands for its forms has a row beside that of its rule."""
        is_of_forms = self.field in RULES and RULES[self.field].hard
        return f"{self.key}/all" if is_of_forms else self.key


@dataclass(frozen=True, slots=True)
class Group:
    """Rules of one subject."""

    title: Any
    rows: list[Row]


class RulesForm(ActForm):
    """What each rule is worth in general. A browser sends those that were changed."""

    watches = True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        stored = dict(Settings.load().rules.values_list("rule", "severity"))
        for name, rule in SETTABLE.items():
            allowed = [(word, word) for word in rule.can_be.split(", ")]
            self.fields[name] = forms.ChoiceField(required=False, choices=[("", ""), *allowed])
            self.initial[name] = stored.get(name, "")
        for name in sorted(set(stored) - set(SETTABLE)):  # they can be taken away
            self.fields[name] = forms.ChoiceField(required=False, choices=[("", ""), (stored[name], "")])
            self.initial[name] = stored[name]

    def minded(self) -> Collection[str]:
        """Return the rules that were sent."""
        return [name for name in self.fields if self.add_prefix(name) in self.data]

    def changed(self) -> dict[str, Any]:
        """Return the rules that were sent and are another than before."""
        sent = self.minded()
        return {name: value for name, value in super().changed().items() if name in sent}

    def chosen(self, name: str) -> str:
        """Return what is to be shown as chosen: what was sent, or what is stored."""
        return str(self.data.get(self.add_prefix(name), self.initial[name]))

    def act(self, by: Actor) -> Any:
        """Set the rules that were changed."""
        new = self.changed()
        if not new:
            self.told = _("Nothing was changed.")
            return None
        effects = set_rules(by, new)
        self.told = " ".join((str(self.told), *(f"{effect}." for effect in effects)))
        return effects


def groups(form: RulesForm) -> list[Group]:
    """Return all rules in their groups, with how often each was broken."""
    profile = str(rules_of(Settings.load()).profile)
    broken, partners = broken_rules(), _partners()
    found: dict[str, list[Row]] = {name: [] for name in GROUPS}
    for rule in RULES.values():
        rows = found.setdefault(rule.id.partition("-")[0], [])
        rows.extend(_rows(rule, form, profile, broken, partners))
    found[_("Rules of another version")] = [
        _of_another_version(name, form) for name in form.fields if name not in SETTABLE
    ]
    return [Group(GROUPS.get(name, name), rows) for name, rows in found.items() if rows]


def _of_another_version(name: str, form: RulesForm) -> Row:
    stored = str(form.initial[name])
    choices = [(stored, stored), ("", _("remove this setting"))]
    meaning = _("This program does not know the rule: a newer or older one has stored it.")
    return Row(name, name, meaning, "", "", 0, stored, form.chosen(name), choices, [], 0, 0)


def _rows(rule: Rule, form: RulesForm, profile: str, broken: dict[str, int], partners: dict[str, int]) -> Iterator[Row]:
    count, differ = broken.get(rule.key, 0), partners.get(rule.key, 0)
    reason, meaning = int(rule.reason.value), _(rule.meaning)
    if rule.hard:
        yield Row(rule.key, "", meaning, "refuse", "", reason, "", "", [], [], count, 0)
    if rule.key not in SETTABLE:
        return
    settable = SETTABLE[rule.key]
    if rule.hard:
        meaning, count = _("all softer forms of %s at once, those below") % rule.key, 0
    errors = [str(error) for error in form.errors.get(rule.key, [])] if form.is_bound else []
    by_profile, other = _by_profile(settable, profile)
    yield Row(
        rule.key, rule.key, meaning, by_profile, other, reason, form.initial[rule.key],
        form.chosen(rule.key),
        _choices(settable, by_profile), errors, count, differ,
    )  # fmt: skip


def _by_profile(rule: Settable, profile: str) -> tuple[str, str]:
    if rule.default not in WORDS:
        return _("each form by itself"), ""
    now = rule.strict if profile == "strict" else rule.default
    differ = "" if rule.default == rule.strict else f"default {rule.default}, strict {rule.strict}"
    return now, differ


def _choices(rule: Settable, by_profile: str) -> list[tuple[str, str]]:
    return [
        ("", _("as the profile says (%s)") % by_profile if by_profile in WORDS else by_profile),
        *((word, str(WORDS[word])) for word in rule.can_be.split(", ")),
    ]


def _partners() -> dict[str, int]:
    rows = RuleSeverity.objects.exclude(partner=None).order_by().values_list("rule").annotate(Count("pk"))
    return dict(rows)
