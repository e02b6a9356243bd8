"""The system log: a list that can be asked for anything, a page for each entry, and files of what is found."""

from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from seon.backend.journal import lists
from seon.backend.journal.actions import add_rule
from seon.backend.journal.models import Entry
from seon.backend.panel.downloads import FORMS, download
from seon.backend.panel.pages import PanelPage
from seon.backend.panel.system_log.exporting import ENTRY, Columns, lines
from seon.backend.panel.system_log.forms import SystemLogFilter, TimesForm
from seon.backend.panel.system_log.ignoring import rules_like
from seon.backend.panel.system_log.listing import EntriesPage, row_of
from seon.backend.panel.system_log.meanings import FIELDS, HOST_MEANINGS, SEVERITY_MEANINGS
from seon.events import CATALOGUE, shown


class SystemLogPage(EntriesPage):
    """The list."""

    title = _("System log")
    template = "system_log/system_log.html"
    filter_class = SystemLogFilter

    def shown(self) -> dict[str, Any]:
        """Add what ignore rules have kept out."""
        wanted = self.filter_class(self.request.GET).wanted()
        kept_out = lists.kept_out(wanted)
        return {**super().shown(), "kept_out": kept_out, "is_more": kept_out >= lists.MOST_COUNTED}


class EntryPage(PanelPage):
    """One entry with all that is known of it."""

    title = _("Message")
    template = "system_log/entry.html"

    def entry(self) -> Entry:
        """Return the entry of the address. Raises Http404."""
        found = Entry.objects.filter(pk=self.kwargs["number"]).first()
        if found is None:
            raise Http404
        return found

    def heading(self) -> str | Promise:
        """Return the code: the text is too long."""
        return f"{self.title}: {self.entry().code}"

    def shown(self) -> dict[str, Any]:
        """Return the entry with the meaning of each part."""
        entry = self.entry()
        kind = CATALOGUE.get(entry.code)
        return {
            **row_of(entry)._asdict(),
            "severity_meaning": SEVERITY_MEANINGS.get(entry.severity, ""),
            "host_meaning": HOST_MEANINGS.get(entry.hop, ""),
            "catalogue": kind.text if kind else "",
            "fields": [
                (name, FIELDS.get(name, ""), shown(value, 2_000))
                for name, value in entry.fields.items()
                if value not in ("", None)
            ],
            "alike": rules_like(entry) if add_rule.may(self.by) else [],
        }


class ExportPage(PanelPage):
    """What a list is asked for, as a file."""

    filter_class: ClassVar[type[TimesForm]] = SystemLogFilter
    columns: ClassVar[Columns] = ENTRY
    name: ClassVar[str] = "system-log"

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse | StreamingHttpResponse:  # type: ignore[override]
        """Send the file, which grows while it is sent."""
        form = self.kwargs["form"]
        if form not in FORMS:
            raise Http404
        wanted = self.filter_class(request.GET).wanted()
        return download(self.name, form, lines(wanted, form, self.columns, timezone.get_current_timezone()))
