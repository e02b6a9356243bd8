"""Panel: the journal. It can be searched, and nobody can change it."""

from django.contrib import admin, messages
from django.contrib.admin.views.main import ORDER_VAR
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from seon.backend.journal import lists
from seon.backend.journal.models import Entry
from seon.backend.panel.base import BoundedPaginator, ReadOnlyPage


@admin.register(Entry)
class EntryPage(ReadOnlyPage):
    """Events of the last days. Millions of rows are never counted."""

    list_display = ("received_at", "time", "severity", "hop", "code", "text")
    list_filter = ("severity", "hop")
    search_fields = ("search",)
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they are counts over all
    paginator = BoundedPaginator

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Entry]":
        """Return what a list looks at by default."""
        entries: QuerySet[Entry] = super().get_queryset(request)
        return entries.filter(received_at__gte=timezone.now() - lists.DEFAULT_RANGE)

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Entry]", search_term: str
    ) -> "tuple[QuerySet[Entry], bool]":
        """Look for the whole of what was entered, in any case, as long as a list may: `lists.py`."""
        filters = [
            name for name, values in request.GET.lists() if name.partition("__")[0] in self.list_filter for _ in values
        ]
        is_plain = not filters or (len(filters) == 1 and filters[0].endswith("__exact"))
        if is_plain and not search_term and ORDER_VAR not in request.GET:
            return queryset, False  # an index has these rows in their order
        page = lists.matching(queryset, lists.EntryFilter(text=search_term[: lists.LONGEST_NEEDLE]))
        if page.searched_to is not None:
            since = f"{page.searched_to:%Y-%m-%d %H:%M:%S} UTC"
            messages.warning(request, f"Only what arrived since {since} was looked through: ask for less")
        elif page.older is not None:
            messages.warning(request, f"Only the newest {lists.MOST:,} events of those asked for are shown")
        return queryset.filter(pk__in=[entry.pk for entry in page.entries]), False
