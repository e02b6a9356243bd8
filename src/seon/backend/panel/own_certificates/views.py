"""The pages of the company's own certificates: what partners are shown, and how that is renewed."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon import pki
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.badges import badge, left
from seon.backend.panel.own_certificates import forms
from seon.backend.panel.pages import PanelPage
from seon.backend.partners.pinning import shown as read
from seon.backend.trust import own_actions
from seon.backend.trust.judging import Finding, judge
from seon.backend.trust.lists import own_state, periods
from seon.backend.trust.models import ChainCertificate, OwnCertificate, OwnKey
from seon.backend.trust.own import chain_of, used_before, waiting_keys


class OwnCertificatesPage(PanelPage):
    """Which certificate partners are shown, all others, and what waits for its certificate."""

    title = gettext_lazy("Own certificates")
    template = "own_certificates/own_certificates.html"
    form_classes = {"back": forms.BackForm, "authorities": forms.AuthoritiesForm}
    does = ("forget_authority",)

    def shown(self) -> dict[str, Any]:
        """Return all of them."""
        now, by = timezone.now(), self.by
        rows = [_row(own) for own in OwnCertificate.objects.select_related("key")]
        return {
            "rows": rows,
            "current": next((row for row in rows if row["own"].in_use), None),
            "before": used_before(),
            "periods": periods(now),
            "waiting": waiting_keys(),
            "authorities": ChainCertificate.objects.all(),
            "may_request": own_actions.request_certificate.may(by),
            "may_add": own_actions.add_certificate.may(by),
            "may_go_back": own_actions.go_back.may(by),
        }

    def do_forget_authority(self) -> HttpResponse | None:
        """Remove a CA certificate that was given to complete chains, once that is meant."""
        held = ChainCertificate.objects.filter(fingerprint=_named_in(self.request, "authority")).first()
        if held is None:
            raise Http404(_("There is no such CA certificate"))
        asked = self.ask(
            _("Remove the CA certificate %s?") % held.subject,
            _("Remove"),
            _("Chains that it is part of stay as they are. It completes no new ones."),
        )
        if asked is None:
            own_actions.remove_authority(self.by, held.fingerprint)
            self.say(_("The CA certificate is removed."))
        return asked


class RequestPage(PanelPage):
    """The form that makes a key and a request."""

    title = gettext_lazy("New key and request")
    template = "own_certificates/request.html"
    form_classes = {"request": forms.RequestForm}

    def shown(self) -> dict[str, Any]:
        """Return whether the form is offered."""
        return {"may": own_actions.request_certificate.may(self.by)}

    def after(self, name: str, form: ActForm) -> HttpResponse:  # noqa: ARG002
        """Lead to the request."""
        return redirect("panel:own-request", digest=form.result.digest)


class WaitingPage(PanelPage):
    """A request whose certificate has not come yet."""

    template = "own_certificates/waiting.html"
    form_classes = {"add": forms.AddForm}
    does = ("remove",)

    def heading(self) -> str:
        """Return its name."""
        return _("Request %s") % self.key

    @property
    def key(self) -> OwnKey:
        """The key that the address names. Raises Http404."""
        return _waiting(self.kwargs["digest"])

    def shown(self) -> dict[str, Any]:
        """Return the request; the key is shown nowhere."""
        return {"key": self.key, "may_add": own_actions.add_certificate.may(self.by),
                "may_remove": own_actions.remove_request.may(self.by)}  # fmt: skip

    def after(self, name: str, form: ActForm) -> HttpResponse:  # noqa: ARG002
        """Lead to the certificate."""
        return _to_added(self.request, form.result)

    def do_remove(self) -> HttpResponse | None:
        """Remove it with its key, once that is meant."""
        key = self.key
        asked = self.ask(
            _("Remove the request %s and its private key?") % key,
            _("Remove"),
            _("A certificate that is issued for it can never be used then. It cannot be taken back."),
        )
        if asked is None:
            own_actions.remove_request(self.by, key.digest)
            self.say(_("The request %s is removed, and its private key.") % key)
            return redirect("panel:own-certificates")
        return asked


class RequestFile(PanelPage):
    """A request as a file."""

    def get(self, request: HttpRequest, **_options: Any) -> HttpResponse:  # noqa: ARG002
        """Return the file."""
        key = _waiting(self.kwargs["digest"])
        return _file(key.request, f"{slugify(key.name) or 'request'}.csr")


class AddPage(PanelPage):
    """The form that takes a certificate in."""

    title = gettext_lazy("Take in a certificate")
    template = "own_certificates/add.html"
    form_classes = {"add": forms.AddForm}

    def shown(self) -> dict[str, Any]:
        """Return whether the form is offered."""
        return {"may": own_actions.add_certificate.may(self.by)}

    def after(self, name: str, form: ActForm) -> HttpResponse:  # noqa: ARG002
        """Lead to the certificate."""
        return _to_added(self.request, form.result)


class OwnCertificatePage(PanelPage):
    """One certificate: what is to be said of it, and whether it is used."""

    template = "own_certificates/own_certificate.html"
    form_classes = {"use": forms.UseForm, "rename": forms.RenameForm}
    does = ("unplan", "remove")

    def heading(self) -> str:
        """Return its name."""
        return _("Own certificate %s") % self.own

    @property
    def own(self) -> OwnCertificate:
        """The certificate that the address names. Raises Http404."""
        return _own(self.kwargs["fingerprint"])

    def shown(self) -> dict[str, Any]:
        """Return all that is known of it; its key is shown nowhere."""
        own, by, now = self.own, self.by, timezone.now()
        stored = pki.certificates_in_pem(own.chain)
        findings = judge(chain_of(own), own.use_from or now)
        return {
            **_row(own),
            "read": read(stored[0]),
            "chain": [read(one) for one in stored],
            "findings": [_told(finding) for finding in findings],
            "may_use": own_actions.use_certificate.may(by) and not own.in_use,
            "may_rename": own_actions.rename.may(by),
            "may_unplan": own_actions.keep_in_use.may(by) and own.use_from is not None,
            "may_remove": own_actions.remove.may(by) and not own.in_use and own.use_from is None,
        }

    def form_options(self, name: str) -> dict[str, Any]:
        """Return what is there now."""
        own = self.own
        return {"about": own, "prefix": name, "initial": {"name": own.name} if name == "rename" else {}}

    def do_unplan(self) -> HttpResponse | None:
        """Forget that it is to come into use."""
        own = own_actions.keep_in_use(self.by, self.own.fingerprint)
        self.say(_("The certificate %s does not come into use: the one in use stays.") % own)
        return None

    def do_remove(self) -> HttpResponse | None:
        """Remove it, once that is meant."""
        own = self.own
        is_last = own.key.certificates.count() == 1
        asked = self.ask(
            _("Remove the certificate %s?") % own,
            _("Remove"),
            _("Its private key is removed with it, for ever.")
            if is_last
            else _("Its private key stays: another certificate has it."),
        )
        if asked is None:
            removed = own_actions.remove(self.by, own.fingerprint)
            self.say(_("The certificate %s is removed.") % removed.what)
            return redirect("panel:own-certificates")
        return asked


class OwnCertificateFile(PanelPage):
    """A certificate with its chain as a file, for partners. The key is not in it."""

    def get(self, request: HttpRequest, **_options: Any) -> HttpResponse:  # noqa: ARG002
        """Return the file."""
        own = _own(self.kwargs["fingerprint"])
        return _file(own.chain, f"{slugify(own.name) or 'certificate'}.pem")


def _row(own: OwnCertificate) -> dict[str, Any]:
    now = timezone.now()
    return {
        "own": own,
        "badge": badge(own_state(own, now)),
        "left": left(own.not_before, own.not_after, now),
    }


_TONES = {"refused": "s-bad", "unwise": "s-warn", "note": "s-info"}
_WEIGHTS = {"refused": gettext_lazy("cannot work"), "unwise": gettext_lazy("unwise"), "note": gettext_lazy("note")}


def _told(finding: Finding) -> dict[str, Any]:
    return {"text": finding.text, "weight": _WEIGHTS[finding.weight], "tone": _TONES[finding.weight]}


def _to_added(request: HttpRequest, added: own_actions.Added) -> HttpResponse:
    """Say what an addition came to, and lead to the certificate."""
    said = _("The certificate is stored.") if added.is_new else _("The certificate was stored already.")
    if added.chain_replaced:
        said += " " + _("It has got a better chain.")
    said = " ".join([said, *(_("The chain of %s is complete, too.") % own for own in added.completed)])
    messages.success(request, said)
    return redirect("panel:own-certificate", fingerprint=added.own.fingerprint)


def _own(fingerprint: str) -> OwnCertificate:
    own = OwnCertificate.objects.select_related("key").filter(fingerprint=fingerprint).first()
    if own is None:
        raise Http404(_("There is no such certificate"))
    return own


def _waiting(digest: str) -> OwnKey:
    key = waiting_keys().filter(digest=digest).first()
    if key is None:
        raise Http404(_("There is no such request: its certificate may have come"))
    return key


def _named_in(request: HttpRequest, field: str) -> str:
    name = request.POST.get(field, "")
    if not name or len(name) > 200 or "\0" in name:
        raise BadRequest("It is not said which one")
    return name


def _file(text: str, name: str) -> HttpResponse:
    answer = HttpResponse(text, content_type="application/x-pem-file")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
