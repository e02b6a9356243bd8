"""The pages of trust: who vouches for partners, which certificates count no more, and the CAs of this installation."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon import pki
from seon.backend.anchors import actions as anchors
from seon.backend.anchors.models import Anchor
from seon.backend.configuration.models import Settings
from seon.backend.panel.badges import badge, left
from seon.backend.panel.lists import FilterForm
from seon.backend.panel.pages import PanelPage
from seon.backend.panel.trust import forms
from seon.backend.partners.anchored import Dependents, dependents
from seon.backend.revocation import actions as revocation
from seon.backend.revocation.authorities import identity_of, peer_in
from seon.backend.revocation.lists import FORCE, WORST_FIRST, Row, row_of, rows, source_of, summaries
from seon.backend.revocation.models import CrlUrl, RevocationSettings
from seon.backend.revocation.overdue import effect, most_age, why
from seon.backend.trust.lists import own_authorities

PAGE_SIZE = 50


# --- trust anchors --------------------------------------------------------------------------------------------------


class TrustPage(PanelPage):
    """The trust anchors."""

    title = gettext_lazy("Trust")
    template = "trust/trust.html"
    form_classes = {"add": forms.AnchorForm}

    def shown(self) -> dict[str, Any]:
        """Return them, with the partners and the revocation lists of each."""
        now, theirs, lists = timezone.now(), dependents(), summaries(timezone.now())
        found = [
            {
                "anchor": anchor,
                "left": left(anchor.added_at, anchor.not_after, now),
                "theirs": theirs.get(anchor.fingerprint, Dependents()),
                "lists": _lists_of(anchor, lists),
            }
            for anchor in Anchor.objects.all()
        ]
        return {"rows": found, "may_add": anchors.add_anchor.may(self.by), "tab": "anchors"}


class AnchorPage(PanelPage):
    """One trust anchor."""

    template = "trust/anchor.html"
    form_classes = {"change": forms.ChangeAnchorForm}
    does = ("remove",)

    def heading(self) -> str:
        """Return its name."""
        return _("Trust anchor %s") % self.anchor

    @property
    def anchor(self) -> Anchor:
        """The one that the address names. Raises Http404."""
        anchor = Anchor.objects.filter(fingerprint=self.kwargs["fingerprint"]).first()
        if anchor is None:
            raise Http404(_("There is no such trust anchor"))
        return anchor

    def shown(self) -> dict[str, Any]:
        """Return all that is known of it."""
        anchor, now = self.anchor, timezone.now()
        return {
            "anchor": anchor,
            "left": left(anchor.added_at, anchor.not_after, now),
            "theirs": dependents().get(anchor.fingerprint, Dependents()),
            "lists": _lists_of(anchor, summaries(now)),
            "may_change": anchors.change_anchor.may(self.by),
            "may_remove": anchors.remove_anchor.may(self.by),
        }

    def form_options(self, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return what is there now."""
        anchor = self.anchor
        there = {"name": anchor.name, "asserts_odette_ids": anchor.asserts_odette_ids}
        return {"about": anchor, "initial": there}

    def do_remove(self) -> HttpResponse | None:
        """Remove it, once that is meant; who comes in by it is told first."""
        anchor = self.anchor
        theirs = dependents().get(anchor.fingerprint, Dependents())
        lines = [_("No partner comes in by it now.")]
        if theirs.may:
            lines = [
                _("Partners that may come in by it: %(all)d, and by it alone: %(only)d (%(names)s).")
                % {"all": len(theirs.may), "only": len(theirs.only), "names": theirs.text},
                _("Those that come in by it alone are not admitted any more, and their sessions end within seconds."),
            ]
        asked = self.ask(_("Remove the trust anchor %s?") % anchor, _("Remove"), *lines)
        if asked is None:
            anchors.remove_anchor(self.by, anchor.fingerprint, force=True)
            self.say(_("The trust anchor %s is removed.") % anchor)
            return redirect("panel:trust")
        return asked


def _lists_of(anchor: Anchor, lists: dict[str, Any]) -> dict[str, Any] | None:
    """Return how the revocation lists of an anchor's CA are; None: it has none."""
    try:
        found = lists.get(identity_of(peer_in(anchor.pem)))
    except pki.PkiError:
        return None
    return {"text": found.text, "badge": badge(found.worst)} if found else None


# --- revocation lists -----------------------------------------------------------------------------------------------


class ListsPage(PanelPage):
    """The revocation lists, the worst first."""

    title = gettext_lazy("Revocation lists")
    template = "trust/lists.html"
    parts = {"rows": "trust/list_rows.html"}
    form_classes = {"add": forms.ListForm, "fetching": forms.FetchingForm}
    does = ("fetch",)

    def shown(self) -> dict[str, Any]:
        """Return one page of them, and how many are in which state."""
        now, filters = timezone.now(), FilterForm(self.request.GET)
        words = filters.given().get("q", "").lower()
        every = sorted(rows(now), key=lambda row: WORST_FIRST.index(row.state))
        found = [row for row in every if words in f"{row.place.url} {row.place.issuer.subject}".lower()]
        page = Paginator(found, PAGE_SIZE).get_page(self.request.GET.get("page", "1"))
        states = [(badge(state), sum(row.state == state for row in every)) for state in WORST_FIRST]
        return {
            "filters": filters,
            "is_filtered": bool(words),
            "page": page,
            "rows": [_list_row(row) for row in page.object_list],
            "states": [(one, count) for one, count in states if count],
            "is_bad": any(row.state != FORCE for row in every),
            "effect": effect(),
            "may_fetch": revocation.fetch_soon.may(self.by),
            "may_add": revocation.put_list.may(self.by),
            "settings": Settings.load(),
            "tab": "lists",
        }

    def form_options(self, name: str) -> dict[str, Any]:
        """Return what is there now."""
        if name == "add":
            return {"prefix": "add"}
        row = RevocationSettings.load()
        there = {"http_proxy": row.http_proxy, "private_networks": row.private_networks,
                 "refresh_hours": row.refresh_hours}  # fmt: skip
        return {"initial": there, "prefix": "fetching"}

    def do_fetch(self) -> None:
        """Have all fetched now."""
        count = revocation.fetch_soon(self.by)
        self.say(_("The queue daemon fetches them now: %d.") % count)


class ListPage(PanelPage):
    """One revocation list."""

    template = "trust/list.html"
    parts = {"facts": "trust/list_facts.html"}
    does = ("fetch", "forget")

    def heading(self) -> str:
        """Return whose it is."""
        return _("Revocation list of %s") % self.place.issuer

    @property
    def place(self) -> CrlUrl:
        """The one that the address names. Raises Http404."""
        place = CrlUrl.objects.select_related("issuer", "held").filter(pk=self.kwargs["pk"]).first()
        if place is None:
            raise Http404(_("There is no such revocation list"))
        return place

    def shown(self) -> dict[str, Any]:
        """Return all that is known of it."""
        place, now = self.place, timezone.now()
        row = _list_row(row_of(place, now, most_age()))
        overdue = why(place.list_or_none, now) if row["is_overdue"] and place.list_or_none else ""
        return {
            **row,
            "source": source_of(place),
            "why": overdue,
            "may_fetch": revocation.fetch_soon.may(self.by) and bool(place.url),
            "may_forget": revocation.remove_place.may(self.by),
        }

    def do_fetch(self) -> None:
        """Have it fetched now."""
        revocation.fetch_soon(self.by, str(self.place.pk))
        self.say(_("The queue daemon fetches it now. The result stands here in a moment."))

    def do_forget(self) -> HttpResponse | None:
        """Forget it, once that is meant."""
        place = self.place
        asked = self.ask(
            _("Forget this revocation list of %s?") % place.issuer,
            _("Forget"),
            _("Certificates that it revokes count again, unless another list names them."),
            _("An address that a server reports again, or that a trust anchor names, comes back by itself."),
        )
        if asked is None:
            revocation.remove_place(self.by, str(place.pk))
            self.say(_("The revocation list is forgotten."))
            return redirect("panel:crls")
        return asked


def _list_row(row: Row) -> dict[str, Any]:
    return {
        "place": row.place,
        "held": row.place.list_or_none,
        "badge": badge(row.state),
        "is_overdue": row.state == WORST_FIRST[0],
        "seconds": row.age.total_seconds() if row.age is not None else None,
    }


# --- the CAs of this installation -----------------------------------------------------------------------------------


class AuthoritiesPage(PanelPage):
    """The CAs of this installation, whose fingerprints people compare."""

    title = gettext_lazy("CAs of this installation")
    template = "trust/authorities.html"

    def shown(self) -> dict[str, Any]:
        """Return them by their kind."""
        return {"authorities": {one.kind: one for one in own_authorities()}, "tab": "authorities"}
