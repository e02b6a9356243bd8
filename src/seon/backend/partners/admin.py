"""Panel: partners, with their codes and certificates on one page."""

from django.contrib import admin
from django.http import HttpRequest

from seon.backend.configuration.admin import DEMANDS, INCOMING, OUTGOING, RuleForm
from seon.backend.panel.base import AuditedPage, Blocks, Rows
from seon.backend.partners.models import Partner, PartnerCertificate, PartnerCode, PartnerRule


class CodeRows(Rows):
    """The SSID codes of a partner."""

    model = PartnerCode
    extra = 0


class RuleRows(Rows):
    """What rules are worth for a partner."""

    model = PartnerRule
    form = RuleForm
    extra = 0


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
class PartnerPage(AuditedPage):
    """A partner."""

    list_display = ("identifier", "name", "enabled", "host", "port")
    list_filter = ("enabled",)
    search_fields = ("identifier", "name", "codes__code", "certificates__fingerprint", "certificates__subject")
    fieldsets = (
        (None, {"fields": ("identifier", "name", "enabled", "host", "port")}),
        ("Verifier", {"fields": (*DEMANDS, "trace")}),
        ("Files that the partner sends", {"fields": INCOMING}),
        ("Files that the partner is sent", {"fields": OUTGOING}),
    )
    inlines = (CodeRows, CertificateBlocks, RuleRows)
