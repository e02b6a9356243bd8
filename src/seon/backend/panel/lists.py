"""Pages that show a list: what is looked for stands in the address, and long tables are never counted to their end."""

from typing import Any, ClassVar, cast

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

from seon.backend.panel.pages import PanelPage

MOST_CHARACTERS = 200
MOST_COUNTED = 10_000
"""Rows that a list counts; it has no pages beyond them. To see more, one filters."""


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # generic in the stubs only
    """Pages of a table that is too long to be counted."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, `MOST_COUNTED` at most."""
        rows = cast("QuerySet[Any]", self.object_list)
        return len(rows.order_by().values_list("pk")[:MOST_COUNTED])


class FilterForm(forms.Form):
    """What a list may be asked for, all of it in the address. A subclass adds its own fields."""

    use_required_attribute = False
    q = forms.CharField(required=False, max_length=MOST_CHARACTERS, strip=True, label="")

    def given(self) -> dict[str, Any]:
        """Return what was asked for and is valid; what is not, is said beside its field and left out."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [])}


class ListPage(PanelPage):
    """A list with filters, a search, an order and pages."""

    filter_class: ClassVar[type[FilterForm]] = FilterForm
    page_size: ClassVar[int] = 50
    sorts: ClassVar[dict[str, tuple[str, ...]]] = {}
    """What `?sort=NAME` orders by; `-NAME` the other way round. The first is the order without it."""

    def rows(self, given: dict[str, Any]) -> "QuerySet[Any]":
        """Return the rows that are asked for."""
        raise NotImplementedError

    def row(self, stored: Any) -> Any:
        """Return a row as the template wants it."""
        return stored

    def shown(self) -> dict[str, Any]:
        """Return one page of the list with its filters."""
        filters = self.filter_class(self.request.GET)
        given = filters.given()
        page = self._page_of(self._sorted(self.rows(given)))
        return {
            "filters": filters,
            "is_filtered": bool(given),
            "page": page,
            "rows": [self.row(stored) for stored in page.object_list],
            "sort": self.request.GET.get("sort", ""),
        }

    def _sorted(self, rows: "QuerySet[Any]") -> "QuerySet[Any]":
        name = self.request.GET.get("sort", "")
        fields = self.sorts.get(name.removeprefix("-"))
        if fields is None:
            return rows
        turned = tuple(field[1:] if field.startswith("-") else f"-{field}" for field in fields)
        return rows.order_by(*(turned if name.startswith("-") else fields))

    def _page_of(self, rows: "QuerySet[Any]") -> "Page[Any]":
        number = self.request.GET.get("page", "1")
        return BoundedPaginator(rows, self.page_size).get_page(number)
