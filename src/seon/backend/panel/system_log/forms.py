"""What the system log can be asked for."""

import re
from datetime import UTC, datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.errors import OperatorError
from seon.backend.journal.lists import EntryFilter
from seon.backend.journal.sessions import session_named
from seon.backend.panel.lists import FilterForm
from seon.backend.panel.system_log.meanings import GROUPS, HOSTS, SEVERITIES
from seon.events import Severity

_EARLIEST, _LATEST = datetime(1969, 12, 31, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)
"""In the east of Greenwich 1970 begins before."""
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_ANY = ("", gettext_lazy("any"))


def _text(label: Any, longest: int) -> forms.CharField:
    return forms.CharField(
        required=False, max_length=longest, label=label, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class _Moment(forms.DateTimeInput):
    """The browser's field for a time. What is no time stands in a plain field, where it can be seen and mended."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Choose the kind of field by the value."""
        context = super().get_context(name, value, attrs)
        widget = context["widget"]
        widget["type"] = "datetime-local" if not widget["value"] or _MOMENT.fullmatch(widget["value"]) else "text"
        return context


def _time() -> forms.DateTimeField:
    return forms.DateTimeField(
        required=False, widget=_Moment(),
        error_messages={"invalid": gettext_lazy("Enter a date and a time, such as 2026-11-27 14:30")},
    )  # fmt: skip


class TimesForm(FilterForm):
    """A list of entries that arrived within a time, in the zone of who looks."""

    since = _time()
    until = _time()
    rare: ClassVar[tuple[str, ...]] = ()
    """Fields that stand behind "more filters"."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        zone = timezone.localtime().tzname()
        self.fields["since"].label = _("From (%s)") % zone
        self.fields["until"].label = _("To (%s)") % zone

    def clean_since(self) -> datetime | None:
        """Refuse what no clock of ours has said."""
        return _possible(self.cleaned_data["since"])

    def clean_until(self) -> datetime | None:
        """Refuse what no clock of ours will say."""
        return _possible(self.cleaned_data["until"])

    def wanted(self) -> EntryFilter:
        """Return what is looked for; what is not valid is left out, and said beside its field."""
        given = self.given()
        return EntryFilter(since=given.get("since"), until=given.get("until"), text=given.get("q", ""))

    def common_fields(self) -> list[forms.BoundField]:
        """Return the fields that are always seen."""
        return [field for field in self.visible_fields() if field.name not in self.rare]

    def rare_fields(self) -> list[forms.BoundField]:
        """Return those behind "more filters"."""
        return [self[name] for name in self.rare]

    def has_rare(self) -> bool:
        """Whether one of those is used, or wrong."""
        return any(self.data.get(name) or name in self.errors for name in self.rare)


class SystemLogFilter(TimesForm):
    """What the system log can be asked for, all of it in the address."""

    severity = forms.ChoiceField(
        required=False, label=gettext_lazy("Severity at least"),
        choices=[_ANY, *((severity.name.lower(), SEVERITIES[severity][0]) for severity in Severity)],
    )  # fmt: skip
    hop = forms.ChoiceField(required=False, label=gettext_lazy("Host"), choices=[_ANY, *HOSTS.items()])
    group = forms.ChoiceField(required=False, label=gettext_lazy("Group"), choices=[_ANY, *GROUPS.items()])
    code = _text(gettext_lazy("Code"), 40)
    partner = _text(gettext_lazy("Partner (its short name)"), 120)
    session = _text(gettext_lazy("Session"), 64)
    source = _text(gettext_lazy("Address of the source"), 64)
    field_order = ("q", "severity", "hop", "since", "until")
    rare = ("group", "code", "partner", "session", "source")

    def clean_code(self) -> str:
        """Take a code in small letters, too."""
        return str(self.cleaned_data["code"]).upper()

    def clean_session(self) -> str:
        """Take the beginning of a session's id, too."""
        beginning = str(self.cleaned_data["session"])
        try:
            return session_named(beginning) if beginning else ""
        except OperatorError as error:
            raise ValidationError(str(error)) from None

    def wanted(self) -> EntryFilter:
        """Return what is looked for."""
        given = self.given()
        severity = given.get("severity")
        names = ("hop", "group", "code", "partner", "session", "source")
        return EntryFilter(
            since=given.get("since"), until=given.get("until"), text=given.get("q", ""),
            severity=Severity[severity.upper()] if severity else None, **{name: given.get(name, "") for name in names},
        )  # fmt: skip


def _possible(moment: datetime | None) -> datetime | None:
    if moment is not None and not _EARLIEST <= moment <= _LATEST:
        raise ValidationError(_("Enter a time between the years 1970 and 2999"))
    return moment
