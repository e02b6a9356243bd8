"""Panel: settings."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.widgets import UnfoldAdminSelectWidget

from seon.backend.configuration.bounds import LIMITS
from seon.backend.configuration.models import Settings, SettingsRule
from seon.backend.configuration.rules import SETTABLE, rule_choices
from seon.backend.panel.base import AuditedPage, Rows
from seon.events import Severity

DEMANDS = ("profile", "level_5_only", "secure_authentication", "esid_names_rule")
INCOMING = ("incoming_max_octets", "incoming_names", "incoming_destinations", "incoming_originators")
OUTGOING = ("outgoing_max_octets", "outgoing_names", "outgoing_destinations", "outgoing_originators")

JOURNAL = ("journal_days", *(f"journal_days_{severity.name.lower()}" for severity in Severity))


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A rule is chosen by its meaning. Those that cannot be softened are not among them."""

    rule = forms.ChoiceField(choices=rule_choices, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        stored = self.instance.rule
        if self.instance.pk and stored not in SETTABLE:  # it must not hinder another change, nor be lost by one
            self.fields["rule"].choices = [*rule_choices(), (stored, f"{stored}: of another version")]  # type: ignore[attr-defined]


class RuleRows(Rows):
    """What rules are worth for every partner."""

    model = SettingsRule
    form = RuleForm
    extra = 0


@admin.register(Settings)
class SettingsPage(AuditedPage):
    """The one row of settings: its list is its form."""

    fieldsets = (
        ("TCP/IP", {"fields": ("external_port", "external_address")}),
        ("Proxy", {"fields": ("receive_daemon_host", "receive_daemon_port", "outgoing_address")}),
        ("Verifier", {"fields": DEMANDS}),
        ("Files that partners send", {"fields": INCOMING}),
        ("Files that partners are sent", {"fields": OUTGOING}),
        ("Limits", {"fields": tuple(LIMITS)}),
        ("Journal and queue daemon", {"fields": (*JOURNAL, "queue_seconds")}),
    )
    inlines = (RuleRows,)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, str] | None = None) -> HttpResponse:  # noqa: ARG002
        """Show the form; the row is made now if nothing was ever set."""
        Settings.objects.get_or_create(pk=1)
        return redirect("admin:configuration_settings_change", 1)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - there is one row
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Refuse."""
        return False
