"""Panel: partners, with their codes and certificates on one page."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from seon.backend.acting.actors import Actor
from seon.backend.configuration.admission import OWN
from seon.backend.configuration.lines import entries_of
from seon.backend.panel.base import ActingBlocks, ActingRows, Acts, AnyAct, Form, actor, changed, may
from seon.backend.partners import actions
from seon.backend.partners import identity_actions as identity
from seon.backend.partners.models import Partner, PartnerCertificate, PartnerCode, PartnerName
from seon.backend.session_rules import forms
from seon.backend.session_rules.actions import OF_SESSIONS, change_partner_rules, set_partner_rule
from seon.backend.session_rules.demands import group
from seon.config import CertificateName

FIELDS = ("name", "host", "port", "notes")
"""What `partner.change` changes."""


ADMISSION = ("anchors", "odette_ids", "sessions", "old_tls", *OWN)
"""What `partner.admission` changes."""


class CodeRows(ActingRows):
    """The SSID codes of a partner. What is new comes first: without any code it may show every one."""

    model = PartnerCode
    acts = Acts(add=actions.add_codes, change=actions.add_codes, remove=actions.remove_codes)
    adds_first = True

    def do_add(self, by: Actor, parent: Partner, form: Form) -> object:
        """Add the code."""
        return actions.add_codes(by, parent.identifier, [form.cleaned_data["code"]])

    def do_change(self, by: Actor, parent: Partner, form: Form) -> object:
        """Put the new code in the place of the old one."""
        self.do_add(by, parent, form)
        return actions.remove_codes(by, parent.identifier, [form.initial["code"]])

    def do_remove(self, by: Actor, parent: Partner, row: PartnerCode) -> object:
        """Take the code away."""
        return actions.remove_codes(by, parent.identifier, [row.code])


class CertificateBlocks(ActingBlocks):
    """The pinned certificates of a partner. One is added or removed, never changed: another one is another pin."""

    model = PartnerCertificate
    acts = Acts(add=actions.add_certificates, remove=actions.remove_certificate)
    fields = ("subject", "not_after", "fingerprint", "pem")
    readonly_fields = ("subject", "not_after", "fingerprint")

    def do_add(self, by: Actor, parent: Partner, form: Form) -> object:
        """Pin the certificate."""
        return actions.add_certificates(by, parent.identifier, [form.cleaned_data["pem"].encode()])

    def do_remove(self, by: Actor, parent: Partner, row: PartnerCertificate) -> object:
        """Take the certificate away."""
        return actions.remove_certificate(by, parent.identifier, row.fingerprint)


class NameRows(ActingRows):
    """The names in a partner's certificates."""

    model = PartnerName
    acts = Acts(add=identity.add_names, remove=identity.remove_name)
    fields = ("subject", "issuer")

    def do_add(self, by: Actor, parent: Partner, form: Form) -> object:
        """Add the names."""
        given = form.cleaned_data
        typed = identity.typed_name(given["issuer"], given["subject"])
        return identity.add_names(by, parent.identifier, [typed])

    def do_remove(self, by: Actor, parent: Partner, row: PartnerName) -> object:
        """Take the names away."""
        name = CertificateName(issuer=row.issuer, subject=row.subject)
        return identity.remove_name(by, parent.identifier, name)


class SeverityRows(forms.SeverityRows):
    """What rules are worth for a partner."""

    acts = Acts(add=set_partner_rule, change=set_partner_rule, remove=set_partner_rule)

    def put(self, by: Actor, parent: Any, rule: str, severity: str, *, new: bool = False) -> object:
        """Do the act."""
        return set_partner_rule(by, parent.identifier, rule, severity, new=new)


@admin.register(Partner)
class PartnerPage(forms.RuledPage):
    """A partner. Who may only switch it on and off does that in the list."""

    acts = Acts(add=actions.add_partner, change=actions.change_partner, remove=actions.remove_partner)
    list_display = ("identifier", "name", "enabled", "host", "port")
    list_filter = ("enabled",)
    search_fields = ("identifier", "name", "codes__code", "certificates__fingerprint", "certificates__subject")
    fieldsets = (
        (None, {"fields": ("identifier", "name", "enabled", "host", "port", "networks", "notes")}),
        ("Who may come in as it", {"fields": ADMISSION}),
        ("Verifier", {"fields": (*group(""), "trace")}),
        *forms.fieldsets("the partner"),
    )
    inlines = (CodeRows, CertificateBlocks, NameRows, SeverityRows)
    actions = ("enable", "disable")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        """Return what stays as it is once a partner is there: its id stands in logs and listening ports."""
        return ("identifier",) if obj else ()

    @admin.action(description="Enable", permissions=["switch"])
    def enable(self, request: HttpRequest, chosen: "QuerySet[Partner]") -> None:
        """Let partners come in and be dialled again."""
        self._switch(request, chosen, actions.enable_partner, "Enabled.")

    @admin.action(description="Disable: running sessions end within seconds", permissions=["switch"])
    def disable(self, request: HttpRequest, chosen: "QuerySet[Partner]") -> None:
        """Keep partners out."""
        self._switch(request, chosen, actions.disable_partner, "Disabled.")

    def has_switch_permission(self, request: HttpRequest) -> bool:
        """Whether who asks may switch partners on and off."""
        return may(request, actions.enable_partner)

    def _switch(self, request: HttpRequest, chosen: "QuerySet[Partner]", act: AnyAct, told: str) -> None:
        with transaction.atomic():
            for partner in chosen:
                act(actor(request), partner.identifier)
        self.message_user(request, told)

    def do_add(self, by: Actor, form: Form) -> Partner:
        """Add the partner, then what else the form says of it."""
        given = form.cleaned_data
        added = actions.add_partner(
            by, given["identifier"], given["name"], [], [],
            host=given["host"], port=given["port"], networks=entries_of(form.instance.networks), notes=given["notes"],
        )  # fmt: skip
        if not given["enabled"]:
            actions.disable_partner(by, added.identifier)
        self._change_others(by, added, changed(form))
        return added

    def do_change(self, by: Actor, obj: Partner, form: Form) -> None:
        """Change what was changed, each by its act."""
        given = changed(form)
        fields = {name: given[name] for name in FIELDS if name in given}
        if fields:
            actions.change_partner(by, obj.identifier, **fields)
        if "enabled" in given:
            switch = actions.enable_partner if given["enabled"] else actions.disable_partner
            switch(by, obj.identifier)
        if "networks" in given:
            _change_networks(by, obj, entries_of(form.initial["networks"]), entries_of(obj.networks))
        self._change_others(by, obj, given)

    def do_remove(self, by: Actor, obj: Partner) -> object:
        """Remove the partner with all that belongs to it, which the page before has shown."""
        return actions.remove_partner(by, obj.identifier)

    def _change_others(self, by: Actor, partner: Partner, given: dict[str, Any]) -> None:
        admission = {name: value for name, value in given.items() if name in identity.OF_ADMISSION}
        if admission:
            identity.change_admission(by, partner.identifier, admission)
        rules = {name: value for name, value in given.items() if name in OF_SESSIONS}
        if rules:
            change_partner_rules(by, partner.identifier, rules)


def _change_networks(by: Actor, partner: Partner, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    """Add what is new, then take away what is gone: all of them may go, the field says what empty means."""
    new = [network for network in after if network not in before]
    gone = [network for network in before if network not in after]
    if new:
        actions.add_networks(by, partner.identifier, new)
    if gone:
        actions.remove_networks(by, partner.identifier, gone, force=True)
