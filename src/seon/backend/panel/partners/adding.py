"""The page "Add a partner": from its certificate, of which all that can be read is filled in, or without one."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.acting.actors import Actor
from seon.backend.configuration.lines import entries_of
from seon.backend.errors import OperatorError
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.pages import PanelPage
from seon.backend.panel.partners.certificates import Readable, readable
from seon.backend.panel.partners.fields import LONGEST_PASTE, CertificateForm, PartnerForm
from seon.backend.partners import actions
from seon.backend.partners.models import Partner
from seon.backend.partners.suggesting import Suggestion, likely_owner, suggest


class ReadForm(CertificateForm):
    """Reads a certificate. Nothing is stored."""

    button = gettext_lazy("Read it")
    told = ""
    acts = (actions.add_partner,)

    def act(self, by: Actor) -> Suggestion:  # noqa: ARG002 - whoever sees the page may read
        """Return what the certificate says."""
        given = self.given()
        if len(given) > 1:
            raise OperatorError(_("Give one file: further certificates are added on the partner's page"))
        return suggest(given[0])


class AddForm(PartnerForm):
    """All that a new partner needs."""

    button = gettext_lazy("Add the partner")
    told = gettext_lazy("The partner is added.")
    acts = (actions.add_partner,)
    places: ClassVar[Mapping[str, str]] = {"certificates": "force", "pem": "force", "code": "codes"}
    identifier = forms.CharField(
        max_length=64, label=gettext_lazy("Id"),
        help_text=gettext_lazy("Short name in logs and commands: letters, digits, _ . and -. It stays for ever."),
    )  # fmt: skip
    name = forms.CharField(max_length=120, label=gettext_lazy("Name"))
    host = forms.CharField(
        required=False, max_length=253, label=gettext_lazy("Host"),
        help_text=gettext_lazy("Where it is dialled; empty: it only calls us."),
    )  # fmt: skip
    port = forms.IntegerField(
        min_value=1, max_value=65_535, initial=6_619, label=gettext_lazy("Port"),
        help_text=gettext_lazy("Of its OFTP2 station, for TLS: 6619 as a rule."),
    )  # fmt: skip
    codes = forms.CharField(
        required=False, max_length=4_000, label=gettext_lazy("SSID codes"),
        widget=forms.Textarea(attrs={"rows": 2, "cols": None}),
        help_text=gettext_lazy("That it may show, by line or by comma; empty: every code."),
    )  # fmt: skip
    odette_ids = forms.CharField(
        required=False, max_length=8_000, label=gettext_lazy("Odette IDs"),
        widget=forms.Textarea(attrs={"rows": 2, "cols": None}),
        help_text=gettext_lazy("In its certificates; they count below trust anchors that assert Odette IDs."),
    )  # fmt: skip
    networks = forms.CharField(
        required=False, max_length=8_000, label=gettext_lazy("Networks"),
        widget=forms.Textarea(attrs={"rows": 2, "cols": None}),
        help_text=gettext_lazy("From where it may come, by line or by comma; empty: from everywhere."),
    )  # fmt: skip
    notes = forms.CharField(
        required=False, max_length=10_000, label=gettext_lazy("Notes"),
        widget=forms.Textarea(attrs={"rows": 2, "cols": None}),
        help_text=gettext_lazy("For administrators: telephone, contact, what was agreed."),
    )  # fmt: skip
    enabled = forms.BooleanField(required=False, initial=True, label=gettext_lazy("Enabled"))
    pem = forms.CharField(required=False, max_length=LONGEST_PASTE, widget=forms.HiddenInput)
    """The certificate that was read."""
    force = forms.BooleanField(
        required=False, label=gettext_lazy("Take it all the same"),
        help_text=gettext_lazy("A certificate that has ended, or a self-made one that calls itself a CA."),
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not (self.data.get("pem") if self.is_bound else self.initial.get("pem")):
            del self.fields["force"]

    def act(self, by: Actor) -> Partner:
        """Add the partner; its certificate is pinned."""
        given = self.cleaned_data
        return actions.add_partner(
            by, given["identifier"], given["name"], entries_of(given["codes"]),
            [given["pem"].encode()] if given["pem"] else [],
            host=given["host"], port=given["port"], networks=entries_of(given["networks"]), notes=given["notes"],
            odette_ids=entries_of(given["odette_ids"]), enabled=given["enabled"], force=given.get("force", False),
        )  # fmt: skip


class AddPage(PanelPage):
    """First the certificate, then the rest."""

    title = gettext_lazy("Add a partner")
    template = "partners/add.html"
    form_classes: ClassVar[Mapping[str, type[ActForm]]] = {"read": ReadForm, "add": AddForm}

    def shown(self) -> dict[str, Any]:
        """Say whether somebody may add one, and what the certificate that was read says."""
        pem = self.request.POST.get("pem", "")
        return {"may_add": actions.add_partner.may(self.by), "certificate": _read(pem) if pem else None}

    def after(self, name: str, form: ActForm) -> HttpResponse:
        """Fill in what was read, or lead to the new partner."""
        if name == "read":
            return self._filled_in(form.result)
        return redirect("panel:partner", form.result.identifier)

    def _filled_in(self, found: Suggestion) -> HttpResponse:
        initial = {
            "identifier": found.identifier, "name": found.name, "host": found.host,
            "codes": "\n".join(found.codes), "odette_ids": "\n".join(found.odette_ids), "pem": found.certificate.pem,
        }  # fmt: skip
        forms_shown = {"read": ReadForm(), "add": AddForm(initial=initial)}
        shown = {
            "forms": forms_shown, "may_add": True, "certificate": readable(found.certificate),
            "owner": likely_owner(found.certificate),
        }  # fmt: skip
        return self._page(self.template, shown, self.heading())


def _read(pem: str) -> Readable | None:
    try:
        return readable(suggest(pem.encode()).certificate)
    except OperatorError:
        return None
