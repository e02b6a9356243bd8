"""The list of partners."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.core.paginator import Page
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from seon.backend.acting.acts import Act
from seon.backend.journal.file_lists import PartnerFiles, files_today, last_session_of
from seon.backend.journal.models import Session
from seon.backend.live.lists import sessions
from seon.backend.panel.lists import FilterForm, ListPage
from seon.backend.panel.pages import chosen
from seon.backend.panel.partners.certificates import Validity, validity
from seon.backend.partners import actions
from seon.backend.partners.lists import found
from seon.backend.partners.models import Partner
from seon.backend.partners.standing import Standing, standings

STATES = (
    ("", gettext_lazy("all")),
    ("enabled", gettext_lazy("enabled")),
    ("disabled", gettext_lazy("disabled")),
    ("hindered", gettext_lazy("cannot come in")),
    ("ending", gettext_lazy("certificate ends within 60 days")),
)


class PartnerFilter(FilterForm):
    """What the list may be asked for."""

    state = forms.ChoiceField(required=False, choices=STATES, label=gettext_lazy("State"))


@dataclass(frozen=True, slots=True)
class Row:
    """One partner in the list."""

    partner: Partner
    standing: Standing
    codes: tuple[str, ...]
    more_codes: int
    validity: Validity | None
    live: int
    last: Session | None
    files: PartnerFiles


_MOST_CODES = 3


class PartnersPage(ListPage):
    """Who may come in and who is dialled, and whether that works."""

    title = gettext_lazy("Partners")
    template = "partners/partners.html"
    filter_class = PartnerFilter
    sorts: ClassVar[dict[str, tuple[str, ...]]] = {
        "id": ("identifier",),
        "name": ("name", "identifier"),
        "state": ("-enabled", "identifier"),
        "ends": ("ends", "identifier"),
    }
    does = ("enable", "disable")

    def rows(self, given: dict[str, Any]) -> "QuerySet[Partner]":
        """Return the partners that are asked for."""
        return found(given.get("q", ""), given.get("state", "")).prefetch_related("codes")

    def shown(self) -> dict[str, Any]:
        """Return one page of the list, with what is known of each partner now."""
        shown = super().shown()
        shown["rows"] = _rows(shown["page"])
        may = {"add": actions.add_partner.may(self.by), "switch": actions.enable_partner.may(self.by)}
        return {**shown, "may": may, "there_are": bool(shown["rows"]) or Partner.objects.exists()}

    def do_enable(self) -> HttpResponse | None:
        """Enable those that are ticked."""
        count = self._switch(actions.enable_partner)
        self.say(ngettext("%d partner is enabled.", "%d partners are enabled.", count) % count)
        return None

    def do_disable(self) -> HttpResponse | None:
        """Disable those that are ticked, if somebody is sure."""
        ids = chosen(self.request)
        question = ngettext("Disable %d partner?", "Disable %d partners?", len(ids)) % len(ids)
        what = _("They are kept out from now on, and their running sessions end within 5 seconds.")
        asked = self.ask(question, _("Disable"), what, ", ".join(ids[:20]))
        if asked is not None:
            return asked
        count = self._switch(actions.disable_partner)
        self.say(ngettext("%d partner is disabled.", "%d partners are disabled.", count) % count)
        return None

    def _switch(self, act: Act[..., Any]) -> int:
        ids = chosen(self.request)
        with transaction.atomic():
            for identifier in ids:
                act(self.by, identifier)
        return len(ids)


def _rows(page: "Page[Partner]") -> list[Row]:
    partners = list(page.object_list)
    ids = [partner.identifier for partner in partners]
    known, live = standings(partners), Counter(one.session.partner for one in sessions())
    last, files = last_session_of(ids), files_today(ids)
    return [_row(one, known[one.pk], live, last, files) for one in partners]


def _row(
    partner: Partner,
    standing: Standing,
    live: Mapping[str, int],
    last: Mapping[str, Session],
    files: Mapping[str, PartnerFiles],
) -> Row:
    codes = tuple(row.code for row in partner.codes.all())
    return Row(
        partner=partner,
        standing=standing,
        last=last.get(partner.identifier),
        files=files.get(partner.identifier, PartnerFiles()),
        codes=codes[:_MOST_CODES],
        more_codes=max(0, len(codes) - _MOST_CODES),
        validity=validity(standing.ends) if standing.ends else None,
        live=live.get(partner.identifier, 0),
    )
