"""Ignore rules: the block on the page "Proxy", and the page of one rule."""

from typing import Any, NamedTuple

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.acting.actors import Actor
from seon.backend.counting import lists
from seon.backend.counting.models import KeptOut
from seon.backend.journal.actions import RuleChange, add_rule, change_rule
from seon.backend.journal.models import LONGEST_TEXT, IgnoreRule
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.pages import PanelPage, Text
from seon.events import CATALOGUE


class Row(NamedTuple):
    """One rule with what it has kept out."""

    rule: IgnoreRule
    kept_out: KeptOut | None


class Moment(forms.DateTimeField):
    """A moment in the time zone of who enters it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")


class RuleForm(ActForm):
    """What an ignore rule has."""

    description = forms.CharField(
        label=gettext_lazy("Description"), max_length=LONGEST_TEXT,
        help_text=gettext_lazy("Why this message is ignored, and who wants that."),
    )  # fmt: skip
    text = forms.CharField(
        label=gettext_lazy("Text"), max_length=LONGEST_TEXT, strip=False,
        help_text=gettext_lazy("Found anywhere in the message, upper and lower case alike."),
    )  # fmt: skip
    code = forms.ChoiceField(
        label=gettext_lazy("Code"), required=False,
        help_text=gettext_lazy(
            "Only messages with this code. Messages of refusals, audit and license are ignored only by a rule that "
            "names their code."
        ),
    )  # fmt: skip
    valid_from = Moment(
        label=gettext_lazy("Valid from"),
        required=False,
        help_text=gettext_lazy("In your local time. Empty: from now on."),
    )
    valid_to = Moment(
        label=gettext_lazy("Valid to"), required=False,
        help_text=gettext_lazy(
            "In your local time. Empty: for ever. The queue daemon removes a rule whose time is over."
        ),
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        code = self.fields["code"]
        assert isinstance(code, forms.ChoiceField)
        code.choices = [("", _("any code")), *((code, code) for code in sorted(CATALOGUE))]


class NewRule(RuleForm):
    """An ignore rule that is to be added."""

    button = gettext_lazy("Add ignore rule")
    told = gettext_lazy("The ignore rule was added. It counts for messages that come from now on.")

    def act(self, by: Actor) -> Any:
        """Add it."""
        return add_rule(by, **self.cleaned_data)


class ChangedRule(RuleForm):
    """An ignore rule (`about`) that is to be changed."""

    about: IgnoreRule
    watches = True

    def act(self, by: Actor) -> Any:
        """Change it."""
        given = self.changed()
        for_ever = "valid_to" in given and given["valid_to"] is None
        if "valid_from" in given and given["valid_from"] is None:
            given["valid_from"] = timezone.now()
        return change_rule(by, self.about.pk, RuleChange(**given, for_ever=for_ever))


def rows() -> list[Row]:
    """Return all rules with what each has kept out."""
    counts = lists.kept_out()
    return [Row(rule, counts.get(rule.pk)) for rule in IgnoreRule.objects.all()]


def filled_in(request: HttpRequest) -> dict[str, str]:
    """Return what the address wants to stand in a new rule: a line of the system log leads here with it."""
    given = {name: request.GET.get(f"ignore_{name}", "")[:LONGEST_TEXT] for name in ("text", "code", "description")}
    return {name: value.replace("\0", "") for name, value in given.items() if value}


class IgnoreRulePage(PanelPage):
    """One ignore rule."""

    title = gettext_lazy("Ignore rule")
    template = "proxy/ignore_rule.html"
    form_classes = {"change": ChangedRule}

    @property
    def rule(self) -> IgnoreRule:
        """The rule of the address. Raises Http404."""
        found = IgnoreRule.objects.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        return found

    def heading(self) -> Text:
        """Return which rule it is."""
        return _("Ignore rule %s") % self.rule

    def form_options(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - there is one
        """Let the form be about the rule."""
        rule = self.rule
        return {"about": rule, "initial": {name: getattr(rule, name) for name in RuleForm.base_fields}}

    def shown(self) -> dict[str, Any]:
        """Return the rule."""
        return {
            "rule": self.rule, "kept_out": lists.kept_out().get(self.rule.pk), "may_ignore": change_rule.may(self.by),
        }  # fmt: skip

    def after(self, name: str, form: ActForm) -> HttpResponse:  # noqa: ARG002 - as every form
        """Lead back to all rules."""
        return redirect(f"{reverse('panel:proxy')}#ignore")
