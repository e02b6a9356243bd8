"""Panel: settings."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from seon.backend.configuration.bounds import LIMITS
from seon.backend.configuration.models import Settings
from seon.backend.panel.base import AuditedPage


@admin.register(Settings)
class SettingsPage(AuditedPage):
    """The one row of settings: its list is its form."""

    fieldsets = (
        ("TCP/IP", {"fields": ("external_port", "external_address")}),
        ("Proxy", {"fields": ("receive_daemon_host", "receive_daemon_port", "outgoing_address", "profile")}),
        ("Limits", {"fields": tuple(LIMITS)}),
        ("Journal and queue daemon", {"fields": ("journal_days", "queue_seconds")}),
    )

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
