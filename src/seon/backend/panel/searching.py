"""Lists whose search no index helps: it is given up after a time, and the page says what to ask for instead."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from seon.backend.journal.deadlines import TimeOverError, at_most
from seon.backend.panel.lists import MOST_COUNTED, FilterForm, ListPage
from seon.backend.panel.moments import MomentField

SECONDS = 1.0
"""How long one list may take."""
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)


class PeriodForm(FilterForm):
    """A filter with two moments, in the zone of who looks."""

    since = MomentField(required=False)
    until = MomentField(required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        zone = timezone.localtime().tzname()
        self.fields["since"].label = _("From (%s)") % zone
        self.fields["until"].label = _("To (%s)") % zone

    def clean_since(self) -> datetime | None:
        """Refuse what no clock says."""
        return _possible(self.cleaned_data["since"])

    def clean_until(self) -> datetime | None:
        """Refuse what no clock says."""
        return _possible(self.cleaned_data["until"])


def text(label: Any, longest: int = 120) -> forms.CharField:
    """Return a field of a filter for a text."""
    return forms.CharField(
        required=False, max_length=longest, label=label, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


def choice(label: Any, choices: Any) -> forms.ChoiceField:
    """Return a field of a filter for one of several values, or any."""
    return forms.ChoiceField(required=False, label=label, choices=[("", _("any")), *choices])


class SearchPage(ListPage):
    """A list that is given up after `SECONDS`."""

    gave_up: ClassVar[str] = "gave_up"

    def shown(self) -> dict[str, Any]:
        """Return the list; where that took too long, an empty one that says so."""
        try:
            with at_most(SECONDS):
                found = super().shown()
                found["rows"] = list(found["rows"])
        except TimeOverError:
            filters = self.filter_class(self.request.GET)
            return {
                "filters": filters, "is_filtered": bool(filters.given()), "page": _no_page(), "rows": [],
                "sort": "", self.gave_up: True,
            }  # fmt: skip
        return found

    def rows(self, given: dict[str, Any]) -> "QuerySet[Any]":
        """Return the rows that are asked for, without annotations."""
        raise NotImplementedError

    def _page_of(self, rows: "QuerySet[Any]") -> "Page[Any]":
        """Look through the table once. To count first, and then to read a page, would be to search twice."""
        keys = list(rows.values_list("pk", flat=True)[:MOST_COUNTED])
        page = Paginator(keys, self.page_size).get_page(self.request.GET.get("page", "1"))
        found = rows.model.objects.in_bulk(page.object_list)
        page.object_list = [found[key] for key in page.object_list if key in found]
        return page


def _no_page() -> "Page[Any]":
    nothing: Paginator[Any] = Paginator([], 1)
    return nothing.page(1)


def _possible(moment: datetime | None) -> datetime | None:
    if moment is not None and not _EARLIEST <= moment <= _LATEST:
        raise ValidationError(_("Enter a time between the years 1970 and 2999"))
    return moment
