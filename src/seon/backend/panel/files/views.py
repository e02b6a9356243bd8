"""Files from their offers to their receipts: a list, a page for each, and files of what is found."""

from datetime import datetime
from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.journal import file_lists
from seon.backend.journal.file_lists import FileFilter
from seon.backend.journal.models import File, FileState, Way
from seon.backend.panel.downloads import FORMS, download
from seon.backend.panel.files.exporting import lines
from seon.backend.panel.pages import PanelPage
from seon.backend.panel.searching import PeriodForm, SearchPage, choice, text
from seon.backend.panel.sessions.running import RunningFile, one
from seon.backend.panel.sessions.words import FILE_TONES

_BLOCK = 1_024
"""Octets in which an offer says its size."""
_MOST_KEY = 2**63 - 1


class FilesFilter(PeriodForm):
    """What files can be asked for."""

    name = text(gettext_lazy("Name begins with"))
    partner = text(gettext_lazy("Partner (its short name)"))
    direction = choice(gettext_lazy("Direction"), Way.choices)
    state = choice(gettext_lazy("State"), FileState.choices)
    field_order = ("q", "name", "partner", "direction", "state", "since", "until")

    def wanted(self) -> FileFilter:
        """Return what is looked for; what is not valid is left out, and said beside its field."""
        given = self.given()
        return FileFilter(text=given.pop("q", ""), **given)


class FilesPage(SearchPage):
    """The list."""

    title = gettext_lazy("Files")
    template = "files/files.html"
    filter_class = FilesFilter

    def rows(self, given: dict[str, Any]) -> Any:
        """Return the files that are asked for."""
        search = given.pop("q", "")
        return file_lists.files(FileFilter(text=search, **given))

    def row(self, stored: File) -> dict[str, Any]:
        """Return a file with the class of its state."""
        return {"file": stored, "tone": FILE_TONES.get(FileState(stored.state), "")}

    def shown(self) -> dict[str, Any]:
        """Add what an export is asked for."""
        query = self.request.GET.copy()
        for name in ("page", "part", "sort"):
            query.pop(name, None)
        return {**super().shown(), "query": query.urlencode()}


class Step(NamedTuple):
    """One step of a file."""

    moment: datetime | None
    what: str
    words: str
    tone: str
    session: str


class FilePage(PanelPage):
    """One file with its steps."""

    title = gettext_lazy("File")
    template = "files/file.html"
    parts = {"live": "files/now.html"}

    @cached_property
    def row(self) -> File:
        """The row of the address. Raises Http404."""
        number = self.kwargs["number"]
        found = File.objects.filter(pk=number).first() if number <= _MOST_KEY else None
        if found is None:
            raise Http404
        return found

    def heading(self) -> str:
        """Return its name."""
        return f"{self.title} {self.row.name}"

    def part_shown(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - there is one
        """Return how far it is."""
        return {"file": self.row, "progress": self._progress()}

    def shown(self) -> dict[str, Any]:
        """Return all of it."""
        row = self.row
        return {
            **self.part_shown("live"),
            "tone": FILE_TONES.get(FileState(row.state), ""),
            "size": row.size_k * _BLOCK,
            "steps": _steps(row),
            "again": File.objects.filter(identity=row.identity).exclude(pk=row.pk)[:20] if row.identity else [],
        }

    def _progress(self) -> RunningFile | None:
        """Return how much of it has passed, if it is under way."""
        if self.row.state != FileState.UNDER_WAY:
            return None
        running = one(self.row.session)
        way = "in" if self.row.direction == Way.FROM_PARTNER else "out"
        files = running.files if running else ()
        return next((file for which, file in files if which == way and file.name == self.row.name), None)


class ExportPage(PanelPage):
    """What the list is asked for, as a file."""

    title = gettext_lazy("Files")

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse | StreamingHttpResponse:  # type: ignore[override]
        """Send the file, which grows while it is sent."""
        form = self.kwargs["form"]
        if form not in FORMS:
            raise Http404
        return download("files", form, lines(FilesFilter(request.GET).wanted(), form, timezone.get_current_timezone()))


def _steps(row: File) -> list[Step]:
    """Return what has happened to a file, in order."""
    steps = []
    if row.offered_at:
        steps.append(Step(row.offered_at, _("Offered (SFID)"), "", "", row.session))
    if row.ended_at:
        tone = FILE_TONES.get(FileState(row.outcome), "") if row.outcome != FileState.TRANSFERRED else "s-good"
        steps.append(Step(row.ended_at, _("End of the transfer"), row.result, tone, row.session))
    elif row.state == FileState.BROKEN_OFF:
        steps.append(Step(None, _("Broken off"), _("The session ended before the file did"), "s-warn", row.session))
    if row.receipt_at:
        tone = "s-good" if row.receipt_kind == "EERP" else "s-bad"
        words = f"{row.receipt_result}; {_('signed') if row.receipt_signed else _('not signed')}"
        steps.append(Step(row.receipt_at, _("Receipt (%s)") % row.receipt_kind, words, tone, row.receipt_session))
    return steps
