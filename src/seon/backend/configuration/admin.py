"""Panel: settings."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from seon.backend.acting.actors import Actor
from seon.backend.configuration.actions import change_settings, set_rule
from seon.backend.configuration.admission import GENERAL
from seon.backend.configuration.bounds import LIMITS
from seon.backend.configuration.models import Settings
from seon.backend.panel.base import Acts, Form, changed
from seon.backend.session_rules import forms
from seon.backend.session_rules.demands import group
from seon.events import Severity

JOURNAL = ("journal_days", *(f"journal_days_{severity.name.lower()}" for severity in Severity))


class SeverityRows(forms.SeverityRows):
    """What rules are worth for every partner."""

    acts = Acts(add=set_rule, change=set_rule, remove=set_rule)

    def put(self, by: Actor, parent: Any, rule: str, severity: str, *, new: bool = False) -> object:  # noqa: ARG002
        """Do the act."""
        return set_rule(by, rule, severity, new=new)


@admin.register(Settings)
class SettingsPage(forms.RuledPage):
    """The one row of settings: its list is its form."""

    acts = Acts(change=change_settings)
    fieldsets = (
        ("TCP/IP", {"fields": ("external_port", "external_address")}),
        ("Proxy", {"fields": ("receive_daemon_host", "receive_daemon_port", "outgoing_address")}),
        ("Verifier", {"fields": group("")}),
        *forms.fieldsets("partners"),
        ("Who may come in", {"fields": (*GENERAL, "load_balancers", "exempt_networks")}),
        ("Limits", {"fields": tuple(LIMITS)}),
        ("Journal and queue daemon", {"fields": (*JOURNAL, "queue_seconds")}),
    )
    inlines = (SeverityRows,)

    def do_change(self, by: Actor, obj: object, form: Form) -> None:  # noqa: ARG002 - there is one row
        """Change what was changed."""
        change_settings(by, changed(form))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        """Show the form."""
        return redirect("admin:configuration_settings_change", 1)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return the settings, also where nothing was ever set: looking at them stores nothing."""
        stored = super().get_object(request, object_id, from_field)
        return forms.with_demands(Settings.load()) if stored is None and object_id == "1" else stored
