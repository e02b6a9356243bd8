"""What every page of the panel stands on: unfold's clothes, history where there is one, and read-only pages."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin, StackedInline, TabularInline

if TYPE_CHECKING:
    Page = admin.ModelAdmin[Any]
    AuditedPage = admin.ModelAdmin[Any]
    Rows = admin.TabularInline[Any, Any]
    Blocks = admin.StackedInline[Any, Any]
else:
    Page, Rows, Blocks = ModelAdmin, TabularInline, StackedInline

    class AuditedPage(SimpleHistoryAdmin, ModelAdmin):
        """A page whose changes are kept, with who made them."""


class ReadOnlyPage(Page):
    """A page that shows and changes nothing."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - nobody may
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Refuse."""
        return False
