"""The forms on the page of a refused certificate."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy

from seon.backend.acting.actors import Actor
from seon.backend.configuration.lines import entries_of
from seon.backend.panel.partners.fields import PartnerForm
from seon.backend.refused import actions

_FORCE = gettext_lazy("Where it has ended, is revoked, or is a self-made one that calls itself a CA.")


def _force() -> forms.BooleanField:
    return forms.BooleanField(required=False, label=gettext_lazy("Take it all the same"), help_text=_FORCE)


class MakeForm(PartnerForm):
    """A new partner of the certificate; `about` is its SHA-256."""

    button = gettext_lazy("Make a partner of this")
    told = gettext_lazy("The partner is added.")
    acts = (actions.partner_from_refused,)
    places: ClassVar[Mapping[str, str]] = {"certificates": "force", "code": "codes"}
    identifier = forms.CharField(
        max_length=64, label=gettext_lazy("Id"),
        help_text=gettext_lazy("Short name in logs and commands: letters, digits, _ . and -. It stays for ever."),
    )  # fmt: skip
    name = forms.CharField(max_length=120, label=gettext_lazy("Name"))
    codes = forms.CharField(
        required=False, max_length=4_000, label=gettext_lazy("SSID codes"),
        widget=forms.Textarea(attrs={"rows": 2, "cols": None}),
        help_text=gettext_lazy("That it may show, by line or by comma; empty: every code."),
    )  # fmt: skip
    force = _force()

    def act(self, by: Actor) -> Any:
        """Make the partner; the certificate is pinned, and its Odette IDs are the partner's."""
        given = self.cleaned_data
        return actions.partner_from_refused(
            by, self.about, given["identifier"], name=given["name"], codes=entries_of(given["codes"]),
            force=given["force"],
        )  # fmt: skip


class GiveForm(PartnerForm):
    """One more certificate of a partner; `about` is its SHA-256."""

    button = gettext_lazy("Add to the partner")
    told = gettext_lazy("The certificate is added to the partner.")
    acts = (actions.pin_refused,)
    places: ClassVar[Mapping[str, str]] = {"": "partner", "certificates": "force"}
    partner = forms.CharField(max_length=64, label=gettext_lazy("Partner"), help_text=gettext_lazy("Its id."))
    force = _force()

    def act(self, by: Actor) -> Any:
        """Pin the certificate."""
        given = self.cleaned_data
        return actions.pin_refused(by, self.about, given["partner"].strip(), force=given["force"])
