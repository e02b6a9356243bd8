"""Refused strangers: the list, and the page of one certificate. All that is shown was chosen by strangers."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from seon.backend.acting.actors import Actor
from seon.backend.errors import OperatorError
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.lists import FilterForm, ListPage
from seon.backend.panel.pages import PanelPage, chosen
from seon.backend.panel.partners.certificates import readable, revocation_words, validity
from seon.backend.panel.partners.fields import PartnerForm
from seon.backend.panel.refused.forms import GiveForm, MakeForm
from seon.backend.panel.refused.verdicts import WORDS, words_of
from seon.backend.partners.suggesting import Suggestion, likely_owner, suggest
from seon.backend.refused.actions import remove_refused
from seon.backend.refused.models import RefusedCertificate
from seon.backend.revocation.known import state_by_lists


class RefusedFilter(FilterForm):
    """What the list may be asked for."""

    verdict = forms.ChoiceField(required=False, label=gettext_lazy("Why"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        there = (
            RefusedCertificate.objects.order_by("verdict").values_list("verdict", flat=True).distinct()[: len(WORDS)]
        )
        self.fields["verdict"].choices = [("", _("all")), *((one, words_of(one).why) for one in there)]  # type: ignore[attr-defined]


class RefusedPage(ListPage):
    """The certificates that servers have refused."""

    title = gettext_lazy("Refused strangers")
    template = "refused/refused.html"
    filter_class = RefusedFilter
    sorts: ClassVar[dict[str, tuple[str, ...]]] = {
        "seen": ("-last_seen",), "count": ("-count", "-last_seen"), "subject": ("subject", "-last_seen"),
        "source": ("source", "-last_seen"),
    }  # fmt: skip
    does = ("forget",)

    def rows(self, given: dict[str, Any]) -> "QuerySet[RefusedCertificate]":
        """Return the certificates that are asked for."""
        rows = RefusedCertificate.objects.defer("der")
        if verdict := given.get("verdict"):
            rows = rows.filter(verdict=verdict)
        if text := given.get("q", ""):
            fingerprint = "".join(text.split()).replace(":", "").lower()
            fields = Q(subject__icontains=text) | Q(issuer__icontains=text) | Q(source__icontains=text)
            rows = rows.filter(fields | Q(fingerprint__startswith=fingerprint or "-"))
        return rows

    def row(self, stored: RefusedCertificate) -> dict[str, Any]:
        """Return a certificate with its verdict in words."""
        return {
            "stored": stored, "words": words_of(stored.verdict),
            "validity": validity(stored.not_after, stored.not_before) if stored.not_after else None,
        }  # fmt: skip

    def shown(self) -> dict[str, Any]:
        """Return one page of the list."""
        return {**super().shown(), "may_forget": remove_refused.may(self.by)}

    def do_forget(self) -> HttpResponse | None:
        """Forget those that are ticked."""
        gone = remove_refused(self.by, chosen(self.request))
        self.say(ngettext("%d certificate is forgotten.", "%d certificates are forgotten.", len(gone)) % len(gone))
        return None


class StrangerPage(PanelPage):
    """One refused certificate."""

    title = gettext_lazy("Refused certificate")
    template = "refused/stranger.html"
    parts: ClassVar[Mapping[str, str]] = {"revocation": "refused/revocation.html"}
    form_classes: ClassVar[Mapping[str, type[ActForm]]] = {"make": MakeForm, "give": GiveForm}
    does = ("forget",)

    @cached_property
    def stored(self) -> RefusedCertificate:
        """The certificate that the address names. Raises Http404."""
        found = RefusedCertificate.objects.filter(fingerprint=self.kwargs["fingerprint"]).first()
        if found is None:
            raise Http404
        return found

    @cached_property
    def suggestion(self) -> Suggestion | None:
        """What can be read of it for a partner; None where nothing can."""
        try:
            return suggest(bytes(self.stored.der))
        except OperatorError:
            return None

    def form_options(self, name: str) -> dict[str, Any]:
        """Fill in what can be read, and keep the fields of both forms apart."""
        found, initial = self.suggestion, {}
        if found is not None and name == "make":
            initial = {"identifier": found.identifier, "name": found.name, "codes": "\n".join(found.codes)}
        elif found is not None:
            initial = {"partner": likely_owner(found.certificate)}
        return {"about": self.stored.fingerprint, "prefix": name, "initial": initial}

    def shown(self) -> dict[str, Any]:
        """Return the certificate, its verdict, and what somebody may do with it."""
        found = self.suggestion
        return {
            "stored": self.stored,
            "words": words_of(self.stored.verdict),
            "certificate": readable(found.certificate) if found else None,
            "may": {name: _may(kind, self.by) for name, kind in self.form_classes.items()},
            "may_forget": remove_refused.may(self.by),
        }

    def part_shown(self, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return what lists say of it: asked by itself, since reading a long list takes a while."""
        words, tone = _revocation(self.suggestion) if self.suggestion else ("", "")
        return {"words": words, "tone": tone}

    def after(self, name: str, form: ActForm) -> HttpResponse:
        """Lead to the partner."""
        if name == "make":
            return redirect("panel:partner", form.result.identifier)
        return redirect("panel:partner-certificates", form.result.partner.identifier)

    def do_forget(self) -> HttpResponse | None:
        """Forget it."""
        remove_refused(self.by, [self.stored.fingerprint])
        self.say(_("The certificate is forgotten. It comes back when somebody shows it again."))
        return redirect("panel:refused")


def _may(kind: type[ActForm], by: Actor) -> bool:
    return issubclass(kind, PartnerForm) and kind.may(by)


def _revocation(found: Suggestion) -> tuple[str, str]:
    try:
        return revocation_words(state_by_lists(found.certificate))
    except OperatorError as error:
        return str(error), "s-warn"
