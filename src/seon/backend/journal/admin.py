"""Panel: sessions."""

from django.contrib import admin
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from seon.backend.configuration.models import TracedSession
from seon.backend.journal.actions import trace_session
from seon.backend.journal.models import Session
from seon.backend.panel.base import BoundedPaginator, ReadOnlyPage, actor, may


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
