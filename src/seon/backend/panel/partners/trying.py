"""Would this certificate come in? The form that asks, and the page for it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.acting.actors import Actor
from seon.backend.errors import OperatorError
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.pages import PanelPage
from seon.backend.panel.partners.fields import CertificateForm
from seon.backend.partners.models import PartnerCertificate
from seon.backend.partners.trying import Trial, try_certificate
from seon.backend.refused.models import RefusedCertificate
from seon.pki import peer_certificate


class TryForm(CertificateForm):
    """Shows a certificate as a partner's station would; nothing is stored."""

    button = gettext_lazy("Try it")
    told = ""
    places: ClassVar[Mapping[str, str]] = {"": "dropped"}
    source = forms.CharField(
        required=False, max_length=60, label=gettext_lazy("It comes from"),
        help_text=gettext_lazy("An IP address; empty: networks are not looked at."),
    )  # fmt: skip
    outgoing = forms.CharField(
        required=False, max_length=64, label=gettext_lazy("Or it is shown by this partner, which was dialled"),
        help_text=gettext_lazy("The partner's id; empty: it comes in."),
    )  # fmt: skip

    def act(self, by: Actor) -> Trial:  # noqa: ARG002 - whoever reads may try
        """Try the first certificate; the others count as sent beside it."""
        first, *more = self.given()
        source, outgoing = self.cleaned_data["source"].strip(), self.cleaned_data["outgoing"].strip()
        if source and outgoing:
            raise OperatorError(fields={"outgoing": _("Who is dialled comes from nowhere: leave one of both empty")})
        try:
            return try_certificate(first, more, source, outgoing)
        except OperatorError as error:
            text = str(error)
            if text.startswith("--source: "):
                raise OperatorError(text, fields={"source": text.removeprefix("--source: ")}) from None
            raise OperatorError(
                text, fields={"outgoing" if text.startswith("There is no partner") else "": text}
            ) from None


class TryPage(PanelPage):
    """The page: what is tried is given, or named by its SHA-256 among the pinned and refused ones (`?sha256=`)."""

    title = gettext_lazy("Try a certificate")
    template = "partners/try.html"
    form_classes: ClassVar[Mapping[str, type[ActForm]]] = {"try": TryForm}

    def form_options(self, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Fill in the certificate that the address names."""
        named = self.request.GET.get("sha256", "")
        return {"initial": {"pasted": _stored(named)} if named else {}}

    def after(self, name: str, form: ActForm) -> HttpResponse:
        """Show what came of it, on the same page."""
        return self._show({name: form})


def _stored(fingerprint: str) -> str:
    """Return a certificate that is stored here as PEM; "" if there is none of this SHA-256."""
    if len(fingerprint) != 64 or not fingerprint.isalnum():
        return ""
    pinned = PartnerCertificate.objects.filter(fingerprint=fingerprint).first()
    if pinned is not None:
        return str(pinned.pem)
    refused = RefusedCertificate.objects.filter(fingerprint=fingerprint).first()
    return peer_certificate(bytes(refused.der)).pem if refused is not None else ""
