"""Session rules in the forms of their owners: the demands as fields of the form, the severities as rows below it."""

from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget

from seon.backend.acting.actors import Actor
from seon.backend.configuration.models import Settings
from seon.backend.configuration.rules import SETTABLE, rule_choices
from seon.backend.panel.base import ActingPage, ActingRows, Form
from seon.backend.session_rules.demands import DEMANDS, group
from seon.backend.session_rules.models import RuleSeverity, SessionRules, rules_of

_TITLES = {"incoming": "Files that {} sends", "outgoing": "Files that {} is sent"}


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A rule is chosen by its meaning. Those that cannot be softened are not among them."""

    rule = forms.ChoiceField(choices=rule_choices, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        stored = self.instance.rule
        if self.instance.pk and stored not in SETTABLE:  # it must not hinder another change, nor be lost by one
            self.fields["rule"].choices = [*rule_choices(), (stored, f"{stored}: of another version")]  # type: ignore[attr-defined]


class SeverityRows(ActingRows):
    """What rules are worth for the owner. The act behind all changes is one: what a rule is worth, or nothing."""

    model = RuleSeverity
    form = RuleForm

    def put(self, by: Actor, parent: Any, rule: str, severity: str, *, new: bool = False) -> object:
        """Do the act: set what a rule is worth for the owner."""
        raise NotImplementedError

    def do_add(self, by: Actor, parent: Any, form: Form) -> object:
        """Set a rule that was not set."""
        return self.put(by, parent, form.cleaned_data["rule"], form.cleaned_data["severity"], new=True)

    def do_change(self, by: Actor, parent: Any, form: Form) -> object:
        """Set the rule to another severity, or another rule in its place."""
        if "rule" in form.changed_data:
            self.put(by, parent, form.initial["rule"], "")
        return self.put(by, parent, form.cleaned_data["rule"], form.cleaned_data["severity"])

    def do_remove(self, by: Actor, parent: Any, row: RuleSeverity) -> object:
        """Set the rule no longer."""
        return self.put(by, parent, row.rule, "")


def fieldsets(whose: str) -> Any:
    """Return the groups of demands as a page shows them, whose files in words: "partners", "the partner"."""
    groups = dict.fromkeys(demand.group for demand in DEMANDS.values())
    return tuple(
        (_TITLES.get(name, name.capitalize()).format(whose), {"fields": group(name)}) for name in groups if name
    )


class RuledPage(ActingPage):
    """A page of settings or of a partner: the demands stand in its form like fields of its own."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """Add a field for each demand, in the panel's clothes."""
        general = self.model is Settings
        fields: dict[str, Any] = {}
        for name in DEMANDS:
            field = SessionRules._meta.get_field(name)
            assert isinstance(field, models.Field)
            fields[name] = self.formfield_for_dbfield(_in_general(field) if general else field, request)
        kind: Any = type(self.form)  # of forms that collect the fields they declare
        options["form"] = kind("RuledForm", (_RuledForm, self.form), fields)
        return super().get_form(request, obj, change, **options)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return the owner with the values of its demands, for who may only look."""
        found = super().get_object(request, object_id, from_field)
        return None if found is None else with_demands(found)


def with_demands(owner: Any) -> Any:
    """Return the owner with the values of its demands, as a page shows them to who may only look."""
    rules = rules_of(owner)
    for name in DEMANDS:
        setattr(owner, name, getattr(rules, name))
    return owner


class _RuledForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A form of an owner that shows and checks its session rules too. It stores nothing: acts do."""

    def __init__(self, *args: Any, **options: Any) -> None:
        instance = options.get("instance")
        rules = rules_of(instance if instance is not None else self._meta.model())
        of_rules = {name: getattr(rules, name) for name in DEMANDS}
        options["initial"] = {**of_rules, **(options.get("initial") or {})}
        super().__init__(*args, **options)
        self._rules = rules

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the stubs do not know it
        there = [name for name in DEMANDS if name in self.cleaned_data]
        for name in there:
            setattr(self._rules, name, self.cleaned_data[name])
        self._rules.fill_in()
        try:
            self._rules.clean_fields(exclude={"settings", "partner"} | (set(DEMANDS) - set(there)))
        except forms.ValidationError as error:
            for name, errors in error.error_dict.items():
                self.add_error(name, errors)


def _in_general(field: "models.Field[Any, Any]") -> "models.Field[Any, Any]":
    """Return the field as the general row has it: there is no "as in general", something always holds."""
    if not field.choices:
        return field
    options: dict[str, Any] = {"help_text": field.help_text, "verbose_name": field.verbose_name}
    default: Any = DEMANDS[field.name].default
    if isinstance(field, models.BooleanField):
        made: models.Field[Any, Any] = models.BooleanField(default=default, **options)
    else:
        made = models.CharField(choices=list(field.flatchoices)[1:], default=default, max_length=20, **options)
    made.set_attributes_from_name(field.name)
    return made
