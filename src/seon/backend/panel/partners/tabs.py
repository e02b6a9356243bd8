"""The page of one partner, in tabs. Each tab is a page of its own, so that each has an address."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import Model
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.acting.actors import Actor
from seon.backend.anchors.models import Anchor
from seon.backend.certificates import read_shown
from seon.backend.configuration.lines import entries_of
from seon.backend.configuration.rules import SETTABLE
from seon.backend.errors import OperatorError
from seon.backend.journal import file_lists
from seon.backend.live import lists as live
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.pages import PanelPage
from seon.backend.panel.partners.certificates import Readable, Validity, readable, revocation_words, validity
from seon.backend.panel.partners.fields import PartnerForm
from seon.backend.panel.partners.forms import (
    CodesForm,
    DemandsForm,
    GeneralForm,
    IncomingForm,
    KnownByForm,
    LimitsForm,
    NameForm,
    NetworksForm,
    OutgoingForm,
    PinForm,
    SeverityForm,
    TraceForm,
    WeightsForm,
)
from seon.backend.panel.partners.trying import TryForm
from seon.backend.partners import actions
from seon.backend.partners import identity_actions as identity
from seon.backend.partners.anchored import usable
from seon.backend.partners.changes import MOST, changes_of
from seon.backend.partners.keys import find_partner
from seon.backend.partners.models import Partner, PartnerCertificate
from seon.backend.partners.standing import standings
from seon.backend.partners.telling import warnings_of
from seon.backend.revocation.known import state_by_lists
from seon.backend.session_rules.actions import set_partner_rule
from seon.config import CertificateName

TABS = (
    ("partner", gettext_lazy("General")),
    ("partner-certificates", gettext_lazy("Certificates")),
    ("partner-codes", gettext_lazy("Codes and files")),
    ("partner-verification", gettext_lazy("Verification")),
    ("partner-limits", gettext_lazy("Limits and networks")),
    ("partner-sessions", gettext_lazy("Sessions")),
    ("partner-files", gettext_lazy("Files")),
    ("partner-history", gettext_lazy("History")),
)
"""The tabs, by the names of their addresses."""


NEWEST = 50
"""Sessions and files that stand on a partner's page; the lists of all have the rest."""


class PartnerTab(PanelPage):
    """What all tabs have in common."""

    form_classes: ClassVar[Mapping[str, type[ActForm]]] = {}
    tab: ClassVar[str] = ""

    @cached_property
    def partner(self) -> Partner:
        """The partner that the address names. Raises Http404."""
        try:
            if "\0" in self.kwargs["identifier"]:
                raise Http404
            return find_partner(self.kwargs["identifier"])
        except OperatorError:
            raise Http404 from None

    def heading(self) -> str:
        """Name the partner."""
        return _("Partner %s") % self.partner.identifier

    def form_options(self, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Give the partner to its forms."""
        return {"about": self.partner, "prefix": None}

    def shown(self) -> dict[str, Any]:
        """Return what each tab shows."""
        standing = standings([self.partner])[self.partner.pk]
        may = {name: kind.may(self.by) for name, kind in self.form_classes.items() if issubclass(kind, PartnerForm)}
        return {
            "partner": self.partner, "standing": standing, "tabs": TABS, "tab": self.tab, "may": may,
            **self.of_tab(self.by),
        }  # fmt: skip

    def of_tab(self, by: Actor) -> dict[str, Any]:  # noqa: ARG002 - for subclasses
        """Return what this tab shows besides."""
        return {}

    def row(self, rows: Any, name: str = "row") -> Any:
        """Return the row whose number was sent. Raises Http404, also for what is no number."""
        number = self.request.POST.get(name, "")
        found: Model | None = rows.filter(pk=int(number)).first() if _is_number(number) else None
        if found is None:
            raise Http404
        return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18


class GeneralTab(PartnerTab):
    """Name, address, notes; on and off; and away."""

    tab = "partner"
    template = "partners/general.html"
    form_classes: ClassVar[Mapping[str, type[ActForm]]] = {"general": GeneralForm}
    does = ("enable", "disable", "remove")

    def of_tab(self, by: Actor) -> dict[str, Any]:
        """Say what somebody may do, and what there is to know."""
        mine = self.partner.identifier
        return {
            "last": file_lists.last_session_of([mine]).get(mine),
            "files": file_lists.files_today([mine]).get(mine),
            "live": sum(one.session.partner == mine for one in live.sessions()),
            "validity": _validity(self.partner),
            "may_switch": actions.enable_partner.may(by), "may_remove": actions.remove_partner.may(by),
            "warnings": list(warnings_of(self.partner)),
        }  # fmt: skip

    def do_enable(self) -> HttpResponse | None:
        """Let it come in and be dialled."""
        actions.enable_partner(self.by, self.partner.identifier)
        self.say(_("The partner is enabled."))
        return None

    def do_disable(self) -> HttpResponse | None:
        """Keep it out, if somebody is sure."""
        asked = self.ask(
            _("Disable the partner %s?") % self.partner.identifier, _("Disable"),
            _("It is kept out from now on, and its running sessions end within 5 seconds."),
        )  # fmt: skip
        if asked is not None:
            return asked
        actions.disable_partner(self.by, self.partner.identifier)
        self.say(_("The partner is disabled."))
        return None

    def do_remove(self) -> HttpResponse | None:
        """Remove it with all that belongs to it, if somebody is sure."""
        identifier = self.partner.identifier
        along = ", ".join(f"{count} {kind}" for kind, count in actions.goes_along(identifier).items())
        lines = [_("With it goes: %s.") % along] if along else []
        lines.append(_("Its running sessions end within 5 seconds. What is in the journal stays."))
        asked = self.ask(_("Remove the partner %s?") % identifier, _("Remove"), *lines)
        if asked is not None:
            return asked
        actions.remove_partner(self.by, identifier)
        self.say(_("The partner %s is removed.") % identifier)
        return redirect("panel:partners")


def _validity(partner: Partner) -> Validity | None:
    ends = standings([partner])[partner.pk].ends
    return validity(ends) if ends else None


class CertificatesTab(PartnerTab):
    """By what it is known."""

    tab = "partner-certificates"
    template = "partners/certificates.html"
    parts: ClassVar[Mapping[str, str]] = {"revocation": "partners/revocation.html"}
    form_classes: ClassVar[Mapping[str, type[ActForm]]] = {
        "pin": PinForm, "known_by": KnownByForm, "name": NameForm, "try": TryForm
    }  # fmt: skip
    does = ("remove_certificate", "remove_name")

    def form_options(self, name: str) -> dict[str, Any]:
        """Keep the fields of the forms apart: each takes a certificate."""
        return {"about": self.partner, "prefix": None if name == "known_by" else name}

    def of_tab(self, by: Actor) -> dict[str, Any]:
        """Return the certificates, and who else may admit the partner."""
        anchors = dict(Anchor.objects.values_list("fingerprint", "asserts_odette_ids"))
        names = dict(Anchor.objects.values_list("fingerprint", "name"))
        return {
            "pins": [_readable(row) for row in self.partner.certificates.all()],
            "names": list(self.partner.names.all()),
            "anchors": [names[one] for one in usable(self.partner, anchors)],
            "may_remove": actions.remove_certificate.may(by),
            "may_remove_name": identity.remove_name.may(by),
            "odette_ids": entries_of(self.partner.odette_ids),
        }

    def part_shown(self, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return what lists say of each certificate: asked by itself, since reading a long list takes a while."""
        return {"rows": [(row.subject, *_revoked(row)) for row in self.partner.certificates.all()]}

    def after(self, name: str, form: ActForm) -> HttpResponse:
        """Show what came of a trial; lead back to the page after anything else."""
        return self._show({name: form}) if name == "try" else self.here()

    def do_remove_certificate(self) -> HttpResponse | None:
        """Take a certificate away, if somebody is sure."""
        row = self.row(self.partner.certificates)
        left = self.partner.certificates.count() - 1
        last = _("It is the last one: nobody comes in by a certificate of its own then.")
        lines = [_("Sessions with it end within 5 seconds."), *([] if left else [last])]
        asked = self.ask(_("Remove the certificate %s?") % row.subject, _("Remove"), *lines)
        if asked is not None:
            return asked
        actions.remove_certificate(self.by, self.partner.identifier, row.fingerprint)
        self.say(_("The certificate is removed."))
        return None

    def do_remove_name(self) -> HttpResponse | None:
        """Take a pair of names away."""
        row = self.row(self.partner.names)
        names = CertificateName(issuer=row.issuer, subject=row.subject)
        identity.remove_name(self.by, self.partner.identifier, names)
        self.say(_("The names are removed."))
        return None


def _readable(row: PartnerCertificate) -> tuple[int, Readable]:
    return row.pk, readable(read_shown(row.pem.encode())[0])


def _revoked(row: PartnerCertificate) -> tuple[str, str]:
    try:
        return revocation_words(state_by_lists(read_shown(row.pem.encode())[0]))
    except OperatorError as error:
        return str(error), "s-warn"


class CodesTab(PartnerTab):
    """As whom it may speak, and which files may pass."""

    tab = "partner-codes"
    template = "partners/codes.html"
    form_classes: ClassVar[Mapping[str, type[ActForm]]] = {
        "codes": CodesForm, "incoming": IncomingForm, "outgoing": OutgoingForm
    }  # fmt: skip
    does = ("remove_code",)

    def of_tab(self, by: Actor) -> dict[str, Any]:
        """Return its codes."""
        return {"codes": list(self.partner.codes.all()), "may_remove": actions.remove_codes.may(by)}

    def do_remove_code(self) -> HttpResponse | None:
        """Take a code away; the last one if somebody is sure."""
        row = self.row(self.partner.codes)
        is_last = self.partner.codes.count() == 1
        if is_last:
            warning = _("It is the last one. Without any code, the partner may show every code that no other has.")
            asked = self.ask(_("Remove the SSID code %s?") % row.code, _("Remove"), warning)
            if asked is not None:
                return asked
        actions.remove_codes(self.by, self.partner.identifier, [row.code], force=is_last)
        self.say(_("The code is removed."))
        return None


class VerificationTab(PartnerTab):
    """How its sessions and certificates are judged, where that differs from the general rules."""

    tab = "partner-verification"
    template = "partners/verification.html"
    form_classes: ClassVar[Mapping[str, type[ActForm]]] = {
        "demands": DemandsForm, "weights": WeightsForm, "severity": SeverityForm, "trace": TraceForm
    }  # fmt: skip
    does = ("remove_rule",)

    def of_tab(self, by: Actor) -> dict[str, Any]:
        """Return the rules that differ."""
        rows = [(row, _meaning(row.rule)) for row in self.partner.rules.all()]
        return {"rules": rows, "may_remove": set_partner_rule.may(by)}

    def do_remove_rule(self) -> HttpResponse | None:
        """Let a rule be as in general again."""
        row = self.row(self.partner.rules)
        set_partner_rule(self.by, self.partner.identifier, row.rule, "")
        self.say(_("The rule %s is as in general again.") % row.rule)
        return None


def _meaning(rule: str) -> str:
    return SETTABLE[rule].meaning if rule in SETTABLE else _("a rule of another version")


class LimitsTab(PartnerTab):
    """From where it may come, and how often at once."""

    tab = "partner-limits"
    template = "partners/limits.html"
    form_classes: ClassVar[Mapping[str, type[ActForm]]] = {"networks": NetworksForm, "limits": LimitsForm}

    def of_tab(self, by: Actor) -> dict[str, Any]:  # noqa: ARG002
        """Return what there is to know."""
        return {"warnings": list(warnings_of(self.partner))}


class SessionsTab(PartnerTab):
    """Its sessions: those that run, and the newest that are over."""

    tab = "partner-sessions"
    template = "partners/sessions.html"
    parts: ClassVar[Mapping[str, str]] = {"live": "partners/live.html"}

    def of_tab(self, by: Actor) -> dict[str, Any]:  # noqa: ARG002
        """Return both."""
        wanted = file_lists.SessionFilter(partner=self.partner.identifier)
        return {"rows": list(file_lists.sessions(wanted)[:NEWEST]), "most": NEWEST, **self.part_shown("live")}

    def part_shown(self, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return those that run."""
        return {"live": [one for one in live.sessions() if one.session.partner == self.partner.identifier]}


class FilesTab(PartnerTab):
    """Its newest files."""

    tab = "partner-files"
    template = "partners/files.html"

    def of_tab(self, by: Actor) -> dict[str, Any]:  # noqa: ARG002
        """Return them."""
        wanted = file_lists.FileFilter(partner=self.partner.identifier)
        return {"rows": list(file_lists.files(wanted)[:NEWEST]), "most": NEWEST}


class HistoryTab(PartnerTab):
    """Who changed what."""

    tab = "partner-history"
    template = "partners/history.html"

    def of_tab(self, by: Actor) -> dict[str, Any]:  # noqa: ARG002
        """Return the newest changes."""
        return {"changes": changes_of(self.partner), "most": MOST}
