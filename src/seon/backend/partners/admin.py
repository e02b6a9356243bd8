"""Panel: partners, with their codes and certificates on one page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from seon.backend.acting.actors import Actor
from seon.backend.panel.base import Acts, Blocks, Form, Rows, changed
from seon.backend.partners.models import Partner, PartnerCertificate, PartnerCode
from seon.backend.session_rules import forms
from seon.backend.session_rules.actions import OF_SESSIONS, change_partner_rules, set_partner_rule
from seon.backend.session_rules.demands import group


class CodeRows(Rows):
    """The SSID codes of a partner."""

    model = PartnerCode
    extra = 0


class SeverityRows(forms.SeverityRows):
    """What rules are worth for a partner."""

    acts = Acts(add=set_partner_rule, change=set_partner_rule, remove=set_partner_rule)

    def put(self, by: Actor, parent: Any, rule: str, severity: str, *, new: bool = False) -> object:
        """Do the act."""
        return set_partner_rule(by, parent.identifier, rule, severity, new=new)


class CertificateBlocks(Blocks):
    """The pinned certificates of a partner. One is added or removed, never changed: another one is another pin."""

    model = PartnerCertificate
    extra = 0
    fields = ("subject", "not_after", "fingerprint", "pem")
    readonly_fields = ("subject", "not_after", "fingerprint")

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002 - nobody may
        """Refuse."""
        return False


@admin.register(Partner)
class PartnerPage(forms.RuledPage):
    """A partner."""

    acts = Acts(add=change_partner_rules, change=change_partner_rules, remove=change_partner_rules)
    list_display = ("identifier", "name", "enabled", "host", "port")
    list_filter = ("enabled",)
    search_fields = ("identifier", "name", "codes__code", "certificates__fingerprint", "certificates__subject")
    fieldsets = (
        (None, {"fields": ("identifier", "name", "enabled", "host", "port")}),
        ("Verifier", {"fields": (*group(""), "trace")}),
        *forms.fieldsets("the partner"),
    )
    inlines = (CodeRows, CertificateBlocks, SeverityRows)

    def do_add(self, by: Actor, form: Form) -> Partner:
        """Add the partner, then what its sessions are judged by."""
        form.instance.save()
        self._change_rules(by, form)
        added: Partner = form.instance
        return added

    def do_change(self, by: Actor, obj: Partner, form: Form) -> None:
        """Change the partner, then what its sessions are judged by."""
        obj.save()
        self._change_rules(by, form)

    def do_remove(self, by: Actor, obj: Partner) -> None:  # noqa: ARG002
        """Remove the partner."""
        obj.delete()

    def _change_rules(self, by: Actor, form: Form) -> None:
        rules = {name: value for name, value in changed(form).items() if name in OF_SESSIONS}
        if rules:
            change_partner_rules(by, form.instance.identifier, rules)
