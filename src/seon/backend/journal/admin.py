"""Panel: the journal. It can be searched, and nobody can change it."""

from django.contrib import admin

from seon.backend.journal.models import Entry, Session
from seon.backend.panel.base import ReadOnlyPage


@admin.register(Entry)
class EntryPage(ReadOnlyPage):
    """Events."""

    list_display = ("time", "severity", "hop", "code", "text")
    list_filter = ("severity", "group", "hop")
    search_fields = ("text", "code", "session")
    date_hierarchy = "time"
    show_full_result_count = False


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
    )
    list_filter = ("direction",)
    search_fields = ("partner", "source", "session")
    show_full_result_count = False
