"""The pages of licenses: issue one, carry it to its server, withdraw it."""

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.badges import badge, left
from seon.backend.panel.licenses.forms import IssueForm, RenewForm
from seon.backend.panel.lists import ListPage
from seon.backend.panel.pages import PanelPage
from seon.backend.trust.license_actions import issue_license, withdraw_license
from seon.backend.trust.lists import later_license, license_state
from seon.backend.trust.models import License
from seon.link.identity import License as Read
from seon.link.identity import read_license

PLACE = "/etc/seon_proxy.lic"
"""Where a server looks for its license (mission C1)."""


class LicensesPage(ListPage):
    """All licenses, and the form that issues one."""

    title = gettext_lazy("Licenses")
    template = "licenses/licenses.html"
    form_classes = {"issue": IssueForm}

    def rows(self, given: dict[str, Any]) -> Any:
        """Return the licenses, the newest first."""
        found = License.objects.select_related("server").order_by("-issued_at", "-pk")
        if words := given.get("q"):
            of_server = Q(server__proxy_id__icontains=words) | Q(server__name__icontains=words)
            found = found.filter(of_server | Q(serial__icontains=words))
        return found

    def row(self, stored: License) -> dict[str, Any]:
        """Return a license as the table shows it."""
        return told(stored, timezone.now())

    def shown(self) -> dict[str, Any]:
        """Return the list, and whether the form is offered."""
        return {**super().shown(), "may_issue": issue_license.may(self.by)}

    def form_options(self, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return what the address has filled in."""
        return {"initial": {"proxy_id": self.request.GET.get("proxy_id", "")[:100]}}

    def after(self, name: str, form: ActForm) -> HttpResponse:  # noqa: ARG002
        """Lead to the new license."""
        return to_page_of(form.result)


class LicensePage(PanelPage):
    """One license: how it gets to its server, and how it is withdrawn or followed by another one."""

    template = "licenses/license.html"
    form_classes = {"renew": RenewForm}
    does = ("withdraw",)

    def heading(self) -> str:
        """Return its name."""
        return _("License of %s") % self.license.server

    @property
    def license(self) -> License:
        """The license that the address names."""
        return found(self.kwargs["serial"])

    def shown(self) -> dict[str, Any]:
        """Return all that is known of it."""
        license_, now = self.license, timezone.now()
        return {
            **told(license_, now),
            "read": _read(license_),
            "place": PLACE,
            "later": later_license(license_, now),
            "may_withdraw": withdraw_license.may(self.by) and license_.withdrawn_at is None,
            "may_issue": issue_license.may(self.by),
        }

    def form_options(self, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return what a new one follows."""
        return {"about": self.license}

    def after(self, name: str, form: ActForm) -> HttpResponse:  # noqa: ARG002
        """Lead to the new license."""
        return to_page_of(form.result)

    def do_withdraw(self) -> HttpResponse | None:
        """Withdraw it, once that is meant."""
        license_ = self.license
        later = later_license(license_, timezone.now())
        other = (
            _("The server has another license, until %s. Put that one on the server first: it works at once.")
            % f"{later.not_after:%Y-%m-%d}"
            if later
            else _("The server has no other license: no partner can connect until you issue a new one.")
        )
        asked = self.ask(
            _("Withdraw the license %s?") % license_.serial,
            _("Withdraw"),
            _("If the server %s shows this license, its link to the client ends within 5 s.") % license_.server,
            _("It closes its external port then, and its sessions end. A withdrawal cannot be taken back."),
            other,
        )
        if asked is None:
            withdraw_license(self.by, license_.serial)
            self.say(_("The license %s is withdrawn.") % license_.serial)
        return asked


class LicenseFile(PanelPage):
    """The license as a file. It is no secret: without the key of its server it opens nothing."""

    def get(self, request: HttpRequest, **_options: Any) -> HttpResponse:  # noqa: ARG002
        """Return the file."""
        answer = HttpResponse(found(self.kwargs["serial"]).pem, content_type="application/x-pem-file")
        answer.headers["Content-Disposition"] = 'attachment; filename="seon_proxy.lic"'
        return answer


def told(license_: License, now: datetime) -> dict[str, Any]:
    """Return what every page says of a license."""
    return {
        "license": license_,
        "badge": badge(license_state(license_, now)),
        "left": left(license_.issued_at, license_.not_after, now),
    }


def found(serial: str) -> License:
    """Return the license with this serial. Raises Http404."""
    license_ = License.objects.select_related("server").filter(serial=serial).first()
    if license_ is None:
        raise Http404(_("There is no such license"))
    return license_


def to_page_of(license_: License) -> HttpResponse:
    """Lead to the page of a license."""
    return redirect("panel:license", serial=license_.serial)


def _read(license_: License) -> Read:
    return read_license(license_.pem.encode())
