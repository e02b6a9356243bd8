"""Panel: the journal. It can be searched, and nobody can change it."""

from django.contrib import admin, messages
from django.contrib.admin.views.main import ORDER_VAR
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from seon.backend.configuration.models import TracedSession
from seon.backend.journal import lists
from seon.backend.journal.actions import trace_session
from seon.backend.journal.models import Entry, Session
from seon.backend.panel.base import BoundedPaginator, ReadOnlyPage, actor, may


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


@admin.register(Session)
class SessionPage(ReadOnlyPage):
    """Sessions."""

    list_display = (
        "started_at",
        "partner",
        "direction",
        "source",
        "ended_at",
        "ended_by",
        "octets_in",
        "octets_out",
        "files",
        "traced",
    )
    list_filter = ("direction",)
    search_fields = ("partner", "source", "session")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they are counts over all
    paginator = BoundedPaginator
    actions = ("trace", "trace_no_longer")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Session]":
        """Add whether a trace was switched on for the session itself."""
        wanted = TracedSession.objects.filter(session=OuterRef("session"))
        sessions: QuerySet[Session] = super().get_queryset(request)
        return sessions.annotate(is_traced=Exists(wanted))

    @admin.display(boolean=True)
    def traced(self, session: Session) -> bool:
        """Whether a trace was switched on for the session itself."""
        return bool(getattr(session, "is_traced", False))

    @admin.action(description="Trace, to files in the programs' directory `traces`", permissions=["trace"])
    def trace(self, request: HttpRequest, sessions: "QuerySet[Session]") -> None:
        """Switch traces of running sessions on."""
        self._switch(request, sessions, on=True)

    @admin.action(description="Trace no longer", permissions=["trace"])
    def trace_no_longer(self, request: HttpRequest, sessions: "QuerySet[Session]") -> None:
        """Switch traces off."""
        self._switch(request, sessions, on=False)

    def has_trace_permission(self, request: HttpRequest) -> bool:
        """Whether a user may switch traces."""
        return may(request, trace_session)

    def _switch(self, request: HttpRequest, sessions: "QuerySet[Session]", *, on: bool) -> None:
        running = list(sessions.filter(ended_at=None).values_list("session", flat=True))
        with transaction.atomic():
            for session in running:
                trace_session(actor(request), session, on=on)
        self.message_user(request, f"Traces switched {'on' if on else 'off'} for {len(running)} running sessions")
