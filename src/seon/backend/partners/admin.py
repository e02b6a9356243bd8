"""Panel: partners, with their codes and certificates on one page."""

from django.contrib import admin

from seon.backend.panel.base import AuditedPage, Rows
from seon.backend.partners.models import Partner, PartnerCertificate, PartnerCode


class CodeRows(Rows):
    """The SSID codes of a partner."""

    model = PartnerCode
    extra = 0


class CertificateRows(Rows):
    """The pinned certificates of a partner."""

    model = PartnerCertificate
    extra = 0
    readonly_fields = ("subject", "fingerprint", "not_after")


@admin.register(Partner)
class PartnerPage(AuditedPage):
    """A partner."""

    list_display = ("identifier", "name", "enabled", "host", "port")
    list_filter = ("enabled",)
    search_fields = ("identifier", "name", "codes__code", "certificates__fingerprint", "certificates__subject")
    inlines = (CodeRows, CertificateRows)
