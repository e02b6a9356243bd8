"""The audit: who has changed what, when and by which way, and what was denied."""

from typing import Any

from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from seon.backend.journal.models import Entry
from seon.backend.panel.audit.forms import GROUP, AuditFilter
from seon.backend.panel.audit.reading import COLUMNS, AuditRow, audit_row
from seon.backend.panel.pages import PanelPage
from seon.backend.panel.system_log.listing import EntriesPage
from seon.backend.panel.system_log.views import ExportPage


class AuditPage(EntriesPage):
    """The list."""

    title = _("Audit")
    template = "audit/audit.html"
    rows_template = "audit/rows.html"
    entry_page = "panel:audit-entry"
    filter_class = AuditFilter

    def row(self, entry: Entry) -> AuditRow:
        """Return an entry in its parts."""
        return audit_row(entry)


class AuditEntryPage(PanelPage):
    """One entry, with the values of before and now side by side."""

    title = _("Audit")
    template = "audit/entry.html"

    def row(self) -> AuditRow:
        """Return the entry of the address. Raises Http404."""
        found = Entry.objects.filter(pk=self.kwargs["number"], group=GROUP).first()
        if found is None:
            raise Http404
        return audit_row(found)

    def heading(self) -> str | Promise:
        """Return what was done."""
        row = self.row()
        return f"{self.title}: {row.act or row.kind}"

    def shown(self) -> dict[str, Any]:
        """Return the entry."""
        return {"row": self.row()}


class AuditExportPage(ExportPage):
    """The audit as a file."""

    filter_class = AuditFilter
    columns = COLUMNS
    name = "audit"
