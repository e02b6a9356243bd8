"""Moments that somebody enters in a form, in the zone of who looks."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

FORM = "%Y-%m-%dT%H:%M"


class MomentField(forms.DateTimeField):
    """A day and a time to the minute, in local time."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=FORM)
    default_error_messages = {"invalid": _("Enter a day and a time, such as 2027-01-31 18:00.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=[FORM, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"], **options)


def to_the_minute(moment: datetime | None) -> datetime | None:
    """Return what a form is filled with: a browser sends no seconds, and they count as no change."""
    return timezone.localtime(moment).replace(second=0, microsecond=0) if moment else None
