"""Lists of the panel: filters in the address, an order, and pages that never count a long table."""

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.test import RequestFactory

from seon.backend.journal.models import Entry
from seon.backend.journal.recording import record
from seon.backend.panel.lists import FilterForm, ListPage


class Codes(FilterForm):
    code = forms.CharField(required=False, max_length=20)


class EntriesPage(ListPage):
    filter_class = Codes
    page_size = 2
    sorts = {"code": ("code", "-pk")}

    def rows(self, given: dict[str, Any]) -> "QuerySet[Any]":
        return Entry.objects.filter(code=given["code"]) if "code" in given else Entry.objects.order_by("pk")

    def row(self, stored: Any) -> Any:
        return stored.code


def page(query: str) -> dict[str, Any]:
    view = EntriesPage()
    view.setup(RequestFactory().get(f"/{query}"))
    return view.shown()


def some_entries() -> None:
    for code in ("QUE-START", "QUE-END", "QUE-START"):
        record(code)


def test_a_list_shows_a_page_of_what_is_asked_for() -> None:
    some_entries()
    assert page("")["rows"] == ["QUE-START", "QUE-END"]
    assert page("?page=2")["rows"] == ["QUE-START"]
    assert page("?code=QUE-END")["rows"] == ["QUE-END"]
    assert page("?code=QUE-END")["is_filtered"]


def test_an_order_is_one_of_the_lists_own() -> None:
    some_entries()
    assert page("?sort=code")["rows"] == ["QUE-END", "QUE-START"]
    assert page("?sort=-code")["rows"] == ["QUE-START", "QUE-START"]
    assert page("?sort=password")["rows"] == page("")["rows"]


def test_a_typed_address_may_hold_anything() -> None:
    some_entries()
    for query in ("?page=0", "?page=-1", "?page=x", "?page=99999999999999999999"):
        assert page(query)["rows"], query
    wrong = page(f"?code={'x' * 50}")
    assert cast("FilterForm", wrong["filters"]).errors
    assert not wrong["is_filtered"]
