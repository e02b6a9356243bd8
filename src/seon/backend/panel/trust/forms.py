"""The forms of the pages of trust."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.acting.actors import Actor
from seon.backend.anchors import actions as anchors
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.uploads import ONE, BringForm, FilesField
from seon.backend.revocation import actions as revocation
from seon.backend.revocation.keeping import counted
from seon.backend.revocation.models import LONGEST_URL

_NAME = 120


def _asserts() -> forms.BooleanField:
    return forms.BooleanField(
        label=gettext_lazy("Asserts Odette IDs"),
        required=False,
        help_text=gettext_lazy(
            "An Odette ID in a certificate below it says whose it is. Tick it only for a CA that checks them, such as "
            "Odette's."
        ),
    )


class AnchorForm(BringForm):
    """A new trust anchor."""

    button = gettext_lazy("Add the trust anchor")
    told = ""
    file = FilesField(
        label=gettext_lazy("File"),
        required=False,
        widget=ONE,
        help_text=gettext_lazy("Drop it here, or choose it. Forms: PEM, DER, PKCS#7 (p7b), PKCS#12 (p12, pfx)."),
    )
    name = forms.CharField(
        label=gettext_lazy("Name in lists"),
        max_length=_NAME,
        required=False,
        help_text=gettext_lazy("Without commas. Empty: the name in the certificate."),
    )
    asserts_odette_ids = _asserts()
    force = forms.BooleanField(label=gettext_lazy("Take it although it has expired"), required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse more than one file: each anchor is added by itself."""
        given = super().clean()
        if not self.errors and len(self.brought()) > 1:
            self.add_error("file", _("One file at a time, please: each trust anchor is added by itself"))
        return given

    def act(self, by: Actor) -> anchors.Added:
        """Add it."""
        given = self.cleaned_data
        added = anchors.add_anchor(
            by,
            self.brought()[0],
            name=given["name"],
            asserts_odette_ids=given["asserts_odette_ids"],
            force=given["force"],
        )
        said = [_("The trust anchor %s is added.") % added.anchor]
        said += [_("Not taken from the file: %s.") % subject for subject in added.passed_over]
        self.told = " ".join(said)
        return added


class ChangeAnchorForm(ActForm):
    """Name and word of a trust anchor; `about` is that one."""

    watches = True
    name = forms.CharField(label=gettext_lazy("Name in lists"), max_length=_NAME)
    asserts_odette_ids = _asserts()

    def act(self, by: Actor) -> Any:
        """Change what was changed."""
        lost = anchors.change_anchor(by, self.about.fingerprint, **self.changed())
        if lost.may:
            self.told = _("Saved. Partners that it admits no more: %s.") % lost.text
        return lost


class ListForm(ActForm):
    """A revocation list that is brought by hand."""

    button = gettext_lazy("Take it over")
    told = ""
    file = FilesField(
        label=gettext_lazy("Revocation list"),
        widget=ONE,
        help_text=gettext_lazy(
            "Drop it here, or choose it: PEM or DER, up to 4 MB. Larger ones: seonapi crl add FILE."
        ),
    )
    issuer = FilesField(
        label=gettext_lazy("Certificate of its CA"),
        required=False,
        widget=ONE,
        help_text=gettext_lazy("Only if the CA is not known here: neither as a trust anchor nor for chains."),
    )
    url = forms.CharField(
        label=gettext_lazy("Only for the distribution point"),
        required=False,
        max_length=LONGEST_URL,
        help_text=gettext_lazy("An address, as it stands in certificates. Empty: as the list says itself."),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse more than one file in a field."""
        given = super().clean() or self.cleaned_data
        for name in ("file", "issuer"):
            if len(given.get(name) or []) > 1:
                self.add_error(name, ValidationError(_("One file at a time, please")))
        return given

    def act(self, by: Actor) -> Any:
        """Take it over."""
        given = self.cleaned_data
        if not revocation.put_list.may(by):
            return revocation.put_list(by, None)  # type: ignore[arg-type]  # it refuses that
        held = revocation.add_list(by, given["file"][0], (given["issuer"] or [None])[0], given["url"].strip())
        self.told = _("The revocation list of %(ca)s is taken over: %(entries)s.") % {
            "ca": held.place.issuer,
            "entries": counted(held.entries),
        }
        return held


class FetchingForm(ActForm):
    """How lists are fetched."""

    watches = True
    refresh_hours = forms.IntegerField(
        label=gettext_lazy("Ask for each list again after so many hours"),
        min_value=1,
        max_value=168,
        help_text=gettext_lazy("1 to 168, 24 unless changed. One that ends earlier is asked for before its end."),
    )
    http_proxy = forms.CharField(
        label=gettext_lazy("HTTP proxy for downloads"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Such as http://proxy.example:3128. Empty: none."),
    )
    private_networks = forms.CharField(
        label=gettext_lazy("Private networks that lists may come from"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=gettext_lazy("One in each line, such as 10.20.0.0/16. Empty: lists come from public addresses only."),
    )

    def act(self, by: Actor) -> Any:
        """Change what was changed."""
        return revocation.set_fetching(by, **self.changed())
