"""The forms of the page "Licenses"."""

from django import forms
from django.utils.translation import gettext_lazy as _

from seon.backend.acting.actors import Actor
from seon.backend.panel.act_forms import ActForm
from seon.backend.trust.license_actions import issue_license
from seon.backend.trust.models import License
from seon.link.identity import MAX_LICENSE_DAYS

_DAYS = 365


class _DaysForm(ActForm):
    days = forms.IntegerField(
        label=_("Days"),
        min_value=1,
        max_value=MAX_LICENSE_DAYS,
        initial=_DAYS,
        help_text=_("How long the license is valid, 1 to 3660. A warning comes 30 days before its end."),
    )


class IssueForm(_DaysForm):
    """A license from a Proxy ID."""

    button = _("Issue the license")
    told = ""
    proxy_id = forms.CharField(
        label=_("Proxy ID"),
        max_length=1_000,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off", "class": "s-mono"}),
        help_text=_("64 hex digits and px. You can paste the whole line that the server prints."),
    )
    field_order = ("proxy_id", "days")

    def act(self, by: Actor) -> License:
        """Issue it."""
        return issue_license(by, self.cleaned_data["proxy_id"], self.cleaned_data["days"])


class RenewForm(_DaysForm):
    """Another license for the server of one; `about` is that one."""

    button = _("Issue a new license")
    told = ""

    def act(self, by: Actor) -> License:
        """Issue it."""
        return issue_license(by, self.about.server.proxy_id, self.cleaned_data["days"])
