"""Panel: revocation lists, to be looked at. What can be done with them, `seonapi crl` does."""

from datetime import timedelta

from django.contrib import admin
from django.db.models import QuerySet, Value
from django.http import HttpRequest
from django.utils import timezone

from seon.backend.panel.base import ReadOnlyPage
from seon.backend.revocation.lists import row_of
from seon.backend.revocation.models import CrlUrl
from seon.backend.revocation.overdue import most_age


@admin.register(CrlUrl)
class CrlUrlPage(ReadOnlyPage):
    """Places of revocation lists, each with the list in force."""

    list_display = ("issuer", "url", "state", "entries", "next_update", "last_try", "result")
    list_select_related = ("issuer", "held")
    search_fields = ("url", "issuer__subject")
    fields = ("issuer", "url", "state", "kind", "entries", "this_update", "next_update", "last_try", "next_try",
              "result", "first_seen", "last_seen", "reported_by", "of_anchor", "by_hand")  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> "QuerySet[CrlUrl]":
        """Return the rows, each with how old a list may be: the settings are read once, and not for each row."""
        rows: QuerySet[CrlUrl] = super().get_queryset(request)
        return rows.annotate(most_days=Value(most_age().days))

    @admin.display(description="state")
    def state(self, place: CrlUrl) -> str:
        """How it is, in words."""
        return row_of(place, timezone.now(), timedelta(days=place.most_days)).state  # type: ignore[attr-defined]

    @admin.display(description="kind")
    def kind(self, place: CrlUrl) -> str:
        """What list is in force."""
        return place.list_or_none.kind if place.list_or_none else ""

    @admin.display(description="entries")
    def entries(self, place: CrlUrl) -> int | None:
        """How many certificates it revokes."""
        return place.list_or_none.entries if place.list_or_none else None

    @admin.display(description="made")
    def this_update(self, place: CrlUrl) -> object:
        """When the CA made it."""
        return place.list_or_none.this_update if place.list_or_none else None

    @admin.display(description="next update")
    def next_update(self, place: CrlUrl) -> object:
        """When the next one is due."""
        return place.list_or_none.next_update if place.list_or_none else None
