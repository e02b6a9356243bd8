"""Moments in forms: local time in, and what nobody touched is no change."""

import datetime as dt
import zoneinfo

from django import forms
from django.utils import timezone

from seon.backend.panel.moments import MomentField, to_the_minute


class _Form(forms.Form):
    at = MomentField(required=False)


def test_what_is_entered_is_in_the_zone_of_who_looks() -> None:
    with timezone.override(zoneinfo.ZoneInfo("Europe/Berlin")):
        form = _Form({"at": "2027-01-31T18:00"})
        assert form.is_valid()
    assert form.cleaned_data["at"] == dt.datetime(2027, 1, 31, 17, 0, tzinfo=dt.UTC)


def test_what_is_no_moment_is_told_with_an_example() -> None:
    form = _Form({"at": "2026-13-45T99:99"})
    assert "such as 2027-01-31 18:00" in str(form.errors["at"])


def test_a_moment_that_is_sent_back_as_it_was_shown_is_no_change() -> None:
    moment = dt.datetime(2027, 1, 31, 17, 0, 42, 5, tzinfo=dt.UTC)
    with timezone.override(zoneinfo.ZoneInfo("Europe/Berlin")):
        initial = {"at": to_the_minute(moment)}
        shown = str(_Form(initial=initial)["at"])
        assert 'value="2027-01-31T18:00"' in shown
        form = _Form({"at": "2027-01-31T18:00"}, initial=initial)
        assert form.is_valid()
        assert form.changed_data == []
    assert to_the_minute(None) is None
