"""What every page of the panel stands on: unfold's clothes, history where there is one, and read-only pages."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin, StackedInline, TabularInline

if TYPE_CHECKING:
    Page = admin.ModelAdmin[Any]
    _HistoryPage = admin.ModelAdmin[Any]
    Rows = admin.TabularInline[Any, Any]
    Blocks = admin.StackedInline[Any, Any]
else:
    Page, Rows, Blocks = ModelAdmin, TabularInline, StackedInline

    class _HistoryPage(SimpleHistoryAdmin, ModelAdmin):
        pass


MOST_COUNTED = 10_000
"""Rows that a list counts; it has no pages beyond them. To see more, one filters."""


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # generic in the stubs only
    """Pages of a table that is too long to be counted."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, `MOST_COUNTED` at most."""
        rows = cast("QuerySet[Any]", self.object_list)
        return len(rows.order_by().values_list("pk")[:MOST_COUNTED])


class AuditedPage(_HistoryPage):
    """A page whose changes are kept, with who made them."""

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Show or store the form; nothing of it is stored where only the rows themselves know that one cannot be.

        A form does not see what is no field of it: that its row was stored from another window meanwhile, or that a
        certificate is another partner's.
        """
        try:
            return super().changeform_view(request, *args, **options)
        except ValidationError as error:
            messages.error(request, f"Nothing was stored: {' '.join(error.messages)}")
            return redirect(request.get_full_path())


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
